package wire_test

import (
	"errors"
	"fmt"

	"glownotes/kernel/wire"
)

// A message is signed when it is encoded; what was changed on its way is
// refused.
func ExampleSigner() {
	signer, err := wire.NewSigner(wire.SignatureScheme, "the key of the connection file")
	if err != nil {
		fmt.Println(err)
		return
	}
	session := wire.NewSession("kernel")
	m, err := session.New(wire.Shell, "kernel_info_reply", wire.Header{}, map[string]string{"status": "ok"})
	if err != nil {
		fmt.Println(err)
		return
	}
	m.Identities = [][]byte{[]byte("front end")}
	frames, err := signer.Encode(m)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(frames), "frames")

	got, err := signer.Decode(wire.Shell, frames)
	fmt.Println(got.Header.MsgType, string(got.Content), err)

	frames[6] = []byte(`{"status":"error"}`)
	_, err = signer.Decode(wire.Shell, frames)
	fmt.Println(err, errors.Is(err, wire.ErrSignature))
	// Output:
	// 7 frames
	// kernel_info_reply {"status":"ok"} <nil>
	// wire: signature: wrong signature true
}

func ExampleParseConnectionInfo() {
	_, err := wire.ParseConnectionInfo([]byte(`{"ip": "127.0.0.1", "shell_port": 50001, "control_port": 50001,
		"stdin_port": 50003, "iopub_port": 50004, "hb_port": 50005, "key": "k"}`))
	fmt.Println(err)
	// Output:
	// wire: connection file: control_port: 50001 is also the shell_port
}

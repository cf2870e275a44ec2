package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
)

// A Registration is the content of a registration file, which a kernel gets
// instead of a connection file when it is to choose its ports itself and to
// tell them (messaging specification 5.6, "Kernel startup handshake"; JEP 66).
type Registration struct {
	KernelID        string `json:"kernel_id"`
	Transport       string `json:"transport"` // "tcp"
	IP              string `json:"registration_ip"`
	Port            int    `json:"registration_port"`
	Key             string `json:"key"`
	SignatureScheme string `json:"signature_scheme"`
}

// ReadStartupFile reads the one file that a kernel is started with: a
// connection file, or a registration file, and then registration is not nil.
func ReadStartupFile(path string) (info ConnectionInfo, registration *Registration, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return ConnectionInfo{}, nil, fmt.Errorf("wire: connection file: %w", err)
	}
	var kind struct {
		Port json.RawMessage `json:"registration_port"`
	}
	if json.Unmarshal(data, &kind) == nil && kind.Port != nil {
		registration, err = ParseRegistration(data)
	} else {
		info, err = ParseConnectionInfo(data)
	}
	if err != nil {
		return ConnectionInfo{}, nil, fmt.Errorf("%w (in %s)", err, path)
	}
	return info, registration, nil
}

// ParseRegistration reads a registration file strictly.
func ParseRegistration(data []byte) (*Registration, error) {
	r := &Registration{Transport: "tcp", SignatureScheme: SignatureScheme}
	if err := unmarshalFile(data, r); err != nil {
		return nil, err
	}
	switch {
	case r.KernelID == "":
		return nil, &ConnectionError{"kernel_id", "is missing"}
	case r.Transport != "tcp":
		return nil, &ConnectionError{"transport", fmt.Sprintf("%q: a registration goes over tcp", r.Transport)}
	case r.IP == "":
		return nil, &ConnectionError{"registration_ip", "is missing"}
	case r.Port < 1 || r.Port > 65535:
		return nil, &ConnectionError{"registration_port", fmt.Sprintf("%d is not in 1..65535", r.Port)}
	case r.Key != "" && r.SignatureScheme != SignatureScheme:
		return nil, &ConnectionError{"signature_scheme", fmt.Sprintf("%q: only %q is known", r.SignatureScheme, SignatureScheme)}
	}
	return r, nil
}

// unmarshalFile reads a JSON object; a field of the wrong type is a
// *ConnectionError.
func unmarshalFile(data []byte, v any) error {
	var typeErr *json.UnmarshalTypeError
	switch err := json.Unmarshal(data, v); {
	case errors.As(err, &typeErr):
		return &ConnectionError{typeErr.Field, "is a " + typeErr.Value + ", not a " + typeErr.Type.String()}
	case err != nil:
		return fmt.Errorf("wire: connection file: %w", err)
	}
	return nil
}

// Address is where the registration service listens.
func (r *Registration) Address() string {
	return net.JoinHostPort(r.IP, strconv.Itoa(r.Port))
}

// Frames is the message that tells where the kernel listens: the delimiter,
// the signature and one JSON object, which has the ports as strings.
func (r *Registration) Frames(info ConnectionInfo) ([][]byte, error) {
	signer, err := NewSigner(r.SignatureScheme, r.Key)
	if err != nil {
		return nil, err
	}
	fields := map[string]string{"kernel_id": r.KernelID}
	for _, p := range info.ports() {
		fields[p.field] = strconv.Itoa(p.port)
	}
	content, err := json.Marshal(fields)
	if err != nil {
		return nil, err
	}
	return [][]byte{[]byte(delimiter), signer.Sign(content), content}, nil
}

// CheckAck checks the answer of the registration service: signed, with any
// content.
func (r *Registration) CheckAck(frames [][]byte) error {
	signer, err := NewSigner(r.SignatureScheme, r.Key)
	if err != nil {
		return err
	}
	i := 0
	for i < len(frames) && !bytes.Equal(frames[i], []byte(delimiter)) {
		i++
	}
	if len(frames)-i != 3 {
		return &DecodeError{"frames", fmt.Errorf("%d of an acknowledgement, want delimiter, signature and content", len(frames)-i)}
	}
	if !signer.Verify(frames[i+1], frames[i+2]) {
		return &DecodeError{"signature", ErrSignature}
	}
	return nil
}

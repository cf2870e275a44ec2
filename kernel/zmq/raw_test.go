package zmq

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// A rawConn is a peer that speaks ZMTP by itself, so that it can also speak
// it badly.
type rawConn struct {
	net.Conn
	r      *bufio.Reader
	signer wire.Signer
}

// greeting is that of ZMTP 3.0 with the NULL mechanism.
func greeting() []byte {
	b := make([]byte, greetingSize)
	b[0], b[9], b[10] = 0xff, 0x7f, 3
	copy(b[12:], "NULL")
	return b
}

func property(name, value string) []byte {
	b := append([]byte{byte(len(name))}, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

func ready(typ, identity string) []byte {
	body := append([]byte{5}, "READY"...)
	body = append(body, property("Socket-Type", typ)...)
	body = append(body, property("Identity", identity)...)
	return append([]byte{flagCommand, byte(len(body))}, body...)
}

func dialTCP(t testing.TB, port int) *rawConn {
	t.Helper()
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(kerneltest.Patience)); err != nil {
		t.Fatal(err)
	}
	signer, err := wire.NewSigner(loopback.SignatureScheme, loopback.Key)
	if err != nil {
		t.Fatal(err)
	}
	return &rawConn{c, bufio.NewReader(c), signer}
}

// dialRaw connects and shakes hands.
func dialRaw(t testing.TB, port int, typ, identity string) *rawConn {
	t.Helper()
	c := dialTCP(t, port)
	c.write(t, greeting(), ready(typ, identity))
	if _, err := io.ReadFull(c.r, make([]byte, greetingSize)); err != nil {
		t.Fatal(err)
	}
	if _, command, err := readMessage(c.r, defaultLimits); err != nil || !command {
		t.Fatalf("READY of the kernel: command %t, %v", command, err)
	}
	return c
}

func (c *rawConn) write(t testing.TB, chunks ...[]byte) {
	t.Helper()
	if _, err := c.Write(bytes.Join(chunks, nil)); err != nil {
		t.Fatal(err)
	}
}

func (c *rawConn) writeFrames(t testing.TB, frames ...[]byte) {
	t.Helper()
	w := bufio.NewWriter(c.Conn)
	if err := errors.Join(writeMessage(w, frames), w.Flush()); err != nil {
		t.Fatal(err)
	}
}

func (c *rawConn) send(t testing.TB, m *wire.Message) {
	t.Helper()
	frames, err := c.signer.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	c.writeFrames(t, frames...)
}

func (c *rawConn) receive(t testing.TB, ch wire.Channel) *wire.Message {
	t.Helper()
	frames, _, err := readMessage(c.r, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	m, err := c.signer.Decode(ch, frames)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// content reads one message and returns its content, unchecked.
func (c *rawConn) content(t testing.TB) []byte {
	t.Helper()
	frames, _, err := readMessage(c.r, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return frames[len(frames)-1]
}

// nearlyHandshake is less than what a kernel waits for a peer that says
// nothing, and longer than anything else takes.
const nearlyHandshake = handshakeTime * 9 / 10

// ended waits until the kernel ends the connection, which it must do before
// the time for a handshake is over.
func (c *rawConn) ended(t testing.TB) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(nearlyHandshake)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c.r); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the kernel keeps the connection")
	}
}

package zmq

import (
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
)

const (
	// greetingSize is the size of the fixed part that opens a connection
	// (RFC 23, "Connection Opening").
	greetingSize = 64

	// maxReady bounds the READY command: it holds the socket type and an
	// identity of at most 255 bytes.
	maxReady = 8 << 10

	// handshakeTime is how long a peer may take for the handshake. The
	// handshakes of others go on meanwhile.
	handshakeTime = 15 * time.Second
)

// handshake opens a ZMTP connection as a server and returns the identity that
// the peer gave itself, "" if none.
//
// go-zeromq does the protocol. It trusts the peer: a size is allocated before
// it is checked, and malformed metadata panics. Hence the guard round the
// connection and the recover.
func handshake(conn net.Conn, typ zmq4.SocketType) (identity string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed handshake: %v", p)
		}
	}()
	if err := conn.SetDeadline(time.Now().Add(handshakeTime)); err != nil {
		return "", err
	}
	z, err := zmq4.Open(&handshakeConn{Conn: conn}, null.Security(), typ, nil, true, nil)
	if err != nil {
		return "", err
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return "", err
	}
	return z.Peer.Meta["Identity"], nil
}

// handshakeConn watches what a peer sends during its handshake and ends the
// connection before a frame that announces more than a READY may have.
type handshakeConn struct {
	net.Conn
	read int    // bytes read so far
	head []byte // of the frame after the greeting
}

func (c *handshakeConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	for _, b := range p[:n] {
		if c.read++; c.read <= greetingSize || len(c.head) == 9 {
			continue
		}
		c.head = append(c.head, b)
	}
	if len(c.head) >= 2 {
		if e := checkReady(c.head); e != nil {
			return 0, e
		}
	}
	return n, err
}

func checkReady(head []byte) error {
	if head[0]&^flagLong != flagCommand {
		return fmt.Errorf("no command after the greeting (flags %#x)", head[0])
	}
	if head[0]&flagLong == 0 || len(head) < 9 {
		return nil
	}
	if size := binary.BigEndian.Uint64(head[1:9]); size > maxReady {
		return fmt.Errorf("READY of %d bytes", size)
	}
	return nil
}

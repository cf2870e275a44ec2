package zmq

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Flags of a ZMTP 3.0 frame (RFC 23, "Framing").
const (
	flagMore    = 1 << 0
	flagLong    = 1 << 1 // the size is eight bytes
	flagCommand = 1 << 2
)

// maxShort is the largest size that fits the short form.
const maxShort = 255

// limits bound what one peer may make us hold. Widgets send files as buffers,
// hence the generous size.
type limits struct {
	bytes  int // of one message, all frames together
	frames int // of one message
}

var defaultLimits = limits{bytes: 512 << 20, frames: 4096}

var errTooLarge = errors.New("message too large")

// readMessage reads one message or one command.
func readMessage(r *bufio.Reader, max limits) (frames [][]byte, command bool, err error) {
	total := 0
	for {
		flags, err := r.ReadByte()
		if err != nil {
			return nil, false, err
		}
		size, err := readSize(r, flags)
		if err != nil {
			return nil, false, err
		}
		if size > uint64(max.bytes-total) || len(frames) == max.frames {
			return nil, false, errTooLarge
		}
		total += int(size)
		body, err := readBody(r, int(size))
		if err != nil {
			return nil, false, err
		}
		frames = append(frames, body)
		if flags&flagCommand != 0 {
			if len(frames) > 1 || flags&flagMore != 0 {
				return nil, false, errors.New("command within a message")
			}
			return frames, true, nil
		}
		if flags&flagMore == 0 {
			return frames, false, nil
		}
	}
}

func readSize(r *bufio.Reader, flags byte) (uint64, error) {
	if flags&flagLong == 0 {
		b, err := r.ReadByte()
		return uint64(b), err
	}
	var b [8]byte
	_, err := io.ReadFull(r, b[:])
	return binary.BigEndian.Uint64(b[:]), err
}

// eager is the size up to which a frame's memory is taken before its bytes
// came. A peer that announces more has to send them.
const eager = 1 << 20

func readBody(r *bufio.Reader, size int) ([]byte, error) {
	if size <= eager {
		body := make([]byte, size)
		_, err := io.ReadFull(r, body)
		return body, err
	}
	var b bytes.Buffer
	b.Grow(eager)
	if _, err := io.CopyN(&b, r, int64(size)); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// writeMessage writes frames as one message.
func writeMessage(w *bufio.Writer, frames [][]byte) error {
	for i, f := range frames {
		var flags byte
		if i < len(frames)-1 {
			flags = flagMore
		}
		if err := writeFrame(w, flags, f); err != nil {
			return err
		}
	}
	return nil
}

func writeFrame(w *bufio.Writer, flags byte, body []byte) error {
	head := make([]byte, 0, 9)
	if len(body) <= maxShort {
		head = append(head, flags, byte(len(body)))
	} else {
		head = binary.BigEndian.AppendUint64(append(head, flags|flagLong), uint64(len(body)))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// splitCommand returns the name and the data of a command's body.
func splitCommand(body []byte) (name string, data []byte, err error) {
	if len(body) == 0 || int(body[0]) > len(body)-1 {
		return "", nil, fmt.Errorf("command of %d bytes without a name", len(body))
	}
	n := int(body[0]) + 1
	return string(body[1:n]), body[n:], nil
}

// pong is the body of the answer to a PING (RFC 37): the context that came
// with it, after two bytes of time to live.
func pong(ping []byte) []byte {
	body := append([]byte{4}, "PONG"...)
	if len(ping) > 2 {
		body = append(body, ping[2:min(len(ping), 2+16)]...)
	}
	return body
}

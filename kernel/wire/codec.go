package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// delimiter separates the routing prefix from the message.
const delimiter = "<IDS|MSG>"

// signedParts is the number of JSON frames: header, parent_header, metadata,
// content.
const signedParts = 4

// ErrSignature means that a message was not signed with the session's key.
var ErrSignature = errors.New("wrong signature")

// A DecodeError says why frames are not a message. Before the signature was
// found right it holds nothing of their content: what a stranger sent does not
// belong into a log.
type DecodeError struct {
	Part string // "frames", "signature", "header", "parent_header", "metadata", "content"
	Err  error
}

func (e *DecodeError) Error() string { return "wire: " + e.Part + ": " + e.Err.Error() }

func (e *DecodeError) Unwrap() error { return e.Err }

// Decode reads a message from the frames of one ZeroMQ message:
//
//	identities..., "<IDS|MSG>", signature, header, parent_header, metadata, content, buffers...
//
// Every failure is a *DecodeError; errors.Is finds ErrSignature in it. The
// message shares memory with frames.
func (s Signer) Decode(ch Channel, frames [][]byte) (*Message, error) {
	i := 0
	for i < len(frames) && string(frames[i]) != delimiter {
		i++
	}
	if i == len(frames) {
		return nil, &DecodeError{"frames", errors.New("no delimiter")}
	}
	body := frames[i+1:]
	if len(body) < 1+signedParts {
		return nil, &DecodeError{"frames", fmt.Errorf("%d after the delimiter, want at least %d", len(body), 1+signedParts)}
	}
	parts := body[1 : 1+signedParts]
	if !s.Verify(body[0], parts...) {
		return nil, &DecodeError{"signature", ErrSignature}
	}
	m := &Message{Channel: ch, Identities: frames[:i:i], Content: parts[3], Buffers: body[1+signedParts:]}
	if err := json.Unmarshal(parts[0], &m.Header); err != nil {
		return nil, &DecodeError{"header", err}
	}
	if m.Header.MsgID == "" || m.Header.MsgType == "" {
		return nil, &DecodeError{"header", errors.New("msg_id or msg_type is missing")}
	}
	if err := json.Unmarshal(parts[1], &m.Parent); err != nil {
		return nil, &DecodeError{"parent_header", err}
	}
	if err := json.Unmarshal(parts[2], &m.Metadata); err != nil {
		return nil, &DecodeError{"metadata", err}
	}
	if err := checkObject(parts[3]); err != nil {
		return nil, &DecodeError{"content", err}
	}
	return m, nil
}

func checkObject(b []byte) error {
	if t := bytes.TrimLeft(b, " \t\r\n"); len(t) == 0 || t[0] != '{' {
		return errors.New("not a JSON object")
	}
	if !json.Valid(b) {
		return errors.New("not valid JSON")
	}
	return nil
}

// Encode is the inverse of Decode. Empty metadata and content are written as
// {}, never null. It fails where the metadata cannot be written as JSON.
func (s Signer) Encode(m *Message) ([][]byte, error) {
	header, err := m.Header.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("wire: encoding %s: %w", m.Header.MsgType, err)
	}
	parent, err := m.Parent.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("wire: encoding the parent of %s: %w", m.Header.MsgType, err)
	}
	metadata := []byte("{}")
	if len(m.Metadata) > 0 {
		if metadata, err = json.Marshal(m.Metadata); err != nil {
			return nil, fmt.Errorf("wire: encoding the metadata of %s: %w", m.Header.MsgType, err)
		}
	}
	content := []byte(m.Content)
	if len(content) == 0 || string(content) == "null" {
		content = []byte("{}")
	}
	frames := make([][]byte, 0, len(m.Identities)+2+signedParts+len(m.Buffers))
	frames = append(frames, m.Identities...)
	frames = append(frames, []byte(delimiter), s.Sign(header, parent, metadata, content),
		header, parent, metadata, content)
	return append(frames, m.Buffers...), nil
}

package wire

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"
)

// A Session names one side of the conversation in the headers of what it
// sends. A kernel has its own and keeps it until it ends; a front end tells by
// it that a kernel was restarted.
type Session struct {
	id       string
	username string
	sent     atomic.Uint64
}

// NewSession returns a session with a fresh random id.
func NewSession(username string) *Session {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails
	return &Session{id: hex.EncodeToString(b[:]), username: username}
}

// ID returns the session id.
func (s *Session) ID() string { return s.id }

// Header returns the header of a new message: ids are unique within the
// session by a counter, and among sessions by the session's id.
func (s *Session) Header(msgType string) Header {
	return Header{
		MsgID:    s.id + "_" + strconv.FormatUint(s.sent.Add(1), 10),
		Session:  s.id,
		Username: s.username,
		Date:     time.Now().UTC(),
		MsgType:  msgType,
		Version:  ProtocolVersion,
	}
}

// New returns a message of this session with content as JSON; nil content is
// {}. Characters of HTML are not escaped. It fails where content holds what
// JSON cannot: NaN, infinities, functions.
func (s *Session) New(ch Channel, msgType string, parent Header, content any) (*Message, error) {
	body, err := Marshal(content)
	if err != nil {
		return nil, fmt.Errorf("wire: content of %s: %w", msgType, err)
	}
	return &Message{Channel: ch, Header: s.Header(msgType), Parent: parent, Content: body}, nil
}

// Marshal returns v as JSON, with the characters of HTML as they are; nil is {}.
func Marshal(v any) (json.RawMessage, error) {
	switch v := v.(type) {
	case nil:
		return json.RawMessage("{}"), nil
	case Appender:
		return v.AppendJSON(nil), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

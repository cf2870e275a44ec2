package wire

import (
	"encoding/json"
	"time"
)

// ProtocolVersion is the version of the Jupyter messaging protocol in every
// header.
const ProtocolVersion = "5.5"

// A Channel is one of the sockets of a kernel.
type Channel string

// The channels that carry messages. Heartbeat carries bytes and is the
// transport's own affair.
const (
	Shell   Channel = "shell"
	Control Channel = "control"
	Stdin   Channel = "stdin"
	IOPub   Channel = "iopub"
)

// A Header identifies a message ("General message format" of the messaging
// specification). The zero Header is written as {}.
type Header struct {
	MsgID      string    `json:"msg_id"`
	Session    string    `json:"session"`
	Username   string    `json:"username"`
	Date       time.Time `json:"date"`
	MsgType    string    `json:"msg_type"`
	Version    string    `json:"version"`
	SubshellID string    `json:"subshell_id,omitempty"`
}

// A Message is one Jupyter message, whole.
type Message struct {
	Channel    Channel
	Identities [][]byte // routing prefix; on IOPub the topic
	Header     Header
	Parent     Header // zero: {}
	Metadata   map[string]any
	Content    json.RawMessage // what arrived; for sending see Encode
	Buffers    [][]byte
}

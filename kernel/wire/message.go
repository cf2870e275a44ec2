// Package wire holds the Jupyter messages as they travel: their fields, their
// frames and their signatures ("The wire protocol" of the messaging
// specification). It opens no sockets.
package wire

import "encoding/json"

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

// A Message is one Jupyter message, whole.
type Message struct {
	Channel    Channel
	Identities [][]byte // routing prefix; on IOPub the topic
	Header     Header
	Parent     Header // zero: {}
	Metadata   map[string]any
	Content    json.RawMessage // what arrived; for sending see Session.New
	Buffers    [][]byte
}

package core

import (
	"context"

	"glownotes/kernel/wire"
)

// A Transport carries messages between the dispatcher and the front ends. It
// knows nothing of their meaning. Implementations: kernel/zmq, and the
// in-memory one of kernel/kerneltest.
type Transport interface {
	// Receive returns the next message that arrived on shell, control or
	// stdin, with its Channel set. Messages that cannot be decoded or whose
	// signature is wrong are logged and dropped by the transport. It fails
	// with ctx.Err() or, after Close, with an error.
	Receive(ctx context.Context) (*wire.Message, error)

	// Send queues m for the channel m.Channel; replies go to the peer named
	// by m.Identities. It does not wait for a slow peer and may be called
	// from any goroutine.
	Send(m *wire.Message) error

	// Flush waits until everything queued has been written, or ctx ends.
	Flush(ctx context.Context) error

	// Close flushes shortly and releases the sockets.
	Close() error
}

// A Publisher is a Transport that can talk to single subscribers of IOPub.
// Both functions are given once, before the first message; they may be called
// from any goroutine, must not block, and may return nil for nothing.
type Publisher interface {
	// OnSubscribe sets what makes the message that greets a new subscription
	// (iopub_welcome, JEP 65). Only the new subscriber gets it, before
	// anything else.
	OnSubscribe(func(topic string) *wire.Message)

	// OnLost sets what makes the message that tells a subscriber which did
	// not read that n messages were dropped; first is the first of them.
	OnLost(func(first *wire.Message, n int) *wire.Message)
}

// An Addressed Transport tells where it listens (for connect_request).
type Addressed interface {
	Info() wire.ConnectionInfo
}

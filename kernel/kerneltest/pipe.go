package kerneltest

import (
	"context"
	"errors"
	"net"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/wire"
)

// A Conn is the front end's side of a transport.
type Conn interface {
	// Send sends to the channel m.Channel of the kernel.
	Send(m *wire.Message) error
	// Receive returns the next message of any channel.
	Receive(ctx context.Context) (*wire.Message, error)
	Close() error
}

// identity is the routing prefix of the one front end of a pipe.
const identity = "front-end"

// Pipe returns both ends of a transport in memory. Messages are encoded,
// signed and decoded on their way, as on sockets. It never loses one.
func Pipe() (core.Transport, Conn) {
	signer, err := wire.NewSigner(wire.SignatureScheme, "a key for tests")
	if err != nil {
		panic(err) // the scheme is right
	}
	p := &pipe{signer: signer, toKernel: newFrames(), toFront: newFrames()}
	return kernelEnd{p}, frontEnd{p}
}

type pipe struct {
	signer            wire.Signer
	toKernel, toFront *frames
}

// frames is an unbounded queue of encoded messages.
type frames struct {
	mu     sync.Mutex
	items  []encoded
	ready  chan struct{} // holds a token when there may be items
	closed chan struct{}
	once   sync.Once
}

type encoded struct {
	channel wire.Channel
	frames  [][]byte
}

func newFrames() *frames {
	return &frames{ready: make(chan struct{}, 1), closed: make(chan struct{})}
}

func (f *frames) put(e encoded) {
	f.mu.Lock()
	f.items = append(f.items, e)
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

func (f *frames) get(ctx context.Context) (encoded, error) {
	for {
		f.mu.Lock()
		if len(f.items) > 0 {
			e := f.items[0]
			f.items = f.items[1:]
			f.mu.Unlock()
			return e, nil
		}
		f.mu.Unlock()
		select {
		case <-f.ready:
		case <-f.closed:
			return encoded{}, net.ErrClosed
		case <-ctx.Done():
			return encoded{}, ctx.Err()
		}
	}
}

func (f *frames) close() { f.once.Do(func() { close(f.closed) }) }

type kernelEnd struct{ *pipe }

func (k kernelEnd) Receive(ctx context.Context) (*wire.Message, error) {
	for {
		e, err := k.toKernel.get(ctx)
		if err != nil {
			return nil, err
		}
		if m, err := k.signer.Decode(e.channel, e.frames); err == nil {
			return m, nil
		}
	}
}

func (k kernelEnd) Send(m *wire.Message) error {
	if len(m.Identities) == 0 {
		return errors.New("kerneltest: a message without identities or topic")
	}
	frames, err := k.signer.Encode(m)
	if err != nil {
		return err
	}
	if m.Channel != wire.IOPub {
		if string(frames[0]) != identity {
			return errors.New("kerneltest: no such peer")
		}
		frames = frames[1:]
	}
	k.toFront.put(encoded{m.Channel, frames})
	return nil
}

func (k kernelEnd) Flush(context.Context) error { return nil }

func (k kernelEnd) Close() error {
	k.toKernel.close()
	k.toFront.close()
	return nil
}

// OnSubscribe implements core.Publisher: the front end subscribed from the
// start.
func (k kernelEnd) OnSubscribe(welcome func(topic string) *wire.Message) {
	if m := welcome(""); m != nil {
		_ = k.Send(m)
	}
}

// OnLost implements core.Publisher: nothing is ever lost.
func (k kernelEnd) OnLost(func(*wire.Message, int) *wire.Message) {}

type frontEnd struct{ *pipe }

func (f frontEnd) Send(m *wire.Message) error {
	frames, err := f.signer.Encode(m)
	if err != nil {
		return err
	}
	f.toKernel.put(encoded{m.Channel, append([][]byte{[]byte(identity)}, frames...)})
	return nil
}

func (f frontEnd) Receive(ctx context.Context) (*wire.Message, error) {
	e, err := f.toFront.get(ctx)
	if err != nil {
		return nil, err
	}
	return f.signer.Decode(e.channel, e.frames)
}

func (f frontEnd) Close() error {
	f.toKernel.close()
	f.toFront.close()
	return nil
}

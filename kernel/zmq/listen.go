package zmq

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/go-zeromq/zmq4"

	"glownotes/kernel/core"
	"glownotes/kernel/wire"
)

// A Transport is the five sockets of a kernel.
type Transport struct {
	info   wire.ConnectionInfo
	signer wire.Signer
	log    *slog.Logger
	inbox  chan *wire.Message
	done   chan struct{} // closed by Close

	closing  sync.Once
	patience time.Duration // how long Close waits for peers to take what is queued

	shell, control, stdin, heartbeat *socket
	iopub                            *publisher
}

var (
	_ core.Transport = (*Transport)(nil)
	_ core.Publisher = (*Transport)(nil)
)

// closeTime is the patience of a kernel that ends.
const closeTime = time.Second

// Listen binds exactly the addresses of info and serves them until Close; ctx
// bounds the binding only. A port of 0 takes any free one, which Info then
// tells. It answers heartbeats by itself.
func Listen(ctx context.Context, info wire.ConnectionInfo, logger *slog.Logger) (*Transport, error) {
	signer, err := wire.NewSigner(info.SignatureScheme, info.Key)
	if err != nil {
		return nil, err
	}
	t := &Transport{
		info: info, signer: signer, log: logger,
		inbox: make(chan *wire.Message, 64), done: make(chan struct{}), patience: closeTime,
	}
	var bound []net.Listener
	bind := func(name string, typ zmq4.SocketType, port *int) *socket {
		if err != nil {
			return nil
		}
		var l net.Listener
		if l, err = listen(ctx, info, port); err != nil {
			err = fmt.Errorf("zmq: binding %s: %w", name, err)
			return nil
		}
		bound = append(bound, l)
		return newSocket(name, typ, l, logger)
	}
	t.shell = bind("shell", zmq4.Router, &t.info.ShellPort)
	t.control = bind("control", zmq4.Router, &t.info.ControlPort)
	t.stdin = bind("stdin", zmq4.Router, &t.info.StdinPort)
	t.heartbeat = bind("heartbeat", zmq4.Rep, &t.info.HBPort)
	t.iopub = newPublisher(bind("iopub", zmq4.XPub, &t.info.IOPubPort), signer.Encode)
	if err != nil {
		for _, l := range bound {
			_ = l.Close()
		}
		return nil, err
	}
	t.start()
	return t, nil
}

func (t *Transport) start() {
	t.shell.start(t.receiver(wire.Shell))
	t.control.start(t.receiver(wire.Control))
	t.stdin.start(t.receiver(wire.Stdin))
	t.heartbeat.start(echo)
	t.iopub.start(t.iopub.serve)
}

// listen binds one socket and stores the port that it got.
func listen(ctx context.Context, info wire.ConnectionInfo, port *int) (net.Listener, error) {
	var lc net.ListenConfig
	if info.Transport == "ipc" {
		path := info.IP + "-" + strconv.Itoa(*port)
		l, err := lc.Listen(ctx, "unix", path)
		if err == nil {
			err = os.Chmod(path, 0o600)
		}
		return l, err
	}
	network, host := "tcp", info.IP
	if host == "*" {
		host = ""
	} else if ip := net.ParseIP(host); ip.To4() != nil {
		network = "tcp4" // 0.0.0.0 would include IPv6
	}
	l, err := lc.Listen(ctx, network, net.JoinHostPort(host, strconv.Itoa(*port)))
	if err == nil {
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return l, err
}

// receiver returns what serves one peer of a ROUTER socket: it decodes and
// checks what arrives, and drops what is no message.
func (t *Transport) receiver(ch wire.Channel) func(*peer) error {
	return func(p *peer) error {
		return p.readLoop(func(frames [][]byte) {
			m, err := t.signer.Decode(ch, append([][]byte{[]byte(p.identity)}, frames...))
			if err != nil {
				p.log.Warn("zmq: message dropped", "peer", p.conn.RemoteAddr(), "err", err)
				return
			}
			select {
			case t.inbox <- m:
			case <-t.done:
			}
		}, nil)
	}
}

// echo serves one peer of the heartbeat socket.
func echo(p *peer) error {
	return p.readLoop(func(frames [][]byte) {
		p.out.put(packet{frames: frames}, p.limit)
	}, nil)
}

// Info returns the addresses that are bound.
func (t *Transport) Info() wire.ConnectionInfo { return t.info }

// OnSubscribe implements core.Publisher. Who has subscribed already is
// welcomed now.
func (t *Transport) OnSubscribe(welcome func(topic string) *wire.Message) {
	t.iopub.onSubscribe(welcome)
}

// OnLost implements core.Publisher.
func (t *Transport) OnLost(notice func(first *wire.Message, n int) *wire.Message) {
	t.iopub.mu.Lock()
	defer t.iopub.mu.Unlock()
	t.iopub.lost = notice
}

// Receive implements core.Transport.
func (t *Transport) Receive(ctx context.Context) (*wire.Message, error) {
	select {
	case m := <-t.inbox:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.done:
		return nil, fmt.Errorf("zmq: receive: %w", net.ErrClosed)
	}
}

// Send implements core.Transport.
func (t *Transport) Send(m *wire.Message) error {
	frames, err := t.signer.Encode(m)
	if err != nil {
		return err
	}
	switch m.Channel {
	case wire.IOPub:
		t.iopub.publish(m, frames)
		return nil
	case wire.Shell:
		return t.shell.route(m, frames)
	case wire.Control:
		return t.control.route(m, frames)
	case wire.Stdin:
		return t.stdin.route(m, frames)
	}
	return fmt.Errorf("zmq: no channel %q", m.Channel)
}

// Flush implements core.Transport.
func (t *Transport) Flush(ctx context.Context) error {
	var errs error
	for _, s := range t.sockets() {
		errs = errors.Join(errs, s.flush(ctx))
	}
	return errs
}

// Close implements core.Transport.
func (t *Transport) Close() error {
	t.closing.Do(func() {
		close(t.done)
		ctx, cancel := context.WithTimeout(context.Background(), t.patience)
		defer cancel()
		for _, s := range t.sockets() {
			s.close(ctx)
		}
	})
	return nil
}

func (t *Transport) sockets() []*socket {
	return []*socket{t.iopub.socket, t.control, t.shell, t.stdin, t.heartbeat}
}

package zmq

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// quiet is a logger for tests that provoke warnings.
var quiet = slog.New(slog.DiscardHandler)

// loopback is a connection with ports that the system chooses.
var loopback = wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "test key", SignatureScheme: wire.SignatureScheme}

func listenLoopback(t testing.TB) *Transport {
	t.Helper()
	tr, err := Listen(context.Background(), loopback, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

// A frontEnd is a kerneltest.Conn on sockets of go-zeromq: DEALER for the
// requests, SUB for the output.
type frontEnd struct {
	signer  wire.Signer
	sockets map[wire.Channel]zmq4.Socket
	inbox   chan received
	ctx     context.Context
	cancel  context.CancelFunc
	reading sync.WaitGroup
	ended   chan struct{}
}

type received struct {
	m   *wire.Message
	err error
}

func connect(t testing.TB, info wire.ConnectionInfo, identity string) *frontEnd {
	t.Helper()
	signer, err := wire.NewSigner(info.SignatureScheme, info.Key)
	if err != nil {
		t.Fatal(err)
	}
	f := &frontEnd{signer: signer, sockets: map[wire.Channel]zmq4.Socket{}, inbox: make(chan received, 1000), ended: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	opts := []zmq4.Option{zmq4.WithID(zmq4.SocketIdentity(identity)), zmq4.WithLogger(log.New(io.Discard, "", 0))}
	for ch, port := range map[wire.Channel]int{
		wire.Shell: info.ShellPort, wire.Control: info.ControlPort, wire.Stdin: info.StdinPort, wire.IOPub: info.IOPubPort,
	} {
		s := zmq4.NewDealer(f.ctx, opts...)
		if ch == wire.IOPub {
			s = zmq4.NewSub(f.ctx, opts...)
		}
		f.sockets[ch] = s
		if err := s.Dial(fmt.Sprintf("tcp://%s:%d", info.IP, port)); err != nil {
			t.Fatal(err)
		}
		if ch == wire.IOPub {
			if err := s.SetOption(zmq4.OptionSubscribe, ""); err != nil {
				t.Fatal(err)
			}
		}
		f.reading.Go(func() { f.read(ch, s) })
	}
	go func() {
		f.reading.Wait()
		close(f.ended)
	}()
	return f
}

func (f *frontEnd) read(ch wire.Channel, s zmq4.Socket) {
	for {
		msg, err := s.Recv()
		if err != nil {
			return
		}
		m, err := f.signer.Decode(ch, msg.Frames)
		f.put(received{m, err})
	}
}

func (f *frontEnd) put(r received) {
	select {
	case f.inbox <- r:
	case <-f.ctx.Done():
	}
}

func (f *frontEnd) Send(m *wire.Message) error {
	frames, err := f.signer.Encode(m)
	if err != nil {
		return err
	}
	return f.sockets[m.Channel].Send(zmq4.NewMsgFrom(frames...))
}

func (f *frontEnd) Receive(ctx context.Context) (*wire.Message, error) {
	select {
	case r := <-f.inbox:
		return r.m, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.ended: // all sockets; what they read may still be there
	}
	select {
	case r := <-f.inbox:
		return r.m, r.err
	default:
		return nil, net.ErrClosed
	}
}

func (f *frontEnd) Close() error {
	f.cancel()
	for _, s := range f.sockets {
		_ = s.Close()
	}
	return nil
}

// TestSuite runs the scripted sessions over TCP.
func TestSuite(t *testing.T) {
	kerneltest.Suite(t, startKernel)
}

func startKernel(t *testing.T, opts core.Options) *kerneltest.Client {
	t.Helper()
	tr := listenLoopback(t)
	opts.Transport = tr
	kerneltest.Run(t, opts)
	c := kerneltest.NewClient(t, connect(t, tr.Info(), "front"))
	welcome(c)
	return c
}

// welcome waits until the client's subscription has arrived: what is published
// from then on is not lost.
func welcome(c *kerneltest.Client) {
	c.Find("iopub_welcome", func(m *wire.Message) bool { return m.Header.MsgType == "iopub_welcome" })
}

// TestTwoFrontEnds: replies go to who asked, output to both.
func TestTwoFrontEnds(t *testing.T) {
	tr := listenLoopback(t)
	kerneltest.Run(t, core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
	a := kerneltest.NewClient(t, connect(t, tr.Info(), "a"))
	b := kerneltest.NewClient(t, connect(t, tr.Info(), "b"))
	welcome(a)
	welcome(b)
	x := a.Execute("print shared")
	y := b.Find("output of the other front end", func(m *wire.Message) bool { return m.Header.MsgType == "stream" })
	if y.Parent.MsgID != x.ID || y.Parent.Session != a.Session.ID() {
		t.Errorf("parent %+v, want that of the cell %s", y.Parent, x.ID)
	}
	b.Request(wire.Shell, "kernel_info_request", nil)
	if slices.ContainsFunc(b.Log(), func(m *wire.Message) bool { return m.Header.MsgType == "execute_reply" }) {
		t.Error("a reply went to the wrong front end")
	}
}

// TestAnonymous: a front end without an identity gets its replies too.
func TestAnonymous(t *testing.T) {
	tr := listenLoopback(t)
	kerneltest.Run(t, core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
	conn := dialRaw(t, tr.Info().ShellPort, "DEALER", "")
	s := wire.NewSession("raw")
	m, err := s.New(wire.Shell, "kernel_info_request", wire.Header{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.send(t, m)
	reply := conn.receive(t, wire.Shell)
	if reply.Header.MsgType != "kernel_info_reply" || reply.Parent.MsgID != m.Header.MsgID {
		t.Errorf("got %+v", reply.Header)
	}
}

// TestFlushBeforeExit: the reply and the idle of shutdown arrive, and the
// output of a cell that has just written a lot before them.
func TestFlushBeforeExit(t *testing.T) {
	for range 3 {
		tr := listenLoopback(t)
		k := core.New(core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
		served := make(chan error, 1)
		go func() { served <- k.Serve(context.Background()) }()
		c := kerneltest.NewClient(t, connect(t, tr.Info(), "front"))
		welcome(c)
		cell := c.Post(wire.Shell, "execute_request", kerneltest.Cell("bytes 1000000"))
		c.Find("the cell's reply", func(m *wire.Message) bool {
			return m.Header.MsgType == "execute_reply" && m.Parent.MsgID == cell
		})
		x := c.Request(wire.Control, "shutdown_request", map[string]any{"restart": false})
		if x.Outcome() != "ok" {
			t.Fatalf("shutdown: %s", x.Outcome())
		}
		if n := len(c.Collect(cell).Text("stdout")); n != 1_000_000 {
			t.Errorf("%d bytes of output, want 1000000", n)
		}
		select {
		case err := <-served:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Fatal("Serve did not end")
		}
	}
}

package kerneltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/wire"
)

// Patience is how long a Client waits for what must come: longer than any
// machine needs.
const Patience = 2 * time.Minute

// A Client is a front end for tests. It checks every message that it gets
// against the schema of its type, and fails the test otherwise.
type Client struct {
	t       testing.TB
	conn    Conn
	Session *wire.Session

	mu     sync.Mutex
	wake   *sync.Cond
	log    []*wire.Message // everything received
	closed error           // why no more comes
}

// NewClient returns a client on conn, which it closes at the end of the test.
func NewClient(t testing.TB, conn Conn) *Client {
	c := &Client{t: t, conn: conn, Session: wire.NewSession("tester")}
	c.wake = sync.NewCond(&c.mu)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.listen(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		_ = conn.Close()
		<-done
	})
	return c
}

// Serve starts a kernel with that engine on a pipe and returns its client. At
// the end of the test it shuts the kernel down.
func Serve(t testing.TB, opts core.Options) *Client {
	t.Helper()
	transport, conn := Pipe()
	opts.Transport = transport
	c := NewClient(t, conn)
	Run(t, opts)
	return c
}

// Run serves a kernel until the end of the test.
func Run(t testing.TB, opts core.Options) *core.Kernel {
	t.Helper()
	k := core.New(opts)
	served := make(chan error, 1)
	go func() { served <- k.Serve(context.Background()) }()
	t.Cleanup(func() {
		k.Shutdown()
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(Patience):
			t.Error("Serve did not end")
		}
	})
	return k
}

func (c *Client) listen(ctx context.Context) {
	for {
		m, err := c.conn.Receive(ctx)
		if err == nil {
			err = Check(m)
		}
		if err != nil && !errors.Is(err, net.ErrClosed) && ctx.Err() == nil {
			c.t.Errorf("kerneltest: %v", err)
		}
		c.mu.Lock()
		switch {
		case m != nil:
			c.log = append(c.log, m)
		default:
			c.closed = err
		}
		c.wake.Broadcast()
		c.mu.Unlock()
		if m == nil {
			return
		}
	}
}

// Post sends a message and returns its id.
func (c *Client) Post(ch wire.Channel, msgType string, content any) string {
	c.t.Helper()
	return c.Send(ch, msgType, content, func(*wire.Message) {})
}

// Send is Post with a change of the message before it goes.
func (c *Client) Send(ch wire.Channel, msgType string, content any, change func(*wire.Message)) string {
	c.t.Helper()
	m, err := c.Session.New(ch, msgType, wire.Header{}, content)
	if err != nil {
		c.t.Fatal(err)
	}
	change(m)
	if err := c.conn.Send(m); err != nil {
		c.t.Fatal(err)
	}
	return m.Header.MsgID
}

// Find returns the first message, received already or still to come, that ok
// accepts.
func (c *Client) Find(what string, ok func(*wire.Message) bool) *wire.Message {
	c.t.Helper()
	var found *wire.Message
	c.until(what, func(log []*wire.Message) bool {
		for _, m := range log {
			if ok(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// until waits until done accepts what was received.
func (c *Client) until(what string, done func([]*wire.Message) bool) {
	c.t.Helper()
	late := false
	timer := time.AfterFunc(Patience, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		late = true
		c.wake.Broadcast()
	})
	defer timer.Stop()
	c.mu.Lock()
	defer c.mu.Unlock()
	for !done(c.log) {
		if late || c.closed != nil {
			c.t.Fatalf("kerneltest: waiting for %s: late=%t closed=%v; received:\n%s", what, late, c.closed, list(c.log))
		}
		c.wake.Wait()
	}
}

func list(log []*wire.Message) string {
	var b strings.Builder
	for _, m := range log[max(0, len(log)-40):] {
		fmt.Fprintf(&b, "  %s %s %.200s\n", m.Channel, m.Header.MsgType, m.Content)
	}
	return b.String()
}

// Log returns everything received so far.
func (c *Client) Log() []*wire.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*wire.Message(nil), c.log...)
}

// Answer sends input_reply to a question.
func (c *Client) Answer(question *wire.Message, value string) {
	c.t.Helper()
	c.Send(wire.Stdin, "input_reply", map[string]any{"value": value, "status": "ok"},
		func(m *wire.Message) { m.Parent = question.Header })
}

// An Exchange is everything that belongs to one request.
type Exchange struct {
	ID     string
	Reply  *wire.Message   // nil for comm messages
	Output []*wire.Message // of IOPub, without status
	Status []string        // busy and idle, in order
}

// Request sends a request and collects its exchange.
func (c *Client) Request(ch wire.Channel, msgType string, content any) *Exchange {
	c.t.Helper()
	return c.Collect(c.Post(ch, msgType, content))
}

// Cell is execute_request with everything allowed.
func Cell(code string) map[string]any {
	return map[string]any{
		"code": code, "silent": false, "store_history": true, "user_expressions": map[string]any{},
		"allow_stdin": true, "stop_on_error": true,
	}
}

// Execute runs a cell.
func (c *Client) Execute(code string) *Exchange {
	c.t.Helper()
	return c.Request(wire.Shell, "execute_request", Cell(code))
}

// Collect waits for the idle of a request, and for its reply if its type has
// one, and returns what came.
func (c *Client) Collect(id string) *Exchange {
	c.t.Helper()
	x := &Exchange{ID: id}
	c.until("the exchange of "+id, func(log []*wire.Message) bool {
		*x = Exchange{ID: id}
		for _, m := range log {
			if m.Parent.MsgID == id {
				x.add(m)
			}
		}
		idle := len(x.Status) > 0 && x.Status[len(x.Status)-1] == "idle"
		return idle && (x.Reply != nil || !x.wantsReply(log))
	})
	return x
}

func (x *Exchange) add(m *wire.Message) {
	switch {
	case m.Channel == wire.Shell || m.Channel == wire.Control:
		x.Reply = m
	case m.Channel == wire.IOPub && m.Header.MsgType == "status":
		x.Status = append(x.Status, Field[string](m, "execution_state"))
	case m.Channel == wire.IOPub:
		x.Output = append(x.Output, m)
	}
}

// wantsReply reports whether the request has a reply: its type is in the
// parent header of its status.
func (x *Exchange) wantsReply(log []*wire.Message) bool {
	for _, m := range log {
		if m.Parent.MsgID == x.ID {
			return strings.HasSuffix(m.Parent.MsgType, "_request")
		}
	}
	return true
}

// Text is what the exchange wrote to a stream.
func (x *Exchange) Text(stream string) string {
	var b strings.Builder
	for _, m := range x.Output {
		if m.Header.MsgType == "stream" && Field[string](m, "name") == stream {
			b.WriteString(Field[string](m, "text"))
		}
	}
	return b.String()
}

// Types lists the message types of the output.
func (x *Exchange) Types() []string {
	types := []string{}
	for _, m := range x.Output {
		types = append(types, m.Header.MsgType)
	}
	return types
}

// Outcome is the status of the reply.
func (x *Exchange) Outcome() string { return Field[string](x.Reply, "status") }

// Field returns a field of the content, the zero value when it is missing or
// of another type. Path elements are separated by "/".
func Field[T any](m *wire.Message, path string) T {
	var zero T
	var v any
	if m == nil || json.Unmarshal(m.Content, &v) != nil {
		return zero
	}
	for key := range strings.SplitSeq(path, "/") {
		object, ok := v.(map[string]any)
		if !ok {
			return zero
		}
		v = object[key]
	}
	if f, ok := v.(T); ok {
		return f
	}
	return zero
}

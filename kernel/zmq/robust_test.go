package zmq

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
	"glownotes/kernel/wire"
)

// TestBadPeers: nothing that a peer writes ends the kernel or holds up the
// other front ends.
func TestBadPeers(t *testing.T) {
	huge := binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<62)
	for _, tc := range []struct {
		name  string
		bytes [][]byte
		hangs bool // the kernel waits for more; otherwise it ends the connection
	}{
		{"http", [][]byte{[]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" + strings.Repeat("x", 64))}, false},
		{"silence", nil, true},
		{"half a greeting", [][]byte{greeting()[:20]}, true},
		{"greeting only", [][]byte{greeting()}, true},
		{"older version", [][]byte{func() []byte { b := greeting(); b[10] = 1; return b }()}, false},
		{"other mechanism", [][]byte{func() []byte { b := greeting(); copy(b[12:], "CURVE"); return b }()}, false},
		{"huge command", [][]byte{greeting(), binary.BigEndian.AppendUint64([]byte{flagCommand | flagLong}, 1<<62)}, false},
		{"large command", [][]byte{greeting(), binary.BigEndian.AppendUint64([]byte{flagCommand | flagLong}, 1<<30)}, false},
		{"message instead of READY", [][]byte{greeting(), {0, 1, 'x'}}, false},
		{"cut metadata", [][]byte{greeting(), {flagCommand, 9, 5, 'R', 'E', 'A', 'D', 'Y', 200, 'x', 'y'}}, false},
		{"metadata of one byte", [][]byte{greeting(), {flagCommand, 7, 5, 'R', 'E', 'A', 'D', 'Y', 0}}, false},
		{"unknown socket type", [][]byte{greeting(), ready("FRIEND", "")}, false},
		{"incompatible socket type", [][]byte{greeting(), ready("PULL", "")}, false},
		{"huge frame", [][]byte{greeting(), ready("DEALER", "x"), huge}, false},
		{"large frame without its bytes", [][]byte{greeting(), ready("DEALER", "x"), binary.BigEndian.AppendUint64([]byte{flagLong}, 400<<20)}, true},
		{"too many frames", [][]byte{greeting(), ready("DEALER", "x"), bytes.Repeat([]byte{flagMore, 0}, defaultLimits.frames+1)}, false},
		{"command within a message", [][]byte{greeting(), ready("DEALER", "x"), {flagMore, 0, flagCommand, 0}}, false},
		{"command without name", [][]byte{greeting(), ready("DEALER", "x"), {flagCommand, 1, 9}}, false},
		{"no message", [][]byte{greeting(), ready("DEALER", "x"), {0, 5, 'h', 'e', 'l', 'l', 'o', 0, 0}}, true},
		{"forged", [][]byte{greeting(), ready("DEALER", "x"), forged()}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tr := listenLoopback(t)
			kerneltest.Run(t, core.Options{Transport: tr, Engine: &kerneltest.Engine{}})
			info := tr.Info()
			for _, port := range []int{info.ShellPort, info.ControlPort, info.IOPubPort, info.HBPort} {
				c := dialTCP(t, port)
				_, _ = c.Write(bytes.Join(tc.bytes, nil)) // the kernel may end it before all is written
				if port == info.ShellPort && !tc.hangs {
					c.ended(t)
				}
			}
			began := time.Now()
			c := kerneltest.NewClient(t, connect(t, info, "good"))
			welcome(c)
			if x := c.Execute("print well"); x.Text("stdout") != "well\n" {
				t.Errorf("a good front end got %q", x.Text("stdout"))
			}
			if d := time.Since(began); d > nearlyHandshake {
				t.Errorf("a good front end waited %v", d)
			}
		})
	}
}

// forged is a message with a wrong signature in frames.
func forged() []byte {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	header, _ := json.Marshal(wire.NewSession("forger").Header("shutdown_request"))
	_ = writeMessage(w, [][]byte{[]byte("<IDS|MSG>"), bytes.Repeat([]byte("0"), 64), header, []byte("{}"), []byte("{}"), []byte("{}")})
	_ = w.Flush()
	return b.Bytes()
}

// TestStalledSubscriber: a front end that stops reading holds up nobody; what
// is queued for it is bounded; when it reads again it is told what it missed
// and still gets every status.
func TestStalledSubscriber(t *testing.T) {
	tr := listenLoopback(t)
	const limit = 4 << 20 // more than one cell writes
	tr.iopub.limit = limit
	kerneltest.Run(t, core.Options{Transport: tr, Engine: &kerneltest.Engine{}, OutputLimit: -1})
	subscribe := func() *rawConn {
		c := dialRaw(t, tr.Info().IOPubPort, "SUB", "")
		c.writeFrames(t, []byte("\x01"))
		if m := c.receive(t, wire.IOPub); m.Header.MsgType != "iopub_welcome" {
			t.Fatalf("first message %s", m.Header.MsgType)
		}
		return c
	}
	stalled, reading := subscribe(), subscribe()
	shell, session := dialRaw(t, tr.Info().ShellPort, "DEALER", ""), wire.NewSession("front")
	post := func(msgType string, content any) {
		m, err := session.New(wire.Shell, msgType, wire.Header{}, content)
		if err != nil {
			t.Fatal(err)
		}
		shell.send(t, m)
	}
	const cells, size = 7, 3 << 20
	for i := range cells {
		post("execute_request", kerneltest.Cell(fmt.Sprintf("bytes %d", size)))
		n := 0
		for content := reading.content(t); string(content) != idle; content = reading.content(t) {
			n += len(content)
		}
		if n < size {
			t.Fatalf("cell %d: the reading front end got %d bytes, want %d", i, n, size)
		}
	}
	for _, p := range tr.iopub.all() {
		if held := p.out.held(); held > 2*limit {
			t.Errorf("%d bytes are queued for one peer, limit %d", held, 2*limit)
		}
	}
	got, idles := 0, 0
	for told := false; !told; {
		content := stalled.content(t)
		got += len(content)
		told = bytes.Contains(content, []byte("messages were dropped"))
		if string(content) == idle {
			idles++
		}
		if idles >= cells && !told { // it reads again: the next message reports
			post("kernel_info_request", nil)
		}
	}
	if got >= cells*size || got < limit/2 {
		t.Errorf("the stalled front end got %d bytes", got)
	}
	if idles < cells {
		t.Errorf("the stalled front end got %d idle messages, want at least %d", idles, cells)
	}
}

// idle is the content of the message that ends a cell.
const idle = `{"execution_state":"idle"}`

func TestSubscriptions(t *testing.T) {
	tr := listenLoopback(t)
	session := wire.NewSession("kernel")
	message := func(topic, msgType string, content any) *wire.Message {
		m, err := session.New(wire.IOPub, msgType, wire.Header{}, content)
		if err != nil {
			t.Error(err)
			return nil
		}
		m.Identities = [][]byte{[]byte(topic)}
		return m
	}
	early := dialRaw(t, tr.Info().IOPubPort, "SUB", "")
	early.writeFrames(t, []byte("\x01e."))
	body := append([]byte{4}, "PING\x00\x00"...)
	early.write(t, []byte{flagCommand, byte(len(body))}, body)
	if _, _, err := readMessage(early.r, defaultLimits); err != nil { // PONG: it has subscribed
		t.Fatal(err)
	}
	tr.OnSubscribe(func(topic string) *wire.Message {
		return message(topic, "iopub_welcome", map[string]any{"subscription": topic})
	})
	if got := kerneltest.Field[string](early.receive(t, wire.IOPub), "subscription"); got != "e." {
		t.Errorf("an early subscriber got %q, want its welcome", got)
	}
	c := dialRaw(t, tr.Info().IOPubPort, "SUB", "")
	expect := func(topic string) {
		t.Helper()
		if got := kerneltest.Field[string](c.receive(t, wire.IOPub), "subscription"); got != topic {
			t.Errorf("got %q, want %q", got, topic)
		}
	}
	c.writeFrames(t, []byte("\x01a."))
	expect("a.")
	c.writeFrames(t, []byte("\x01a.")) // again: counted, no second welcome
	c.writeFrames(t, []byte("\x00a.")) // still subscribed once
	command := append([]byte{9}, "SUBSCRIBEb."...)
	c.write(t, []byte{flagCommand, byte(len(command))}, command)
	expect("b.")
	for _, topic := range []string{"a.x", "c.x", "ab", "b.x"} {
		if err := tr.Send(message(topic, "test", map[string]any{"subscription": topic})); err != nil {
			t.Fatal(err)
		}
	}
	expect("a.x")
	expect("b.x")
	c.writeFrames(t, []byte("\x00a."))
	c.writeFrames(t, []byte("\x01c."))
	expect("c.")
	for _, topic := range []string{"a.x", "c.x"} {
		if err := tr.Send(message(topic, "test", map[string]any{"subscription": topic})); err != nil {
			t.Fatal(err)
		}
	}
	expect("c.x")
}

func TestHeartbeat(t *testing.T) {
	tr := listenLoopback(t)
	a, b := dialRaw(t, tr.Info().HBPort, "REQ", ""), dialRaw(t, tr.Info().HBPort, "REQ", "")
	for i, c := range []*rawConn{a, b, a} {
		want := fmt.Sprintf("ping %d", i)
		c.writeFrames(t, nil, []byte(want))
		frames, _, err := readMessage(c.r, defaultLimits)
		if err != nil || len(frames) != 2 || len(frames[0]) != 0 || string(frames[1]) != want {
			t.Errorf("echo %q, %v, want an empty frame and %q", frames, err, want)
		}
	}
}

func TestPing(t *testing.T) {
	tr := listenLoopback(t)
	c := dialRaw(t, tr.Info().ShellPort, "DEALER", "")
	body := append([]byte{4}, "PING\x00\x64context"...)
	c.write(t, []byte{flagCommand, byte(len(body))}, body)
	frames, command, err := readMessage(c.r, defaultLimits)
	if err != nil || !command || string(frames[0]) != "\x04PONGcontext" {
		t.Errorf("answer %q, command %t, %v", frames, command, err)
	}
}

func TestListen(t *testing.T) {
	tr := listenLoopback(t)
	info := tr.Info()
	if info.ShellPort == 0 || info.HBPort == 0 {
		t.Errorf("ports %+v are not told", info)
	}
	if _, err := Listen(context.Background(), info, quiet); err == nil || !strings.Contains(err.Error(), "shell") {
		t.Errorf("the same ports again: %v, want an error that names the socket", err)
	}
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := Listen(context.Background(), info, quiet)
	if err != nil {
		t.Fatalf("the same ports after Close: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := again.Receive(t.Context()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Receive after Close: %v", err)
	}
	if _, err := Listen(context.Background(), wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "k", SignatureScheme: "md5"}, quiet); err == nil {
		t.Error("an unknown signature scheme was accepted")
	}
}

func TestListenIPC(t *testing.T) {
	dir, err := os.MkdirTemp("", "ipc") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	info := wire.ConnectionInfo{Transport: "ipc", IP: filepath.Join(dir, "k"), ShellPort: 1, ControlPort: 2, StdinPort: 3, IOPubPort: 4, HBPort: 5}
	tr, err := Listen(context.Background(), info, quiet)
	if err != nil {
		t.Skipf("this system has no Unix sockets: %v", err)
	}
	defer tr.Close()
	conn, err := net.Dial("unix", info.IP+"-5")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(append(greeting(), ready("REQ", "")...)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, greetingSize)); err != nil {
		t.Error(err)
	}
}

// TestCloseWrites: what was sent before Close arrives, without Flush.
func TestCloseWrites(t *testing.T) {
	tr := listenLoopback(t)
	tr.patience = kerneltest.Patience
	c := dialRaw(t, tr.Info().IOPubPort, "SUB", "")
	c.writeFrames(t, []byte("\x01"))
	for len(tr.iopub.topics()) == 0 {
		time.Sleep(time.Millisecond)
	}
	session := wire.NewSession("k")
	const n, size = 200, 50_000 // more than the buffers of a connection hold at once
	for i := range n {
		m, err := session.New(wire.IOPub, "stream", wire.Header{}, map[string]any{"i": i, "text": strings.Repeat("x", size)})
		if err != nil {
			t.Fatal(err)
		}
		m.Identities = [][]byte{[]byte("topic")}
		if err := tr.Send(m); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error, 1)
	go func() { closed <- tr.Close() }()
	for i := range n {
		if got := kerneltest.Field[float64](c.receive(t, wire.IOPub), "i"); got != float64(i) {
			t.Fatalf("message %v, want %d", got, i)
		}
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// topics lists what peers have subscribed to.
func (b *publisher) topics() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []string
	for _, s := range b.subs {
		for topic := range s.topics {
			list = append(list, topic)
		}
	}
	return list
}

// TestNoPeer: a reply to who has gone is an error, not a wait.
func TestNoPeer(t *testing.T) {
	tr := listenLoopback(t)
	m, err := wire.NewSession("k").New(wire.Stdin, "input_request", wire.Header{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	m.Identities = [][]byte{[]byte("gone")}
	if err := tr.Send(m); !errors.Is(err, ErrNoPeer) {
		t.Errorf("Send = %v, want ErrNoPeer", err)
	}
}

// FuzzReadMessage: any bytes are messages or an error, and what is read can be
// written and read again.
func FuzzReadMessage(f *testing.F) {
	f.Add([]byte{flagMore, 1, 'a', 0, 0})
	f.Add([]byte{flagCommand, 6, 4, 'P', 'I', 'N', 'G', 0})
	f.Add(binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<40))
	small := limits{bytes: 1 << 16, frames: 16}
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, command, err := readMessage(bufio.NewReader(bytes.NewReader(data)), small)
		if err != nil || command {
			return
		}
		var b bytes.Buffer
		w := bufio.NewWriter(&b)
		if err := errors.Join(writeMessage(w, frames), w.Flush()); err != nil {
			t.Fatal(err)
		}
		again, _, err := readMessage(bufio.NewReader(&b), small)
		if err != nil || len(again) != len(frames) {
			t.Fatalf("read again: %q, %v, want %q", again, err, frames)
		}
		for i := range frames {
			if !bytes.Equal(frames[i], again[i]) {
				t.Errorf("frame %d = %q, want %q", i, again[i], frames[i])
			}
		}
	})
}

// FuzzHandshake: no bytes of a peer panic or hang the handshake.
func FuzzHandshake(f *testing.F) {
	f.Add(bytes.Join([][]byte{greeting(), ready("DEALER", "id")}, nil))
	f.Add(bytes.Join([][]byte{greeting(), {flagCommand, 7, 5, 'R', 'E', 'A', 'D', 'Y', 9}}, nil))
	f.Fuzz(func(t *testing.T, data []byte) {
		kernel, peer := net.Pipe()
		defer kernel.Close()
		go func() {
			defer peer.Close()
			go func() { _, _ = io.Copy(io.Discard, peer) }()
			_, _ = peer.Write(data)
		}()
		_, _ = handshake(kernel, "ROUTER")
	})
}

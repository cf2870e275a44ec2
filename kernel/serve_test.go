//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"

	"glownotes/kernel/wire"
)

// connectionFile writes a connection file with free ports. They are not of
// those that the system gives away: another program could get one of them before
// the kernel has it.
func connectionFile(t *testing.T) (string, wire.ConnectionInfo) {
	t.Helper()
	info := wire.ConnectionInfo{Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: "hmac-sha256"}
	for _, port := range []*int{&info.ShellPort, &info.ControlPort, &info.StdinPort, &info.IOPubPort, &info.HBPort} {
		var l net.Listener
		err := errors.New("not tried")
		for try := 0; try < 1000 && err != nil; try++ {
			l, err = net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(10_000+rand.IntN(20_000)))
		}
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // all at the end, so that they differ
		*port = l.Addr().(*net.TCPAddr).Port
	}
	b, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file, info
}

// awaitHeartbeat waits until the kernel echoes bytes.
func awaitHeartbeat(t *testing.T, info wire.ConnectionInfo) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	req := zmq4.NewReq(ctx, zmq4.WithDialerRetry(20*time.Millisecond), zmq4.WithDialerMaxRetries(-1))
	defer req.Close()
	if err := req.Dial(fmt.Sprintf("tcp://127.0.0.1:%d", info.HBPort)); err != nil {
		t.Fatal(err)
	}
	if err := req.Send(zmq4.NewMsgString("alive?")); err != nil {
		t.Fatal(err)
	}
	if m, err := req.Recv(); err != nil || string(m.Bytes()) != "alive?" {
		t.Fatalf("heartbeat: got %q, %v", m.Bytes(), err)
	}
}

// children lists the processes below pid.
func children(pid int) []int {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		b, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(b), ") ") // the name may hold spaces
		fields := strings.Fields(rest)
		own, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if len(fields) > 1 && fields[0] != "Z" {
			parents[own], _ = strconv.Atoi(fields[1])
		}
	}
	var list []int
	for own := range parents {
		for p := parents[own]; p > 1; p = parents[p] {
			if p == pid {
				list = append(list, own)
				break
			}
		}
	}
	return list
}

// alive reports whether a process runs; a zombie does not.
func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z")
}

// needsProc skips where processes cannot be looked at, and under -short.
func needsProc(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts the kernel, which takes a while")
	}
	if runtime.GOOS != "linux" {
		t.Skip("looks at processes in /proc")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// SIGTERM ends the kernel with exit code 0 and everything that it started.
func TestServeEndsOnSIGTERM(t *testing.T) {
	program := needsProc(t)
	file, info := connectionFile(t)
	cmd := command(t, program, "serve", file)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill() })
	awaitHeartbeat(t, info)
	var started []int
	eventually(t, limit, "a cell host runs", func() bool { started = children(cmd.Process.Pid); return len(started) > 0 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("got %v, want exit code 0", err)
		}
	case <-time.After(3 * time.Minute):
		t.Fatal("the kernel goes on after SIGTERM")
	}
	for _, pid := range started {
		eventually(t, 3*time.Minute, "process "+strconv.Itoa(pid)+" has ended", func() bool { return !alive(pid) })
	}
}

// When the client that started the kernel is killed, the kernel ends by
// itself.
func TestServeEndsWithItsParent(t *testing.T) {
	program := needsProc(t)
	file, info := connectionFile(t)
	// The shell stands for the client.
	cmd := command(t, "sh", "-c", `JPY_PARENT_PID=$$ "$0" serve "$1" & wait`, program, file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitHeartbeat(t, info)
	started := children(cmd.Process.Pid)
	if len(started) == 0 {
		t.Fatal("no kernel below the shell")
	}
	t.Cleanup(func() {
		for _, pid := range started {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	for _, pid := range started {
		eventually(t, 3*time.Minute, "process "+strconv.Itoa(pid)+" has ended", func() bool { return !alive(pid) })
	}
}

func TestServeErrors(t *testing.T) {
	program := needsProc(t)
	file := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(file, []byte(`{"ip": "127.0.0.1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, program, "serve", file).CombinedOutput()
	if err == nil || !strings.HasPrefix(string(out), "glownotes: wire: connection file: shell_port") {
		t.Errorf("got %v and %s", err, out)
	}
}

// TestServeLeavesNothing: whatever ends the kernel while a cell runs that has
// started processes of its own, no process and no temporary folder is left.
func TestServeLeavesNothing(t *testing.T) {
	program := needsProc(t)
	for _, how := range []struct {
		name string
		end  func(t *testing.T, c *kernelClient, p *os.Process)
	}{
		{"shutdown", func(t *testing.T, c *kernelClient, _ *os.Process) {
			c.send(t, wire.Control, "shutdown_request", map[string]any{"restart": false})
		}},
		{"SIGTERM", func(t *testing.T, _ *kernelClient, p *os.Process) { p.Signal(syscall.SIGTERM) }},
		{"SIGKILL", func(t *testing.T, _ *kernelClient, p *os.Process) { p.Kill() }},
		{"SIGSEGV", func(t *testing.T, _ *kernelClient, p *os.Process) { p.Signal(syscall.SIGSEGV) }},
	} {
		t.Run(how.name, func(t *testing.T) {
			tmp := t.TempDir()
			file, info := connectionFile(t)
			cmd := command(t, program, "serve", file)
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
			err := cmd.Start()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Process.Kill() })
			c := dialKernel(t, info)
			c.send(t, wire.Shell, "execute_request", map[string]any{"code": "c := exec.Command(\"sleep\", \"1000\")\nc.Start()\nfmt.Println(\"child\", c.Process.Pid)\nfor {\n}"})
			child := c.child(t)
			all := append(children(cmd.Process.Pid), child)
			how.end(t, c, cmd.Process)
			cmd.Wait()
			for _, pid := range all {
				eventually(t, 3*time.Minute, "process "+strconv.Itoa(pid)+" has ended", func() bool { return !alive(pid) })
			}
			var left []os.DirEntry
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("left: %v", left)
				}
			})
			eventually(t, 3*time.Minute, "the temporary folder is empty", func() bool {
				left, err = os.ReadDir(tmp)
				return err == nil && len(left) == 0
			})
		})
	}
}

// A kernelClient talks to a kernel over its sockets.
type kernelClient struct {
	session *wire.Session
	signer  wire.Signer
	sockets map[wire.Channel]zmq4.Socket
}

func dialKernel(t *testing.T, info wire.ConnectionInfo) *kernelClient {
	t.Helper()
	signer, err := wire.NewSigner(info.SignatureScheme, info.Key)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	patient := []zmq4.Option{zmq4.WithDialerRetry(20 * time.Millisecond), zmq4.WithDialerMaxRetries(-1)}
	c := &kernelClient{wire.NewSession("test"), signer, map[wire.Channel]zmq4.Socket{
		wire.Shell: zmq4.NewDealer(ctx, patient...), wire.Control: zmq4.NewDealer(ctx, patient...), wire.IOPub: zmq4.NewSub(ctx, patient...),
	}}
	for ch, port := range map[wire.Channel]int{wire.IOPub: info.IOPubPort, wire.Shell: info.ShellPort, wire.Control: info.ControlPort} {
		if err := c.sockets[ch].Dial(fmt.Sprintf("tcp://127.0.0.1:%d", port)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.sockets[wire.IOPub].SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	c.until(t, func(m *wire.Message) bool { return m.Header.MsgType == "iopub_welcome" })
	return c
}

func (c *kernelClient) send(t *testing.T, ch wire.Channel, msgType string, content any) {
	t.Helper()
	m, err := c.session.New(ch, msgType, wire.Header{}, content)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := c.signer.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.sockets[ch].Send(zmq4.NewMsgFrom(frames...)); err != nil {
		t.Fatal(err)
	}
}

// until reads IOPub until a message that found accepts.
func (c *kernelClient) until(t *testing.T, found func(*wire.Message) bool) {
	t.Helper()
	for {
		raw, err := c.sockets[wire.IOPub].Recv()
		if err != nil {
			t.Fatal(err)
		}
		m, err := c.signer.Decode(wire.IOPub, raw.Frames)
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.MsgType == "error" {
			t.Fatalf("the cell failed: %s", m.Content)
		}
		if found(m) {
			return
		}
	}
}

// child waits for the number of the process that the cell started.
func (c *kernelClient) child(t *testing.T) (pid int) {
	t.Helper()
	c.until(t, func(m *wire.Message) bool {
		var out struct{ Text string }
		if m.Header.MsgType != "stream" || json.Unmarshal(m.Content, &out) != nil {
			return false
		}
		n, _ := fmt.Sscanf(out.Text, "child %d", &pid)
		return n == 1
	})
	return pid
}

package live

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Of the time that the Go compiler and linker take for a small cell, a third
// passes before they have read their arguments: the kernel loads the program,
// its pages are mapped, the runtime and the packages are initialised. So a cell
// finds both started: they read their arguments from a response file, which the
// tools of Go have for long command lines, and this file is their standard
// input, a pipe. Each of the two takes 1 MB of memory while it waits.
//
// The pipe's other end is closed when this process ends, whatever the reason:
// the tools then find no arguments, say how they are used, and exit.
//
// Nothing depends on it. A tool that has ended, or that fails, is run once more
// in the ordinary way, and what it says then counts.

// A bench is the folder of a cell to come, with tools that wait in it.
type bench struct {
	dir           string
	compile, link *waitingTool
}

// tools keeps a bench for the next cell.
type tools struct {
	mu    sync.Mutex
	next  *bench
	count int  // of benches made
	off   bool // waiting tools do not work here, or the session ends
}

// getReady starts the tools for the next cell unless they wait already.
func (b *builder) getReady() {
	t := &b.ahead
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next != nil || t.off || b.dir == "" {
		return
	}
	t.count++
	n := &bench{dir: filepath.Join(b.dir, fmt.Sprint("b", t.count))}
	err := os.MkdirAll(filepath.Join(n.dir, objectsDir), 0o700)
	if err == nil {
		n.compile, err = startWaiting(filepath.Join(b.tc.toolDir, "compile"), n.dir, b.toolEnv(nil))
	}
	if err == nil {
		n.link, err = startWaiting(filepath.Join(b.tc.toolDir, "link"), n.dir, b.toolEnv(b.linkEnv(nil)))
	}
	if err != nil {
		n.end()
		t.off = true
		return
	}
	t.next = n
}

// take returns the folder for a cell, with tools if some wait.
func (b *builder) take(serial int) (*bench, error) {
	t := &b.ahead
	t.mu.Lock()
	n := t.next
	t.next = nil
	t.mu.Unlock()
	if n == nil {
		n = &bench{dir: filepath.Join(b.dir, fmt.Sprint("c", serial))}
	}
	if err := os.MkdirAll(n.dir, 0o700); err != nil {
		n.end()
		return nil, fmt.Errorf("live: %w", err)
	}
	return n, nil
}

// endAhead ends the tools that wait; no others will be started.
func (b *builder) endAhead() {
	t := &b.ahead
	t.mu.Lock()
	defer t.mu.Unlock()
	t.off = true
	if t.next != nil {
		t.next.end()
		t.next = nil
	}
}

// end ends the tools of a bench that were not used.
func (n *bench) end() {
	for _, w := range []*waitingTool{n.compile, n.link} {
		if w != nil {
			w.end()
		}
	}
}

// A waitingTool is a tool of Go that waits for its arguments.
type waitingTool struct {
	cmd   *exec.Cmd
	in    *os.File
	out   bytes.Buffer
	ended chan struct{}
	err   error // how it ended; valid then
}

// startWaiting starts a tool. It is in a process group of its own, so that
// Ctrl-C in a terminal ends what is running and not what waits.
func startWaiting(name, dir string, env []string) (*waitingTool, error) {
	r, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	w := &waitingTool{cmd: exec.Command(name, "@/dev/stdin"), in: in, ended: make(chan struct{})}
	w.cmd.Dir, w.cmd.Env = dir, env
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = r, &w.out, &w.out
	w.cmd.SysProcAttr = ownGroup()
	if err := w.cmd.Start(); err != nil {
		in.Close()
		return nil, err
	}
	go func() {
		w.err = w.cmd.Wait()
		close(w.ended)
	}()
	return w, nil
}

// errArguments means that arguments cannot be written to a response file.
var errArguments = errors.New("live: arguments for no response file")

// maxResponse is less than what a pipe holds, so that writing never waits.
const maxResponse = 32 << 10

// run hands the tool its arguments and waits for its end.
func (w *waitingTool) run(ctx context.Context, args []string) ([]byte, error) {
	text := strings.Join(args, "\n")
	if strings.ContainsAny(text, "\\\r") || strings.Count(text, "\n") != len(args)-1 || len(text) > maxResponse {
		w.end()
		return nil, errArguments
	}
	_, err := w.in.WriteString(text)
	w.in.Close()
	if err != nil { // it has ended already
		<-w.ended
		return nil, err
	}
	select {
	case <-w.ended:
		return w.out.Bytes(), w.err
	case <-ctx.Done():
		w.end()
		return nil, ctx.Err()
	}
}

// wasKilled tells whether a tool that has ended was ended from outside.
func (w *waitingTool) wasKilled() bool { return w.cmd.ProcessState.ExitCode() < 0 }

// end ends a tool, also one that is at work; it may come twice.
func (w *waitingTool) end() {
	w.in.Close()
	_ = w.cmd.Process.Kill()
	<-w.ended
}

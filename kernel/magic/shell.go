package magic

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"glownotes/kernel/core"
)

// shell runs a command line with the person's shell.
func (c *call) shell(line string) error {
	sh := os.Getenv("SHELL")
	if sh == "" {
		sh = "/bin/sh"
	}
	return c.command(exec.Command(sh, "-c", line), "")
}

// command runs a process, its output going to the cell as it comes. An
// interrupt ends the whole process group.
func (c *call) command(cmd *exec.Cmd, stdin string) error {
	cmd.Dir = c.magics.folder()
	cmd.Stdin = strings.NewReader(stdin)
	out, errs := &streamWriter{out: c.out, name: "stdout"}, &streamWriter{out: c.out, name: "stderr"}
	cmd.Stdout, cmd.Stderr = out, errs
	ownGroup(cmd)
	// A process that left children behind with our pipes does not hold the cell.
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		return c.fail("%v", err)
	}
	done := make(chan struct{})
	var stopped sync.WaitGroup
	stopped.Go(func() {
		select {
		case <-c.ctx.Done():
			stopGroup(cmd, done)
		case <-done:
		}
	})
	err := cmd.Wait()
	close(done)
	stopped.Wait()
	out.flush()
	errs.flush()
	var exit *exec.ExitError
	switch {
	case c.ctx.Err() != nil:
		return &core.CellError{Name: "Interrupted", Message: "the command was interrupted", Cell: c.cell.Number, Line: c.line,
			Traceback: []string{"\x1b[31mInterrupted\x1b[0m: the command was interrupted"}}
	case errors.As(err, &exit):
		msg := fmt.Sprintf("%s: %v", c.title(), exit)
		return &core.CellError{Name: "ShellError", Message: msg, Cell: c.cell.Number, Line: c.line, Col: 1,
			Traceback: []string{"\x1b[31mShellError\x1b[0m: " + msg, fmt.Sprintf("  cell[%d]:%d", c.cell.Number, c.line)}}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return c.fail("%v", err)
	}
	return nil
}

// title names the command in errors.
func (c *call) title() string {
	switch {
	case c.name == "!":
		return "!" + c.args
	case c.body != "":
		return "%%" + c.name
	}
	return strings.TrimSpace("%" + c.name + " " + c.args)
}

// streamWriter passes bytes on as text without cutting a UTF-8 sequence.
type streamWriter struct {
	out  core.Output
	name string
	rest []byte
}

var _ io.Writer = (*streamWriter)(nil)

func (w *streamWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	if n := wholeRunes(w.rest); n > 0 {
		w.out.Stream(w.name, string(w.rest[:n]))
		w.rest = append(w.rest[:0], w.rest[n:]...)
	}
	return len(p), nil
}

func (w *streamWriter) flush() {
	if len(w.rest) > 0 {
		w.out.Stream(w.name, strings.ToValidUTF8(string(w.rest), "\uFFFD"))
		w.rest = nil
	}
}

// wholeRunes returns how many bytes of p can be written without cutting a
// sequence that may still be completed.
func wholeRunes(p []byte) int {
	for back := 1; back <= 3 && back <= len(p); back++ {
		b := p[len(p)-back]
		if b < 0x80 {
			break
		}
		if b >= 0xC0 { // a leading byte: of how many?
			need := 2
			if b >= 0xE0 {
				need = 3
			}
			if b >= 0xF0 {
				need = 4
			}
			if need > back {
				return len(p) - back
			}
			break
		}
	}
	return len(p)
}

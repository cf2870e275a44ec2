package live

import (
	"bufio"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"glownotes/kernel/core"
)

// A crashWatch holds back what the Go runtime writes to standard error when
// the host dies: it belongs into the error, not into the output. Text that only
// looks so is released when the host lives on.
type crashWatch struct {
	release func(string)

	mu      sync.Mutex
	last    string // end of the text so far, to know where lines begin
	held    strings.Builder
	holding bool
	timer   *time.Timer
	given   string // what was released because the host took too long to die
}

// crashLine is how the runtime's last words begin.
var crashLine = regexp.MustCompile(`(?m)^(panic: |fatal error: |runtime: goroutine stack exceeds |runtime: out of memory|unexpected fault address |SIG[A-Z]+: |\[signal SIG)`)

// The runtime needs seconds to count the functions of a stack that overflowed.
// A cell may print a line that begins like a panic; it is shown soon.
const (
	crashHold      = 20 * time.Second
	crashHoldPanic = 3 * time.Second
	crashMax       = 1 << 20 // bytes that are kept
)

// filter returns the part of the text that is not held back.
func (c *crashWatch) filter(s string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holding {
		c.hold(s)
		return ""
	}
	lineStart := c.last == "" || strings.HasSuffix(c.last, "\n")
	for _, at := range crashLine.FindAllStringIndex(s, -1) {
		if at[0] == 0 && !lineStart {
			continue
		}
		c.holding = true
		c.hold(s[at[0]:])
		hold := crashHold
		if strings.HasPrefix(s[at[0]:], "panic: ") {
			hold = crashHoldPanic
		}
		c.timer = time.AfterFunc(hold, c.expire)
		s = s[:at[0]]
		break
	}
	if s != "" {
		c.last = s[max(0, len(s)-1):]
	}
	return s
}

func (c *crashWatch) hold(s string) {
	if room := crashMax - c.held.Len(); room > 0 {
		c.held.WriteString(s[:min(len(s), room)])
	}
}

// alive says that the host still works: a line like a panic was the cell's own.
// Output is shown before the event that proves it.
func (c *crashWatch) alive() {
	c.mu.Lock()
	own := c.holding && strings.HasPrefix(c.held.String(), "panic: ")
	c.given = ""
	c.mu.Unlock()
	if own {
		c.giveBack()
	}
}

// expire releases the text of a host that has not died in time. On a slow
// machine the runtime may take longer to write a stack of millions of calls, so
// its last words are remembered.
func (c *crashWatch) expire() {
	c.mu.Lock()
	if s := c.held.String(); !strings.HasPrefix(s, "panic: ") {
		c.given = s
	}
	c.mu.Unlock()
	c.giveBack()
}

// giveBack releases the text: the host did not die.
func (c *crashWatch) giveBack() {
	c.mu.Lock()
	s := c.held.String()
	c.held.Reset()
	c.holding = false
	c.mu.Unlock()
	if s != "" {
		c.release(s)
	}
}

// tail returns the last words of a host that died.
func (c *crashWatch) tail() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.held.Len() == 0 {
		return plain(c.given)
	}
	return plain(c.held.String())
}

// diedError explains the death of the host to the person.
func diedError(s *session, number int, state error, words string) *core.CellError {
	e := &core.CellError{Name: nameHostDied, Cell: number, Message: deathReason(state, words)}
	e.Traceback = []string{red + bold + nameHostDied + reset + ": " + e.Message}
	for _, at := range cellLines(words) {
		if e.Line == 0 {
			e.Cell, e.Line = at.number, at.line
		}
		e.Traceback = append(e.Traceback, blue+fmt.Sprintf("%s:%d", cellFile(at.number), at.line)+reset)
		e.Traceback = append(e.Traceback, excerpt(s, at.number, at.line, 0)...)
	}
	e.Traceback = append(e.Traceback, "The process that runs the cells ended and was started again: all variables, functions and types of this session are lost. "+replayHint)
	return e
}

var signalLine = regexp.MustCompile(`^SIG[A-Z]+: `)

// replayHint offers what Replay does.
const replayHint = "%replay runs the cells again that had succeeded; training that had saved checkpoints is not repeated."

// deathReason names the cause in one line.
func deathReason(state error, words string) string {
	sc := bufio.NewScanner(strings.NewReader(words))
	for sc.Scan() {
		l := sc.Text()
		if m, ok := strings.CutPrefix(l, "fatal error: "); ok {
			if strings.Contains(m, "stack overflow") {
				return "stack overflow (endless recursion?)"
			}
			return m
		}
		if strings.HasPrefix(l, "panic: ") {
			return l
		}
		if signalLine.MatchString(l) {
			if strings.Contains(words, "signal arrived during cgo execution") {
				l += " in C code"
			}
			return l
		}
	}
	var exit *exec.ExitError
	if errors.As(state, &exit) {
		if ws, ok := exit.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
			if ws.Signal() == syscall.SIGKILL {
				return "killed (out of memory?)"
			}
			return "ended by signal: " + ws.Signal().String()
		}
		return fmt.Sprintf("exit status %d (os.Exit in a library?)", exit.ExitCode())
	}
	return "the process exited with status 0 (os.Exit in a library?)"
}

type cellLine struct{ number, line int }

var stackLine = regexp.MustCompile(`cell\[(\d+)\]:(\d+)`)

// cellLines lists the first few different lines of cells in a stack dump.
func cellLines(words string) []cellLine {
	var out []cellLine
	seen := map[cellLine]bool{}
	for _, m := range stackLine.FindAllStringSubmatch(words, -1) {
		n, _ := strconv.Atoi(m[1])
		l, _ := strconv.Atoi(m[2])
		at := cellLine{n, l}
		if !seen[at] && len(out) < 6 {
			seen[at] = true
			out = append(out, at)
		}
	}
	return out
}

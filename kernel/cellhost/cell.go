package main

import (
	"context"
	"fmt"
	"os"
	"plugin"
	"strings"
	"sync"
	"time"

	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// patience is how long a cell may take to stop after an interrupt before its
// goroutine is left behind, unless the kernel gives it more: a little less than a
// second, so that the person has the prompt back within one.
const patience = 900 * time.Millisecond

// A cell is one run of one compiled cell.
type cell struct {
	serial int
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{} // closed when the kernel was told the end

	mu          sync.Mutex
	goroutine   string // "goroutine 12", as stacks name it
	interrupted bool
	patience    time.Duration // that the kernel has; 0: not told
	result      *display.Bundle
	failure     *hostwire.Failure // of the first goroutine that panicked
}

func (c *cell) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// run opens the plugin and runs it to its end.
func (h *host) run(f hostwire.Frame) {
	c := &cell{serial: f.Cell, done: make(chan struct{})}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	h.begin(c)
	defer h.end(c)
	if f.Replay {
		defer setenv(hostwire.ReplayVariable, "1")()
	}
	fin := make(chan *hostwire.Failure, 1)
	if f.Kind == hostwire.Look {
		go h.look(c, f.Nodes, fin)
	} else {
		go h.body(c, f, fin)
	}
	fail := h.wait(c, fin)
	display.Flush()
	h.flushC()
	c.mu.Lock()
	if fail == nil {
		fail = c.failure
	}
	end := hostwire.Frame{Kind: hostwire.Done, Cell: c.serial, Failure: fail}
	if c.result != nil && fail == nil {
		end.Data, end.Metadata = c.result.Data, c.result.Metadata
	}
	stopped := c.interrupted
	close(c.done)
	c.mu.Unlock()
	if stopped {
		h.flags.lowerLater(c, fail != nil && fail.Left)
	}
	h.event(end)
}

// setenv sets an environment variable and returns what undoes it.
func setenv(name, value string) (undo func()) {
	old, was := os.LookupEnv(name)
	os.Setenv(name, value)
	return func() {
		if was {
			os.Setenv(name, old)
		} else {
			os.Unsetenv(name)
		}
	}
}

// flushC writes out what C code has printed. A goroutine that was left behind
// inside C code may hold the stream: it is not waited for.
func (h *host) flushC() {
	flush := h.flush.Load()
	if flush == nil {
		return
	}
	done := make(chan struct{})
	go func() { defer close(done); (*flush)() }()
	select {
	case <-done:
	case <-time.After(patience / 10):
	}
}

// body is the goroutine of a cell: the init functions of packages that the
// cell loads run here too.
func (h *host) body(c *cell, f hostwire.Frame, fin chan<- *hostwire.Failure) {
	h.owners.claim(c)
	c.mu.Lock()
	c.goroutine = goroutineName()
	c.mu.Unlock()
	start, err := h.open(f.Path, f.Hashes)
	if err != nil {
		fin <- &hostwire.Failure{Kind: hostwire.FailOpen, Message: err.Error()}
		return
	}
	h.conn.Send(hostwire.Frame{Kind: hostwire.Opened, Cell: c.serial})
	guarded(start, func(fail *hostwire.Failure) { fin <- fail })
}

// open loads a plugin, one at a time: packages that two plugins need are
// initialised by the first, and the runtime ends the process if the second one
// comes across a package that is being initialised.
func (h *host) open(path string, hashes []uint32) (start func(), err error) {
	h.opening.Lock()
	defer h.opening.Unlock()
	defer func() {
		if v := recover(); v != nil { // an init function of a package
			err = fmt.Errorf("a package failed to initialise: %v", v)
		}
	}()
	undo := h.types().shorten(hashes)
	defer undo()
	p, err := plugin.Open(path)
	if err != nil {
		return nil, err
	}
	s, err := p.Lookup(hostwire.RunName)
	if err != nil {
		return nil, err
	}
	f, ok := s.(func())
	if !ok {
		return nil, fmt.Errorf("cellhost: the cell has a %T", s)
	}
	return f, nil
}

// wait returns how the cell ended. A goroutine that does not end within the
// patience after an interrupt is left behind, and so is one that waits for
// others after one of them panicked, as in a program that would have crashed.
func (h *host) wait(c *cell, fin <-chan *hostwire.Failure) *hostwire.Failure {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	waits := 0
	start := time.Now()
	var deadlocks watch
	for {
		select {
		case f := <-fin:
			return f
		case <-c.ctx.Done():
			return h.waitStopped(c, fin)
		case <-tick.C:
			deadlocks.look(h, c, time.Since(start))
			if c.panicked() == nil || !h.isWaiting(c) {
				waits = 0
			} else if waits++; waits == 2 {
				f := *c.panicked()
				f.Left = true
				h.stop(c)
				return &f
			}
		}
	}
}

func (h *host) waitStopped(c *cell, fin <-chan *hostwire.Failure) *hostwire.Failure {
	c.mu.Lock()
	limit := max(c.patience, patience)
	c.mu.Unlock()
	select {
	case f := <-fin:
		if f == nil {
			// The cell returned by itself, such as a training loop that saw ctx.
			return &hostwire.Failure{Kind: hostwire.FailInterrupt, Message: "the cell was interrupted"}
		}
		return f
	case <-time.After(limit):
		return &hostwire.Failure{Kind: hostwire.FailInterrupt, Left: true, Calls: h.blockedAt(c),
			Message: "the cell did not stop; its goroutine was left behind"}
	}
}

// panicked is the failure of the first goroutine of the cell that panicked.
func (c *cell) panicked() *hostwire.Failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failure
}

// isWaiting tells whether the cell's own goroutine waits for another one.
func (h *host) isWaiting(c *cell) bool {
	at := h.blockedAt(c)
	if len(at) == 0 {
		return false
	}
	for _, state := range []string{"chan receive", "chan send", "select", "semacquire", "sync."} {
		if strings.HasPrefix(at[0].Func, state) {
			return true
		}
	}
	return false
}

package main

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"time"

	"glownotes/kernel/cellrt"
)

// errInterrupt is what a loop of an interrupted cell panics with.
var errInterrupt = errors.New("the cell was interrupted")

// flags are those of all cells that started so far: an interrupted cell may be
// inside a function of any of them.
type flags struct {
	mu    sync.Mutex
	all   map[*cellrt.Flag]*cell
	stuck map[*cell]bool // cells that were left behind: their own flags stay up
	count int            // interrupts so far
}

func (fs *flags) add(f *cellrt.Flag, c *cell) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.all == nil {
		fs.all = map[*cellrt.Flag]*cell{}
	}
	fs.all[f] = c
}

func (fs *flags) raise() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.count++
	for f := range fs.all {
		f.Set(true)
	}
}

// lowerLater lowers the flags after a while in which other goroutines of the
// cell can see them too.
func (fs *flags) lowerLater(c *cell, stuck bool) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if stuck {
		if fs.stuck == nil {
			fs.stuck = map[*cell]bool{}
		}
		fs.stuck[c] = true
	}
	count := fs.count
	time.AfterFunc(patience, func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		if fs.count != count {
			return // a later interrupt is on
		}
		for f, c := range fs.all {
			f.Set(fs.stuck[c])
		}
	})
}

// interrupt ends a running cell; patience is how long it may take, 0 as long as
// usual.
func (h *host) interrupt(serial int, patience time.Duration) {
	if c := h.running(serial); c != nil {
		c.mu.Lock()
		c.patience = patience
		c.mu.Unlock()
		h.stop(c)
	}
}

// stop asks all goroutines of a cell to end.
func (h *host) stop(c *cell) {
	c.mu.Lock()
	c.interrupted = true
	c.mu.Unlock()
	h.flags.raise()
	c.cancel()
}

// enter is the first call of a cell.
func (h *host) enter(f *cellrt.Flag, vars []any) {
	c := h.current()
	h.vars.add(c.serial, vars)
	h.flags.add(f, c)
	if c.isInterrupted() {
		f.Set(true)
	}
}

// stopped is called by loops when their flag is up.
func (h *host) stopped() {
	if !h.current().isInterrupted() {
		return
	}
	if recovers() {
		panic(errInterrupt)
	}
	runtime.Goexit()
}

// recovers tells whether a panic of the calling goroutine would be recovered:
// whether it is the goroutine of a cell, or was started by the go statement of
// a cell, or runs a guarded function. A panic in any other goroutine would end
// the host; Goexit ends the goroutine and runs its deferred calls.
func recovers() bool {
	all := calls(2)
	for _, c := range all {
		if c.Func == "main.guarded" || strings.HasPrefix(c.Func, "glownotes/kernel/cellrt.Guarded") {
			return true
		}
	}
	for len(all) > 0 && strings.HasPrefix(all[len(all)-1].Func, "runtime.") {
		all = all[:len(all)-1]
	}
	return len(all) > 0 && len(all) < maxCalls && strings.Contains(all[len(all)-1].File, "cell[")
}

func (c *cell) isInterrupted() bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.interrupted
}

func (c *cell) context() context.Context {
	if c == nil {
		return context.Background()
	}
	return c.ctx
}

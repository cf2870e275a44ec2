package history

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"glownotes/kernel/core"
)

var _ core.History = (*History)(nil)

const (
	// queued is how many cells may wait for the disk.
	queued = 1024
	// busyTime is long: nobody waits for a write, and a cell that is given up is lost.
	busyTime = 30 * time.Second
	// lastTime is less than the 5 s after which jupyter_client kills a kernel that is to end.
	lastTime = 2 * time.Second
)

// errClosed is the answer to a query after Close.
var errClosed = errors.New("history: it is closed")

// A History is what one kernel writes and all have written. It does nothing
// before the first call.
type History struct {
	path string // "": memory only
	log  *slog.Logger
	busy time.Duration // how long a write waits while other kernels write
	last time.Duration // how long Close waits for what is queued

	mu     sync.Mutex
	work   chan func(*store) // nil before the first call
	done   chan struct{}
	closed bool
}

// New returns the history in the file path, which is made, with its folder,
// when it is used first; "" keeps it in memory.
func New(path string, log *slog.Logger) *History {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &History{path: path, log: log, busy: busyTime, last: lastTime}
}

// Add implements core.History.
func (h *History) Add(line int, input string) {
	h.note(func(s *store) error { return s.add(line, input) })
}

// SetOutput implements core.History.
func (h *History) SetOutput(line int, output string) {
	h.note(func(s *store) error { return s.setOutput(line, output) })
}

// Tail implements core.History.
func (h *History) Tail(ctx context.Context, n int) ([]core.Entry, error) {
	return h.ask(ctx, func(s *store) ([]core.Entry, error) { return s.tail(ctx, n) })
}

// Search implements core.History. The pattern is that of SQLite's GLOB.
func (h *History) Search(ctx context.Context, pattern string, n int, unique bool) ([]core.Entry, error) {
	return h.ask(ctx, func(s *store) ([]core.Entry, error) { return s.search(ctx, pattern, n, unique) })
}

// Range implements core.History.
func (h *History) Range(ctx context.Context, session, start, stop int) ([]core.Entry, error) {
	return h.ask(ctx, func(s *store) ([]core.Entry, error) { return s.cells(ctx, session, start, stop) })
}

// Close writes what is queued and ends the session. It gives up when other
// kernels keep the file busy for seconds.
func (h *History) Close() error {
	h.mu.Lock()
	work, closed := h.work, h.closed
	h.closed = true
	h.mu.Unlock()
	if closed || work == nil {
		return nil
	}
	close(work)
	select {
	case <-h.done:
		return nil
	case <-time.After(h.last):
		return errBusy
	}
}

// note queues a write. A cell never waits for it: if the disk hangs, the
// history has a gap.
func (h *History) note(write func(*store) error) {
	err := h.send(func(s *store) {
		if err := write(s); err != nil {
			h.log.Warn("history: a cell was not noted", "err", err)
		}
	})
	if err != nil {
		h.log.Warn("history: a cell was not noted", "err", err)
	}
}

// ask queues a query and waits for its answer.
func (h *History) ask(ctx context.Context, query func(*store) ([]core.Entry, error)) ([]core.Entry, error) {
	type answer struct {
		entries []core.Entry
		err     error
	}
	c := make(chan answer, 1)
	err := h.send(func(s *store) {
		entries, err := query(s)
		c <- answer{entries, err}
	})
	if err != nil {
		return nil, err
	}
	select {
	case a := <-c:
		return a.entries, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// errBusy means that too much waits for the disk.
var errBusy = errors.New("history: the disk is too slow")

// send hands work to the goroutine that has the database. It does not wait.
func (h *History) send(f func(*store)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errClosed
	}
	if h.work == nil {
		h.work, h.done = make(chan func(*store), queued), make(chan struct{})
		go h.serve(h.work)
	}
	select {
	case h.work <- f:
		return nil
	default:
		return errBusy
	}
}

func (h *History) serve(work <-chan func(*store)) {
	defer close(h.done)
	s := open(h.path, h.busy, h.log)
	defer s.close()
	for f := range work {
		f(s)
	}
}

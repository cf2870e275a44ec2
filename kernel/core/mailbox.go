package core

import (
	"sync"
	"time"
)

// A mailbox is an unbounded queue of requests for one lane. Front ends bound
// it: they queue what their users asked for.
type mailbox struct {
	mu     sync.Mutex
	wake   sync.Cond
	items  []*request
	closed bool
	failed time.Time // when a cell last failed and took those behind it along
}

// abortTime is how long after a failure a cell is aborted that had been sent
// before it. A front end that runs a whole notebook sends its cells one after
// the other; the first may fail while the rest is on its way.
const abortTime = 250 * time.Millisecond

func newMailbox() *mailbox {
	b := &mailbox{}
	b.wake.L = &b.mu
	return b
}

// put appends r; false after close.
func (b *mailbox) put(r *request) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return false
	}
	sent := r.Header.Date
	if !sent.IsZero() && sent.Before(b.failed) && time.Since(b.failed) < abortTime {
		r.aborted = true
	}
	b.items = append(b.items, r)
	b.wake.Signal()
	return true
}

// take waits for the next request; nil when the mailbox is closed and empty.
func (b *mailbox) take() *request {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.items) == 0 && !b.closed {
		b.wake.Wait()
	}
	if len(b.items) == 0 {
		return nil
	}
	r := b.items[0]
	b.items[0] = nil
	b.items = b.items[1:]
	return r
}

// abort marks everything that waits, and what was sent already by the date in
// its header, which browsers give in milliseconds.
func (b *mailbox) abort() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = time.Now().Truncate(time.Millisecond)
	for _, r := range b.items {
		r.aborted = true
	}
}

func (b *mailbox) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.wake.Broadcast()
}

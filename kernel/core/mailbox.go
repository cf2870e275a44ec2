package core

import "sync"

// A mailbox is an unbounded queue of requests for one lane. Front ends bound
// it: they queue what their users asked for.
type mailbox struct {
	mu     sync.Mutex
	wake   sync.Cond
	items  []*request
	closed bool
}

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

// abort marks everything that waits.
func (b *mailbox) abort() {
	b.mu.Lock()
	defer b.mu.Unlock()
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

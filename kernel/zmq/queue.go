package zmq

import (
	"context"
	"sync"
)

// A packet is one message in the form in which it is written.
type packet struct {
	frames  [][]byte
	command bool
}

func (p packet) size() int {
	n := 0
	for _, f := range p.frames {
		n += len(f) + 9
	}
	return n
}

// A queue holds what is to be written to one peer, so that nobody waits for
// that peer but its own writer. Only its bytes are bounded: put refuses what
// would exceed the limit.
type queue struct {
	mu     sync.Mutex
	wake   *sync.Cond
	items  []packet
	bytes  int  // of items and of those being written
	closed bool // nothing more comes; what is there is still taken
	dead   bool // nothing more is written
}

func newQueue() *queue {
	q := &queue{}
	q.wake = sync.NewCond(&q.mu)
	return q
}

// put appends p unless the queue would then hold more than limit bytes. An
// empty queue takes a packet of any size.
func (q *queue) put(p packet, limit int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := p.size()
	if q.closed || q.bytes > 0 && q.bytes+n > limit {
		return false
	}
	q.items = append(q.items, p)
	q.bytes += n
	q.wake.Broadcast()
	return true
}

// held returns the number of bytes not yet written.
func (q *queue) held() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// take waits for packets and returns all; none after close.
func (q *queue) take() []packet {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.closed {
		q.wake.Wait()
	}
	items := q.items
	q.items = nil
	return items
}

// wrote counts bytes as written.
func (q *queue) wrote(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.dead {
		return
	}
	q.bytes -= n
	q.wake.Broadcast()
}

// close lets the writer end after what is queued.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

// kill drops what is queued.
func (q *queue) kill() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.dead = true, true
	q.items, q.bytes = nil, 0
	q.wake.Broadcast()
}

// drained waits until everything has been written, the queue is dead, or ctx
// ends.
func (q *queue) drained(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.wake.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.bytes > 0 && !q.dead {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.wake.Wait()
	}
	return nil
}

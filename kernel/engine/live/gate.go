package live

import (
	"math"
	"sync"
	"time"
	"unicode/utf8"
)

// A gate keeps text and events in the order in which the cell made them: an
// event waits until both streams have passed its mark, and a stream that met
// the mark waits until the event was delivered.
type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	out  int64
	err  int64
	done int64
}

// gateTimeout is how long an event waits for its marks. They can be lost: a
// cell may close file descriptor 1.
const gateTimeout = 2 * time.Second

func newGate() *gate {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	return g
}

// passed is called by a stream at mark n.
func (g *gate) passed(stream string, n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if stream == "stdout" {
		g.out = max(g.out, n)
	} else {
		g.err = max(g.err, n)
	}
	g.cond.Broadcast()
	for g.done < n {
		g.cond.Wait()
	}
}

// await is called before the event of mark n.
func (g *gate) await(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.out >= n && g.err >= n {
		return
	}
	late := false
	t := time.AfterFunc(gateTimeout, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		late = true
		g.cond.Broadcast()
	})
	defer t.Stop()
	for (g.out < n || g.err < n) && !late {
		g.cond.Wait()
	}
}

// delivered is called after the event of mark n.
func (g *gate) delivered(n int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = max(g.done, n)
	g.cond.Broadcast()
}

// end says that a source is at its end: nobody waits for it any more.
func (g *gate) end(source string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch source {
	case "stdout":
		g.out = math.MaxInt64
	case "stderr":
		g.err = math.MaxInt64
	default:
		g.done = math.MaxInt64
	}
	g.cond.Broadcast()
}

// runes holds back an incomplete UTF-8 sequence at the end of a piece of text.
type runes struct{ rest []byte }

func (r *runes) complete(b []byte) []byte {
	if len(r.rest) > 0 {
		b = append(r.rest, b...)
		r.rest = nil
	}
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				r.rest = append([]byte(nil), tail...)
				b = b[:len(b)-n]
			}
			break
		}
	}
	return b
}

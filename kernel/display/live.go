package display

import (
	"sync"
	"time"
)

// updateEvery is the shortest time between two updates of one Live. Browsers
// redraw a picture comfortably ten times a second, and more would fill the
// connection of a remote notebook.
const updateEvery = 100 * time.Millisecond

// A Live is a place in the output that can be changed. Its methods may be
// called from any goroutine.
type Live struct {
	id string

	mu      sync.Mutex
	shown   bool
	last    time.Time
	pending any
	waiting bool // pending holds a value that was not sent yet
	timer   *time.Timer
}

// NewLive returns a place for output; it appears with the first Update.
func NewLive() *Live { return &Live{id: newID()} }

// Update shows v in place of what was there. At most ten values a second are
// sent, values in between are skipped, and the last one always arrives. When
// updates come faster than that, v is rendered later: do not change it after
// the call.
func (l *Live) Update(v any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pending, l.waiting = v, true
	if wait := updateEvery - time.Since(l.last); l.shown && wait > 0 {
		if l.timer == nil {
			l.timer = time.AfterFunc(wait, l.Flush)
			live.add(l)
		}
		return
	}
	l.send()
}

// Flush sends the last value now if it was held back.
func (l *Live) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.send()
}

func (l *Live) send() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
		live.remove(l)
	}
	if !l.waiting {
		return
	}
	v := l.pending
	l.pending, l.waiting = nil, false
	b := Of(v)
	s := currentSink()
	if l.shown {
		s.Update(b, l.id)
	} else {
		s.Display(b, l.id)
	}
	l.shown, l.last = true, time.Now()
}

// live holds the displays whose last value waits for its time.
var live liveSet

type liveSet struct {
	mu  sync.Mutex
	set map[*Live]bool
}

func (s *liveSet) add(l *Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.set == nil {
		s.set = map[*Live]bool{}
	}
	s.set[l] = true
}

func (s *liveSet) remove(l *Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.set, l)
}

// Flush sends every value that a Live holds back. The cell host calls it at
// the end of a cell, so that the last value belongs to the cell.
func Flush() {
	live.mu.Lock()
	var all []*Live
	for l := range live.set {
		all = append(all, l)
	}
	live.mu.Unlock()
	for _, l := range all {
		l.Flush()
	}
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"glownotes/kernel/engine/hostwire"
)

// The Go runtime tells a deadlock by no goroutine being able to run; here those
// of the host always are. So a cell that runs long is looked at from time to
// time: what it waits for, and whether anything of the session could wake it.

// firstLook is when a cell is looked at first; the time doubles after each look,
// because a look stops all goroutines for a moment.
const firstLook = 5 * time.Second

// A watch looks for a deadlock of one cell.
type watch struct {
	next time.Duration // after the start of the cell
	told bool
}

// look tells the cell once when it seems to wait for ever.
func (w *watch) look(h *host, c *cell, running time.Duration) {
	if w.next == 0 {
		w.next = firstLook
	}
	if w.told || running < w.next {
		return
	}
	w.next *= 2
	c.mu.Lock()
	name := c.goroutine
	c.mu.Unlock()
	at, ok := deadlock(allStacks(), name)
	if !ok {
		return
	}
	w.told = true
	text := fmt.Sprintf("note: %s:%d waits (%s) and no other goroutine of this session runs: a deadlock, unless a timer or a widget ends it. Interrupt the cell to go on.\n", at.File, at.Line, at.Func)
	h.err.Write(slices.Concat(h.mark.Cell(c.serial), []byte(text), h.mark.Cell(0)))
}

// A stack is one goroutine of a dump.
type stack struct {
	name  string // "goroutine 12"
	state string // "chan receive"
	long  bool   // it waits for a minute or more
	calls []hostwire.Call
}

func parseStacks(dump string) []stack {
	var list []stack
	for _, block := range strings.Split(dump, "\n\n") {
		head, rest, ok := strings.Cut(block, ":\n")
		name, state, ok2 := strings.Cut(head, " [")
		if !ok || !ok2 {
			continue
		}
		state = strings.TrimSuffix(state, "]")
		s := stack{name: name, long: strings.Contains(state, " minutes"), calls: parseStack(rest)}
		s.state, _, _ = strings.Cut(state, ", ")
		list = append(list, s)
	}
	return list
}

// deadlock tells where the goroutine of a cell waits if it waits for other
// goroutines and none of the session's could run.
func deadlock(dump, name string) (at hostwire.Call, found bool) {
	for _, s := range parseStacks(dump) {
		switch {
		case s.name == name:
			if !s.blocked() {
				return at, false
			}
			i := slices.IndexFunc(s.calls, func(c hostwire.Call) bool { return strings.Contains(c.File, "cell[") })
			if i < 0 {
				return at, false
			}
			at, found = s.calls[i], true
			at.Func = s.state
			if i := strings.LastIndex(at.File, "cell["); i >= 0 {
				at.File = at.File[i:]
			}
		case !s.ofHost() && !s.blocked():
			return at, false
		}
	}
	return at, found
}

// blocked tells whether a goroutine waits for another one. Channels may be
// those of timers: only a long wait on one counts.
func (s stack) blocked() bool {
	if s.calls == nil || s.calledBy("kernel/cellrt.Sleep") || s.calledBy("main.(*host).input") {
		return false
	}
	switch {
	case strings.HasSuffix(s.state, "(nil chan)"), s.state == "select (no cases)", strings.HasPrefix(s.state, "sync."), s.state == "semacquire":
		return true
	case s.state == "chan receive", s.state == "chan send", s.state == "select":
		return s.long
	}
	return false
}

// ofHost tells whether a goroutine is the host's own or the runtime's.
func (s stack) ofHost() bool {
	own := false
	for _, c := range s.calls {
		if strings.Contains(c.File, "cell[") {
			return false
		}
		own = own || strings.HasPrefix(c.Func, "main.") || strings.HasPrefix(c.Func, "os/signal.")
	}
	return own
}

func (s stack) calledBy(name string) bool {
	return slices.ContainsFunc(s.calls, func(c hostwire.Call) bool { return strings.Contains(c.Func, name) })
}

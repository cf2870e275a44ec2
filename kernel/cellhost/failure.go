package main

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"glownotes/kernel/engine/hostwire"
)

// exit is what os.Exit in a cell panics with.
type exit int

// guarded runs a cell and reports how it ended, also when runtime.Goexit ends
// the goroutine.
func guarded(f func(), report func(*hostwire.Failure)) {
	returned := false
	defer func() {
		v := recover()
		switch {
		case returned:
			report(nil)
		case v == nil:
			report(&hostwire.Failure{Kind: hostwire.FailGoexit, Message: "runtime.Goexit ended the cell"})
		default:
			report(failureOf(v))
		}
	}()
	f()
	returned = true
}

// failureOf describes a recovered panic; it is called by the deferred function
// that recovered.
func failureOf(v any) *hostwire.Failure {
	f := &hostwire.Failure{Kind: hostwire.FailPanic, Type: fmt.Sprintf("%T", v), Calls: shorten(calls(3))}
	switch v := v.(type) {
	case exit:
		f.Kind, f.Message = hostwire.FailExit, fmt.Sprintf("os.Exit(%d) ended the cell", int(v))
	case error:
		f.Message = v.Error()
		if v == errInterrupt {
			f.Kind = hostwire.FailInterrupt
		}
	default:
		f.Message = fmt.Sprint(v)
	}
	return f
}

// goroutinePanic handles a panic in a goroutine that a cell started.
func (h *host) goroutinePanic(v any) {
	f := failureOf(v)
	if f.Kind == hostwire.FailInterrupt {
		return
	}
	c := h.current()
	c.mu.Lock()
	running := !c.ended()
	if running && c.failure == nil {
		c.failure = f
	}
	c.mu.Unlock()
	if f.Kind == hostwire.FailExit {
		if running {
			h.stop(c)
		}
		return
	}
	h.event(hostwire.Frame{Kind: hostwire.Panic, Cell: c.serial, Failure: f})
}

// maxCalls is how deep stacks are read.
const maxCalls = 1000

// calls lists the calling functions, innermost first.
func calls(skip int) []hostwire.Call {
	pc := make([]uintptr, maxCalls)
	frames := runtime.CallersFrames(pc[:runtime.Callers(skip+1, pc)])
	var list []hostwire.Call
	for {
		f, more := frames.Next()
		if f.PC != 0 {
			list = append(list, hostwire.Call{Func: f.Function, File: f.File, Line: f.Line})
		}
		if !more {
			return list
		}
	}
}

// shorten keeps both ends of a deep stack.
func shorten(list []hostwire.Call) []hostwire.Call {
	const end = 60
	if len(list) <= 2*end {
		return list
	}
	return append(list[:end:end], list[len(list)-end:]...)
}

// goroutineName returns the name that stack dumps give the calling goroutine.
func goroutineName() string {
	buf := make([]byte, 64)
	buf = buf[:runtime.Stack(buf, false)]
	name, _, _ := bytes.Cut(buf, []byte(" ["))
	return string(name)
}

func allStacks() string {
	for size := 1 << 16; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size > 16<<20 {
			return string(buf[:n])
		}
	}
}

// blockedAt lists the calls of a cell's goroutine that does not stop; the
// first one names what it waits for.
func (h *host) blockedAt(c *cell) []hostwire.Call {
	c.mu.Lock()
	name := c.goroutine
	c.mu.Unlock()
	for _, block := range strings.Split(allStacks(), "\n\n") {
		if head, rest, ok := strings.Cut(block, ":\n"); ok && strings.HasPrefix(head, name+" [") {
			state := strings.Trim(strings.TrimPrefix(head, name+" "), "[]")
			return append([]hostwire.Call{{Func: state}}, parseStack(rest)...)
		}
	}
	return nil
}

// runningStacks finds the goroutines of the cells that run in a dump of all.
func (h *host) runningStacks(dump string) []hostwire.Stack {
	h.mu.Lock()
	live := slices.Clone(h.live)
	h.mu.Unlock()
	var out []hostwire.Stack
	for _, c := range live {
		c.mu.Lock()
		name := c.goroutine
		c.mu.Unlock()
		for _, s := range parseStacks(dump) {
			if s.name == name {
				out = append(out, hostwire.Stack{Cell: c.serial, State: s.state, Calls: shorten(s.calls)})
			}
		}
	}
	return out
}

// parseStack reads the calls of one goroutine from the runtime's text: a line
// with the function, a line with file:line.
func parseStack(text string) []hostwire.Call {
	var list []hostwire.Call
	lines := strings.Split(text, "\n")
	for i := 0; i+1 < len(lines); i += 2 {
		at := strings.TrimSpace(lines[i+1])
		at, _, _ = strings.Cut(at, " +0x")
		file, line, ok := cutLast(at, ":")
		n, err := strconv.Atoi(line)
		if !ok || err != nil {
			continue
		}
		fn := lines[i]
		if j := strings.LastIndexByte(fn, '('); j > 0 {
			fn = fn[:j]
		}
		list = append(list, hostwire.Call{Func: strings.TrimPrefix(fn, "created by "), File: file, Line: n})
	}
	return list
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"

	"glownotes/kernel/cellrt"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// A host runs cells, also several at the same time.
type host struct {
	conn    *hostwire.Conn
	types   func() *typelinks
	mark    hostwire.Mark
	out     *os.File // the kernel's ends of fd 1 and 2, whatever cells do to os.Stdout
	err     *os.File
	replies chan hostwire.Frame

	events sync.Mutex // keeps marks and frames in the same order
	marks  int64

	mu   sync.Mutex
	live []*cell // those that run, the youngest last

	// streams is held for reading while a cell prints, so that it prints by
	// default until it has: see print.
	streams sync.RWMutex
	cell    *cell // prints by default: the youngest that runs, or the last that ran

	owners owners
	flags  flags
	vars   variables
	comms  chan hostwire.Frame
	// delivering is the number of the comm message that is being delivered.
	delivering atomic.Int64

	flush atomic.Pointer[func()] // writes out what C code has printed; nil without C code

	asking  sync.Mutex // one question at a time
	opening sync.Mutex // one plugin at a time: see open
}

func newHost(conn *hostwire.Conn, mark hostwire.Mark) (*host, error) {
	h := &host{conn: conn, types: sync.OnceValue(findTypelinks), mark: mark, replies: make(chan hostwire.Frame, 1), comms: make(chan hostwire.Frame, 1024)}
	for fd, f := range map[int]**os.File{1: &h.out, 2: &h.err} {
		d, err := syscall.Dup(fd)
		if err != nil {
			return nil, fmt.Errorf("cellhost: %w", err)
		}
		syscall.CloseOnExec(d)
		*f = os.NewFile(uintptr(d), fmt.Sprint("output", fd))
	}
	syscall.CloseOnExec(commandFD)
	syscall.CloseOnExec(eventFD)
	return h, nil
}

// install connects packages display and cellrt to this host.
func (h *host) install() {
	display.SetSink(sink{h})
	cellrt.SetHooks(cellrt.Hooks{
		Context: func() context.Context { return h.current().context() },
		Result:  h.result,
		Display: func(vs []any) { display.Show(vs...) },
		Enter:   h.enter,
		Stopped: h.stopped,
		Panic:   h.goroutinePanic,
		Exit:    func(code int) { panic(exit(code)) },
		Input:   h.input,
		Print:   h.print,
		AtEnd:   func(flush func()) { h.flush.Store(&flush) },
	})
	log.SetOutput(cellrt.Stderr) // cells and the host share package log
}

// serve handles commands until the kernel closes the pipe.
func (h *host) serve() error {
	go h.deliver()
	go h.types()
	if err := h.conn.Send(hostwire.Frame{Kind: hostwire.Hello}); err != nil {
		return err
	}
	for {
		f, err := h.conn.Receive()
		if err != nil {
			return err
		}
		switch f.Kind {
		case hostwire.Run, hostwire.Look:
			go h.run(f)
		case hostwire.Interrupt:
			h.interrupt(f.Cell, f.Patience)
		case hostwire.Reply:
			select {
			case h.replies <- f:
			default: // nobody asks any more
			}
		case hostwire.Comm:
			h.comms <- f
		case hostwire.Stacks:
			all := allStacks()
			h.conn.Send(hostwire.Frame{Kind: hostwire.Stacks, Text: all, Running: h.runningStacks(all)})
		case hostwire.Values:
			go h.values(f)
		}
	}
}

// event sends a frame with its place in the output: everything printed before
// is shown before it.
func (h *host) event(f hostwire.Frame) {
	h.events.Lock()
	defer h.events.Unlock()
	h.marks++
	f.Mark = h.marks
	place := h.mark.Place(f.Mark)
	h.out.Write(place)
	h.err.Write(place)
	if err := h.conn.Send(f); err != nil {
		// Data that JSON cannot hold: show the text form instead.
		f.Data = map[string]any{display.MIMEText: fmt.Sprintf("display: %v", err)}
		f.Metadata, f.Parts = nil, nil
		h.conn.Send(f)
	}
}

// begin notes that a cell runs; from now on it prints by default.
func (h *host) begin(c *cell) {
	h.mu.Lock()
	h.live = append(h.live, c)
	h.mu.Unlock()
	h.printByDefault(c)
}

// end notes that a cell ended: if others run, the youngest of them prints by
// default.
func (h *host) end(c *cell) {
	h.mu.Lock()
	h.live = slices.DeleteFunc(h.live, func(x *cell) bool { return x == c })
	var next *cell
	if n := len(h.live); n > 0 {
		next = h.live[n-1]
	}
	h.mu.Unlock()
	if next != nil && next != h.byDefault() {
		h.printByDefault(next)
	}
}

// printByDefault makes c the cell whose text needs no mark.
func (h *host) printByDefault(c *cell) {
	h.streams.Lock()
	defer h.streams.Unlock()
	h.cell = c
	m := h.mark.Running(c.serial)
	h.out.Write(m)
	h.err.Write(m)
}

// byDefault returns the cell that prints by default, nil before the first.
func (h *host) byDefault() *cell {
	h.streams.RLock()
	defer h.streams.RUnlock()
	return h.cell
}

// running returns the cell of a serial number if it runs, else nil.
func (h *host) running(serial int) *cell {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.live {
		if c.serial == serial && !c.ended() {
			return c
		}
	}
	return nil
}

// current returns the cell that the calling goroutine belongs to: the one that
// started it, else the one that prints by default.
func (h *host) current() *cell {
	if c := h.owners.find(); c != nil {
		return c
	}
	return h.byDefault()
}

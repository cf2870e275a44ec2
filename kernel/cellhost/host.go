package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"glownotes/kernel/cellrt"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// A host runs cells one after the other.
type host struct {
	conn    *hostwire.Conn
	mark    hostwire.Mark
	out     *os.File // the kernel's ends of fd 1 and 2, whatever cells do to os.Stdout
	err     *os.File
	runs    chan hostwire.Frame
	replies chan hostwire.Frame

	events sync.Mutex // keeps marks and frames in the same order
	marks  int64

	mu     sync.Mutex
	cell   *cell // the running cell or the last one
	owners owners
	flags  flags
	vars   variables
	comms  chan hostwire.Frame
	// delivering is the number of the comm message that is being delivered.
	delivering atomic.Int64

	asking sync.Mutex // one question at a time
}

func newHost(conn *hostwire.Conn, mark hostwire.Mark) (*host, error) {
	h := &host{conn: conn, mark: mark, runs: make(chan hostwire.Frame), replies: make(chan hostwire.Frame, 1), comms: make(chan hostwire.Frame, 1024)}
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
	})
}

// serve handles commands until the kernel closes the pipe.
func (h *host) serve() error {
	go func() {
		for f := range h.runs {
			h.run(f)
		}
	}()
	go h.deliver()
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
			h.runs <- f
		case hostwire.Interrupt:
			h.interrupt()
		case hostwire.Reply:
			select {
			case h.replies <- f:
			default: // nobody asks any more
			}
		case hostwire.Comm:
			h.comms <- f
		case hostwire.Stacks:
			h.conn.Send(hostwire.Frame{Kind: hostwire.Stacks, Text: allStacks()})
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

// running returns the running cell, or nil.
func (h *host) running() *cell {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cell == nil || h.cell.ended() {
		return nil
	}
	return h.cell
}

// current returns the cell that the calling goroutine belongs to: the one that
// started it, else the running or the last one.
func (h *host) current() *cell {
	if c := h.owners.find(); c != nil {
		return c
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cell
}

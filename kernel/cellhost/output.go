package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// sink sends what package display shows to the kernel.
type sink struct{ h *host }

func (s sink) Display(b display.Bundle, id string) { s.send(hostwire.Display, b, id) }
func (s sink) Update(b display.Bundle, id string)  { s.send(hostwire.Update, b, id) }

func (s sink) send(kind string, b display.Bundle, id string) {
	s.h.event(hostwire.Frame{Kind: kind, Cell: s.h.serial(), ID: id, Data: b.Data, Metadata: b.Metadata})
}

func (s sink) Clear(wait bool) {
	s.h.event(hostwire.Frame{Kind: hostwire.Clear, Cell: s.h.serial(), Wait: wait})
}

// Comm carries a message of a widget to the front end. What is no cell's but
// an answer to a message from there belongs to that message: a browser knows
// the echo of its own change by it.
func (s sink) Comm(m display.CommMessage) {
	number := s.h.serial()
	if n := s.h.delivering.Load(); n != 0 && s.h.owners.find() == nil {
		number = int(n)
	}
	s.h.event(hostwire.Frame{Kind: hostwire.Comm, Cell: number, Text: m.Kind, ID: m.ID, Path: m.Target,
		Data: m.Data, Metadata: m.Metadata, Parts: m.Buffers})
}

// deliver passes comm messages of the front end on, in their order.
func (h *host) deliver() {
	for f := range h.comms {
		m := display.CommMessage{Kind: f.Text, ID: f.ID, Target: f.Path, Data: f.Data, Metadata: f.Metadata, Buffers: f.Parts}
		h.delivering.Store(int64(f.Cell))
		if !display.DeliverComm(m) && m.Kind != "close" {
			h.event(hostwire.Frame{Kind: hostwire.Comm, Cell: f.Cell, Text: "close", ID: m.ID, Data: map[string]any{}})
		}
		h.delivering.Store(0)
		h.event(hostwire.Frame{Kind: hostwire.Delivered, Cell: f.Cell})
	}
}

func (h *host) serial() int {
	if c := h.current(); c != nil {
		return c.serial
	}
	return 0
}

// result takes the value of the last expression. Several plain values are one
// line; if one of them is more than text, each is shown by itself.
func (h *host) result(vs []any) {
	c := h.current()
	bundles := make([]display.Bundle, len(vs))
	plain := true
	texts := make([]string, len(vs))
	for i, v := range vs {
		bundles[i] = display.Of(v)
		plain = plain && bundles[i].Plain()
		texts[i] = bundles[i].Text()
	}
	var b display.Bundle
	switch {
	case len(vs) == 0:
		return
	case len(vs) == 1:
		b = bundles[0]
	case plain:
		b = display.Bundle{Data: map[string]any{display.MIMEText: strings.Join(texts, " ")}}
	default:
		for _, b := range bundles[:len(bundles)-1] {
			sink{h}.Display(b, "")
		}
		b = bundles[len(bundles)-1]
	}
	c.mu.Lock()
	c.result = &b
	c.mu.Unlock()
}

// print writes for the printing functions of a cell. Text of a goroutine of
// another cell than the one that prints by default, because its own ended long
// ago or runs beside that one, is ascribed to its cell.
func (h *host) print(name string, p []byte) (int, error) {
	w := os.Stdout
	if name == "stderr" {
		w = os.Stderr
	}
	owner := h.owners.find()
	h.streams.RLock()
	defer h.streams.RUnlock()
	if owner == nil || owner == h.cell {
		return w.Write(p)
	}
	b := append(h.mark.Cell(owner.serial), p...)
	if _, err := w.Write(append(b, h.mark.Cell(0)...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// input asks the person for a line.
func (h *host) input(prompt string, password bool) (string, error) {
	h.asking.Lock()
	defer h.asking.Unlock()
	c := h.current()
	select {
	case <-h.replies: // to a question that was given up
	default:
	}
	display.Flush()
	h.event(hostwire.Frame{Kind: hostwire.Input, Cell: h.serial(), Text: prompt, Password: password})
	ctx := context.Background()
	if c != nil {
		ctx = c.ctx
	}
	select {
	case r := <-h.replies:
		if r.Error != "" {
			return "", errors.New(r.Error)
		}
		return r.Text, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

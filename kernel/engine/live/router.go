package live

import (
	"context"
	"maps"
	"strings"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// A router hands output to the cell it belongs to.
type router struct {
	mu      sync.Mutex
	outs    map[int]core.Output // by serial number
	ctxs    map[int]context.Context
	current int
	comms   map[string]string     // open comms: id -> target
	lent    map[int]chan struct{} // comm messages that are being delivered, by their negative number
	lends   int
	panics  func(f hostwire.Frame, out core.Output)
}

func newRouter() *router {
	return &router{outs: map[int]core.Output{}, ctxs: map[int]context.Context{}, comms: map[string]string{}, lent: map[int]chan struct{}{}}
}

// enter makes a cell the current one.
func (r *router) enter(ctx context.Context, serial int, out core.Output) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.outs[serial], r.ctxs[serial] = out, ctx
	r.current = serial
}

// now is the serial number of the running cell or the last one.
func (r *router) now() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.current
}

// out returns the output of a cell, of the current one if it is not known.
func (r *router) out(serial int) core.Output {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o := r.outs[serial]; o != nil {
		return o
	}
	return r.outs[r.current]
}

func (r *router) text(serial int, stream, s string) {
	if o := r.out(serial); o != nil {
		o.Stream(stream, plain(strings.ToValidUTF8(s, "\uFFFD")))
	}
}

// event shows what the host sends.
func (r *router) event(f hostwire.Frame) {
	o := r.out(f.Cell)
	if o == nil {
		return
	}
	switch f.Kind {
	case hostwire.Delivered:
		r.takeBack(f.Cell)
	case hostwire.Display:
		o.Display(bundleOf(f), f.ID)
	case hostwire.Update:
		o.Update(bundleOf(f), f.ID)
	case hostwire.Clear:
		o.Clear(f.Wait)
	case hostwire.Panic:
		r.panics(f, o)
	case hostwire.Comm:
		r.mu.Lock()
		switch f.Text {
		case "open":
			r.comms[f.ID] = f.Path
		case "close":
			delete(r.comms, f.ID)
		}
		r.mu.Unlock()
		o.Comm(core.CommMessage{Kind: f.Text, ID: f.ID, Target: f.Path, Data: f.Data, Metadata: f.Metadata, Buffers: f.Parts})
	}
}

// input asks the person for a cell.
func (r *router) input(f hostwire.Frame, reply func(hostwire.Frame)) {
	r.mu.Lock()
	ctx := r.ctxs[f.Cell]
	r.mu.Unlock()
	o := r.out(f.Cell)
	if ctx == nil || o == nil {
		reply(hostwire.Frame{Kind: hostwire.Reply, Error: core.ErrNoInput.Error()})
		return
	}
	s, err := o.Input(ctx, f.Text, f.Password)
	a := hostwire.Frame{Kind: hostwire.Reply, Text: s}
	if err != nil {
		a.Error = err.Error()
	}
	reply(a)
}

// bundleOf reads the bundle of a frame and cuts the marks of names from its
// texts.
func bundleOf(f hostwire.Frame) display.Bundle {
	b := display.Bundle{Data: map[string]any{}, Metadata: map[string]any{}}
	for k, v := range f.Data {
		b.Data[k] = plainValue(v)
	}
	for k, v := range f.Metadata {
		b.Metadata[k] = v
	}
	return b
}

func plainValue(v any) any {
	switch v := v.(type) {
	case string:
		return plain(v)
	case []any:
		for i := range v {
			v[i] = plainValue(v[i])
		}
	case map[string]any:
		for k, x := range v {
			if p := plain(k); p != k {
				delete(v, k)
				k = p
			}
			v[k] = plainValue(x)
		}
	}
	return v
}

// comm notes what the front end opens and closes.
func (r *router) comm(m core.CommMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch m.Kind {
	case "open":
		r.comms[m.ID] = m.Target
	case "close":
		delete(r.comms, m.ID)
	}
}

// lend gives a comm message a number, under which the host's answers to it go
// to out. The channel is closed when the host has delivered the message.
func (r *router) lend(out core.Output) (number int, delivered <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lends--
	done := make(chan struct{})
	r.outs[r.lends], r.lent[r.lends] = out, done
	return r.lends, done
}

// takeBack ends what lend began; it may come twice.
func (r *router) takeBack(number int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if done := r.lent[number]; done != nil {
		close(done)
		delete(r.lent, number)
		delete(r.outs, number)
	}
}

func (r *router) openComms() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.comms)
}

// forget drops the comms of a host that died.
func (r *router) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.comms)
}

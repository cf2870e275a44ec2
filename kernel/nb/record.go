package nb

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// A session is what the recorders of one run share.
type session struct {
	mu       sync.Mutex
	closed   bool                 // the run is over: late output is dropped
	displays map[string][]*Output // by display id, in all cells
	opts     Options
}

// A recorder is the core.Output of one cell: it keeps the cell's outputs as a
// front end would.
type recorder struct {
	s       *session
	index   int
	cell    *Cell
	open    *Output // the stream output that text is added to, or nil
	screen  *screen // its text
	text    int     // bytes of stream text kept in finished outputs
	clear   bool    // clear_output(wait): with the next output
	trimmed bool    // the truncation line has been written
}

// locked runs f unless the run is over.
func (r *recorder) locked(f func()) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	if !r.s.closed {
		f()
	}
}

// Stream implements core.Output.
func (r *recorder) Stream(name, text string) {
	r.locked(func() {
		if text == "" {
			return
		}
		r.clearIfAsked()
		if r.open == nil || r.open.Name != name {
			r.closeStream()
			if r.trimmed {
				return
			}
			r.open = &Output{Type: Stream, Name: name}
			r.screen = &screen{limit: max(0, r.s.opts.MaxText-r.text)}
			r.cell.Outputs = append(r.cell.Outputs, r.open)
		}
		r.screen.write(text)
		r.s.opts.Observer.Text(r.index, name, text)
	})
}

// closeStream stores the text of the open stream.
func (r *recorder) closeStream() {
	if r.open == nil {
		return
	}
	r.open.Text = r.screen.String()
	r.text += len(r.open.Text)
	r.trimmed = r.trimmed || r.screen.over || strings.HasSuffix(r.open.Text, truncated)
	if r.screen.empty() && !r.trimmed {
		r.remove(r.open)
	}
	r.open, r.screen = nil, nil
}

func (r *recorder) remove(o *Output) {
	if i := slices.Index(r.cell.Outputs, o); i >= 0 {
		r.cell.Outputs = slices.Delete(r.cell.Outputs, i, i+1)
	}
}

// Display implements core.Output.
func (r *recorder) Display(b display.Bundle, id string) {
	r.locked(func() {
		r.add(&Output{Type: DisplayData, Data: maps.Clone(b.Data), Metadata: maps.Clone(b.Metadata)}, id)
		r.s.opts.Observer.Shown(r.index, b)
	})
}

// add appends an output after the text that came before it.
func (r *recorder) add(o *Output, id string) {
	r.clearIfAsked()
	r.closeStream()
	r.cell.Outputs = append(r.cell.Outputs, o)
	if id != "" {
		r.s.displays[id] = append(r.s.displays[id], o)
	}
}

// Update implements core.Output. As in a front end, an id that was never
// shown has no effect.
func (r *recorder) Update(b display.Bundle, id string) {
	r.locked(func() {
		for _, o := range r.s.displays[id] {
			o.Data, o.Metadata = maps.Clone(b.Data), maps.Clone(b.Metadata)
		}
		if len(r.s.displays[id]) > 0 {
			r.s.opts.Observer.Shown(r.index, b)
		}
	})
}

// Clear implements core.Output.
func (r *recorder) Clear(wait bool) {
	r.locked(func() {
		r.clear = true
		if !wait {
			r.clearIfAsked()
		}
	})
}

func (r *recorder) clearIfAsked() {
	if !r.clear {
		return
	}
	gone := r.cell.Outputs
	r.clear, r.open, r.screen, r.text, r.trimmed = false, nil, nil, 0, false
	r.cell.Outputs = nil
	for id, outs := range r.s.displays {
		outs = slices.DeleteFunc(outs, func(o *Output) bool { return slices.Contains(gone, o) })
		if len(outs) == 0 {
			delete(r.s.displays, id)
		} else {
			r.s.displays[id] = outs
		}
	}
}

// Input implements core.Output: nobody is there to answer.
func (r *recorder) Input(context.Context, string, bool) (string, error) {
	return "", core.ErrNoInput
}

// Comm implements core.Output. There is no front end behind a headless run:
// widgets show their text/plain form.
func (r *recorder) Comm(core.CommMessage) {}

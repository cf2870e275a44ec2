package display

import (
	"crypto/rand"
	"fmt"
	"os"
	"sync"
)

// A Sink receives what is shown. The cell host installs one that sends to the
// notebook; its methods may be called from any goroutine.
type Sink interface {
	// Display shows a bundle; a non-empty id names it for Update.
	Display(b Bundle, id string)
	// Update replaces the displays of that id.
	Update(b Bundle, id string)
	// Clear removes the output of the cell; with wait only when more comes.
	Clear(wait bool)
}

// The sink is the one piece of package state: cells are compiled apart from
// the host and reach the notebook through it.
var sink struct {
	sync.RWMutex
	s Sink
}

// SetSink installs s and returns the sink before it, nil at first. With nil
// the text forms go to standard output.
func SetSink(s Sink) (old Sink) {
	sink.Lock()
	defer sink.Unlock()
	old, sink.s = sink.s, s
	return old
}

func currentSink() Sink {
	sink.RLock()
	defer sink.RUnlock()
	if sink.s == nil {
		return textSink{}
	}
	return sink.s
}

// Show shows values now, one below the other.
func Show(vs ...any) {
	s := currentSink()
	for _, v := range vs {
		s.Display(Of(v), "")
	}
}

// ShowAs shows v now under a name of your choice, for Update.
func ShowAs(id string, v any) { currentSink().Display(Of(v), id) }

// Update shows v in every place of the notebook that shows that name. Each call
// is sent; a Live sends no more than a browser can draw.
func Update(id string, v any) { currentSink().Update(Of(v), id) }

// Clear removes the output of the cell; with wait only when more comes, which
// avoids flicker.
func Clear(wait bool) { currentSink().Clear(wait) }

// textSink is used outside a notebook. The text of updates is printed too: a
// Live calls no more often than it shows.
type textSink struct{}

func (textSink) Display(b Bundle, _ string) { fmt.Fprintln(os.Stdout, b.Text()) }
func (textSink) Update(b Bundle, _ string)  { fmt.Fprintln(os.Stdout, b.Text()) }
func (textSink) Clear(bool)                 {}

// newID returns an id that no other display of any session has.
func newID() string { return rand.Text() }

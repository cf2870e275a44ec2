package widgets

import (
	"maps"
	"sync/atomic"

	"glownotes/kernel/display"
)

// A Box holds other widgets.
type Box struct {
	*model
	children []Widget
	still    func() display.Bundle // what a reader without widgets sees; may be nil
}

// NewHBox puts widgets beside each other.
func NewHBox(children ...Widget) *Box { return newBox("HBox", children, nil) }

// NewVBox puts widgets below each other.
func NewVBox(children ...Widget) *Box { return newBox("VBox", children, nil) }

// NewTab shows one of its children at a time; titles name the tabs in order.
func NewTab(titles []string, children ...Widget) *Box {
	return newBox("Tab", children, map[string]any{"titles": fitTitles(titles, len(children)), "selected_index": 0})
}

// NewAccordion folds its children open one at a time.
func NewAccordion(titles []string, children ...Widget) *Box {
	return newBox("Accordion", children, map[string]any{"titles": fitTitles(titles, len(children)), "selected_index": nil})
}

func newBox(kind string, children []Widget, state map[string]any) *Box {
	refs := make([]string, len(children))
	for i, c := range children {
		refs[i] = ref(c)
	}
	all := map[string]any{"children": refs, "box_style": ""}
	maps.Copy(all, state)
	return &Box{model: shown(kind+"Model", kind+"View", all), children: children}
}

// fitTitles makes as many titles as there are children.
func fitTitles(titles []string, n int) []string {
	fit := make([]string, n)
	copy(fit, titles)
	return fit
}

// MIMEBundle shows the widget's view, and where widgets do not work, as on a
// page that shows the saved notebook, what Interact showed last.
func (b *Box) MIMEBundle() map[string]any {
	all := b.model.MIMEBundle()
	if b.still != nil {
		maps.Copy(all, b.still().Data)
	}
	return all
}

// Children returns the widgets in the box.
func (b *Box) Children() []Widget { return b.children }

// Interact shows controls above the value of f, and calls f again whenever
// one of them changes:
//
//	t := widgets.NewFloatSlider("temperature", 0, 1.5, 0.7)
//	widgets.Interact(func() any { return grid(t.Value()) }, t)
//
// f runs once before Interact returns. A slider that moves faster than f
// follows skips values; the last one is always shown.
func Interact(f func() any, cs ...Control) *Box {
	out := NewOutput()
	var last atomic.Pointer[display.Bundle]
	redraw := func() {
		b := display.Of(f())
		last.Store(&b)
		out.Show(b)
	}
	children := make([]Widget, 0, len(cs)+1)
	for _, c := range cs {
		c.onAny(redraw)
		children = append(children, c)
	}
	redraw()
	box := NewVBox(append(children, out)...)
	box.still = func() display.Bundle { return *last.Load() }
	return box
}

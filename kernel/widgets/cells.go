package widgets

import (
	"fmt"
	"sync"
)

// Cells is a field of squares that a person switches on and off by clicking:
// the mask of an image, a pattern, a set of places. It is made of Jupyter's own
// buttons, so it works wherever widgets do; there is no dragging.
type Cells struct {
	*model
	rows, columns int
	buttons       []*model
	on, off       string // references of the two styles

	values sync.Mutex
	value  []bool
	clicks hooks
}

// mostCells bounds a field: every square is a widget of its own.
const mostCells = 1024

// NewCells makes a field with squares of the given side in CSS pixels, all
// switched off. A field has at least one square and at most 1024; sizes outside
// are brought to the nearest that fits.
func NewCells(rows, columns, side int) *Cells {
	columns = min(max(columns, 1), mostCells)
	rows = min(max(rows, 1), mostCells/columns)
	c := &Cells{rows: rows, columns: columns, value: make([]bool, rows*columns)}
	style := func(color string) string {
		s := newStyle("ButtonStyleModel")
		s.update(map[string]any{"button_color": color})
		return ref(s)
	}
	c.on, c.off = style("#0072b2"), style("#d0d7de")
	square := newLayout()
	px := fmt.Sprintf("%dpx", max(side, 4))
	square.update(map[string]any{"width": px, "height": px, "margin": "0", "padding": "0"})
	children := make([]string, 0, len(c.value))
	for i := range c.value {
		b := newModel(controls, controlsVersion, "ButtonModel", "ButtonView", map[string]any{
			"description": "", "disabled": false, "icon": "", "button_style": "",
			"tooltip": fmt.Sprintf("row %d, column %d", i/columns, i%columns), "layout": ref(square), "style": c.off})
		b.custom = func(content map[string]any) {
			if content["event"] == "click" {
				c.flip(i)
				queue.do(c, c.notify)
			}
		}
		b.open()
		c.buttons, children = append(c.buttons, b), append(children, ref(b))
	}
	layout := newLayout()
	layout.update(map[string]any{"grid_template_columns": fmt.Sprintf("repeat(%d, %s)", columns, px), "grid_gap": "1px"})
	c.model = newModel(controls, controlsVersion, "GridBoxModel", "GridBoxView", map[string]any{
		"children": children, "box_style": "", "layout": ref(layout)})
	c.open()
	return c
}

// flip switches a square that was clicked.
func (c *Cells) flip(i int) {
	c.values.Lock()
	c.value[i] = !c.value[i]
	on := c.value[i]
	c.values.Unlock()
	c.paint(i, on)
}

func (c *Cells) paint(i int, on bool) {
	style := c.off
	if on {
		style = c.on
	}
	c.buttons[i].update(map[string]any{"style": style})
}

// Size returns the rows and columns of the field.
func (c *Cells) Size() (rows, columns int) { return c.rows, c.columns }

// At reports whether a square is on; squares outside the field are off.
func (c *Cells) At(row, column int) bool {
	if row < 0 || row >= c.rows || column < 0 || column >= c.columns {
		return false
	}
	c.values.Lock()
	defer c.values.Unlock()
	return c.value[row*c.columns+column]
}

// Value returns which squares are on, row by row.
func (c *Cells) Value() []bool {
	c.values.Lock()
	defer c.values.Unlock()
	return append([]bool(nil), c.value...)
}

// SetValue switches the squares, row by row, here and in the browser; callbacks
// do not run. Values that are missing are off.
func (c *Cells) SetValue(on []bool) {
	c.values.Lock()
	clear(c.value)
	copy(c.value, on)
	now := append([]bool(nil), c.value...)
	c.values.Unlock()
	for i, v := range now {
		c.paint(i, v)
	}
}

// OnChange calls f after each click.
func (c *Cells) OnChange(f func()) { c.onAny(f) }

func (c *Cells) onAny(f func()) { c.clicks.add(f) }

func (c *Cells) notify() { c.clicks.call(c.name) }

// Close removes the field and its squares from the browser.
func (c *Cells) Close() {
	c.model.Close()
	for _, b := range c.buttons {
		b.Close()
	}
}

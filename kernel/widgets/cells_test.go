package widgets

import (
	"slices"
	"testing"
	"time"

	"glownotes/kernel/display"
)

func TestCellsAreClicked(t *testing.T) {
	b := open(t)
	c := NewCells(2, 3, 20)
	clicked := make(chan bool, 10)
	c.OnChange(func() { clicked <- true })
	b.take()
	click := map[string]any{"method": "custom", "content": map[string]any{"event": "click"}}
	deliver(t, display.CommMessage{Kind: "msg", ID: c.buttons[4].ModelID(), Data: click})
	select {
	case <-clicked:
	case <-time.After(time.Minute):
		t.Fatal("the callback did not run")
	}
	if want := []bool{false, false, false, false, true, false}; !slices.Equal(c.Value(), want) || !c.At(1, 1) || c.At(1, 3) || c.At(-1, 0) {
		t.Errorf("value %v, want %v", c.Value(), want)
	}
	if got, want := methods(b.take(), c.buttons[4].ModelID()), []string{`update {"style":"` + c.on + `"}`}; !slices.Equal(got, want) {
		t.Errorf("messages %q, want %q", got, want)
	}
	c.SetValue([]bool{true})
	if !c.At(0, 0) || c.At(1, 1) {
		t.Errorf("after SetValue: %v", c.Value())
	}
	if len(clicked) > 0 {
		t.Error("a change from Go ran the callback")
	}
	c.Close()
	if lookup(c.ModelID()) != nil || lookup(c.buttons[0].ModelID()) != nil {
		t.Error("still registered after Close")
	}
}

func TestCellsSizes(t *testing.T) {
	open(t)
	for _, s := range []struct{ rows, columns, wantRows, wantColumns int }{
		{8, 8, 8, 8}, {0, -1, 1, 1}, {5000, 2, 512, 2}, {3, 5000, 1, 1024},
	} {
		c := NewCells(s.rows, s.columns, 10)
		if r, k := c.Size(); r != s.wantRows || k != s.wantColumns || len(c.Value()) != r*k {
			t.Errorf("%d x %d became %d x %d, want %d x %d", s.rows, s.columns, r, k, s.wantRows, s.wantColumns)
		}
		c.Close()
	}
}

func TestInteractWithCells(t *testing.T) {
	open(t)
	c := NewCells(1, 1, 10)
	box := Interact(func() any { return c.At(0, 0) }, c)
	if still := display.Of(box); still.Text() != "false" {
		t.Errorf("first output %q", still.Text())
	}
}

package train

import (
	"errors"
	"slices"
	"testing"

	"glownotes/cglow/data"
)

// picky is a dataset that refuses one pair.
type picky struct {
	data.Dataset
	bad int
}

var errBad = errors.New("bad pair")

func (p picky) Load(idx []int) (x, y data.Images, err error) {
	if slices.Contains(idx, p.bad) {
		return x, y, errBad
	}
	return p.Dataset.Load(idx)
}

// TestBatches compares with the pairs that the order names, from the first step
// on and from others, and checks that an error comes at its own step and that
// nothing comes after the last.
func TestBatches(t *testing.T) {
	few := boxes{7}
	from := func(d data.Dataset, first int) *data.Prefetcher {
		b, err := Batches(d, 3, 2, first, 10)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
	order := NewOrder(few, 3, 2)
	for _, first := range []int{1, 3, 9, 11} {
		b := from(few, first)
		for step := first; step <= 10; step++ {
			x, y, err := b.Next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			wx, wy, err := few.Load(order.Examples(step))
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(x.Pix, wx.Pix) || !slices.Equal(y.Pix, wy.Pix) {
				t.Errorf("from step %d, step %d has another batch than its order names", first, step)
			}
		}
		if _, _, err := b.Next(t.Context()); err == nil {
			t.Error("a batch after the last")
		}
	}
	bad := order.Examples(5)[1]
	b := from(picky{few, bad}, 1)
	for step := 1; step <= 5; step++ {
		_, _, err := b.Next(t.Context())
		if wrong := slices.Contains(order.Examples(step), bad); wrong != errors.Is(err, errBad) {
			t.Fatalf("step %d: error %v", step, err)
		}
		if err != nil {
			break
		}
	}
}

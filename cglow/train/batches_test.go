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

// TestBatches compares with the pairs that the order names, steps left out and
// repeated included, and checks that an error comes at its own step and that
// nothing comes after the last.
func TestBatches(t *testing.T) {
	few := boxes{7}
	b := NewBatches(few, 3, 2, 10)
	defer b.Close()
	order := NewOrder(few, 3, 2)
	for _, step := range []int{1, 2, 3, 3, 9, 10, 1} {
		x, y, err := b.Load(step)
		if err != nil {
			t.Fatal(err)
		}
		wx, wy, err := few.Load(order.Examples(step))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(x.Pix, wx.Pix) || !slices.Equal(y.Pix, wy.Pix) {
			t.Errorf("step %d has another batch than its order names", step)
		}
	}
	if _, _, err := b.Load(11); err == nil {
		t.Error("a batch after the last")
	}
	bad := order.Examples(5)[1]
	b = NewBatches(picky{few, bad}, 3, 2, 10)
	defer b.Close()
	for step := 1; step <= 5; step++ {
		_, _, err := b.Load(step)
		if wrong := slices.Contains(order.Examples(step), bad); wrong != errors.Is(err, errBad) {
			t.Fatalf("step %d: error %v", step, err)
		}
		if err != nil {
			break
		}
	}
}

package data

import (
	"slices"
	"testing"
)

// TestWithout checks for every index that the pair is one that may be seen, and
// that together all variants of all of these are there once.
func TestWithout(t *testing.T) {
	const n, draws, parts = 7, 3, 3
	base := &pairs{name: "numbers", n: n, sx: Shape{1, 8, 8}, sy: Shape{1, 8, 8}, pair: func(i int, x, y []float32) error {
		x[0], y[0] = float32(i), float32(10*i)
		return nil
	}}
	all, err := Crops(base, 8, draws, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]int{} // how many of the datasets hold a pair
	for part := range parts {
		d, err := Without(all, n, parts, part)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []int
		for i := range d.Len() {
			x, y, err := d.Load([]int{i})
			if err != nil {
				t.Fatal(err)
			}
			if y.Pix[0] != 10*x.Pix[0] {
				t.Errorf("part %d, index %d: x %v and y %v are of different pairs", part, i, x.Pix[0], y.Pix[0])
			}
			got = append(got, int(x.Pix[0]))
		}
		for i := range n {
			if Part(i, n, parts) != part {
				seen[i]++
				want = append(want, slices.Repeat([]int{i}, draws)...)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("without part %d: pairs %v, want %v", part, got, want)
		}
		if _, _, err := d.Load([]int{d.Len()}); err == nil {
			t.Error("an index behind the end: no error")
		}
	}
	for i := range n {
		if seen[i] != parts-1 {
			t.Errorf("pair %d is in %d of %d datasets, want all but one", i, seen[i], parts)
		}
		if Part(i+n, n, parts) != Part(i, n, parts) {
			t.Errorf("a second draw of pair %d is in another part", i)
		}
	}
	for _, c := range []struct{ n, parts, part int }{{0, 2, 0}, {4, 2, 0}, {n, 1, 0}, {n, 8, 0}, {n, 2, 2}, {n, 2, -1}} {
		if _, err := Without(all, c.n, c.parts, c.part); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

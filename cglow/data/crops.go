package data

import "fmt"

// Crops returns a finite dataset of square parts of a dataset's pairs: index i
// is a part of pair i%n at a place that depends on seed and i alone; there are
// draws of each pair. x and y must have the same height and width. Of an
// endless dataset it returns an endless one, with one part of each pair.
func Crops(d Dataset, side, draws int, seed uint64) (Dataset, error) {
	sx, sy := d.Shapes()
	switch {
	case sx.H != sy.H || sx.W != sy.W:
		return nil, fmt.Errorf("data: crops: %s: x %v and y %v have different sizes", d.Name(), sx, sy)
	case side < 1 || side > min(sx.H, sx.W):
		return nil, fmt.Errorf("data: crops: side is %d, want 1 to %d", side, min(sx.H, sx.W))
	case draws < 1:
		return nil, fmt.Errorf("data: crops: draws is %d, want 1 or more", draws)
	}
	n := d.Len()
	at := func(i int) int {
		if n == 0 {
			return i
		}
		return i % n
	}
	return &pairs{
		name: fmt.Sprintf("%s, parts of %dx%d", d.Name(), side, side), n: n * draws,
		sx: Shape{sx.C, side, side}, sy: Shape{sy.C, side, side},
		pair: func(i int, x, y []float32) error {
			px, py, err := d.Load([]int{at(i)})
			if err != nil {
				return err
			}
			r := stream(seed^0x63726f70, i)
			top, left := r.IntN(sx.H-side+1), r.IntN(sx.W-side+1)
			part(x, px, top, left, side)
			part(y, py, top, left, side)
			return nil
		},
	}, nil
}

// part copies a square of the first image of m to out.
func part(out []float32, m Images, top, left, side int) {
	for c := range m.C {
		for y := range side {
			copy(out[(c*side+y)*side:][:side], m.Pix[(c*m.H+top+y)*m.W+left:])
		}
	}
}

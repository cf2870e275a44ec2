package optim

import (
	"fmt"

	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
)

// outer is a gradient [out,in] as factors f [n,out+in], see [Outer].
type outer struct {
	f          []float32
	n, out, in int
}

// factors returns the values of a float32 matrix and the factors of its gradient.
func factors(w, f *tensor.Dense) ([]float32, outer, error) {
	ws, fs := w.Shape(), f.Shape()
	if w.Dtype() != tensor.Float32 || f.Dtype() != tensor.Float32 || len(ws) != 2 || len(fs) != 2 || fs[1] != ws[0]+ws[1] {
		return nil, outer{}, fmt.Errorf("value %v %v, factors of the gradient %v %v, want float32 [out,in] and [N,out+in]", w.Dtype(), ws, f.Dtype(), fs)
	}
	return w.Float32s(), outer{f: f.Float32s(), n: fs[0], out: ws[0], in: ws[1]}, nil
}

// piece is the most values of a gradient that are made at a time.
const piece = 4096

// each makes count values of the gradient, from value from on, and calls do with pieces of them in
// order and with their places, counted from 0. A piece is gone when do returns.
func (o outer) each(from, count int, do func(at int, g []float32)) {
	var room [piece]float32
	row := o.out + o.in
	for at := 0; at < count; {
		i, j := (from+at)/o.in, (from+at)%o.in
		rows, cols := 1, min(o.in-j, count-at, piece)
		if cols == o.in { // whole rows
			rows = min((count-at)/o.in, piece/o.in)
		}
		g := room[:rows*cols]
		cpu.Gemm(true, false, rows, cols, o.n, o.f[i:], row, o.f[o.out+j:], row, g, cols, 0)
		do(at, g)
		at += len(g)
	}
}

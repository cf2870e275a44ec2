package optim

import (
	"fmt"

	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
)

// factors returns the values of a float32 matrix and its gradient, see [Outer].
func factors(w, f *tensor.Dense) ([]float32, cpu.Outer, error) {
	ws, fs := w.Shape(), f.Shape()
	if w.Dtype() != tensor.Float32 || f.Dtype() != tensor.Float32 || len(ws) != 2 || len(fs) != 2 || fs[1] != ws[0]+ws[1] {
		return nil, cpu.Outer{}, fmt.Errorf("value %v %v, factors of the gradient %v %v, want float32 [out,in] and [N,out+in]", w.Dtype(), ws, f.Dtype(), fs)
	}
	return w.Float32s(), cpu.Outer{F: f.Float32s(), N: fs[0], Out: ws[0], In: ws[1]}, nil
}

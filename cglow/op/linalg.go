package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// SquareDims are the sizes of a batch of N square matrices of C rows.
type SquareDims struct{ N, C int }

// square checks w [N,C,C] or [C,C].
func square(name string, w *gorgonia.Node) SquareDims {
	checkNodes(name, w)
	s := w.Shape()
	switch {
	case len(s) == 2 && s[0] == s[1]:
		return SquareDims{1, s[0]}
	case len(s) == 3 && s[1] == s[2]:
		return SquareDims{s[0], s[1]}
	}
	fail(name, list(w), "want square matrices [N,C,C] or [C,C]")
	return SquareDims{}
}

// luKernel makes a kernel with room for an LU decomposition.
func luKernel[T ref.Float](d SquareDims, f func(outs, ins [][]T, work *ref.LUWork) error) func() Kernel[T] {
	return func() Kernel[T] {
		work := ref.NewLUWork(d.C)
		return func(outs, ins [][]T) error { return f(outs, ins, work) }
	}
}

func logAbsDetKernel[T ref.Float](d SquareDims) func() Kernel[T] {
	return luKernel(d, func(outs, ins [][]T, work *ref.LUWork) error {
		return ref.LogAbsDet(outs[0], ins[0], d.C, work)
	})
}

func logAbsDetGradKernel[T ref.Float](d SquareDims) func() Kernel[T] {
	return luKernel(d, func(outs, ins [][]T, work *ref.LUWork) error {
		return ref.LogAbsDetGrad(outs[0], ins[0], ins[1], d.C, work)
	})
}

func inverseKernel[T ref.Float](d SquareDims) func() Kernel[T] {
	return luKernel(d, func(outs, ins [][]T, work *ref.LUWork) error {
		return ref.Inverse(outs[0], ins[0], d.N, d.C, work)
	})
}

func inverseGradKernel[T ref.Float](d SquareDims) func() Kernel[T] {
	return luKernel(d, func(outs, ins [][]T, work *ref.LUWork) error {
		ref.InverseGrad(outs[0], ins[0], ins[1], d.N, d.C, work)
		return nil
	})
}

// LogAbsDet returns ln|det W| of each matrix: W [N,C,C] -> [N], W [C,C] -> [1]. It is computed
// by LU decomposition with partial pivoting in float64; its gradient is W^-T. A singular matrix
// is a [*ref.SingularError] when the graph runs.
func LogAbsDet(w *gorgonia.Node) *gorgonia.Node {
	const name = "logabsdet"
	d := square(name, w)
	return apply(def{
		name: name, out: tensor.Shape{d.N}, dims: d,
		f32: logAbsDetKernel[float32](d), f64: logAbsDetKernel[float64](d),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(apply(def{
				name: "logabsdet.dw", out: ins[0].Shape(), dims: d,
				f32: logAbsDetGradKernel[float32](d), f64: logAbsDetGradKernel[float64](d),
			}, ins[0], g))
		},
	}, w)
}

// Inverse returns the inverse of each matrix of W, [N,C,C] or [C,C]. A singular matrix is a
// [*ref.SingularError] when the graph runs.
func Inverse(w *gorgonia.Node) *gorgonia.Node {
	const name = "inverse"
	d := square(name, w)
	return apply(def{
		name: name, out: w.Shape(), dims: d,
		f32: inverseKernel[float32](d), f64: inverseKernel[float64](d),
		grads: func(ins []*gorgonia.Node, y, g *gorgonia.Node) []*gorgonia.Node {
			return list(apply(def{
				name: "inverse.dw", out: y.Shape(), dims: d,
				f32: inverseGradKernel[float32](d), f64: inverseGradKernel[float64](d),
			}, y, g))
		},
	}, w)
}

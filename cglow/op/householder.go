package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Householder returns one matrix per example,
//
//	W[n] = W0 H(V[n,0]) ... H(V[n,k-1]) diag(e^d[n]),   H(v) = I - 2 v v^T/(v^T v + 1e-12),
//
// for W0 [C,C], V [N,k,C] and d [N,C]. With an orthogonal W0 the matrix cannot become singular:
// ln|det W[n]| is the sum of d[n], and the condition number is e^(max d[n] - min d[n]).
func Householder(w0, v, d *gorgonia.Node) *gorgonia.Node {
	const name = "householder"
	ins := list(w0, v, d)
	checkNodes(name, ins...)
	s := v.Shape()
	check(len(s) == 3, name, ins, "want V [N,k,C]")
	dims := ref.HouseholderDims{N: s[0], K: s[1], C: s[2]}
	check(equalShape(w0.Shape(), []int{dims.C, dims.C}), name, ins, "want W0 [%d %d]", dims.C, dims.C)
	check(equalShape(d.Shape(), []int{dims.N, dims.C}), name, ins, "want d [%d %d]", dims.N, dims.C)
	return apply(def{
		name: name, out: tensor.Shape{dims.N, dims.C, dims.C}, dims: dims,
		f32: householderKernel[float32](dims), f64: householderKernel[float64](dims),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			dv := apply(def{
				name: "householder.dv", out: ins[1].Shape(), dims: dims,
				extra: []tensor.Shape{ins[2].Shape(), ins[0].Shape()},
				f32:   householderGradKernel[float32](dims), f64: householderGradKernel[float64](dims),
			}, ins[0], ins[1], ins[2], g)
			return list(pick(dv, 1), dv, pick(dv, 0))
		},
	}, ins...)
}

// HouseholderInverse returns the inverse of [Householder] for an orthogonal W0, without a solve:
// diag(e^-d[n]) H(V[n,k-1]) ... H(V[n,0]) W0^T, which is the transpose of Householder(W0, V, -d).
func HouseholderInverse(w0, v, d *gorgonia.Node) *gorgonia.Node {
	checkNodes("householder", w0, v, d)
	return Transpose(Householder(w0, v, Neg(d)))
}

func householderKernel[T ref.Float](d ref.HouseholderDims) func() Kernel[T] {
	return func() Kernel[T] {
		work := ref.NewHouseholderWork(d)
		return func(outs, ins [][]T) error {
			ref.Householder(outs[0], ins[0], ins[1], ins[2], d, work)
			return nil
		}
	}
}

// householderGradKernel has the inputs W0, V, d, g and the outputs dV, dd, dW0.
func householderGradKernel[T ref.Float](d ref.HouseholderDims) func() Kernel[T] {
	return func() Kernel[T] {
		work := ref.NewHouseholderWork(d)
		return func(outs, ins [][]T) error {
			ref.HouseholderGrad(outs[2], outs[0], outs[1], ins[0], ins[1], ins[2], ins[3], d, work)
			return nil
		}
	}
}

package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// AffineOffset is added to the scale before its sigmoid.
const AffineOffset = ref.AffineOffset

// AffineForm is the form of an affine coupling, see [ref.Affine]: s = sigmoid(a + 2), or
// log s = Bound tanh(a/Bound); Tanh goes before both shift and scale; u = s v + b, or s (v + b) if
// BiasFirst is set.
type AffineForm struct {
	Sigmoid, Tanh bool
	Bound         float64
	BiasFirst     bool
}

// Affine scales and shifts v [N,C,...] by what raw [N,2C,...] says, shift in its even channels and
// scale in the odd ones, and returns the sum of log s per example, [N], as well. See [ref.Affine]
// for the formulas. As one op it reads and writes each array once.
//
// Its gradient passes both outputs, which is what ad.Grad does; Gorgonia's own Grad knows the
// first only.
func Affine(raw, v *gorgonia.Node, f AffineForm) (u, logDet *gorgonia.Node) {
	const name = "affine"
	n, c, p := pixels(name, v)
	rn, rc, rp := pixels(name, raw)
	check(rn == n && rc == 2*c && rp == p, name, list(raw, v), "want [%d,%d,...] and [%d,%d,...] with the same pixels", n, 2*c, n, c)
	check(f.Sigmoid || f.Bound > 0, name, list(raw, v), "bound %v", f.Bound)
	d := ref.Affine{N: n, C: c, P: p, Sigmoid: f.Sigmoid, Tanh: f.Tanh, BiasFirst: f.BiasFirst, Bound: f.Bound}
	u = apply(def{
		name: name, out: v.Shape(), extra: []tensor.Shape{{n}}, dims: d,
		f32: affineKernel[float32](d), f64: affineKernel[float64](d),
		multi: func(ins, _, gs []*gorgonia.Node) []*gorgonia.Node { return affineGrad(d, ins, gs) },
	}, raw, v)
	return u, pick(u, 0)
}

func affineKernel[T ref.Float](d ref.Affine) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		ref.AffineForward(outs[0], outs[1], ins[0], ins[1], d)
		return nil
	})
}

// AffineGrad are the sizes of the gradient of an affine coupling, and which gradients arrive: the
// op has the inputs raw and v, then the gradients of u and logDet as far as they do. Its outputs
// are the gradients of raw and v.
type AffineGrad struct {
	ref.Affine
	U, LogDet bool
}

func affineGrad(d ref.Affine, ins, gs []*gorgonia.Node) []*gorgonia.Node {
	g := AffineGrad{Affine: d, U: gs[0] != nil, LogDet: gs[1] != nil}
	all := append([]*gorgonia.Node(nil), ins...)
	for _, n := range gs {
		if n != nil {
			all = append(all, n)
		}
	}
	draw := apply(def{
		name: "affine.draw", out: ins[0].Shape(), extra: []tensor.Shape{ins[1].Shape()}, dims: g,
		f32: affineGradKernel[float32](g), f64: affineGradKernel[float64](g),
	}, all...)
	if !g.U {
		return list(draw, nil) // v does not see log s
	}
	return list(draw, pick(draw, 0))
}

func affineGradKernel[T ref.Float](d AffineGrad) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		gu, gdet := SplitAffineGrad(d, ins)
		ref.AffineGrad(outs[0], outs[1], ins[0], ins[1], gu, gdet, d.Affine)
		return nil
	})
}

// SplitAffineGrad returns the gradients of u and logDet among the inputs of the gradient op; nil
// for one that does not arrive.
func SplitAffineGrad[T ref.Float](d AffineGrad, ins [][]T) (u, logDet []T) {
	rest := ins[2:]
	if d.U {
		u, rest = rest[0], rest[1:]
	}
	if d.LogDet {
		logDet = rest[0]
	}
	return u, logDet
}

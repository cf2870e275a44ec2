package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Linear returns y = x w^T + b for x [N,in], w [out,in] and b [out] or nil.
func Linear(x, w, b *gorgonia.Node) *gorgonia.Node {
	const name = "linear"
	ins := list(x, w)
	checkNodes(name, ins...)
	xs, ws := x.Shape(), w.Shape()
	check(len(xs) == 2 && len(ws) == 2 && xs[1] == ws[1], name, ins, "want [N,in] and [out,in]")
	if b != nil {
		ins = append(ins, b)
		checkVector(name, ins, 2, ws[0])
	}
	return matMul(name, false, true, ins...)
}

// MatMulDims are the sizes of a matrix product, see [ref.MatMul].
type MatMulDims struct {
	TransA, TransB bool
	M, N, K        int
}

// MatMul returns op(a) op(b) for matrices, where op transposes on demand.
func MatMul(a, b *gorgonia.Node, transA, transB bool) *gorgonia.Node {
	const name = "matmul"
	checkNodes(name, a, b)
	check(a.Dims() == 2 && b.Dims() == 2, name, list(a, b), "want two matrices")
	return matMul(name, transA, transB, a, b)
}

func matMul(name string, transA, transB bool, ins ...*gorgonia.Node) *gorgonia.Node {
	a, b := ins[0].Shape(), ins[1].Shape()
	d := MatMulDims{TransA: transA, TransB: transB, M: a[0], K: a[1], N: b[1]}
	kb := b[0]
	if transA {
		d.M, d.K = a[1], a[0]
	}
	if transB {
		d.N, kb = b[0], b[1]
	}
	check(kb == d.K, name, ins, "inner sizes %d and %d", d.K, kb)
	return apply(def{
		name: name, out: tensor.Shape{d.M, d.N}, dims: d,
		f32: matMulKernel[float32](d), f64: matMulKernel[float64](d),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			gs := list(matMulLeft(ins[1], g, d), matMulRight(ins[0], g, d))
			if len(ins) == 3 {
				gs = append(gs, channelSum(g, true))
			}
			return gs
		},
	}, ins...)
}

// matMulLeft is the gradient of op(a) op(b) with respect to a: G op(b)^T, or its transpose.
func matMulLeft(b, g *gorgonia.Node, d MatMulDims) *gorgonia.Node {
	if d.TransA {
		return MatMul(b, g, d.TransB, true)
	}
	return MatMul(g, b, false, !d.TransB)
}

// matMulRight is the gradient of op(a) op(b) with respect to b: op(a)^T G, or its transpose.
func matMulRight(a, g *gorgonia.Node, d MatMulDims) *gorgonia.Node {
	if d.TransB {
		return MatMul(g, a, true, d.TransA)
	}
	return MatMul(a, g, !d.TransA, false)
}

func matMulKernel[T ref.Float](d MatMulDims) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		var bias []T
		if len(ins) == 3 {
			bias = ins[2]
		}
		ref.MatMul(outs[0], ins[0], ins[1], bias, d.TransA, d.TransB, d.M, d.N, d.K)
		return nil
	})
}

// OuterDims are the sizes of a sum of outer products.
type OuterDims struct{ N, Out, In int }

// Outer returns the sum of N outer products, each of the two parts of a row of f [N,out+in]:
// d[i,j] = sum_n f[n,i] f[n,out+j]. That is the gradient of the weights of a fully connected layer
// for a batch of N. It has no gradient itself.
func Outer(f *gorgonia.Node, out int) *gorgonia.Node {
	const name = "outer"
	checkNodes(name, f)
	check(f.Dims() == 2 && out > 0 && out < f.Shape()[1], name, list(f), "want [N,out+in] with out = %d", out)
	d := OuterDims{N: f.Shape()[0], Out: out, In: f.Shape()[1] - out}
	return apply(def{name: name, out: tensor.Shape{d.Out, d.In}, dims: d, f32: outerKernel[float32](d), f64: outerKernel[float64](d)}, f)
}

func outerKernel[T ref.Float](d OuterDims) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		ref.Outer(outs[0], ins[0], d.N, d.Out, d.In)
		return nil
	})
}

// Factors returns the f of an [Outer], nil for any other node.
func Factors(n *gorgonia.Node) *gorgonia.Node {
	o, ok := n.Op().(*Op)
	if !ok {
		return nil
	}
	if _, ok := o.dims.(OuterDims); !ok {
		return nil
	}
	it := n.Graph().From(n.ID())
	it.Next()
	return it.Node().(*gorgonia.Node)
}

// MatApplyDims are the sizes of a matrix applied to the channels of every pixel.
type MatApplyDims struct {
	N, C, P int
	Shared  bool // one matrix for the whole batch
	Trans   bool // the matrix is used transposed
}

// MatApply multiplies the channels of every pixel of v [N,C,...] by a matrix:
// u[n,i,p] = sum_j W[n,i,j] v[n,j,p], for W [N,C,C] or one [C,C]. This is the invertible 1x1
// convolution.
func MatApply(w, v *gorgonia.Node) *gorgonia.Node { return matApply(w, v, false) }

func matApply(w, v *gorgonia.Node, trans bool) *gorgonia.Node {
	const name = "matapply"
	n, c, p := pixels(name, v)
	checkNodes(name, w)
	shared := equalShape(w.Shape(), []int{c, c})
	check(shared || equalShape(w.Shape(), []int{n, c, c}), name, list(w, v), "want a matrix [%d %d %d] or [%d %d]", n, c, c, c, c)
	d := MatApplyDims{N: n, C: c, P: p, Shared: shared, Trans: trans}
	return apply(def{
		name: name, out: v.Shape(), dims: d,
		f32: binaryKernel(func(u, w, v []float32) { ref.MatApply(u, w, v, d.N, d.C, d.P, d.Shared, d.Trans) }),
		f64: binaryKernel(func(u, w, v []float64) { ref.MatApply(u, w, v, d.N, d.C, d.P, d.Shared, d.Trans) }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			w, v := ins[0], ins[1]
			dw := matOuter(g, v, w.Shape(), d)
			if d.Trans {
				dw = matOuter(v, g, w.Shape(), d)
			}
			return list(dw, matApply(w, g, !d.Trans))
		},
	}, w, v)
}

// matOuter is the gradient of MatApply with respect to the matrix: sum_p g[n,i,p] v[n,j,p].
func matOuter(g, v *gorgonia.Node, out tensor.Shape, d MatApplyDims) *gorgonia.Node {
	d.Trans = false
	return apply(def{
		name: "matapply.dw", out: out, dims: d,
		f32: binaryKernel(func(dw, g, v []float32) { ref.MatOuter(dw, g, v, d.N, d.C, d.P, d.Shared) }),
		f64: binaryKernel(func(dw, g, v []float64) { ref.MatOuter(dw, g, v, d.N, d.C, d.P, d.Shared) }),
	}, g, v)
}

package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Reshape returns x with the same elements in the same order and other axes. One size may be -1
// and is worked out.
func Reshape(x *gorgonia.Node, dims ...int) *gorgonia.Node {
	const name = "reshape"
	checkNodes(name, x)
	out, open, known := append(tensor.Shape(nil), dims...), -1, 1
	for i, d := range dims {
		switch {
		case d == -1 && open < 0:
			open = i
		case d > 0:
			known *= d
		default:
			fail(name, list(x), "new shape %v", dims)
		}
	}
	size := product(x.Shape())
	if open >= 0 && size%known == 0 {
		out[open] = size / known
		known = size
	}
	check(known == size, name, list(x), "new shape %v has another number of elements", dims)
	from := x.Shape()
	return apply(def{
		name: name, out: out,
		f32: unaryKernel(func(y, x []float32) { copy(y, x) }),
		f64: unaryKernel(func(y, x []float64) { copy(y, x) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Reshape(g, from...))
		},
	}, x)
}

// SqueezeDims are the sizes of the wide side of a squeeze.
type SqueezeDims struct{ N, C, H, W int }

// Squeeze moves each 2x2 block of pixels into channels: x [N,C,H,W] -> [N,4C,H/2,W/2], output
// channel 4c + 2*(row parity) + (column parity). H and W must be even.
func Squeeze(x *gorgonia.Node) *gorgonia.Node {
	const name = "squeeze"
	n, c, h, w := image(name, x)
	check(h%2 == 0 && w%2 == 0, name, list(x), "odd image size %dx%d", h, w)
	return apply(def{
		name: name, out: tensor.Shape{n, 4 * c, h / 2, w / 2}, dims: SqueezeDims{n, c, h, w},
		f32: unaryKernel(func(y, x []float32) { ref.Squeeze(y, x, n, c, h, w) }),
		f64: unaryKernel(func(y, x []float64) { ref.Squeeze(y, x, n, c, h, w) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Unsqueeze(g))
		},
	}, x)
}

// Unsqueeze is the inverse of [Squeeze]: x [N,4C,H,W] -> [N,C,2H,2W].
func Unsqueeze(x *gorgonia.Node) *gorgonia.Node {
	const name = "unsqueeze"
	n, c, h, w := image(name, x)
	check(c%4 == 0, name, list(x), "%d channels are not a multiple of 4", c)
	c, h, w = c/4, 2*h, 2*w
	return apply(def{
		name: name, out: tensor.Shape{n, c, h, w}, dims: SqueezeDims{n, c, h, w},
		f32: unaryKernel(func(y, x []float32) { ref.Unsqueeze(y, x, n, c, h, w) }),
		f64: unaryKernel(func(y, x []float64) { ref.Unsqueeze(y, x, n, c, h, w) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Squeeze(g))
		},
	}, x)
}

// image returns the sizes of a node of four axes.
func image(name string, x *gorgonia.Node) (n, c, h, w int) {
	checkNodes(name, x)
	s := x.Shape()
	check(len(s) == 4, name, list(x), "%d axes, want N,C,H,W", len(s))
	return s[0], s[1], s[2], s[3]
}

// pixels splits a shape of at least two axes into N, C and the product of the rest.
func pixels(name string, x *gorgonia.Node) (n, c, p int) {
	checkNodes(name, x)
	s := x.Shape()
	check(len(s) >= 2, name, list(x), "%d axes, want at least N,C", len(s))
	return s[0], s[1], product(s[2:])
}

func product(s []int) int {
	p := 1
	for _, d := range s {
		p *= d
	}
	return p
}

// withChannels returns the shape of x with c channels.
func withChannels(x *gorgonia.Node, c int) tensor.Shape {
	s := x.Shape()
	s[1] = c
	return s
}

// Channels returns the channels from, from+step, ... below to: a slice of axis 1 of x [N,C] or
// [N,C,H,W]. Halves are Channels(x, 0, C/2, 1) and Channels(x, C/2, C, 1), even and odd ones
// Channels(x, 0, C, 2) and Channels(x, 1, C, 2).
func Channels(x *gorgonia.Node, from, to, step int) *gorgonia.Node {
	const name = "channels"
	n, c, p := pixels(name, x)
	check(0 <= from && from < to && to <= c && step > 0, name, list(x), "channels %d to %d step %d of %d", from, to, step, c)
	d := ref.Slice{N: n, C: c, P: p, From: from, Step: step, Count: (to - from + step - 1) / step}
	return apply(def{
		name: name, out: withChannels(x, d.Count), dims: d,
		f32: unaryKernel(func(y, x []float32) { ref.Channels(y, x, d) }),
		f64: unaryKernel(func(y, x []float64) { ref.Channels(y, x, d) }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(scatter(g, d))
		},
	}, x)
}

// scatter is the transpose of Channels: all other channels are zero.
func scatter(x *gorgonia.Node, d ref.Slice) *gorgonia.Node {
	return apply(def{
		name: "scatter", out: withChannels(x, d.C), dims: d,
		f32: unaryKernel(func(y, x []float32) { ref.Scatter(y, x, d) }),
		f64: unaryKernel(func(y, x []float64) { ref.Scatter(y, x, d) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Channels(g, d.From, d.From+(d.Count-1)*d.Step+1, d.Step))
		},
	}, x)
}

// ConcatDims are the sizes of a concatenation: N examples, Sizes[i] elements of input i each.
type ConcatDims struct {
	N     int
	Sizes []int
}

func concatKernel[T ref.Float](d ConcatDims) func() Kernel[T] {
	return same(func(outs, ins [][]T) error { ref.Concat(outs[0], d.N, d.Sizes, ins...); return nil })
}

// Concat joins nodes along axis 1: all other axes must agree.
func Concat(xs ...*gorgonia.Node) *gorgonia.Node {
	const name = "concat"
	check(len(xs) > 0, name, xs, "no inputs")
	if len(xs) == 1 {
		return xs[0]
	}
	var d ConcatDims
	total := 0
	for i, x := range xs {
		n, c, p := pixels(name, x)
		s, s0 := withChannels(x, 1), withChannels(xs[0], 1)
		check(equalShape(s, s0), name, xs, "input %d differs from input 0 in another axis than 1", i)
		d.N, d.Sizes = n, append(d.Sizes, c*p)
		total += c
	}
	return apply(def{
		name: name, out: withChannels(xs[0], total), dims: d,
		f32: concatKernel[float32](d), f64: concatKernel[float64](d),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			gs, at := make([]*gorgonia.Node, len(ins)), 0
			for i, x := range ins {
				c := x.Shape()[1]
				gs[i] = Channels(g, at, at+c, 1)
				at += c
			}
			return gs
		},
	}, xs...)
}

// Repeat copies x n times along a batch axis: [1,...] -> [n,...], and otherwise [...] ->
// [n,...]. Its gradient is the sum over the batch.
func Repeat(x *gorgonia.Node, n int) *gorgonia.Node {
	const name = "repeat"
	checkNodes(name, x)
	check(n > 0, name, list(x), "%d copies", n)
	out := x.Shape()
	if len(out) == 0 || out[0] != 1 {
		out = append(tensor.Shape{1}, out...)
	}
	out[0] = n
	return apply(def{
		name: name, out: out, dims: n,
		f32: unaryKernel(func(y, x []float32) { ref.Repeat(y, x, n) }),
		f64: unaryKernel(func(y, x []float64) { ref.Repeat(y, x, n) }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(sumBatch(g, ins[0].Shape(), n))
		},
	}, x)
}

// sumBatch is the transpose of Repeat.
func sumBatch(x *gorgonia.Node, out tensor.Shape, n int) *gorgonia.Node {
	return apply(def{
		name: "sumbatch", out: out, dims: n,
		f32: unaryKernel(func(y, x []float32) { ref.SumBatch(y, x, n) }),
		f64: unaryKernel(func(y, x []float64) { ref.SumBatch(y, x, n) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Reshape(Repeat(g, n), append([]int{n}, out...)...))
		},
	}, x)
}

// TransposeDims are the sizes of a transposition: N matrices of R rows and C columns.
type TransposeDims struct{ N, R, C int }

// Transpose swaps the last two axes.
func Transpose(x *gorgonia.Node) *gorgonia.Node {
	const name = "transpose"
	checkNodes(name, x)
	s := x.Shape()
	a := len(s)
	check(a >= 2, name, list(x), "%d axes, want at least 2", a)
	n, r, c := product(s[:a-2]), s[a-2], s[a-1]
	s[a-2], s[a-1] = c, r
	return apply(def{
		name: name, out: s, dims: TransposeDims{n, r, c},
		f32: unaryKernel(func(y, x []float32) { ref.Transpose(y, x, n, r, c) }),
		f64: unaryKernel(func(y, x []float64) { ref.Transpose(y, x, n, r, c) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Transpose(g))
		},
	}, x)
}

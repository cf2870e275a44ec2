package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// channelDims checks v [N,C,...] and b, [N,C] or [C].
func channelDims(name string, v, b *gorgonia.Node) ref.Channel {
	n, c, p := pixels(name, v)
	checkNodes(name, b)
	shared := equalShape(b.Shape(), []int{c})
	check(shared || equalShape(b.Shape(), []int{n, c}), name, list(v, b), "want a second input of shape [%d %d] or [%d]", n, c, c)
	return ref.Channel{N: n, C: c, P: p, Shared: shared}
}

// ChannelAdd returns v + b for v [N,C,...] and one b per channel: [N,C], or [C] for all examples.
func ChannelAdd(v, b *gorgonia.Node) *gorgonia.Node {
	const name = "channeladd"
	d := channelDims(name, v, b)
	return apply(def{
		name: name, out: v.Shape(), dims: d,
		f32: binaryKernel(func(y, v, b []float32) { ref.ChannelAdd(y, v, b, d) }),
		f64: binaryKernel(func(y, v, b []float64) { ref.ChannelAdd(y, v, b, d) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(g, channelSum(g, d.Shared))
		},
	}, v, b)
}

// ChannelMul returns v * s for v [N,C,...] and one s per channel: [N,C], or [C] for all examples.
func ChannelMul(v, s *gorgonia.Node) *gorgonia.Node {
	const name = "channelmul"
	d := channelDims(name, v, s)
	return apply(def{
		name: name, out: v.Shape(), dims: d,
		f32: binaryKernel(func(y, v, s []float32) { ref.ChannelMul(y, v, s, d) }),
		f64: binaryKernel(func(y, v, s []float64) { ref.ChannelMul(y, v, s, d) }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(ChannelMul(g, ins[1]), channelDot(g, ins[0], d.Shared))
		},
	}, v, s)
}

// channelShape is [C] or [N,C].
func channelShape(d ref.Channel) tensor.Shape {
	if d.Shared {
		return tensor.Shape{d.C}
	}
	return tensor.Shape{d.N, d.C}
}

// channelSum sums over pixels, and over the batch when shared.
func channelSum(v *gorgonia.Node, shared bool) *gorgonia.Node {
	const name = "channelsum"
	n, c, p := pixels(name, v)
	d := ref.Channel{N: n, C: c, P: p, Shared: shared}
	return apply(def{
		name: name, out: channelShape(d), dims: d,
		f32: unaryKernel(func(b, v []float32) { ref.ChannelSum(b, v, d) }),
		f64: unaryKernel(func(b, v []float64) { ref.ChannelSum(b, v, d) }),
	}, v)
}

// channelDot sums u*v over pixels, and over the batch when shared.
func channelDot(u, v *gorgonia.Node, shared bool) *gorgonia.Node {
	const name = "channeldot"
	checkEqual(name, u, v)
	n, c, p := pixels(name, v)
	d := ref.Channel{N: n, C: c, P: p, Shared: shared}
	return apply(def{
		name: name, out: channelShape(d), dims: d,
		f32: binaryKernel(func(s, u, v []float32) { ref.ChannelDot(s, u, v, d) }),
		f64: binaryKernel(func(s, u, v []float64) { ref.ChannelDot(s, u, v, d) }),
	}, u, v)
}

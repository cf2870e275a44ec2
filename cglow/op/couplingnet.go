package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// CouplingParams are the parameters of a [CouplingNet]: weights [O,I,KH,KW], and one bias and
// one log-scale per output channel of each convolution.
type CouplingParams struct {
	W0, B0, L0 *gorgonia.Node // 3x3, In -> Hidden
	W1, B1, L1 *gorgonia.Node // 1x1, Hidden -> Hidden
	W2, B2, L2 *gorgonia.Node // 3x3, Hidden -> Out
}

// CouplingResult is the output of a [CouplingNet].
type CouplingResult struct {
	Raw    *gorgonia.Node // [N,Out,H,W]
	H0, H1 *gorgonia.Node // hidden activations [N,Hidden,H,W], to look at: they pass no gradient
}

// CouplingNet is the whole network inside an affine coupling as one op, with convolutions * that
// keep the size of the image:
//
//	h0  = relu((W0 * x + B0) e^L0),  h1 = relu((W1 * h0 + B1) e^L1),  raw = (W2 * h1 + B2) e^(3 L2)
//
// for x [N,In,H,W]. It gives what Conv2D, ChannelAdd, ChannelMul and ReLU give one after the
// other. As one op it can keep the wide side in the order that its products like and unfold only
// the thin side: package exec says how.
func CouplingNet(x *gorgonia.Node, p CouplingParams) CouplingResult {
	ins := list(x, p.W0, p.B0, p.L0, p.W1, p.B1, p.L1, p.W2, p.B2, p.L2)
	d := couplingDims(ins)
	hidden := tensor.Shape{d.N, d.H, d.W, d.Hidden}
	raw := apply(def{
		name: "couplingnet", out: tensor.Shape{d.N, d.Out, d.H, d.W}, extra: []tensor.Shape{hidden, hidden, {d.Saved()}}, dims: d,
		f32: couplingKernel[float32](d), f64: couplingKernel[float64](d),
		grads: func(ins []*gorgonia.Node, out, g *gorgonia.Node) []*gorgonia.Node {
			return couplingGrad(ins, out, g, d)
		},
	}, ins...)
	return CouplingResult{Raw: raw, H0: channelFirst(pick(raw, 0)), H1: channelFirst(pick(raw, 1))}
}

// channelFirst brings [N,H,W,C] to [N,C,H,W].
func channelFirst(x *gorgonia.Node) *gorgonia.Node {
	s := x.Shape()
	return Reshape(Transpose(Reshape(x, s[0], s[1]*s[2], s[3])), s[0], s[3], s[1], s[2])
}

func couplingDims(ins []*gorgonia.Node) ref.CouplingNet {
	const name = "couplingnet"
	checkNodes(name, ins...)
	n, in, h, w := image(name, ins[0])
	hidden, _, _, _ := image(name, ins[1])
	out, _, _, _ := image(name, ins[7])
	d := ref.CouplingNet{N: n, In: in, H: h, W: w, Hidden: hidden, Out: out}
	for i, want := range [][]int{
		1: {hidden, in, 3, 3}, 2: {hidden}, 3: {hidden},
		4: {hidden, hidden, 1, 1}, 5: {hidden}, 6: {hidden},
		7: {out, hidden, 3, 3}, 8: {out}, 9: {out},
	} {
		check(i == 0 || equalShape(ins[i].Shape(), want), name, ins, "input %d: want shape %v", i, want)
	}
	return d
}

// couplingParams names the slices of a kernel, which come in the order of the op's inputs.
func couplingParams[T ref.Float](s [][]T) ref.CouplingParams[T] {
	return ref.CouplingParams[T]{W0: s[0], B0: s[1], L0: s[2], W1: s[3], B1: s[4], L1: s[5], W2: s[6], B2: s[7], L2: s[8]}
}

func couplingKernel[T ref.Float](d ref.CouplingNet) func() Kernel[T] {
	return func() Kernel[T] {
		work := ref.NewCouplingWork[T](d)
		return func(outs, ins [][]T) error {
			ref.CouplingForward(outs[0], outs[1], outs[2], outs[3], ins[0], couplingParams(ins[1:]), d, work)
			return nil
		}
	}
}

// couplingGrad has the inputs x, the nine parameters, raw, what the forward pass saved, g, and the outputs dx and the
// gradients of the nine parameters.
func couplingGrad(ins []*gorgonia.Node, raw, g *gorgonia.Node, d ref.CouplingNet) []*gorgonia.Node {
	def := def{
		name: "couplingnet.dx", out: ins[0].Shape(), dims: d,
		f32: couplingGradKernel[float32](d), f64: couplingGradKernel[float64](d),
	}
	for _, n := range ins[1:] {
		def.extra = append(def.extra, n.Shape())
	}
	dx := apply(def, append(append([]*gorgonia.Node(nil), ins...), raw, pick(raw, 2), g)...)
	gs := list(dx)
	for i := range ins[1:] {
		gs = append(gs, pick(dx, i))
	}
	return gs
}

func couplingGradKernel[T ref.Float](d ref.CouplingNet) func() Kernel[T] {
	return func() Kernel[T] {
		work := ref.NewCouplingWork[T](d)
		return func(outs, ins [][]T) error {
			ref.CouplingGrad(outs[0], couplingParams(outs[1:]), ins[0], ins[10], ins[11], ins[12],
				couplingParams(ins[1:10]), d, work)
			return nil
		}
	}
}

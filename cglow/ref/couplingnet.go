package ref

import "math"

// CouplingNet holds the sizes of the network inside an affine coupling: 3x3, 1x1, 3x3
// convolutions that keep the size of the image, In -> Hidden -> Hidden -> Out channels.
type CouplingNet struct{ N, In, H, W, Hidden, Out int }

func (d CouplingNet) pixels() int { return d.H * d.W }

// savedPixels is the multiple to which Saved rounds up the pixels of an image: fast kernels keep
// whole blocks of them.
const savedPixels = 32

// Saved is the size of what the forward pass keeps for the backward pass: twice room for the
// hidden activations. Each implementation has an order of its own there.
func (d CouplingNet) Saved() int {
	return 2 * d.N * d.Hidden * ((d.pixels() + savedPixels - 1) / savedPixels * savedPixels)
}

// convs returns the sizes of the three convolutions.
func (d CouplingNet) convs() (c0, c1, c2 Conv) {
	same := func(in, out, k int) Conv {
		return Conv{N: d.N, C: in, H: d.H, W: d.W, O: out, KH: k, KW: k, StrideH: 1, StrideW: 1, Pad: k / 2, OH: d.H, OW: d.W}
	}
	return same(d.In, d.Hidden, 3), same(d.Hidden, d.Hidden, 1), same(d.Hidden, d.Out, 3)
}

// CouplingParams are the parameters of the network, or their gradients: weights OIHW, biases
// and log-scales one per channel.
type CouplingParams[T Float] struct {
	W0, B0, L0, W1, B1, L1, W2, B2, L2 []T
}

// CouplingWork is the room that the network's loops need.
type CouplingWork[T Float] struct {
	h0, h1, g0, g1, t []T // [N,Hidden,P]
	g2                []T // [N,Out,P]
	s                 []T // [Hidden] or [Out]
}

// NewCouplingWork returns room for the sizes d.
func NewCouplingWork[T Float](d CouplingNet) *CouplingWork[T] {
	hidden := func() []T { return make([]T, d.N*d.Hidden*d.pixels()) }
	w := &CouplingWork[T]{h0: hidden(), h1: hidden(), g0: hidden(), g1: hidden(), t: hidden()}
	w.g2 = make([]T, d.N*d.Out*d.pixels())
	w.s = make([]T, max(d.Hidden, d.Out))
	return w
}

// scales sets s[i] = e^(k logs[i]) and returns the part used.
func scales[T Float](s, logs []T, k float64) []T {
	for i, l := range logs {
		s[i] = T(math.Exp(k * float64(l)))
	}
	return s[:len(logs)]
}

// CouplingForward sets, with convolutions * that keep the size of the image,
//
//	h0  = relu((w0 * x + b0) e^l0),  h1 = relu((w1 * h0 + b1) e^l1),  raw = (w2 * h1 + b2) e^(3 l2)
//
// for x [N,In,H,W]; raw is [N,Out,H,W], h0 and h1 are channel-last: [N,H,W,Hidden]. saved has
// d.Saved() elements and is for [CouplingGrad]. h0, h1 and saved may be nil.
func CouplingForward[T Float](raw, h0, h1, saved, x []T, p CouplingParams[T], d CouplingNet, work *CouplingWork[T]) {
	c0, c1, c2 := d.convs()
	hidden := Channel{N: d.N, C: d.Hidden, P: d.pixels(), Shared: true}
	layer := func(h, x, w, b, l []T, c Conv) {
		Conv2D(work.t, x, w, b, c)
		ChannelMul(h, work.t, scales(work.s, l, 1), hidden)
		ReLU(h, h)
	}
	layer(work.h0, x, p.W0, p.B0, p.L0, c0)
	layer(work.h1, work.h0, p.W1, p.B1, p.L1, c1)
	Conv2D(work.g2, work.h1, p.W2, p.B2, c2)
	ChannelMul(raw, work.g2, scales(work.s, p.L2, 3), Channel{N: d.N, C: d.Out, P: d.pixels(), Shared: true})
	if saved != nil {
		copy(saved, work.h0)
		copy(saved[len(saved)/2:], work.h1)
	}
	if h0 != nil {
		Transpose(h0, work.h0, d.N, d.Hidden, d.pixels())
	}
	if h1 != nil {
		Transpose(h1, work.h1, d.N, d.Hidden, d.pixels())
	}
}

// CouplingGrad is the gradient of [CouplingForward] for a gradient g of raw, by the chain rule:
// a log-scale's gradient is the sum of gradient times output, three times that for l2. Any
// gradient but dx may be nil.
func CouplingGrad[T Float](dx []T, grads CouplingParams[T], x, raw, saved, g []T, p CouplingParams[T], d CouplingNet, work *CouplingWork[T]) {
	c0, c1, c2 := d.convs()
	out := Channel{N: d.N, C: d.Out, P: d.pixels(), Shared: true}
	hidden := Channel{N: d.N, C: d.Hidden, P: d.pixels(), Shared: true}
	copy(work.h0, saved)
	copy(work.h1, saved[len(saved)/2:])

	if grads.L2 != nil {
		ChannelDot(grads.L2, g, raw, out)
		Scale(grads.L2, grads.L2, 3)
	}
	ChannelMul(work.g2, g, scales(work.s, p.L2, 3), out)
	weightGrads(grads.W2, grads.B2, work.h1, work.g2, c2, out)
	Conv2DInput(work.t, p.W2, work.g2, c2)

	// layer takes the gradient work.t of a hidden output h to that of the convolution in it.
	layer := func(gz, dw, db, dl, x, h, l []T, c Conv) {
		ReLUGrad(gz, h, work.t)
		if dl != nil {
			ChannelDot(dl, gz, h, hidden)
		}
		ChannelMul(gz, gz, scales(work.s, l, 1), hidden)
		weightGrads(dw, db, x, gz, c, hidden)
	}
	layer(work.g1, grads.W1, grads.B1, grads.L1, work.h0, work.h1, p.L1, c1)
	Conv2DInput(work.t, p.W1, work.g1, c1)
	layer(work.g0, grads.W0, grads.B0, grads.L0, x, work.h0, p.L0, c0)
	Conv2DInput(dx, p.W0, work.g0, c0)
}

func weightGrads[T Float](dw, db, x, g []T, c Conv, d Channel) {
	if dw != nil {
		Conv2DWeight(dw, x, g, c)
	}
	if db != nil {
		ChannelSum(db, g, d)
	}
}

package condnet

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Coupling is the network inside the affine coupling (Fig. 5 c, NN), in the
// form of the released code (Glow's blocks): for an input h of concatenated
// features and first half,
//
//	h0  = relu((conv3x3(h)  + an0.bias) exp(an0.logs))      In -> Hidden, no bias
//	h1  = relu((conv1x1(h0) + an1.bias) exp(an1.logs))      Hidden -> Hidden, no bias
//	raw = (conv3x3(h1) + b + newbias) exp(3 logs)           Hidden -> Out
type Coupling struct {
	In, Hidden, Out int
	Hiddens         Init // of conv0.w and conv1.w
	Norms           Init // of an0 and an1; conv2 starts at zero
}

// Params declares nn's parameters under a prefix.
func (c Coupling) Params(prefix string) []Param {
	return []Param{
		{Name: prefix + "conv0.w", Shape: []int{c.Hidden, c.In, 3, 3}, Init: c.Hiddens, Fan: 9 * c.In},
		{Name: prefix + "an0.bias", Shape: []int{c.Hidden}, Init: c.Norms},
		{Name: prefix + "an0.logs", Shape: []int{c.Hidden}, Init: c.Norms},
		{Name: prefix + "conv1.w", Shape: []int{c.Hidden, c.Hidden, 1, 1}, Init: c.Hiddens, Fan: c.Hidden},
		{Name: prefix + "an1.bias", Shape: []int{c.Hidden}, Init: c.Norms},
		{Name: prefix + "an1.logs", Shape: []int{c.Hidden}, Init: c.Norms},
		{Name: prefix + "conv2.w", Shape: []int{c.Out, c.Hidden, 3, 3}},
		{Name: prefix + "conv2.b", Shape: []int{c.Out}},
		{Name: prefix + "conv2.newbias", Shape: []int{c.Out}},
		{Name: prefix + "conv2.logs", Shape: []int{c.Out}},
	}
}

// Apply builds the network for an input [N,In,H,W] as one op.
func (c Coupling) Apply(p Lookup, prefix string, h *gorgonia.Node) op.CouplingResult {
	return op.CouplingNet(h, op.CouplingParams{
		W0: p(prefix + "conv0.w"), B0: p(prefix + "an0.bias"), L0: p(prefix + "an0.logs"),
		W1: p(prefix + "conv1.w"), B1: p(prefix + "an1.bias"), L1: p(prefix + "an1.logs"),
		W2: p(prefix + "conv2.w"), L2: p(prefix + "conv2.logs"),
		B2: op.Add(p(prefix+"conv2.b"), p(prefix+"conv2.newbias")),
	})
}

// Prior is the convolution of the split prior: z1 [N,In,H,W] -> [N,Out,H,W],
// 3x3, even channels the mean of the other half and odd ones its log-scale. In
// may hold features of x beside z1.
type Prior struct {
	In, Out int
	Start   Start // of the convolution; the zero Start is the standard normal
}

// Params declares w and b under a prefix.
func (c Prior) Params(prefix string) []Param {
	return layer(prefix, []int{c.Out, c.In, 3, 3}, c.Start.ConvWeight, c.Start.ConvBias)
}

// Apply builds the convolution.
func (c Prior) Apply(p Lookup, prefix string, z1 *gorgonia.Node) *gorgonia.Node {
	return op.Conv2D(z1, p(prefix+".w"), p(prefix+".b"), op.Conv{Stride: 1, Pad: 1})
}

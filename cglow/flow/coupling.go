package flow

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Coupling is the affine coupling (paper, section 3.1): the first half of the
// channels stays and, through a network, gives shift and scale of the second:
//
//	u2 = s v2 + b        or, BiasFirst,     u2 = s (v2 + b).
//
// Shift, LogScale and Scale = exp(LogScale) are [N,C/2,H,W].
type Coupling struct {
	Shift, LogScale, Scale *gorgonia.Node
	BiasFirst              bool
}

// Forward returns u2.
func (c Coupling) Forward(v2 *gorgonia.Node) *gorgonia.Node {
	if c.BiasFirst {
		return op.Mul(op.Add(v2, c.Shift), c.Scale)
	}
	return op.Add(op.Mul(v2, c.Scale), c.Shift)
}

// Inverse returns v2.
func (c Coupling) Inverse(u2 *gorgonia.Node) *gorgonia.Node {
	inv := op.Exp(op.Neg(c.LogScale))
	if c.BiasFirst {
		return op.Sub(op.Mul(u2, inv), c.Shift)
	}
	return op.Mul(op.Sub(u2, c.Shift), inv)
}

// LogDet returns the sum of LogScale per example, [N].
func (c Coupling) LogDet() *gorgonia.Node { return op.SumPerExample(c.LogScale) }

// Affine turns the coupling network's raw output [N,C,H,W] into shift (even
// channels) and scale (odd channels).
type Affine struct {
	// Sigmoid: s = sigmoid(r + 2), with r = tanh(raw) when Tanh is set: the
	// released code, which only contracts (0.73 .. 0.95). Otherwise
	// log s = Bound tanh(raw/Bound).
	Sigmoid, Tanh bool
	Bound         float64
	BiasFirst     bool
}

// Split returns the coupling that raw describes.
func (a Affine) Split(raw *gorgonia.Node) Coupling {
	if a.Tanh {
		raw = op.Tanh(raw)
	}
	c := raw.Shape()[1]
	out := Coupling{Shift: op.Channels(raw, 0, c, 2), BiasFirst: a.BiasFirst}
	odd := op.Channels(raw, 1, c, 2)
	if a.Sigmoid {
		r := op.Offset(odd, op.AffineOffset)
		out.Scale, out.LogScale = op.Sigmoid(r), op.LogSigmoid(r)
		return out
	}
	out.LogScale = SoftClip(odd, a.Bound)
	out.Scale = op.Exp(out.LogScale)
	return out
}

// Apply returns Split(raw).Forward(v2) and its LogDet as one op, which reads and writes each array
// once: what training runs.
func (a Affine) Apply(raw, v2 *gorgonia.Node) (u2, logDet *gorgonia.Node) {
	return op.Affine(raw, v2, op.AffineForm(a))
}

// SoftClip returns a tanh(x/a): x near zero, never outside ±a.
func SoftClip(x *gorgonia.Node, a float64) *gorgonia.Node {
	return op.Scale(op.Tanh(op.Scale(x, 1/a)), a)
}

// Halves returns the first and the second half of v's channels.
func Halves(v *gorgonia.Node) (first, second *gorgonia.Node) {
	c := v.Shape()[1]
	return op.Channels(v, 0, c/2, 1), op.Channels(v, c/2, c, 1)
}

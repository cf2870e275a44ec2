package flow

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// ActNorm scales and shifts every channel (paper, section 3.1): with
// s = exp(LogScale),
//
//	u = s v + b          or, BiasFirst,     u = s (v + b).
//
// LogScale and Bias are [N,C] (one row per example) or [C] (shared).
//
// NOTE(paper): BiasFirst is the released code's form; the paper prints s v + b.
type ActNorm struct {
	LogScale, Bias *gorgonia.Node
	BiasFirst      bool
}

// Forward returns u.
func (a ActNorm) Forward(v *gorgonia.Node) *gorgonia.Node {
	s := op.Exp(a.LogScale)
	if a.BiasFirst {
		return op.ChannelMul(op.ChannelAdd(v, a.Bias), s)
	}
	return op.ChannelAdd(op.ChannelMul(v, s), a.Bias)
}

// Inverse returns v.
func (a ActNorm) Inverse(u *gorgonia.Node) *gorgonia.Node {
	s, b := op.Exp(op.Neg(a.LogScale)), op.Neg(a.Bias)
	if a.BiasFirst {
		return op.ChannelAdd(op.ChannelMul(u, s), b)
	}
	return op.ChannelMul(op.ChannelAdd(u, b), s)
}

// LogDet returns H W sum_c log s_c: [N] for LogScale [N,C], [1] for [C].
func (a ActNorm) LogDet(h, w int) *gorgonia.Node {
	return op.Scale(op.SumPerExample(rows(a.LogScale)), float64(h*w))
}

// rows makes a shared vector [C] one row [1,C].
func rows(v *gorgonia.Node) *gorgonia.Node {
	if v.Dims() == 1 {
		return op.Reshape(v, 1, v.Shape()[0])
	}
	return v
}

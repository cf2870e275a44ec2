package flow

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// InvConv is the invertible 1x1 convolution (paper, section 3.1): the same
// matrix W at every pixel,
//
//	u[n,i,p] = sum_j W[n,i,j] v[n,j,p],     log-determinant H W log|det W|.
//
// W is [N,C,C] (one matrix per example) or [C,C] (shared). LogDet is log|det
// W|, [N] or [1]. Inv, its inverse, is needed by Inverse only.
type InvConv struct {
	W, LogAbsDet, Inv *gorgonia.Node
}

// Forward returns u.
func (c InvConv) Forward(v *gorgonia.Node) *gorgonia.Node { return op.MatApply(c.W, v) }

// Inverse returns v.
func (c InvConv) Inverse(u *gorgonia.Node) *gorgonia.Node { return op.MatApply(c.Inv, u) }

// LogDet returns H W log|det W|.
func (c InvConv) LogDet(h, w int) *gorgonia.Node {
	return op.Scale(c.LogAbsDet, float64(h*w))
}

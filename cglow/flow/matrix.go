package flow

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Matrix builds W of the 1x1 convolution and its log-determinant from a raw
// network output. W0 is an orthogonal [C,C] matrix.
type Matrix interface {
	// Len is the length of the raw row.
	Len() int
	// Build returns W [N,C,C] and log|det W| [N]; inverse asks for W^-1 too.
	Build(raw *gorgonia.Node, inverse bool) InvConv
}

// RawMatrix is W = raw, or tanh(raw), reshaped (paper): LU decomposition for
// the log-determinant, nothing that keeps W from being singular.
type RawMatrix struct {
	C    int
	Tanh bool
}

// Len is C^2.
func (m RawMatrix) Len() int { return m.C * m.C }

// Build implements Matrix.
func (m RawMatrix) Build(raw *gorgonia.Node, inverse bool) InvConv {
	if m.Tanh {
		raw = op.Tanh(raw)
	}
	w := op.Reshape(raw, raw.Shape()[0], m.C, m.C)
	return withInverse(InvConv{W: w, LogAbsDet: op.LogAbsDet(w)}, inverse)
}

// HouseholderMatrix is W = W0 H(v1)...H(vk) diag(exp(d)), d = Bound
// tanh(raw/Bound): orthogonal times diagonal, so that the condition number is
// at most e^(2 Bound), log|det W| = sum d, and the inverse is the same product
// backwards.
type HouseholderMatrix struct {
	C, K  int
	Bound float64
	W0    *gorgonia.Node
}

// Len is k C + C: the reflections' vectors, then the diagonal.
func (m HouseholderMatrix) Len() int { return (m.K + 1) * m.C }

// Build implements Matrix.
func (m HouseholderMatrix) Build(raw *gorgonia.Node, inverse bool) InvConv {
	n := raw.Shape()[0]
	v := op.Reshape(op.Channels(raw, 0, m.K*m.C, 1), n, m.K, m.C)
	d := SoftClip(op.Channels(raw, m.K*m.C, m.Len(), 1), m.Bound)
	out := InvConv{W: op.Householder(m.W0, v, d), LogAbsDet: op.SumPerExample(d)}
	if inverse {
		out.Inv = op.HouseholderInverse(m.W0, v, d)
	}
	return out
}

// LUMatrix is W = W0 L U: L unit lower triangular, U upper triangular with
// diagonal exp(d); entries off the diagonal are tanh(raw)/C, because larger
// ones make the product badly conditioned (condition number near 10 with 1/C,
// 10^8 without, at C = 48).
type LUMatrix struct {
	C                 int
	Bound             float64
	W0                *gorgonia.Node
	Lower, Upper, Eye *gorgonia.Node // [1,C,C]: strict triangles of ones; identity
}

// Len is C^2: the diagonal's places hold d.
func (m LUMatrix) Len() int { return m.C*m.C + m.C }

// Build implements Matrix.
func (m LUMatrix) Build(raw *gorgonia.Node, inverse bool) InvConv {
	n, c := raw.Shape()[0], m.C
	entries := op.Scale(op.Tanh(op.Reshape(op.Channels(raw, 0, c*c, 1), n, c, c)), 1/float64(c))
	d := SoftClip(op.Channels(raw, c*c, m.Len(), 1), m.Bound)
	eye := op.Repeat(m.Eye, n)
	lower := op.Add(op.Mul(entries, op.Repeat(m.Lower, n)), eye)
	upper := op.Add(op.Mul(entries, op.Repeat(m.Upper, n)), diagonal(eye, d))
	out := InvConv{W: product(m.W0, lower, upper), LogAbsDet: op.SumPerExample(d)}
	return withInverse(out, inverse)
}

// CayleyMatrix is W = W0 (I-A)(I+A)^-1 diag(exp(d)), A = R - R^T: the Cayley
// transform of a skew-symmetric matrix is orthogonal.
type CayleyMatrix struct {
	C     int
	Bound float64
	W0    *gorgonia.Node
	Eye   *gorgonia.Node // [1,C,C]
}

// Len is C^2 + C: R, then the diagonal.
func (m CayleyMatrix) Len() int { return m.C*m.C + m.C }

// Build implements Matrix.
func (m CayleyMatrix) Build(raw *gorgonia.Node, inverse bool) InvConv {
	n, c := raw.Shape()[0], m.C
	r := op.Reshape(op.Channels(raw, 0, c*c, 1), n, c, c)
	a := op.Sub(r, op.Transpose(r))
	d := SoftClip(op.Channels(raw, c*c, m.Len(), 1), m.Bound)
	eye := op.Repeat(m.Eye, n)
	q := op.MatApply(op.Sub(eye, a), op.Inverse(op.Add(eye, a)))
	out := InvConv{W: product(m.W0, q, diagonal(eye, d)), LogAbsDet: op.SumPerExample(d)}
	return withInverse(out, inverse)
}

// diagonal returns diag(exp(d)) for d [N,C] as [N,C,C].
func diagonal(eye, d *gorgonia.Node) *gorgonia.Node {
	s := eye.Shape()
	rows := op.ChannelMul(op.Reshape(eye, s[0], s[1], s[2], 1), op.Exp(d))
	return op.Reshape(rows, s...)
}

// product returns w0 a b for w0 [C,C] and a, b [N,C,C].
func product(w0, a, b *gorgonia.Node) *gorgonia.Node {
	return op.MatApply(w0, op.MatApply(a, b))
}

// withInverse adds W^-1 when it is asked for.
func withInverse(c InvConv, inverse bool) InvConv {
	if inverse {
		c.Inv = op.Inverse(c.W)
	}
	return c
}

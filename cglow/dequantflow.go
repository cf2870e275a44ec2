package cglow

import (
	"math"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/condnet"
	"glownotes/cglow/data"
	"glownotes/cglow/flow"
	"glownotes/cglow/op"
)

// target is the continuous v of a batch as nodes: an input, or, with
// variational dequantization, the output of the noise's flow.
type target struct {
	n      int
	v      *gorgonia.Node // [n,C,H,W], what the flow encodes
	logq   *gorgonia.Node // [n], log q(u|x,y); nil for uniform noise
	base   *gorgonia.Node // variational: v without noise
	levels *gorgonia.Node // variational: y as 2y-1, for the networks
	eps    *gorgonia.Node // variational: the noise's own noise
}

// probitSlope makes sigmoid(probitSlope e) of a standard normal e nearly
// uniform: |Phi(e) - sigmoid(1.702 e)| < 0.01 (Camilli, 1994), so that the
// noise's flow starts close to uniform dequantization.
const probitSlope = 1.702

// dequant returns the networks of the noise's flow.
func (c Config) dequant() condnet.Dequant {
	s := c.LevelShapes()[0]
	return condnet.Dequant{InC: c.X.C, InH: c.X.H, InW: c.X.W, C: s.C, H: s.H, W: s.W,
		Channels: c.FeatureChannels, Hidden: max(16, c.CouplingWidth/4), Steps: c.DequantSteps}
}

// target builds the target of a batch of n. With variational dequantization the
// noise u of a bin is drawn from q(u|x,y) (Ho et al., "Flow++", 2019, section
// 3.1): e ~ N(0, I) goes through DequantSteps affine couplings that see x and y,
// the halves changing places between them, and u = sigmoid(1.702 e):
//
//	log q(u|x,y) = log N(e) - sum log|det coupling| - sum log|du/de|.
//
// E[log p(y+u|x) - log q(u|x,y)] bounds the discrete log P(y|x) from below, more
// tightly than uniform noise does.
func (b *builder) target(x *gorgonia.Node, n int) target {
	shape := b.cfg.Target()
	if b.cfg.Bins == 0 || b.cfg.Dequant != VariationalDequant {
		return target{n: n, v: b.images("y", shape, n)}
	}
	t := target{n: n, base: b.images("base", shape, n), levels: b.images("levels", shape, n), eps: b.images("eps", shape, n)}
	b.scope.enter(b.g, "dequantization")
	nets := b.cfg.dequant()
	features := nets.Features(b.param, "dequant.", x, op.Squeeze(t.levels))
	t.logq = op.StandardNormalLogDensity(t.eps)
	e := op.Squeeze(t.eps)
	for k := range nets.Steps {
		first, second := flow.Halves(e)
		raw := nets.Raw(b.param, "dequant.", k, features, first)
		second, logDet := flow.Affine{Bound: b.cfg.ScaleBound}.Apply(raw, second)
		t.logq = op.Sub(t.logq, logDet)
		e = op.Concat(second, first)
	}
	a := op.Scale(op.Unsqueeze(e), probitSlope)
	// log du/de = log 1.702 + log sigmoid(a) + log sigmoid(-a), per element
	slope := op.SumPerExample(op.Add(op.LogSigmoid(a), op.LogSigmoid(op.Neg(a))))
	t.logq = op.Offset(op.Sub(t.logq, slope), -float64(shape.Len())*math.Log(probitSlope))
	t.v = op.Add(t.base, op.Scale(op.Sigmoid(a), b.cfg.BinWidth()))
	return t
}

// likelihood returns log p - log q per example: the density of v, and with
// variational dequantization the bound.
func (t target) likelihood(e encoding) *gorgonia.Node {
	if t.logq == nil {
		return e.logProb()
	}
	return op.Sub(e.logProb(), t.logq)
}

// load writes images of y into the target's inputs, picking row pick(i) for row
// i, with the noise of key(i).
func (m *Model) load(t target, y data.Images, pick func(i int) int, key func(i int) Key) {
	size := m.cfg.Target().Len()
	if t.logq == nil {
		v := make([]float64, t.n*size)
		for i := range t.n {
			m.dequantize(v[i*size:(i+1)*size], y.Row(pick(i)), key(i))
		}
		write(t.v, v)
		return
	}
	c := m.cfg
	base, levels, eps := make([]float64, size), make([]float64, size), make([]float64, size)
	for i := range t.n {
		row := y.Row(pick(i))
		for j := range base {
			level := c.level(float64(row[j%len(row)]))
			base[j] = level*c.BinWidth() + c.offset()
			levels[j] = 2*level/float64(c.Bins-1) - 1
		}
		Normal(key(i), eps)
		writeRow(t.base, i, base)
		writeRow(t.levels, i, levels)
		writeRow(t.eps, i, eps)
	}
}

package cglow

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/flow"
	"glownotes/cglow/op"
)

// encoding is the result of the forward direction y -> z for a batch of N.
type encoding struct {
	// Z holds the latents: the halves split off after level 1..L-1, then the
	// top. Eps are the same, standardised: (z - mean)/exp(logs), what a sampler
	// would have to draw to get y back.
	Z, Eps []*gorgonia.Node
	// LogDet is the sum of the log-determinants; LogSplit and LogTop are the
	// log-densities of the split halves (nil with one level) and of the top.
	// All [N], nats.
	LogDet, LogSplit, LogTop *gorgonia.Node
}

// logProb returns log p(y|x) [N] in nats: the density of the continuous y.
func (e encoding) logProb() *gorgonia.Node {
	if e.LogSplit == nil {
		return op.Add(e.LogDet, e.LogTop)
	}
	return op.Add(e.LogDet, e.LogSplit, e.LogTop)
}

// encode builds the forward direction for y [N,C,H,W]:
// log p(y|x) = log p(z_top) + sum log p(z_split) + sum log|det| (paper, Eq. 2).
func (b *builder) encode(conds []conditioning, y *gorgonia.Node) encoding {
	var e encoding
	var dets, splits []*gorgonia.Node
	v := y
	for i, s := range b.steps {
		if b.firstOfLevel(i) {
			v = op.Squeeze(v)
		}
		var det []*gorgonia.Node
		v, det = b.stepForward(s, conds[i], v)
		dets = append(dets, det...)
		if !s.last || s.level == b.cfg.Levels-1 {
			continue
		}
		z1, logp, eps := b.split(s, conds[i], v)
		_, z2 := flow.Halves(v)
		splits = append(splits, logp)
		e.Z, e.Eps = append(e.Z, z2), append(e.Eps, eps)
		v = z1
	}
	e.Z = append(e.Z, v)
	c := conds[len(conds)-1]
	e.LogTop = b.logTop(c, v)
	if mean, logs := b.topPrior(c, y.Shape()[0]); mean != nil {
		e.Eps = append(e.Eps, op.Mul(op.Sub(v, mean), op.Exp(op.Neg(logs))))
	} else {
		e.Eps = append(e.Eps, v)
	}
	e.LogDet = op.Add(dets...)
	if len(splits) > 0 {
		e.LogSplit = op.Add(splits...)
	}
	return e
}

// split builds the end of a level but the last: the half that goes on, the
// log-density [n] of the other and that half standardised.
func (b *builder) split(s step, c conditioning, v *gorgonia.Node) (z1, logp, eps *gorgonia.Node) {
	b.enter(s, "split")
	z1, z2 := flow.Halves(v)
	mean, logs := b.splitPrior(s, c, z1)
	logp = op.GaussianLogDensity(z2, mean, logs)
	b.note(s, "split_logp", logp)
	return z1, logp, op.Mul(op.Sub(z2, mean), op.Exp(op.Neg(logs)))
}

// logTop builds the log-density [n] of the top latent.
func (b *builder) logTop(c conditioning, z *gorgonia.Node) *gorgonia.Node {
	b.scope.enter(b.g, "top prior and sums")
	if mean, logs := b.topPrior(c, z.Shape()[0]); mean != nil {
		return op.GaussianLogDensity(z, mean, logs)
	}
	return op.StandardNormalLogDensity(z)
}

// stepForward builds one flow step: actnorm, 1x1, coupling. The
// log-determinants are [N].
func (b *builder) stepForward(s step, c conditioning, v *gorgonia.Node) (u *gorgonia.Node, det []*gorgonia.Node) {
	n := v.Shape()[0]
	b.note(s, "in", v)
	b.enter(s, "actnorm")
	v = c.norm.Forward(v)
	b.note(s, "act_out", v)
	b.enter(s, "invconv")
	v = c.conv.Forward(v)
	b.note(s, "inv_out", v)
	b.enter(s, "coupling")
	v1, v2 := flow.Halves(v)
	raw := b.couplingNet(s, c, v1)
	u2, logDet := b.affine().Apply(raw, v2)
	u = op.Concat(v1, u2)
	named := b.affine().Split(raw) // nodes that only run if somebody looks at them
	b.note(s, "shift", named.Shift)
	b.note(s, "scale", named.Scale)
	b.note(s, "out", u)
	det = []*gorgonia.Node{perExample(c.norm.LogDet(s.h, s.w), n), perExample(c.conv.LogDet(s.h, s.w), n), logDet}
	for j, name := range []string{"act_logdet", "inv_logdet", "cpl_logdet"} {
		b.note(s, name, det[j])
	}
	return u, det
}

// perExample repeats a shared log-determinant [1] for n examples.
func perExample(det *gorgonia.Node, n int) *gorgonia.Node {
	if det.Shape()[0] == n {
		return det
	}
	return op.Repeat(det, n)
}

// decode builds the inverse direction for latents eps, in the order of
// encoding.Eps: v = mean + exp(logs) eps, then every step backwards.
func (b *builder) decode(conds []conditioning, eps []*gorgonia.Node) *gorgonia.Node {
	v := eps[len(eps)-1]
	if mean, logs := b.topPrior(conds[len(conds)-1], v.Shape()[0]); mean != nil {
		v = op.Add(mean, op.Mul(op.Exp(logs), v))
	}
	for i := len(b.steps) - 1; i >= 0; i-- {
		s := b.steps[i]
		if s.last && s.level < b.cfg.Levels-1 {
			mean, logs := b.splitPrior(s, conds[i], v)
			v = op.Concat(v, op.Add(mean, op.Mul(op.Exp(logs), eps[s.level])))
		}
		v = b.stepInverse(s, conds[i], v)
		if b.firstOfLevel(i) {
			v = op.Unsqueeze(v)
		}
	}
	return v
}

// stepInverse builds one flow step backwards.
func (b *builder) stepInverse(s step, c conditioning, u *gorgonia.Node) *gorgonia.Node {
	b.enter(s, "inverse")
	v1, u2 := flow.Halves(u)
	v2 := b.affine().Split(b.couplingNet(s, c, v1)).Inverse(u2)
	return c.norm.Inverse(c.conv.Inverse(op.Concat(v1, v2)))
}

// latents returns input nodes for the latents of n examples.
func (b *builder) latents(n int) []*gorgonia.Node {
	var out []*gorgonia.Node
	for l, s := range b.cfg.LatentShapes() {
		out = append(out, b.input(fmt.Sprintf("eps%d", l), n, s.C, s.H, s.W))
	}
	return out
}

package cglow

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/condnet"
	"glownotes/cglow/data"
	"glownotes/cglow/flow"
	"glownotes/cglow/op"
)

// builder builds one symbolic graph of a model for one batch size.
type builder struct {
	cfg    Config
	steps  []step
	dtype  tensor.Dtype
	g      *gorgonia.ExprGraph
	param  condnet.Lookup
	consts map[string]*gorgonia.Node
	inputs int
	scope  scope
	// record receives named nodes (l0.s1.act_out ...) for tests and telemetry.
	record map[string]*gorgonia.Node
}

func (m *Model) builder() *builder {
	g := gorgonia.NewGraph()
	return &builder{cfg: m.cfg, steps: m.steps, dtype: m.store.dtype, g: g, param: m.store.lookup(g),
		consts: map[string]*gorgonia.Node{}, record: map[string]*gorgonia.Node{}}
}

// input returns an input node with memory of its own.
func (b *builder) input(name string, dims ...int) *gorgonia.Node {
	b.inputs++
	d := tensor.New(tensor.WithShape(dims...), tensor.Of(b.dtype))
	return gorgonia.NewTensor(b.g, b.dtype, len(dims), gorgonia.WithShape(dims...),
		gorgonia.WithName(fmt.Sprintf("%s.%d", name, b.inputs)), gorgonia.WithValue(d))
}

// images returns an input node for a batch of n images; nil for an empty shape.
func (b *builder) images(name string, s data.Shape, n int) *gorgonia.Node {
	if s == (data.Shape{}) {
		return nil
	}
	return b.input(name, n, s.C, s.H, s.W)
}

// matrixConst returns a constant [1,n,n] matrix with entries f(i, j), made once
// per graph. Constants are inputs: Gorgonia merges real constants by their
// printed form.
func (b *builder) matrixConst(name string, n int, f func(i, j int) bool) *gorgonia.Node {
	key := fmt.Sprintf("const.%s%d", name, n)
	if c := b.consts[key]; c != nil {
		return c
	}
	c := b.input(key, 1, n, n)
	v := make([]float64, n*n)
	for i := range n {
		for j := range n {
			if f(i, j) {
				v[i*n+j] = 1
			}
		}
	}
	write(c, v)
	b.consts[key] = c
	return c
}

// conditioning is everything of one step that depends on x only.
type conditioning struct {
	norm     flow.ActNorm
	conv     flow.InvConv
	features *gorgonia.Node // [N,C/2,H,W] (or FeatureOut channels); nil without x
}

// condition builds the conditioning of every step for x [n,...] (nil without
// an x). inverse asks for the inverse matrices.
func (b *builder) condition(x *gorgonia.Node, n int, inverse bool) []conditioning {
	out := make([]conditioning, len(b.steps))
	conditioners := b.conditioners(x, n)
	for i, s := range b.steps {
		b.enter(s, "conditioning")
		act, inv, features := conditioners(s)
		c := conditioning{conv: b.matrix(s).Build(inv, inverse), features: features}
		c.norm = flow.ActNorm{
			LogScale:  b.bounded(op.Channels(act, 0, s.c, 1)),
			Bias:      op.Channels(act, s.c, 2*s.c, 1),
			BiasFirst: b.cfg.BiasFirst,
		}
		out[i] = c
		b.note(s, "act_logs", c.norm.LogScale)
		b.note(s, "act_bias", c.norm.Bias)
		b.note(s, "W", c.conv.W)
		b.note(s, "cn_out", c.features)
	}
	return out
}

// conditioners returns the function that gives a step the raw outputs of the
// actnorm and the 1x1 network, [n,.], and the coupling's features on x. Without
// x the vectors are learnt rows, the same for every example, and there are no
// features.
func (b *builder) conditioners(x *gorgonia.Node, n int) func(s step) (act, inv, features *gorgonia.Node) {
	switch {
	case x == nil:
		return func(s step) (act, inv, features *gorgonia.Node) {
			act, inv = b.param(s.prefix+"act.raw"), b.param(s.prefix+"inv.raw")
			return op.Repeat(act, n), op.Repeat(inv, n), nil
		}
	case b.cfg.Trunk > 0:
		b.scope.enter(b.g, "trunk")
		maps, vector := b.cfg.trunk().Apply(b.param, "trunk.", x)
		return func(s step) (act, inv, features *gorgonia.Node) {
			return s.actHead.Apply(b.param, s.prefix+"act.", vector), s.invHead.Apply(b.param, s.prefix+"inv.", vector),
				s.mapHead.Apply(b.param, s.prefix+"cn.", maps[s.level])
		}
	}
	// All 3 L K networks read the same x: one op.
	var nets [][]op.Layer
	for _, s := range b.steps {
		nets = append(nets, s.act.Layers(b.param, s.prefix+"act."), s.inv.Layers(b.param, s.prefix+"inv."),
			s.cn.Layers(b.param, s.prefix+"cn."))
	}
	b.scope.enter(b.g, "conditioning networks")
	out := op.NetBank(x, nets...)
	return func(s step) (act, inv, features *gorgonia.Node) {
		at := 3 * (s.level*b.cfg.Steps + s.index)
		act = out[at]
		if b.cfg.Tanh {
			act = op.Tanh(act)
		}
		return act, out[at+1], out[at+2]
	}
}

// bounded limits actnorm's log-scale in the live form.
func (b *builder) bounded(logs *gorgonia.Node) *gorgonia.Node {
	if b.cfg.Form == Live {
		return flow.SoftClip(logs, b.cfg.NormBound)
	}
	return logs
}

// matrix returns the parametrisation of a step's 1x1 matrix.
func (b *builder) matrix(s step) flow.Matrix {
	eye := func() *gorgonia.Node { return b.matrixConst("eye", s.c, func(i, j int) bool { return i == j }) }
	switch b.cfg.InvConv {
	case Householder:
		return flow.HouseholderMatrix{C: s.c, K: b.cfg.Reflections, Bound: b.cfg.DiagBound, W0: b.base(s)}
	case LU:
		return flow.LUMatrix{C: s.c, Bound: b.cfg.DiagBound, W0: b.base(s), Eye: eye(),
			Lower: b.matrixConst("lower", s.c, func(i, j int) bool { return i > j }),
			Upper: b.matrixConst("upper", s.c, func(i, j int) bool { return i < j })}
	case Cayley:
		return flow.CayleyMatrix{C: s.c, Bound: b.cfg.DiagBound, W0: b.base(s), Eye: eye()}
	}
	return flow.RawMatrix{C: s.c, Tanh: b.cfg.Tanh}
}

// base returns W0 [C,C]: the fixed rotation, times learnt reflections when
// LearnBase is set.
func (b *builder) base(s step) *gorgonia.Node {
	w0 := b.param(s.prefix + "inv.w0")
	if !b.cfg.LearnBase {
		return w0
	}
	v := b.param(s.prefix + "inv.base")
	key := fmt.Sprintf("const.zero%d", s.c)
	if b.consts[key] == nil {
		b.consts[key] = b.input(key, 1, s.c)
	}
	return op.Reshape(op.Householder(w0, v, b.consts[key]), s.c, s.c)
}

// coupling builds the coupling of a step for its first half v1.
func (b *builder) coupling(s step, c conditioning, v1 *gorgonia.Node) flow.Coupling {
	h := v1
	if c.features != nil {
		h = op.Concat(c.features, v1) // features first, as in the published layout
	}
	nn := s.nn.Apply(b.param, s.prefix+"nn.", h)
	paper := b.cfg.Form == Paper
	out := flow.Affine{Sigmoid: paper, Tanh: b.cfg.Tanh, Bound: b.cfg.ScaleBound, BiasFirst: b.cfg.BiasFirst}.Split(nn.Raw)
	b.note(s, "nn_h0", nn.H0)
	b.note(s, "nn_h1", nn.H1)
	b.note(s, "nn_raw", nn.Raw)
	b.note(s, "shift", out.Shift)
	b.note(s, "scale", out.Scale)
	return out
}

// splitPrior returns mean and log-scale of the half that leaves after a level.
func (b *builder) splitPrior(s step, z1 *gorgonia.Node) (mean, logs *gorgonia.Node) {
	r := condnet.Prior{In: s.c / 2}.Apply(b.param, fmt.Sprintf("l%d.split", s.level), z1)
	if b.cfg.Tanh {
		r = op.Tanh(r)
	}
	mean, logs = op.Channels(r, 0, s.c, 2), op.Channels(r, 1, s.c, 2)
	if b.cfg.Form == Live {
		logs = flow.SoftClip(logs, b.cfg.NormBound)
	}
	return mean, logs
}

// topPrior returns mean and log-scale of the top latent, nil without LearnTop.
func (b *builder) topPrior(s step, n int) (mean, logs *gorgonia.Node) {
	if !b.cfg.LearnTop {
		return nil, nil
	}
	row := func(name string) *gorgonia.Node {
		return op.Repeat(op.Reshape(b.param(name), 1, s.c, s.h, s.w), n)
	}
	return row("top.mean"), row("top.logs")
}

// enter says that the nodes made from now on belong to a part of a step.
func (b *builder) enter(s step, part string) { b.scope.enter(b.g, s.prefix+part) }

// note records a node of a step under a name.
func (b *builder) note(s step, name string, n *gorgonia.Node) {
	if n != nil {
		b.record[s.prefix+name] = n
	}
}

// lastOfLevel reports whether step i ends its level.
func (b *builder) lastOfLevel(i int) bool {
	return i+1 == len(b.steps) || b.steps[i+1].level != b.steps[i].level
}

// firstOfLevel reports whether step i begins its level.
func (b *builder) firstOfLevel(i int) bool {
	return i == 0 || b.steps[i-1].level != b.steps[i].level
}

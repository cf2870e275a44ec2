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
	store  *store
	param  condnet.Lookup
	nodes  map[string]*gorgonia.Node // parameters that the graph uses, by name
	consts map[string]*gorgonia.Node
	inputs int
	device *Device
	// rebinds says that parameters are bound to the nodes anew between runs: a
	// program on a GPU then takes their values along with every run.
	rebinds bool
	scope   scope
	// factored leaves gradients of fully connected layers in their factors.
	factored bool
	// record receives named nodes (l0.s1.act_out ...) for tests and telemetry.
	record map[string]*gorgonia.Node
}

func (m *Model) builder() *builder {
	g := gorgonia.NewGraph()
	nodes := map[string]*gorgonia.Node{}
	return &builder{cfg: m.cfg, steps: m.steps, dtype: m.store.dtype, device: m.device, g: g, store: m.store,
		param: m.store.lookup(g, nodes), nodes: nodes, consts: map[string]*gorgonia.Node{}, record: map[string]*gorgonia.Node{}}
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
	prior    *gorgonia.Node // the same for the prior behind the step; nil without one that sees x
}

// condition builds the conditioning of every step for x [n,...] (nil without
// an x). inverse asks for the inverse matrices.
func (b *builder) condition(x *gorgonia.Node, n int, inverse bool) []conditioning {
	out := make([]conditioning, len(b.steps))
	conditioners := b.conditioners(x, n)
	for i, s := range b.steps {
		b.enter(s, "conditioning")
		n := conditioners(s)
		act := n.act
		c := conditioning{conv: b.matrix(s).Build(n.inv, inverse), features: n.features, prior: n.prior}
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

// netOutputs are the raw outputs of a step's networks on x.
type netOutputs struct {
	act, inv        *gorgonia.Node // [n,.]
	features, prior *gorgonia.Node // [n,.,H,W]; nil where there is no such network
}

// conditioners returns the function that gives a step the outputs of its
// networks. Without x the vectors are learnt rows, the same for every example.
func (b *builder) conditioners(x *gorgonia.Node, n int) func(s step) netOutputs {
	switch {
	case x == nil:
		return func(s step) netOutputs {
			return netOutputs{act: op.Repeat(b.param(s.prefix+"act.raw"), n), inv: op.Repeat(b.param(s.prefix+"inv.raw"), n)}
		}
	case b.cfg.Trunk > 0:
		return b.sharedTrunk(x)
	}
	return b.bank(x)
}

// sharedTrunk builds the trunk; every step adds its heads.
func (b *builder) sharedTrunk(x *gorgonia.Node) func(s step) netOutputs {
	b.scope.enter(b.g, "trunk")
	maps, vector := b.cfg.trunk().Apply(b.param, "trunk.", x)
	return func(s step) netOutputs {
		out := netOutputs{
			act:      s.actHead.Apply(b.param, s.prefix+"act.", vector),
			inv:      s.invHead.Apply(b.param, s.prefix+"inv.", vector),
			features: s.mapHead.Apply(b.param, s.prefix+"cn.", maps[s.level]),
		}
		if b.cfg.CondPrior && s.last {
			out.prior = s.mapHead.Apply(b.param, s.priorName+".cn.", maps[s.level])
		}
		return out
	}
}

// bank builds the networks of all steps as one op: they read the same x.
func (b *builder) bank(x *gorgonia.Node) func(s step) netOutputs {
	var nets [][]op.Layer
	for _, s := range b.steps {
		nets = append(nets, s.act.Layers(b.param, s.prefix+"act."), s.inv.Layers(b.param, s.prefix+"inv."),
			s.cn.Layers(b.param, s.prefix+"cn."))
		if b.cfg.CondPrior && s.last {
			nets = append(nets, s.cn.Layers(b.param, s.priorName+".cn."))
		}
	}
	for _, net := range nets {
		for l := range net {
			net[l].Factored = b.factored && net[l].W.Dims() == 2
		}
	}
	b.scope.enter(b.g, "conditioning networks")
	results := op.NetBank(x, nets...)
	next := func() *gorgonia.Node {
		n := results[0]
		results = results[1:]
		return n
	}
	return func(s step) netOutputs { // called in the order of the steps
		out := netOutputs{act: next(), inv: next(), features: next()}
		if b.cfg.CondPrior && s.last {
			out.prior = next()
		}
		if b.cfg.Tanh {
			out.act = op.Tanh(out.act)
		}
		return out
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

// couplingNet builds the network of a step's coupling for its first half v1.
func (b *builder) couplingNet(s step, c conditioning, v1 *gorgonia.Node) (raw *gorgonia.Node) {
	h := v1
	if c.features != nil {
		h = op.Concat(c.features, v1) // features first, as in the published layout
	}
	nn := s.nn.Apply(b.param, s.prefix+"nn.", h)
	b.note(s, "nn_h0", nn.H0)
	b.note(s, "nn_h1", nn.H1)
	b.note(s, "nn_raw", nn.Raw)
	return nn.Raw
}

// affine is the form of the couplings.
func (b *builder) affine() flow.Affine {
	return flow.Affine{Sigmoid: b.cfg.Form == Paper, Tanh: b.cfg.Tanh, Bound: b.cfg.ScaleBound, BiasFirst: b.cfg.BiasFirst}
}

// splitPrior returns mean and log-scale of the half that leaves after a level.
func (b *builder) splitPrior(s step, c conditioning, z1 *gorgonia.Node) (mean, logs *gorgonia.Node) {
	if c.prior != nil {
		z1 = op.Concat(c.prior, z1)
	}
	return b.gaussian(s.prior.Apply(b.param, s.priorName, z1))
}

// gaussian reads mean (even channels) and log-scale (odd channels) from a
// prior's convolution.
func (b *builder) gaussian(r *gorgonia.Node) (mean, logs *gorgonia.Node) {
	if b.cfg.Tanh {
		r = op.Tanh(r)
	}
	c := r.Shape()[1]
	mean, logs = op.Channels(r, 0, c, 2), op.Channels(r, 1, c, 2)
	if b.cfg.Form == Live {
		logs = flow.SoftClip(logs, b.cfg.NormBound)
	}
	return mean, logs
}

// topPrior returns mean and log-scale of the top latent; nil for the standard
// normal.
func (b *builder) topPrior(c conditioning, n int) (mean, logs *gorgonia.Node) {
	s := b.steps[len(b.steps)-1]
	switch {
	case c.prior != nil:
		return b.gaussian(s.prior.Apply(b.param, s.priorName, c.prior))
	case !b.cfg.LearnTop:
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

// firstOfLevel reports whether step i begins its level.
func (b *builder) firstOfLevel(i int) bool {
	return i == 0 || b.steps[i-1].level != b.steps[i].level
}

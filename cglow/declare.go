package cglow

import (
	"fmt"

	"glownotes/cglow/condnet"
	"glownotes/cglow/flow"
)

// step names one flow step and holds the networks that belong to it. Names are
// lL.sK. with level and step from 0, the naming of the published layout that
// ImportAuthors documents.
type step struct {
	level, index int
	c, h, w      int // activations [N,c,h,w]
	prefix       string
	act, inv     condnet.Vector
	cn           condnet.Features
	nn           condnet.Coupling
	features     int           // channels of features that the coupling sees
	last         bool          // the level ends with this step
	prior        condnet.Prior // of the half that leaves after a level's last step, or of the top
	priorName    string
	// with a trunk, in place of act, inv and cn:
	actHead, invHead condnet.Head
	mapHead          condnet.MapHead
}

// starts returns how the layers of the vector networks and of the feature
// network start.
//
// NOTE(paper): the paper starts all layers at zero, which makes W = 0 and the
// likelihood infinite; Paper follows the released code: resizing convolutions
// at zero, 3x3 ones normal(0, 0.1), all with PyTorch's default bias, hidden
// fully connected layers at zero, the last layer of the 1x1 network normal(0,
// 0.1). Live starts hidden layers He-initialised, so that they
// receive gradient.
func (c Config) starts() (act, inv, cn condnet.Start) {
	if c.Form == Live {
		he := condnet.Start{ConvWeight: condnet.He, ResizeWeight: condnet.He, HiddenWeight: condnet.He}
		return he, he, he
	}
	zero := condnet.Start{ConvWeight: condnet.TenthNormal, ConvBias: condnet.FanUniform}
	normal := zero
	normal.LastWeight, normal.LastBias = condnet.TenthNormal, condnet.TenthNormal
	return zero, normal, zero
}

// steps returns every flow step in the order of the forward direction.
func (c Config) steps() []step {
	var out []step
	act, inv, cn := c.starts()
	for l, s := range c.LevelShapes() {
		for k := range c.Steps {
			st := step{level: l, index: k, c: s.C, h: s.H, w: s.W, prefix: fmt.Sprintf("l%d.s%d.", l, k), features: c.features(s.C)}
			v := condnet.Vector{InC: c.X.C, InH: c.X.H, InW: c.X.W, Channels: c.CondChannels, Width: c.CondWidth}
			st.act, st.inv = v, v
			st.act.Out, st.act.Start = 2*s.C, act
			st.inv.Out, st.inv.Start, st.inv.LastBias = c.matrixLen(s.C), inv, c.matrixStart(s.C)
			st.cn = condnet.Features{InC: c.X.C, InH: c.X.H, InW: c.X.W, Channels: c.FeatureChannels,
				Out: st.features, OutH: s.H, OutW: s.W, Start: cn}
			st.nn = condnet.Coupling{In: st.features + s.C/2, Hidden: c.CouplingWidth, Out: s.C, Hiddens: condnet.SmallNormal, Norms: condnet.SmallNormal}
			if c.Form == Live {
				st.nn.Hiddens, st.nn.Norms = condnet.He, condnet.Zero
			}
			st.setPrior(c, k)
			st.shareTrunk(c)
			out = append(out, st)
		}
	}
	return out
}

// features returns the channels of features on x that the coupling sees at a
// level of n channels.
func (c Config) features(n int) int {
	switch {
	case !c.Conditional():
		return 0
	case c.FeatureOut > 0:
		return c.FeatureOut
	}
	return n / 2
}

// trunk returns the shared network; only with Trunk > 0.
func (c Config) trunk() condnet.Trunk {
	act, _, _ := c.starts()
	t := condnet.Trunk{InC: c.X.C, InH: c.X.H, InW: c.X.W, Channels: c.Trunk, Width: c.CondWidth, Start: act}
	for _, s := range c.LevelShapes() {
		t.Sizes = append(t.Sizes, [2]int{s.H, s.W})
	}
	return t
}

// shareTrunk sets the heads that a step keeps when it shares a trunk.
func (s *step) shareTrunk(c Config) {
	s.actHead = condnet.Head{Width: c.CondWidth, Out: s.act.Out, Start: s.act.Start}
	s.invHead = condnet.Head{Width: c.CondWidth, Out: s.inv.Out, Start: s.inv.Start, LastBias: s.inv.LastBias}
	s.mapHead = condnet.MapHead{In: c.trunk().MapChannels(s.level), Out: s.features, Start: s.cn.Start}
}

// setPrior sets the prior that a level's last step is followed by: the split
// prior, or with CondPrior the top prior.
func (s *step) setPrior(c Config, k int) {
	s.last = k == c.Steps-1
	top := s.level == c.Levels-1
	if !s.last || top && !c.CondPrior {
		return
	}
	s.priorName, s.prior = fmt.Sprintf("l%d.split", s.level), condnet.Prior{In: s.c / 2, Out: s.c}
	if top {
		s.priorName, s.prior = "top", condnet.Prior{Out: 2 * s.c}
	}
	if c.CondPrior {
		s.prior.In += s.features
	}
	if c.Form == Paper {
		_, _, s.prior.Start = c.starts()
	}
}

// priorParams declares the prior and, with CondPrior, its network on x.
func (s step) priorParams(c Config) []condnet.Param {
	var out []condnet.Param
	if c.CondPrior && c.Trunk > 0 {
		out = s.mapHead.Params(s.priorName + ".cn.")
	} else if c.CondPrior {
		out = s.cn.Params(s.priorName + ".cn.")
	}
	return append(out, s.prior.Params(s.priorName)...)
}

// conditioners declares a step's networks on x, or what stands for them.
func (s step) conditioners(c Config) []condnet.Param {
	switch {
	case !c.Conditional():
		return s.freeParams()
	case c.Trunk > 0:
		out := append(s.actHead.Params(s.prefix+"act."), s.invHead.Params(s.prefix+"inv.")...)
		return append(out, s.mapHead.Params(s.prefix+"cn.")...)
	}
	out := append(s.act.Params(s.prefix+"act."), s.inv.Params(s.prefix+"inv.")...)
	return append(out, s.cn.Params(s.prefix+"cn.")...)
}

// matrixLen returns the length of the 1x1 network's output for c channels.
func (c Config) matrixLen(n int) int {
	switch c.InvConv {
	case Householder:
		return flow.HouseholderMatrix{C: n, K: c.Reflections}.Len()
	case LU:
		return flow.LUMatrix{C: n}.Len()
	case Cayley:
		return flow.CayleyMatrix{C: n}.Len()
	}
	return flow.RawMatrix{C: n}.Len()
}

// matrixStart returns the start of the 1x1 network's last bias, nil for the
// form's general rule. Householder vectors start in equal pairs: a zero vector
// would have no gradient, and two equal reflections are the identity. LU and
// Cayley start at zero, which is the identity with a gradient. A raw matrix in
// the live form starts as a random rotation.
func (c Config) matrixStart(n int) *condnet.Param {
	switch {
	case c.InvConv == Householder:
		return &condnet.Param{Init: condnet.Pairs, Rows: c.Reflections, Row: n}
	case c.InvConv == Raw && c.Form == Live:
		return &condnet.Param{Init: condnet.Orthogonal, Rows: n, Row: n}
	}
	return nil
}

// declare returns every parameter of the model in its fixed order: steps in
// forward order, each level's split prior after its steps, then the noise's flow
// and the top prior.
func (c Config) declare() []condnet.Param {
	var out []condnet.Param
	if c.Trunk > 0 {
		out = c.trunk().Params("trunk.")
	}
	for _, s := range c.steps() {
		out = append(out, s.conditioners(c)...)
		out = append(out, s.nn.Params(s.prefix+"nn.")...)
		if c.Form == Live && c.InvConv != Raw {
			out = append(out, condnet.Param{Name: s.prefix + "inv.w0", Shape: []int{s.c, s.c}, Init: condnet.Orthogonal, Rows: s.c, Row: s.c, Fixed: true})
		}
		if c.LearnBase {
			out = append(out, condnet.Param{Name: s.prefix + "inv.base", Shape: []int{1, c.Reflections, s.c}, Init: condnet.Pairs, Rows: c.Reflections, Row: s.c})
		}
		if s.priorName != "" {
			out = append(out, s.priorParams(c)...)
		}
	}
	if c.Dequant == VariationalDequant {
		out = append(out, c.dequant().Params("dequant.")...)
	}
	if c.LearnTop {
		top := c.LevelShapes()[c.Levels-1]
		dims := []int{top.C, top.H, top.W}
		out = append(out, condnet.Param{Name: "top.mean", Shape: dims}, condnet.Param{Name: "top.logs", Shape: dims})
	}
	return out
}

// freeParams declares what takes the place of the vector networks in a flow
// without x: their output itself, one row, learnt.
func (s step) freeParams() []condnet.Param {
	act := condnet.Param{Name: s.prefix + "act.raw", Shape: []int{1, s.act.Out}}
	inv := condnet.Param{Name: s.prefix + "inv.raw", Shape: []int{1, s.inv.Out}, Init: s.inv.Start.LastBias}
	if b := s.inv.LastBias; b != nil {
		inv.Init, inv.Rows, inv.Row = b.Init, b.Rows, b.Row
	}
	return []condnet.Param{act, inv}
}

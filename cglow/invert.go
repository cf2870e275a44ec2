package cglow

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/op"
)

// inverter computes loss and gradients without keeping activations: on the way
// back every step's input is computed from its output by the inverse, then the
// step runs forward again for its own gradient (Gomez et al., "The reversible
// residual network", 2017). The steps of a level share their programs, whose
// parameters are bound anew for each, so that memory does not grow with K. A
// training step costs two more forward passes.
type inverter struct {
	m       *Model
	n       int
	target  *targetProgram
	levels  []levelPrograms
	priors  []*priorProgram // one per level, the top last
	grads   *store          // gradients, in the parameters' layout
	values  []gorgonia.ValueGrad
	weight  float64 // d loss / d log p of one example
	maxTrip float64 // round-trip error of the last run
}

// levelPrograms are what the steps of one level share.
type levelPrograms struct{ forward, inverse, backward *stepProgram }

// stepProgram is a compiled part of one step whose parameters can be bound to
// any step of the level.
type stepProgram struct {
	prefix  string                    // of the step that the graph was built for
	params  map[string]*gorgonia.Node // by name without the step's prefix
	x, in   *gorgonia.Node            // the images; v or u
	g       *gorgonia.Node            // backward: gradient of u
	out     *gorgonia.Node            // u, v, or the gradient of v
	det     *gorgonia.Node            // forward: log-determinant [n]
	grads   map[string]*gorgonia.Node // backward: of params
	outputs []*gorgonia.Node
	vm      *machine
}

// newInverter compiles the programs for batches of n.
func (m *Model) newInverter(n int) (v *inverter, err error) {
	defer op.Catch(&err)
	if m.cfg.Trunk > 0 {
		return nil, &ConfigError{"Trunk", "shares activations between steps, which training by inversion cannot recompute step by step"}
	}
	v = &inverter{m: m, n: n, weight: -1 / (float64(n*m.cfg.Target().Len()) * math.Ln2), grads: newStore(m.cfg.declare(), m.store.dtype)}
	for _, s := range m.steps {
		if s.index > 0 {
			continue
		}
		var l levelPrograms
		if l.forward, err = v.stepProgram(s, "forward"); err != nil {
			return nil, err
		}
		if l.inverse, err = v.stepProgram(s, "inverse"); err != nil {
			return nil, err
		}
		if l.backward, err = v.stepProgram(s, "backward"); err != nil {
			return nil, err
		}
		v.levels = append(v.levels, l)
	}
	for _, s := range m.steps {
		if s.last {
			p, err := v.priorProgram(s)
			if err != nil {
				return nil, err
			}
			v.priors = append(v.priors, p)
		}
	}
	if v.target, err = v.targetProgram(); err != nil {
		return nil, err
	}
	for _, p := range m.store.list {
		if !p.Fixed {
			v.values = append(v.values, boundGrad{p.dense, v.grads.byName[p.Name].dense})
		}
	}
	return v, nil
}

// boundGrad is a parameter with a gradient that lives elsewhere.
type boundGrad struct{ w, g *tensor.Dense }

func (b boundGrad) Value() gorgonia.Value         { return b.w }
func (b boundGrad) Grad() (gorgonia.Value, error) { return b.g, nil }

// stepProgram compiles one direction of the steps of s's level.
func (v *inverter) stepProgram(s step, kind string) (*stepProgram, error) {
	s.last, s.priorName = false, "" // the prior has a program of its own
	b := v.m.builder()
	b.steps, b.rebinds = []step{s}, true
	p := &stepProgram{prefix: s.prefix, x: b.images("x", v.m.cfg.X, v.n), in: b.input("in", v.n, s.c, s.h, s.w), params: map[string]*gorgonia.Node{}}
	c := b.condition(p.x, v.n, kind == "inverse")[0]
	switch kind {
	case "inverse":
		p.out = b.stepInverse(s, c, p.in)
		p.outputs = []*gorgonia.Node{p.out}
	case "forward":
		u, det := b.stepForward(s, c, p.in)
		p.out, p.det = u, op.Add(det...)
		p.outputs = []*gorgonia.Node{p.out, p.det}
	case "backward":
		u, det := b.stepForward(s, c, p.in)
		p.g = b.input("g", v.n, s.c, s.h, s.w)
		sum := op.Add(op.SumPerExample(op.Mul(u, p.g)), op.Scale(op.Add(det...), v.weight))
		if err := p.differentiate(b, sum, v.n, s.prefix); err != nil {
			return nil, err
		}
	}
	p.collect(b, s.prefix)
	var err error
	p.vm, err = b.compile("training by inversion, "+kind, p.outputs...)
	return p, err
}

// collect notes the parameters that the graph uses.
func (p *stepProgram) collect(b *builder, prefix string) {
	for name, node := range b.nodes {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			p.params[rest] = node
		}
	}
}

// differentiate adds the gradients of the sum over the examples of s [n] with
// respect to the input and to every parameter that is not fixed.
func (p *stepProgram) differentiate(b *builder, s *gorgonia.Node, n int, prefix string) error {
	p.grads = map[string]*gorgonia.Node{}
	wrt := []*gorgonia.Node{p.in}
	var names []string
	for _, q := range b.store.list { // in a fixed order
		if node := b.nodes[q.Name]; node != nil && !q.Fixed {
			wrt, names = append(wrt, node), append(names, strings.TrimPrefix(q.Name, prefix))
		}
	}
	grads, err := ad.Grad(op.Scale(op.Mean(s), float64(n)), wrt...)
	if err != nil {
		return err
	}
	p.out = grads[0]
	for i, name := range names {
		p.grads[name] = grads[i+1]
	}
	p.outputs = append(p.outputs, grads...)
	return nil
}

// run binds the parameters of a step and runs the program.
func (p *stepProgram) run(v *inverter, prefix string, in, g []float64) error {
	for name, node := range p.params {
		if err := gorgonia.UnsafeLet(node, v.m.store.byName[prefix+name].dense); err != nil {
			return fmt.Errorf("cglow: binding %s%s: %w", prefix, name, err)
		}
	}
	write(p.in, in)
	if p.g != nil {
		write(p.g, g)
	}
	if err := p.vm.run(); err != nil {
		var e *LayerError
		if errors.As(err, &e) { // the graph carries the names of the step it was built for
			e.Layer = prefix + strings.TrimPrefix(e.Layer, p.prefix)
		}
		return err
	}
	for name, grad := range p.grads {
		v.grads.keep(prefix+name, grad)
	}
	return nil
}

// keep copies a gradient to its place.
func (s *store) keep(name string, grad *gorgonia.Node) {
	p := s.byName[name]
	if s.dtype == tensor.Float64 {
		copy(s.f64[p.offset:p.offset+p.size], grad.Value().Data().([]float64))
		return
	}
	copy(s.f32[p.offset:p.offset+p.size], grad.Value().Data().([]float32))
}

// priorProgram is the prior behind a level: the log-density of what leaves, and
// gradients.
type priorProgram struct {
	stepProgram
	logp *gorgonia.Node // [n]
}

// priorProgram compiles the prior behind s's level. Its input is the level's
// whole output; g is the gradient of the half that goes on (not for the top).
func (v *inverter) priorProgram(s step) (*priorProgram, error) {
	b := v.m.builder()
	b.steps = []step{s}
	p := &priorProgram{stepProgram: stepProgram{x: b.images("x", v.m.cfg.X, v.n), in: b.input("in", v.n, s.c, s.h, s.w)}}
	var c conditioning
	if v.m.cfg.CondPrior {
		c = b.condition(p.x, v.n, false)[0]
		for name := range b.nodes { // the step's own networks are not wanted here
			if strings.HasPrefix(name, s.prefix) {
				delete(b.nodes, name)
			}
		}
	}
	var sum *gorgonia.Node
	if s.level == v.m.cfg.Levels-1 {
		p.logp = b.logTop(c, p.in)
		sum = op.Scale(p.logp, v.weight)
	} else {
		z1, logp, _ := b.split(s, c, p.in)
		p.logp = logp
		p.g = b.input("g", v.n, s.c/2, s.h, s.w)
		sum = op.Add(op.SumPerExample(op.Mul(z1, p.g)), op.Scale(logp, v.weight))
	}
	p.outputs = []*gorgonia.Node{p.logp}
	if err := p.differentiate(b, sum, v.n, ""); err != nil {
		return nil, err
	}
	var err error
	p.vm, err = b.compile("training by inversion, prior", p.outputs...)
	return p, err
}

// targetProgram is the dequantization, with gradients when it is variational.
type targetProgram struct {
	stepProgram
	t target
}

func (v *inverter) targetProgram() (*targetProgram, error) {
	b := v.m.builder()
	p := &targetProgram{stepProgram: stepProgram{x: b.images("x", v.m.cfg.X, v.n)}}
	p.t = b.target(p.x, v.n)
	if p.t.logq == nil {
		return p, nil
	}
	shape := v.m.cfg.Target()
	p.g = b.input("g", v.n, shape.C, shape.H, shape.W)
	p.in = p.t.eps // any input that the sum depends on
	sum := op.Sub(op.SumPerExample(op.Mul(p.t.v, p.g)), op.Scale(p.t.logq, v.weight))
	p.outputs = []*gorgonia.Node{p.t.v, p.t.logq}
	if err := p.differentiate(b, sum, v.n, ""); err != nil {
		return nil, err
	}
	var err error
	p.vm, err = b.compile("training by inversion, dequantization", p.outputs...)
	return p, err
}

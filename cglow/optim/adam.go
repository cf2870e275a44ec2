package optim

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
)

// Config holds Adam's settings.
type Config struct {
	LearnRate float64
	Beta1     float64
	Beta2     float64 // paper: 0.999 (the released code sets 0.9999)
	Epsilon   float64
	ClipValue float64 // gradients are limited to ±ClipValue; 0: not. The released code: 5
	ClipNorm  float64 // then scaled so that their global norm is at most ClipNorm; 0: not
	Schedule  Schedule
}

// Defaults returns the paper's settings: learning rate 2e-4, betas 0.9 and
// 0.999, and the released code's clipping by value 5.
func Defaults() Config {
	return Config{LearnRate: 2e-4, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, ClipValue: 5, Schedule: Constant()}
}

// Validate returns an error that names the wrong field.
func (c Config) Validate() error {
	unit := func(v float64) bool { return v >= 0 && v < 1 }
	for _, r := range []struct {
		ok    bool
		field string
		value float64
		want  string
	}{
		{c.LearnRate > 0 && !math.IsInf(c.LearnRate, 0), "LearnRate", c.LearnRate, "positive and finite"},
		{unit(c.Beta1), "Beta1", c.Beta1, "in [0,1)"},
		{unit(c.Beta2), "Beta2", c.Beta2, "in [0,1)"},
		{c.Epsilon > 0, "Epsilon", c.Epsilon, "positive"},
		{c.ClipValue >= 0, "ClipValue", c.ClipValue, "0 (off) or positive"},
		{c.ClipNorm >= 0, "ClipNorm", c.ClipNorm, "0 (off) or positive"},
	} {
		if !r.ok {
			return fmt.Errorf("optim: config field %s: is %v, must be %s", r.field, r.value, r.want)
		}
	}
	return c.Schedule.Validate()
}

// State is all that Adam carries from step to step, flat over the parameters
// in their order; one precision is in use.
type State struct {
	Step     int
	M32, V32 []float32
	M64, V64 []float64
}

// Adam is a gorgonia.Solver. With g the clipped gradient, t the step and a the
// scheduled learning rate,
//
//	m = b1 m + (1-b1) g,   v = b2 v + (1-b2) g^2,
//	w -= a / (1-b1^t) m / (sqrt(v)/sqrt(1-b2^t) + eps).
//
// Gradients are read, never written. It is not safe for concurrent use.
type Adam struct {
	cfg   Config
	state State
	norm  float64
}

// NewAdam returns an optimizer with empty state.
func NewAdam(cfg Config) (*Adam, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Adam{cfg: cfg}, nil
}

// Config returns the settings.
func (a *Adam) Config() Config { return a.cfg }

// State returns the state itself, not a copy: valid until the next Step.
func (a *Adam) State() *State { return &a.state }

// SetState replaces the state; Step then checks its sizes.
func (a *Adam) SetState(s State) { a.state = s }

// Steps returns the number of steps taken.
func (a *Adam) Steps() int { return a.state.Step }

// LearnRate returns the learning rate of the next step.
func (a *Adam) LearnRate() float64 {
	return a.cfg.LearnRate * a.cfg.Schedule.Factor(a.state.Step+1)
}

// GradNorm returns the global norm of the last step's gradients, after
// clipping by value and before clipping by norm; NaN when it was not needed
// (ClipNorm 0).
func (a *Adam) GradNorm() float64 { return a.norm }

// Outer is a gorgonia.ValueGrad of a matrix [out,in] whose gradient is there as
// factors [N,out+in]: the sum over N rows of the outer product of a row's two
// parts (op.Outer). Adam makes it a piece at a time, in the first-level cache,
// and does not call Grad.
type Outer interface {
	gorgonia.ValueGrad
	Factors() (gorgonia.Value, error)
}

// Step updates every parameter from its gradient. The parameters must be the
// same, in the same order, at every step. They must all be of one precision;
// those with factors are float32.
func (a *Adam) Step(model []gorgonia.ValueGrad) error {
	ps, err := collect(model)
	if err != nil {
		return err
	}
	if err := a.room(ps); err != nil {
		return err
	}
	a.norm = math.NaN()
	scale := 1.0
	if a.cfg.ClipNorm > 0 {
		a.norm = globalNorm(ps, a.cfg.ClipValue)
		if a.norm > a.cfg.ClipNorm {
			scale = a.cfg.ClipNorm / a.norm
		}
	}
	u := a.next(scale)
	parts := a.parts(ps)
	cpu.Parallel(len(parts), func(i int) {
		switch p := parts[i]; {
		case p.w64 != nil:
			step64(p.w64, p.g64, p.m64, p.v64, u)
		case p.outer.F != nil:
			u.kernel().ApplyOuter(p.w32, p.m32, p.v32, p.outer, p.from)
		default:
			u.kernel().Apply(p.w32, p.g32, p.m32, p.v32)
		}
	})
	return nil
}

// part is a run of values that one goroutine updates.
type part struct {
	pair
	m32, v32 []float32
	m64, v64 []float64
}

// partSize is the length of a part: some tens of microseconds of work, enough
// parts for many cores. Results do not depend on it.
const partSize = 1 << 16

// parts cuts the parameters and their moments into parts.
func (a *Adam) parts(ps []pair) []part {
	var out []part
	at := 0
	for _, p := range ps {
		n := p.len()
		for from := 0; from < n; from += partSize {
			to := min(n, from+partSize)
			q := part{pair: p.slice(from, to)}
			if p.w64 != nil {
				q.m64, q.v64 = a.state.M64[at+from:at+to], a.state.V64[at+from:at+to]
			} else {
				q.m32, q.v32 = a.state.M32[at+from:at+to], a.state.V32[at+from:at+to]
			}
			out = append(out, q)
		}
		at += n
	}
	return out
}

// slice returns the values from..to-1 of a pair.
func (p pair) slice(from, to int) pair {
	switch {
	case p.w64 != nil:
		return pair{w64: p.w64[from:to], g64: p.g64[from:to]}
	case p.outer.F != nil:
		return pair{w32: p.w32[from:to], outer: p.outer, from: p.from + from}
	}
	return pair{w32: p.w32[from:to], g32: p.g32[from:to]}
}

// next counts the step and returns its constants.
func (a *Adam) next(scale float64) update {
	rate := a.LearnRate()
	a.state.Step++
	t := float64(a.state.Step)
	return update{
		beta1: a.cfg.Beta1, beta2: a.cfg.Beta2, eps: a.cfg.Epsilon,
		step: a.state.Step, learnRate: rate,
		rate:  rate / (1 - math.Pow(a.cfg.Beta1, t)),
		root:  math.Sqrt(1 - math.Pow(a.cfg.Beta2, t)),
		clip:  a.cfg.ClipValue,
		scale: scale,
	}
}

// room allocates the moments at the first step and checks their size later.
func (a *Adam) room(ps []pair) error {
	n, wide := 0, false
	for _, p := range ps {
		n += p.len()
		wide = wide || p.w64 != nil
	}
	s := &a.state
	if s.Step == 0 && s.M32 == nil && s.M64 == nil {
		if wide {
			s.M64, s.V64 = cpu.Alloc[float64](n), cpu.Alloc[float64](n)
		} else {
			s.M32, s.V32 = cpu.Alloc[float32](n), cpu.Alloc[float32](n)
		}
	}
	m, v := len(s.M32), len(s.V32)
	if wide {
		m, v = len(s.M64), len(s.V64)
	}
	if m != n || v != n {
		return fmt.Errorf("optim: state of %d and %d values for %d parameters", m, v, n)
	}
	return nil
}

// pair is a parameter and its gradient in one precision, or the gradient's
// factors and where in it the values begin.
type pair struct {
	w32, g32 []float32
	w64, g64 []float64
	outer    cpu.Outer
	from     int
}

func (p pair) len() int { return len(p.w32) + len(p.w64) }

// collect returns the raw slices behind the parameters.
func collect(model []gorgonia.ValueGrad) ([]pair, error) {
	out := make([]pair, len(model))
	for i, m := range model {
		grad := m.Grad
		o, factored := m.(Outer)
		if factored {
			grad = o.Factors
		}
		g, err := grad()
		if err != nil {
			return nil, fmt.Errorf("optim: parameter %d: no gradient: %w", i, err)
		}
		w, ok1 := m.Value().(*tensor.Dense)
		d, ok2 := g.(*tensor.Dense)
		switch {
		case !ok1 || !ok2:
			return nil, fmt.Errorf("optim: parameter %d: value is %T and gradient %T, both must be *tensor.Dense", i, m.Value(), g)
		case factored:
			if out[i].w32, out[i].outer, err = factors(w, d); err != nil {
				return nil, fmt.Errorf("optim: parameter %d: %w", i, err)
			}
		case w.Dtype() != d.Dtype() || w.DataSize() != d.DataSize():
			return nil, fmt.Errorf("optim: parameter %d: value %v %v, gradient %v %v", i, w.Dtype(), w.Shape(), d.Dtype(), d.Shape())
		case w.Dtype() == tensor.Float32:
			out[i] = pair{w32: w.Float32s(), g32: d.Float32s()}
		case w.Dtype() == tensor.Float64:
			out[i] = pair{w64: w.Float64s(), g64: d.Float64s()}
		default:
			return nil, fmt.Errorf("optim: parameter %d: type %v, must be float32 or float64", i, w.Dtype())
		}
		if i > 0 && (out[i].w64 == nil) != (out[0].w64 == nil) {
			return nil, fmt.Errorf("optim: parameter %d: precision differs from parameter 0", i)
		}
	}
	return out, nil
}

// globalNorm returns the Euclidean norm of all gradients, each limited to
// ±clip first (0: not), summed in float64 in the parameters' order.
func globalNorm(ps []pair, clip float64) float64 {
	sum := 0.0
	for _, p := range ps {
		if p.outer.F != nil {
			p.outer.Each(0, len(p.w32), func(_ int, g []float32) { sum += squares(g, clip) })
			continue
		}
		sum += squares(p.g32, clip)
		for _, g := range p.g64 {
			v := limit(g, clip)
			sum += v * v
		}
	}
	return math.Sqrt(sum)
}

// squares returns the sum of the squares of g, each value limited to ±clip first (0: not).
func squares(g []float32, clip float64) float64 {
	if clip == 0 {
		return cpu.Dot(g, g)
	}
	sum := 0.0
	for _, x := range g {
		v := limit(float64(x), clip)
		sum += v * v
	}
	return sum
}

// limit returns v limited to ±clip; clip 0 leaves it.
func limit(v, clip float64) float64 {
	if clip == 0 {
		return v
	}
	return max(-clip, min(clip, v))
}

// A Plan holds the numbers of the next step, for an optimizer that keeps weights and moments in
// memory of its own and follows Adam's formula: rate = a / (1 - b1^t), root = sqrt(1 - b2^t).
type Plan struct{ Rate, Root, Beta1, Beta2, Epsilon, ClipValue, ClipNorm float64 }

// Plan returns the numbers of the next step without counting it.
func (a *Adam) Plan() Plan {
	t := float64(a.state.Step + 1)
	return Plan{Rate: a.LearnRate() / (1 - math.Pow(a.cfg.Beta1, t)), Root: math.Sqrt(1 - math.Pow(a.cfg.Beta2, t)),
		Beta1: a.cfg.Beta1, Beta2: a.cfg.Beta2, Epsilon: a.cfg.Epsilon, ClipValue: a.cfg.ClipValue, ClipNorm: a.cfg.ClipNorm}
}

// Count counts a step that was taken by [Adam.Plan] elsewhere; norm is what GradNorm then returns.
func (a *Adam) Count(norm float64) {
	a.state.Step++
	if a.norm = norm; a.cfg.ClipNorm == 0 {
		a.norm = math.NaN()
	}
}

// Moments returns the moments of n float32 parameters, made when there are none.
func (a *Adam) Moments(n int) (m, v []float32) {
	if a.state.M32 == nil {
		a.state.M32, a.state.V32 = cpu.Alloc[float32](n), cpu.Alloc[float32](n)
	}
	return a.state.M32, a.state.V32
}

package cglow

import (
	"math"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/data"
)

// Telemetry describes the state of every layer for a batch: what one looks at
// when training goes wrong.
type Telemetry struct {
	Step      int              `json:"step"`       // of the model's life
	RoundTrip float64          `json:"round_trip"` // largest |v - g(f(v))| over the batch
	Layers    []LayerTelemetry `json:"layers"`
}

// LayerTelemetry describes one flow step over a batch.
type LayerTelemetry struct {
	Layer string `json:"layer"` // l0.s0 ...
	// NormScale and CouplingScale are the least and the largest scale exp(log s)
	// of actnorm and of the coupling.
	NormScale     [2]float64 `json:"norm_scale"`
	CouplingScale [2]float64 `json:"coupling_scale"`
	// Condition is the largest condition number of W.
	Condition float64 `json:"condition"`
	// Spread is the largest difference of an entry of W between two examples: 0
	// where x does not reach W.
	Spread float64 `json:"spread"`
	// OutputStd is the standard deviation of the step's output.
	OutputStd float64 `json:"output_std"`
	// GradNorm is the norm of the last training step's gradient of the step's
	// parameters; absent without one.
	GradNorm *float64 `json:"grad_norm,omitempty"`
}

// telemetryProgram is the forward direction with the nodes that telemetry reads.
type telemetryProgram struct {
	b  *builder
	x  *gorgonia.Node
	y  target
	vm *machine
}

// telemetryNodes are the recorded nodes of a step that telemetry reads.
var telemetryNodes = []string{"act_logs", "W", "scale", "out"}

func (m *Model) telemetryProgram(n int) (*telemetryProgram, error) {
	return cached(m, "telemetry", n, func() (*telemetryProgram, error) {
		b := m.builder()
		p := &telemetryProgram{b: b, x: b.images("x", m.cfg.X, n)}
		p.y = b.target(p.x, n)
		b.encode(b.condition(p.x, n, false), p.y.v)
		var outs []*gorgonia.Node
		for _, s := range m.steps {
			for _, name := range telemetryNodes {
				outs = append(outs, b.record[s.prefix+name])
			}
		}
		var err error
		p.vm, err = b.compile("telemetry", outs...)
		return p, err
	})
}

// Telemetry looks into the model for a batch of examples.
func (m *Model) Telemetry(x, y data.Images) (*Telemetry, error) {
	return m.telemetry(x, y, nil)
}

// Telemetry is Model.Telemetry with the gradient norms of the last step.
func (t *Trainer) Telemetry(x, y data.Images) (*Telemetry, error) {
	return t.m.telemetry(x, y, t.gradNorms())
}

// gradNorms returns the norm of the last step's gradient by layer, nil before
// the first step.
func (t *Trainer) gradNorms() map[string]float64 { return t.gradientNorms(layerOf) }

// GradNorms returns the norm of the last step's gradient of every trained
// parameter by its name, nil before the first step: exactly 0 where no gradient
// arrives.
func (t *Trainer) GradNorms() map[string]float64 {
	return t.gradientNorms(func(name string) string { return name })
}

// gradientNorms returns the norms of the gradients of groups of parameters.
func (t *Trainer) gradientNorms(group func(name string) string) map[string]float64 {
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	var model []gorgonia.ValueGrad
	switch {
	case !t.ran:
		return nil
	case t.inv != nil:
		model = t.inv.values
	case t.resident != nil:
		if err := t.graph.vm.vm.Fetch(t.resident.grads...); err != nil {
			return nil
		}
		model = t.graph.values
	default:
		model = t.graph.values
	}
	sums := map[string]float64{}
	i := 0
	for _, p := range t.m.store.list {
		if p.Fixed {
			continue
		}
		if g, err := model[i].Grad(); err == nil {
			sums[group(p.Name)] += squareSum(g.Data())
		}
		i++
	}
	for name, v := range sums {
		sums[name] = math.Sqrt(v)
	}
	return sums
}

// layerOf returns the step that a parameter belongs to: l0.s1 of l0.s1.nn.b.
func layerOf(name string) string {
	dots := 0
	for i, r := range name {
		if r == '.' {
			if dots++; dots == 2 {
				return name[:i]
			}
		}
	}
	return name
}

// squareSum returns the sum of squares of a []float32 or []float64.
func squareSum(v any) float64 {
	sum := 0.0
	switch v := v.(type) {
	case []float32:
		for _, x := range v {
			sum += float64(x) * float64(x)
		}
	case []float64:
		for _, x := range v {
			sum += x * x
		}
	}
	return sum
}

func (m *Model) telemetry(x, y data.Images, norms map[string]float64) (*Telemetry, error) {
	if err := m.checkPair(x, y); err != nil {
		return nil, err
	}
	trip, err := m.roundTrip(x, y)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.telemetryProgram(y.N)
	if err != nil {
		return nil, err
	}
	m.load(p.y, y, func(i int) int { return i }, func(i int) Key { return Key{Seed: m.seed, Stream: StreamEval, Layer: uint32(i)} })
	m.writeX(p.x, x, 0, y.N)
	if err := p.vm.run(); err != nil {
		return nil, err
	}
	out := &Telemetry{Step: m.trained, RoundTrip: trip}
	for _, s := range m.steps {
		get := func(name string) []float64 { return values(p.b.record[s.prefix+name]) }
		l := LayerTelemetry{Layer: layerOf(s.prefix)}
		low, high := extremes(get("act_logs"))
		l.NormScale = [2]float64{math.Exp(low), math.Exp(high)}
		l.CouplingScale[0], l.CouplingScale[1] = extremes(get("scale"))
		l.Condition, l.Spread = matrices(get("W"), s.c)
		_, l.OutputStd = channelMoments(get("out"), 1, 1, y.N*s.c*s.h*s.w, 0)
		if n, ok := norms[l.Layer]; ok {
			l.GradNorm = &n
		}
		out.Layers = append(out.Layers, l)
	}
	return out, nil
}

// extremes returns the least and the largest of v.
func extremes(v []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, x := range v {
		low, high = math.Min(low, x), math.Max(high, x)
	}
	return low, high
}

// matrices returns the largest condition number of n x n matrices and the
// largest difference of an entry from the first matrix's.
func matrices(w []float64, n int) (condition, spread float64) {
	for at := 0; at < len(w); at += n * n {
		one := w[at : at+n*n]
		condition = math.Max(condition, conditionNumber(one, n))
		for i, v := range one {
			spread = math.Max(spread, math.Abs(v-w[i]))
		}
	}
	return condition, spread
}

// jacobiSweeps is enough for convergence to rounding: it is quadratic, and
// matrices of 100 rows take less than ten.
const jacobiSweeps = 15

// conditionNumber is the ratio of the singular values of w [n,n], from the
// eigenvalues of w^T w by Jacobi rotations.
func conditionNumber(w []float64, n int) float64 {
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			for k := range n {
				a[i*n+j] += w[k*n+i] * w[k*n+j]
			}
		}
	}
	for range jacobiSweeps {
		for p := range n {
			for q := p + 1; q < n; q++ {
				jacobi(a, n, p, q)
			}
		}
	}
	low, high := math.Inf(1), 0.0
	for i := range n {
		low, high = math.Min(low, a[i*n+i]), math.Max(high, a[i*n+i])
	}
	return math.Sqrt(high / low)
}

// jacobi zeroes a[p,q] of a symmetric matrix by a rotation.
func jacobi(a []float64, n, p, q int) {
	if math.Abs(a[p*n+q]) < 1e-300 {
		return
	}
	theta := (a[q*n+q] - a[p*n+p]) / (2 * a[p*n+q])
	t := math.Copysign(1, theta) / (math.Abs(theta) + math.Sqrt(1+theta*theta))
	c := 1 / math.Sqrt(1+t*t)
	s := t * c
	for k := range n {
		u, v := a[k*n+p], a[k*n+q]
		a[k*n+p], a[k*n+q] = c*u-s*v, s*u+c*v
	}
	for k := range n {
		u, v := a[p*n+k], a[q*n+k]
		a[p*n+k], a[q*n+k] = c*u-s*v, s*u+c*v
	}
}

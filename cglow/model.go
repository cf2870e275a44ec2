package cglow

import (
	"fmt"
	"sync"

	"gorgonia.org/tensor"
)

// Model is a conditional flow p(y|x): its configuration and its parameters.
// Graphs are built per batch size when they are first needed and kept. Methods
// may be called from several goroutines; they run one after another.
type Model struct {
	cfg   Config
	seed  uint64
	steps []step
	store *store

	mu      sync.Mutex
	started bool // actnorm has had its data-dependent start (live)
	trained int  // training steps taken, skipped ones included
	graphs  map[graphKey]any
	device  *Device // nil: the CPU
}

// graphKey names a compiled graph.
type graphKey struct {
	kind string
	n    int
}

// New returns a model with initial parameters: a pure function of the
// configuration and the seed.
func New(cfg Config, seed uint64) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m := newModel(cfg)
	m.seed = seed
	m.store.initialize(seed)
	return m, nil
}

// newModel returns a model whose parameters are all zero.
func newModel(cfg Config) *Model {
	dtype := tensor.Float32
	if cfg.Precision == "float64" {
		dtype = tensor.Float64
	}
	m := &Model{cfg: cfg, steps: cfg.steps(), store: newStore(cfg.declare(), dtype), graphs: map[graphKey]any{}}
	m.store.mu = &m.mu
	return m
}

// Config returns the configuration.
func (m *Model) Config() Config { return m.cfg }

// Seed returns the seed of the initial parameters and of every stream of
// random numbers that is not given another one.
func (m *Model) Seed() uint64 { return m.seed }

// Trained returns the number of training steps that the model has seen.
func (m *Model) Trained() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.trained
}

// ParameterInfo describes one parameter.
type ParameterInfo struct {
	Name  string
	Shape []int
	Fixed bool // not trained
}

// Parameters lists the parameters in their fixed order.
func (m *Model) Parameters() []ParameterInfo {
	out := make([]ParameterInfo, len(m.store.list))
	for i, p := range m.store.list {
		out[i] = ParameterInfo{Name: p.Name, Shape: append([]int(nil), p.Shape...), Fixed: p.Fixed}
	}
	return out
}

// Parameter returns a copy of a parameter's values, row-major.
func (m *Model) Parameter(name string) ([]float64, error) {
	p := m.store.byName[name]
	if p == nil {
		return nil, fmt.Errorf("cglow: no parameter %q", name)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.store.get(p), nil
}

// SetParameter overwrites a parameter.
func (m *Model) SetParameter(name string, values []float64) error {
	p := m.store.byName[name]
	switch {
	case p == nil:
		return fmt.Errorf("cglow: no parameter %q", name)
	case len(values) != p.size:
		return fmt.Errorf("cglow: parameter %s: %d values, want %d %v", name, len(values), p.size, p.Shape)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store.set(p, values)
	return nil
}

// ParameterCount returns the number of trained values.
func (m *Model) ParameterCount() int {
	n := 0
	for _, p := range m.store.list {
		if !p.Fixed {
			n += p.size
		}
	}
	return n
}

// String describes the model in one line.
func (m *Model) String() string {
	c := m.cfg
	return fmt.Sprintf("c-Glow (%s, %s): x %v, y %v, L=%d, K=%d, n_c=%d, n_w=%d, coupling %d, %d parameters",
		c.Form, c.InvConv, c.X, c.Y, c.Levels, c.Steps, c.CondChannels, c.CondWidth, c.CouplingWidth, m.ParameterCount())
}

package baseline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"glownotes/cglow"
	"glownotes/cglow/data"
	"glownotes/cglow/optim"
)

// format marks this package's checkpoints.
const format = "glownotes baseline 1"

// state is what a checkpoint says beside its tensors.
type state struct {
	Config Config
	Seed   uint64
	Step   int // of training
	Train  TrainConfig
}

// Names of the tensors that are no parameters.
const (
	momentName, squareName, lossName = "adam.m", "adam.v", "loss"
)

// Save writes the network, whole or not at all.
func (n *Net) Save(path string) error { return n.save(path, TrainConfig{}, nil) }

// save writes the network and the state of a training run.
func (n *Net) save(path string, cfg TrainConfig, losses []float64) error {
	cfg.Checkpoint = "" // the run is the same wherever its files lie
	meta, err := json.Marshal(state{Config: n.cfg, Seed: n.seed, Step: len(losses), Train: cfg})
	if err != nil {
		return fmt.Errorf("baseline: %w", err)
	}
	t := cglow.Tensors{Metadata: map[string]string{"format": format, "state": string(meta)},
		Shapes: map[string][]int{}, Values: map[string][]float32{}}
	add := func(name string, v []float32, shape ...int) {
		t.Shapes[name], t.Values[name] = shape, v
	}
	for name, p := range n.params {
		add(name, p.Float32s(), p.Shape()...)
	}
	if len(losses) > 0 {
		s := n.adam.State()
		add(momentName, s.M32, len(s.M32))
		add(squareName, s.V32, len(s.V32))
		v := make([]float32, len(losses))
		for i, l := range losses {
			v[i] = float32(l)
		}
		add(lossName, v, len(v))
	}
	return t.Write(path)
}

// Load reads a network.
func Load(path string) (*Net, error) {
	n, _, _, err := load(path)
	return n, err
}

// load reads a network and the rest of its file.
func load(path string) (*Net, state, cglow.Tensors, error) {
	fail := func(field string, err error) (*Net, state, cglow.Tensors, error) {
		return nil, state{}, cglow.Tensors{}, &cglow.CheckpointError{File: path, Field: field, Err: err}
	}
	t, err := cglow.ReadTensors(path)
	if err != nil {
		return nil, state{}, t, err
	}
	if got := t.Metadata["format"]; got != format {
		return fail("format", fmt.Errorf("is %q, want %q", got, format))
	}
	var s state
	d := json.NewDecoder(bytes.NewReader([]byte(t.Metadata["state"])))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fail("state", err)
	}
	n, err := New(s.Config, s.Seed)
	if err != nil {
		return fail("state", err)
	}
	for name, p := range n.params {
		if !slices.Equal(t.Shapes[name], p.Shape()) {
			return fail(name, fmt.Errorf("shape %v, want %v", t.Shapes[name], p.Shape()))
		}
		copy(p.Float32s(), t.Values[name])
	}
	return n, s, t, nil
}

// resume takes over the state of cfg.Checkpoint when that file is there, and
// returns the losses so far. A file of another network or another run is an
// error: it would silently become something else.
func (n *Net) resume(cfg TrainConfig) ([]float64, error) {
	if cfg.Checkpoint == "" {
		return nil, nil
	}
	m, s, t, err := load(cfg.Checkpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	was := s.Train
	was.Checkpoint, was.CheckpointEvery = cfg.Checkpoint, cfg.CheckpointEvery
	if m.cfg != n.cfg || m.seed != n.seed || was != cfg {
		return nil, fmt.Errorf("baseline: %s is of another run (%v, seed %d, %+v): remove it, or give the run another folder", cfg.Checkpoint, m, m.seed, s.Train)
	}
	size := n.ParameterCount()
	if len(t.Values[momentName]) != size || len(t.Values[squareName]) != size || len(t.Values[lossName]) != s.Step {
		return nil, &cglow.CheckpointError{File: cfg.Checkpoint, Field: momentName, Err: fmt.Errorf("state of a training run that does not fit %d parameters and %d steps", size, s.Step)}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, p := range n.params {
		copy(p.Float32s(), m.params[name].Float32s())
	}
	n.adam.SetState(optim.State{Step: s.Step, M32: t.Values[momentName], V32: t.Values[squareName]})
	losses := make([]float64, s.Step)
	for i, l := range t.Values[lossName] {
		losses[i] = float64(l)
	}
	return losses, nil
}

// At returns the network for pictures of another size, with the same weights
// and in the same memory. [Context] has weights that belong to one size.
func (n *Net) At(x, y data.Shape) (*Net, error) {
	cfg := n.cfg
	cfg.X, cfg.Y = x, y
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Kind == Context && x != n.cfg.X || x.C != n.cfg.X.C || y.C != n.cfg.Y.C {
		return nil, fmt.Errorf("baseline: %s for %v has weights that do not fit %v", cfg.Kind, n.cfg.X, x)
	}
	return &Net{mu: n.mu, cfg: cfg, seed: n.seed, names: n.names, params: n.params, graphs: map[graphKey]*graph{}}, nil
}

package cglow

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"gorgonia.org/tensor"

	"glownotes/cglow/optim"
)

// formatVersion is the version of the checkpoint's layout.
const formatVersion = 1

// ErrNotFinite is returned by Save for a model with a value that is not a
// number: what is on the disk stays as it was.
var ErrNotFinite = errors.New("cglow: not saved, a value is not finite")

// checkpointMeta is the JSON part of a checkpoint. It travels in the metadata
// of the .safetensors file itself: two files could not be replaced at once.
type checkpointMeta struct {
	Version int
	Kind    string // "model" or "trainer"
	Seed    uint64
	Started bool // actnorm has had its data-dependent start
	Trained int  // training steps taken on the model
	Trainer *trainerMeta
	// Extra is the caller's own state, such as the data order's seed.
	Extra json.RawMessage
}

// trainerMeta is the state of a Trainer that is not a tensor.
type trainerMeta struct {
	Options TrainerOptions
	Adam    int // steps taken by the optimizer
	Skipped int
	EMA     bool
	Back    bool // training by inversion was given up
}

// Save writes the model's configuration and parameters to a .safetensors file
// with the JSON in its metadata. The file is written beside the path and
// renamed.
func (m *Model) Save(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, err := m.file(checkpointMeta{Kind: "model"})
	if err != nil {
		return err
	}
	return f.write(path)
}

// file returns the model's part of a checkpoint.
func (m *Model) file(meta checkpointMeta) (tensorFile, error) {
	for _, p := range m.store.list {
		if !allFinite(m.store.backing(p)) {
			return tensorFile{}, fmt.Errorf("%w: parameter %s", ErrNotFinite, p.Name)
		}
	}
	meta.Version, meta.Seed, meta.Started, meta.Trained = formatVersion, m.seed, m.started, m.trained
	cfg, err := json.Marshal(m.cfg)
	if err != nil {
		return tensorFile{}, fmt.Errorf("cglow: checkpoint: %w", err)
	}
	state, err := json.Marshal(meta)
	if err != nil {
		return tensorFile{}, fmt.Errorf("cglow: checkpoint: %w", err)
	}
	f := tensorFile{
		metadata: map[string]string{"format": "glownotes", "config": string(cfg), "state": string(state)},
		tensors:  make(map[string]fileTensor, len(m.store.list)),
	}
	for _, p := range m.store.list {
		f.tensors[p.Name] = fileTensor{shape: p.Shape, data: m.store.backing(p)}
	}
	return f, nil
}

// Load reads a model that Save, or a Trainer's Save, has written. Every error is
// a *CheckpointError that names the file and what is wrong in it.
func Load(path string) (*Model, error) {
	m, _, _, err := load(path)
	return m, err
}

// load reads the model of a checkpoint and returns the rest of the file.
func load(path string) (*Model, checkpointMeta, tensorFile, error) {
	var meta checkpointMeta
	fail := func(field string, err error) (*Model, checkpointMeta, tensorFile, error) {
		return nil, meta, tensorFile{}, &CheckpointError{File: path, Field: field, Err: err}
	}
	f, err := readTensorFile(path)
	if err != nil {
		return nil, meta, tensorFile{}, err
	}
	if f.metadata["format"] != "glownotes" {
		return fail("format", fmt.Errorf("is %q: not a checkpoint of this program", f.metadata["format"]))
	}
	cfg, err := ParseConfig([]byte(f.metadata["config"]))
	if err != nil {
		return fail("config", err)
	}
	d := json.NewDecoder(strings.NewReader(f.metadata["state"]))
	d.DisallowUnknownFields()
	if err := d.Decode(&meta); err != nil {
		return fail("state", err)
	}
	if meta.Version != formatVersion {
		return fail("state", fmt.Errorf("version %d, this program reads %d", meta.Version, formatVersion))
	}
	m := newModel(cfg)
	m.seed, m.started, m.trained = meta.Seed, meta.Started, meta.Trained
	for _, p := range m.store.list {
		t, ok := f.tensors[p.Name]
		if !ok {
			return fail(p.Name, fmt.Errorf("is missing"))
		}
		if err := m.store.take(p, t); err != nil {
			return fail(p.Name, err)
		}
	}
	if extra := m.unknown(f); extra != "" {
		return fail(extra, fmt.Errorf("is no parameter of this configuration"))
	}
	return m, meta, f, nil
}

// unknown returns the first tensor that belongs neither to the model nor to a
// trainer.
func (m *Model) unknown(f tensorFile) string {
	var names []string
	for name := range f.tensors {
		if m.store.byName[name] == nil && !slices.Contains(trainerTensors, name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// take copies a file's tensor into a parameter. Types must agree: a conversion
// would not be the saved model.
func (s *store) take(p *param, t fileTensor) error {
	if !slices.Equal(t.shape, p.Shape) {
		return fmt.Errorf("shape %v, want %v", t.shape, p.Shape)
	}
	switch v := t.data.(type) {
	case []float32:
		if s.dtype == tensor.Float32 {
			copy(s.f32[p.offset:p.offset+p.size], v)
			return nil
		}
	case []float64:
		if s.dtype == tensor.Float64 {
			copy(s.f64[p.offset:p.offset+p.size], v)
			return nil
		}
	}
	dtype, _, _ := t.dtype()
	return fmt.Errorf("type %s, the configuration's precision is %v", dtype, s.dtype)
}

// trainerTensors are the flat tensors of a trainer: Adam's moments over the
// trained parameters and the running mean over all of them.
var trainerTensors = []string{"adam.m", "adam.v", "ema"}

// Save writes the model and everything that the trainer carries from step to
// step; extra is the caller's own state as JSON, or nil. A trainer that
// LoadTrainer returns continues bit for bit.
func (t *Trainer) Save(path string, extra json.RawMessage) error {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store.host()
	s := t.opt.State()
	f, err := m.file(checkpointMeta{Kind: "trainer", Extra: extra, Trainer: &trainerMeta{
		Options: t.options, Adam: s.Step, Skipped: t.skipped, EMA: t.ema != nil, Back: t.back}})
	if err != nil {
		return err
	}
	if s.M64 != nil {
		f.tensors["adam.m"] = fileTensor{[]int{len(s.M64)}, s.M64}
		f.tensors["adam.v"] = fileTensor{[]int{len(s.V64)}, s.V64}
	} else {
		f.tensors["adam.m"] = fileTensor{[]int{len(s.M32)}, s.M32}
		f.tensors["adam.v"] = fileTensor{[]int{len(s.V32)}, s.V32}
	}
	if t.ema != nil {
		f.tensors["ema"] = fileTensor{[]int{len(t.ema)}, t.ema}
	}
	return f.write(path)
}

// LoadTrainer reads a trainer with its model, and the caller's extra state.
func LoadTrainer(path string) (*Trainer, json.RawMessage, error) {
	m, meta, f, err := load(path)
	if err != nil {
		return nil, nil, err
	}
	return restoreTrainer(path, m, meta, f)
}

// LoadExtra reads the state that the caller gave to a Trainer's Save, nil if
// there is none.
func LoadExtra(path string) (json.RawMessage, error) {
	_, meta, _, err := load(path)
	return meta.Extra, err
}

// Restore makes the model what it was when a trainer of a model with the same
// configuration and seed was saved, and returns that trainer and the caller's
// extra state: LoadTrainer for a model that others hold already.
func (m *Model) Restore(path string) (*Trainer, json.RawMessage, error) {
	saved, meta, f, err := load(path)
	if err != nil {
		return nil, nil, err
	}
	if saved.cfg != m.cfg || saved.seed != m.seed {
		return nil, nil, &CheckpointError{File: path, Field: "config", Err: errors.New("is of another model: configuration or seed differ")}
	}
	m.mu.Lock()
	m.store.host()
	copy(m.store.f32, saved.store.f32)
	copy(m.store.f64, saved.store.f64)
	m.started, m.trained = saved.started, saved.trained
	m.store.changed()
	m.mu.Unlock()
	return restoreTrainer(path, m, meta, f)
}

// restoreTrainer returns the trainer of a checkpoint whose model was read.
func restoreTrainer(path string, m *Model, meta checkpointMeta, f tensorFile) (*Trainer, json.RawMessage, error) {
	fail := func(field string, err error) (*Trainer, json.RawMessage, error) {
		return nil, nil, &CheckpointError{File: path, Field: field, Err: err}
	}
	if meta.Trainer == nil {
		return fail("state", fmt.Errorf("holds a model without a trainer's state"))
	}
	t, err := m.NewTrainer(meta.Trainer.Options)
	if err != nil {
		return fail("state", err)
	}
	t.skipped = meta.Trainer.Skipped
	if t.back = meta.Trainer.Back; t.back {
		t.inv = nil
	}
	s := optim.State{Step: meta.Trainer.Adam}
	n := m.ParameterCount()
	for _, name := range []string{"adam.m", "adam.v"} {
		v, ok := f.tensors[name]
		if _, _, size := v.sizeOrZero(); !ok || size != n && !(s.Step == 0 && size == 0) {
			return fail(name, fmt.Errorf("%d values for %d trained parameters", size, n))
		}
		switch d := v.data.(type) { // m comes first and moves on when v comes
		case []float32:
			s.M32, s.V32 = s.V32, d
		case []float64:
			s.M64, s.V64 = s.V64, d
		default:
			return fail(name, fmt.Errorf("type %T", v.data))
		}
	}
	if s.Step > 0 {
		t.opt.SetState(s)
	}
	if meta.Trainer.EMA {
		ema, ok := f.tensors["ema"].data.([]float64)
		if !ok || len(ema) != m.store.size {
			return fail("ema", fmt.Errorf("%d values for %d parameters", len(ema), m.store.size))
		}
		t.ema = ema
	}
	if t.resident != nil {
		t.leaveGPU() // what was loaded goes there with the next step
	}
	return t, meta.Extra, nil
}

// sizeOrZero is dtype for a tensor that may be missing.
func (t fileTensor) sizeOrZero() (string, int, int) {
	if t.data == nil {
		return "", 0, 0
	}
	return t.dtype()
}

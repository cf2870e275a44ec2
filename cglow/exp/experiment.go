package exp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/baseline"
	"glownotes/cglow/data"
	"glownotes/cglow/train"
)

// Options are what does not belong to the experiment itself.
type Options struct {
	// Data is the folder of the published data sets, usually data.Dir().
	Data string
	// Out is the folder that keeps the run: configuration, checkpoints, log,
	// results. It is made if it is not there. "": nothing is kept.
	Out string
	// Device is where the flow computes, a name for cglow.OpenDevice; "": the
	// CPU. The baselines are small and stay on the CPU.
	Device string
	// Report is called now and then from the goroutine that works; nil: never.
	Report func(Progress)

	device *cglow.Device // opened already
}

// Progress is the state of a run at one moment.
type Progress struct {
	Stage   string // such as "c-Glow" or the baseline's name
	Step    int    // steps of this stage taken, those of earlier runs included
	Steps   int    // of this stage in all
	Resumed int    // of Step: taken by earlier runs, before the clock of this one
	Note    string // such as "0.312 bits/dim"
	Elapsed time.Duration
	ETA     time.Duration // of this stage, at the present rate
	Curve   []float64     // of the flow: bits/dim of every step so far
	Done    bool          // the stage is over
}

// String is one line for a person.
func (p Progress) String() string {
	s := fmt.Sprintf("%s: step %d/%d (%d%%), %s", p.Stage, p.Step, p.Steps, 100*p.Step/max(1, p.Steps), p.Note)
	if p.Done {
		return s + ", " + p.Elapsed.Round(100*time.Millisecond).String()
	}
	return s + ", " + p.ETA.Round(time.Second).String() + " left"
}

// Fitted says what training has cost and how it went.
type Fitted struct {
	Steps   int
	Seconds float64   // over all runs that contributed
	Curve   []float64 // the loss of every step: bits/dim of the flow
	Params  int
}

// Experiment is an experiment at work. Its methods are for one goroutine.
type Experiment struct {
	Config Config
	Train  data.Dataset // training pairs as the task defines them, augmented if asked
	Test   data.Dataset
	X, Y   data.Images // the test pairs
	// Model is the flow, after Fit the one that predicts (the running mean of
	// the weights where Config.Average asks for it).
	Model *cglow.Model
	// Flow is what Fit did; nil before.
	Flow *Fitted
	// Networks holds what FitBaselines did, by name.
	Networks map[string]*Fitted

	options Options
	p       *protocol
	sets    *sets
	nets    map[string]*baseline.Net
	// pairs is the number of pairs that training pairs are draws of; 0: endless.
	pairs    int
	heldOut  map[string][]*baseline.Net      // by name, then by the part not seen
	large    map[*baseline.Net]*baseline.Net // networks for pictures of the test's size
	weights  map[string][]float32            // of several networks that are one mean or guide
	teaching map[string]*Fitted              // of all networks of heldOut together
	whole    *cglow.Model                    // Model for pictures of the test's size
}

// Open checks a configuration, reads its data and makes the model. With a
// folder to keep the run in, the configuration is written there; a folder that
// holds another experiment is an error.
func Open(c Config, o Options) (*Experiment, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p, err := c.Task.protocol()
	if err != nil {
		return nil, err
	}
	e := &Experiment{Config: c, options: o, p: p, nets: map[string]*baseline.Net{}, Networks: map[string]*Fitted{},
		heldOut: map[string][]*baseline.Net{}, teaching: map[string]*Fitted{}, weights: map[string][]float32{}, large: map[*baseline.Net]*baseline.Net{}}
	if e.options.Report == nil {
		e.options.Report = func(Progress) {}
	}
	if err := e.read(); err != nil {
		return nil, err
	}
	if err := e.checkShapes(); err != nil {
		return nil, err
	}
	if e.Model, err = cglow.New(c.Model, c.Seed); err != nil {
		return nil, err
	}
	if e.options.device == nil && o.Device != "" {
		if e.options.device, err = cglow.OpenDevice(o.Device); err != nil {
			return nil, err
		}
	}
	e.Model.Use(e.options.device)
	return e, e.claim()
}

// read opens the data.
func (e *Experiment) read() (err error) {
	c := e.Config
	if e.sets, err = e.p.open(c, e.options.Data); err != nil {
		return err
	}
	e.Train, e.Test = e.sets.train, e.sets.test
	e.pairs = e.sets.pairs
	if e.pairs == 0 {
		e.pairs = e.Train.Len()
	}
	if c.TrainPairs > 0 && (e.Train.Len() == 0 || c.TrainPairs < e.Train.Len()) {
		if e.Train, err = data.Range(e.Train, 0, c.TrainPairs); err != nil {
			return err
		}
		if e.pairs == 0 || c.TrainPairs < e.pairs || c.TrainPairs%e.pairs != 0 {
			e.pairs = c.TrainPairs
		}
	}
	if c.Augment.Draws > 0 {
		if e.Train, err = e.augmented(); err != nil {
			return err
		}
	}
	e.X, e.Y, err = data.First(e.Test, e.Test.Len())
	return err
}

// augmented returns random changes of the training pairs.
func (e *Experiment) augmented() (data.Dataset, error) {
	c := e.Config
	if c.AugmentSize == 0 {
		return data.Augment(e.Train, c.Augment)
	}
	larger, err := e.sets.larger(c.AugmentSize)
	if err == nil {
		larger, err = data.Range(larger, 0, e.Train.Len())
	}
	if err != nil {
		return nil, fmt.Errorf("exp: AugmentSize %d: %w", c.AugmentSize, err)
	}
	return data.AugmentFrom(e.Train, larger, c.Augment)
}

// checkShapes compares the data with the model and the baselines.
func (e *Experiment) checkShapes() error {
	sx, sy := e.Train.Shapes()
	fx := sx
	if e.Config.Guide != "" {
		fx.C += sy.C
	}
	if m := e.Config.Model; m.X != fx || m.Y != sy {
		return &ConfigError{"Model", fmt.Sprintf("takes x %v and y %v, the training pairs have %v and %v", m.X, m.Y, fx, sy)}
	}
	for _, b := range e.Config.Baselines {
		if b.Net.X != sx || b.Net.Y != sy {
			return &ConfigError{"Baselines", fmt.Sprintf("%s takes x %v and y %v, the training pairs have %v and %v", b.Name, b.Net.X, b.Net.Y, sx, sy)}
		}
	}
	return nil
}

// claim writes the configuration into the run's folder. Where there is one
// already, what was trained there must be what this experiment trains: the flow
// and all that it depends on, once the flow has begun; before that the data, for
// every network's checkpoint knows its own training. What is done with the
// trained flow may differ, and steps may be added.
func (e *Experiment) claim() error {
	if e.options.Out == "" {
		return nil
	}
	if err := os.MkdirAll(e.options.Out, 0o755); err != nil {
		return fmt.Errorf("exp: %w", err)
	}
	now, err := e.Config.JSON()
	if err != nil {
		return err
	}
	path := e.path("config.json")
	was, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replaceFile(path, now)
	case err != nil:
		return fmt.Errorf("exp: %w", err)
	}
	trained, err := e.trained()
	if err != nil {
		return err
	}
	old, err := ParseConfig(was)
	switch {
	case trained == nil: // nothing would be lost
		return replaceFile(path, now)
	case err != nil:
		return fmt.Errorf("exp: %s: %w", path, err)
	}
	a, err := trained(old).JSON()
	if err != nil {
		return err
	}
	b, err := trained(e.Config).JSON()
	if err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("exp: %s is of another experiment (%s): give this run another folder, or remove that one", path, firstDifference(a, b))
	}
	return replaceFile(path, now)
}

// trained returns the part of a configuration that what the folder holds of a
// run depends on; nil if it holds no trained network.
func (e *Experiment) trained() (func(Config) Config, error) {
	t, _, err := e.loadTrainer(train.Config{Checkpoints: e.path("checkpoints")})
	switch {
	case err == nil && t.Model().Trained() > 0: // 0: cancelled before the first step
		return Config.training, nil
	case err != nil && !errors.Is(err, train.ErrNoCheckpoint):
		return nil, err
	}
	files, err := os.ReadDir(e.options.Out)
	if err != nil {
		return nil, fmt.Errorf("exp: %w", err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), netFile) {
			return Config.data, nil
		}
	}
	return nil, nil
}

// data returns the configuration with what says which pairs are trained on.
func (c Config) data() Config {
	return Config{Task: c.Task, Source: c.Source, Size: c.Size, Patch: c.Patch, Seed: c.Seed, TrainPairs: c.TrainPairs, Augment: c.Augment, AugmentSize: c.AugmentSize}
}

// training returns the configuration with everything left out that the flow's
// training does not depend on.
func (c Config) training() Config {
	t := c.data()
	t.Mean, t.Guide, t.HeldOut, t.Scale, t.Model, t.Train = c.Mean, c.Guide, c.HeldOut, c.Scale, c.Model, c.Train
	t.Train.Steps, t.Train.Log, t.Train.Checkpoints = 0, "", ""
	t.Train.CheckpointEvery, t.Train.KeepLast, t.Train.ProgressEvery = 0, 0, 0
	for _, name := range c.teachers() {
		if b := c.baseline(name); b != nil && t.baseline(name) == nil {
			t.Baselines = append(t.Baselines, *b)
		}
	}
	return t
}

// firstDifference shows the first lines that differ.
func firstDifference(was, now []byte) string {
	a, b := bytes.Split(was, []byte("\n")), bytes.Split(now, []byte("\n"))
	for i := range min(len(a), len(b)) {
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Sprintf("there %s, here %s", bytes.TrimSpace(a[i]), bytes.TrimSpace(b[i]))
		}
	}
	return "one has more fields"
}

// path returns the path of a file of the run's folder.
func (e *Experiment) path(name string) string { return filepath.Join(e.options.Out, name) }

// Fit trains the flow, or continues the run that the folder holds. The networks
// that Config.Mean and Config.Guide name are trained first. When ctx is done, what was learnt
// stays in Model and in the folder, and the error is ctx.Err().
func (e *Experiment) Fit(ctx context.Context) error {
	if err := e.fitTeachers(ctx); err != nil {
		return err
	}
	set, err := e.flowData()
	if err != nil {
		return err
	}
	cfg := e.Config.Train
	cfg.Seed, cfg.Device = e.Config.Seed, e.options.device
	if e.options.Out != "" {
		cfg.Log, cfg.Checkpoints = e.path("log.jsonl"), e.path("checkpoints")
	}
	return e.fitFlow(ctx, set, cfg)
}

// fitFlow starts or continues the flow's training.
func (e *Experiment) fitFlow(ctx context.Context, set data.Dataset, cfg train.Config) error {
	before, err := e.resume(cfg)
	if err != nil {
		return err
	}
	report := func(p train.Progress) {
		curve := append(before.Curve[:len(before.Curve):len(before.Curve)], p.Curve...)
		e.options.Report(Progress{Stage: "c-Glow", Step: before.Steps + p.Step, Steps: cfg.Steps, Resumed: before.Steps, Note: fmt.Sprintf("%.3f bits/dim", p.Mean),
			Elapsed: p.Elapsed + time.Duration(before.Seconds*float64(time.Second)), ETA: p.ETA, Curve: curve, Done: p.Done})
	}
	var trainer *cglow.Trainer
	e.Flow = &Fitted{Steps: before.Steps, Seconds: before.Seconds, Curve: before.Curve, Params: e.Model.ParameterCount()}
	var r *train.Result
	switch {
	case before.Steps >= cfg.Steps:
		t, _, err := e.loadTrainer(cfg)
		if err != nil {
			return err
		}
		trainer = t
		report(train.Progress{Steps: 0, Done: true, Mean: lastMean(before.Curve)})
	case before.Steps > 0:
		r, err = train.Resume(ctx, cfg.Checkpoints, set, cfg, report)
	default:
		r, err = train.Run(ctx, e.Model, set, cfg, report)
	}
	if r == nil && trainer == nil {
		return err
	}
	if r != nil {
		trainer = r.Trainer
		e.Flow.Steps += r.Steps
		e.Flow.Seconds += r.Elapsed.Seconds()
		e.Flow.Curve = append(e.Flow.Curve[:len(before.Curve):len(before.Curve)], r.Curve...)
	}
	e.Model, e.whole = trainer.Model(), nil
	if e.Config.Average {
		averaged, aerr := trainer.Averaged()
		switch {
		case aerr == nil:
			e.Model = averaged
		case !errors.Is(aerr, cglow.ErrNoAverage):
			return errors.Join(err, aerr)
		}
	}
	return err
}

// lastMean is the mean of the last values of a curve.
func lastMean(curve []float64) float64 { return meanOf(curve[max(0, len(curve)-100):]) }

// loadTrainer reads the newest checkpoint.
func (e *Experiment) loadTrainer(cfg train.Config) (*cglow.Trainer, string, error) {
	path, err := train.Latest(cfg.Checkpoints)
	if err != nil {
		return nil, "", err
	}
	t, _, err := cglow.LoadTrainer(path)
	if err == nil {
		t.Model().Use(e.options.device)
	}
	return t, path, err
}

// resume returns what earlier runs in the folder did up to their last
// checkpoint; zero without one. Time counts in full, lost steps included.
func (e *Experiment) resume(cfg train.Config) (Fitted, error) {
	if cfg.Checkpoints == "" {
		return Fitted{}, nil
	}
	t, path, err := e.loadTrainer(cfg)
	if errors.Is(err, train.ErrNoCheckpoint) {
		return Fitted{}, nil
	}
	if err != nil {
		return Fitted{}, err
	}
	if t.Model().Config() != e.Config.Model || t.Model().Seed() != e.Config.Seed {
		return Fitted{}, fmt.Errorf("exp: %s is of another model (%v)", path, t.Model())
	}
	f := Fitted{Steps: t.Model().Trained()}
	lines, took, err := train.History(cfg.Log)
	if err != nil {
		return Fitted{}, err
	}
	f.Seconds = took.Seconds()
	for _, l := range lines[:min(f.Steps, len(lines))] {
		f.Curve = append(f.Curve, l.BitsPerDim)
	}
	return f, nil
}

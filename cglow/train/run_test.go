package train

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// boxes is a data set of rectangles in noise; 0 pairs: endless.
type boxes struct{ n int }

func (b boxes) Name() string { return "boxes" }
func (b boxes) Len() int     { return b.n }
func (b boxes) Shapes() (x, y data.Shape) {
	return data.Shape{C: 3, H: 8, W: 8}, data.Shape{C: 1, H: 8, W: 8}
}

func (b boxes) Load(idx []int) (x, y data.Images, err error) {
	xs, ys := b.Shapes()
	x, y = data.NewImages(len(idx), xs), data.NewImages(len(idx), ys)
	for i, at := range idx {
		if b.n > 0 && at >= b.n {
			return x, y, &data.IndexError{Dataset: b.Name(), Index: at, Len: b.n}
		}
		cglow.Uniform(cglow.Key{Seed: 1, Step: uint32(at)}, x.Row(i))
		for r := at % 5; r < 8; r++ {
			for c := at % 3; c < 6; c++ {
				y.Set(i, 0, r, c, 1)
				x.Set(i, 0, r, c, 1+0.1*x.At(i, 0, r, c))
			}
		}
	}
	return x, y, nil
}

// small returns a small model for boxes.
func small(t testing.TB) *cglow.Model {
	t.Helper()
	c := cglow.Horses32()
	c.X, c.Y = boxes{}.Shapes()
	c.Tile, c.Levels, c.Steps = 1, 1, 2
	c.CondChannels, c.CondWidth, c.CouplingWidth, c.FeatureChannels, c.Reflections = 4, 8, 8, 4, 2
	m, err := cglow.New(c, 7)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// quick returns settings for a short run.
func quick(steps int) Config {
	c := Defaults(steps)
	c.Batch, c.StartExamples, c.Optim.LearnRate = 4, 16, 5e-3
	c.ProgressEvery = 0
	return c
}

// parameters returns all parameters of a model.
func parameters(t testing.TB, m *cglow.Model) []float64 {
	t.Helper()
	var out []float64
	for _, p := range m.Parameters() {
		v, err := m.Parameter(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v...)
	}
	return out
}

func same(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i] != want[i] {
			t.Fatalf("%s: value %d: got %v, want %v", what, i, got[i], want[i])
		}
	}
}

func TestRunLearnsAndReports(t *testing.T) {
	cfg := quick(60)
	cfg.Log = filepath.Join(t.TempDir(), "log.jsonl")
	var reports []Progress
	r, err := Run(context.Background(), small(t), boxes{30}, cfg, func(p Progress) { reports = append(reports, p) })
	if err != nil {
		t.Fatal(err)
	}
	if first, last := r.Mean(1, 10), r.Mean(51, 60); !(last < first-0.1) {
		t.Errorf("bits/dim from %v to %v: nothing learnt", first, last)
	}
	if r.Steps != 60 || len(r.Curve) != 60 || r.Skipped != 0 {
		t.Errorf("%d steps, %d values, %d skipped", r.Steps, len(r.Curve), r.Skipped)
	}
	if len(reports) != 60 || !reports[59].Done || reports[58].Done {
		t.Fatalf("%d reports, want 60, the last one done", len(reports))
	}
	for i, p := range reports {
		if p.Step != i+1 || p.Steps != 60 || len(p.Curve) != i+1 || p.BitsPerDim != r.Curve[i] {
			t.Fatalf("report %d: %+v", i, p)
		}
		if i > 0 && (p.Rate <= 0 || p.Elapsed <= 0) {
			t.Errorf("report %d: rate %v, elapsed %v", i, p.Rate, p.Elapsed)
		}
	}
	if s := reports[59].String(); !strings.HasPrefix(s, "step 60/60 (100%)") {
		t.Errorf("last report reads %q", s)
	}
	lines, err := ReadLog(cfg.Log)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 60 || lines[59].Step != 60 || lines[59].BitsPerDim != r.Curve[59] || lines[59].LearnRate != 5e-3 {
		t.Errorf("%d lines in the log, the last %+v", len(lines), lines[len(lines)-1])
	}
}

// A run that is cancelled in the middle and resumed from its checkpoint ends
// with the same weights as one that was not.
func TestCancelAndResume(t *testing.T) {
	d := boxes{11} // passes and steps do not line up
	whole, err := Run(context.Background(), small(t), d, quick(20), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := quick(20)
	cfg.Checkpoints = filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(context.Background())
	m := small(t)
	part, err := Run(ctx, m, d, cfg, func(p Progress) {
		if p.Step == 8 {
			cancel()
		}
	})
	if err != context.Canceled {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	if part.Steps != 8 || m.Trained() != 8 || part.Checkpoint == "" {
		t.Fatalf("%d steps, model %d, checkpoint %q", part.Steps, m.Trained(), part.Checkpoint)
	}
	same(t, "curve before the cut", part.Curve, whole.Curve[:8])
	rest, err := Resume(context.Background(), cfg.Checkpoints, d, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "curve after the cut", rest.Curve, whole.Curve[8:])
	same(t, "weights", parameters(t, rest.Model), parameters(t, whole.Model))
	if _, err := Resume(context.Background(), cfg.Checkpoints, d, cfg, nil); err == nil {
		t.Error("resuming a finished run: no error")
	}
}

func TestKeepLast(t *testing.T) {
	cfg := quick(9)
	cfg.Checkpoints, cfg.CheckpointEvery, cfg.KeepLast = t.TempDir(), 2, 2
	left := filepath.Join(cfg.Checkpoints, ".step-000000001.safetensors.1.tmp") // of a killed run
	if err := os.WriteFile(left, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), small(t), boxes{}, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(cfg.Checkpoints)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Name())
	}
	want := []string{checkpointName(8), checkpointName(9)}
	if fmt.Sprint(names) != fmt.Sprint(want) {
		t.Errorf("files %v, want %v", names, want)
	}
	if r.Checkpoint != filepath.Join(cfg.Checkpoints, want[1]) {
		t.Errorf("last checkpoint %s", r.Checkpoint)
	}
}

// A second run on the same model sees other examples.
func TestSecondRunGoesOn(t *testing.T) {
	m := small(t)
	if _, err := Run(context.Background(), m, boxes{}, quick(3), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(context.Background(), m, boxes{}, quick(2), nil); err != nil {
		t.Fatal(err)
	}
	if m.Trained() != 5 {
		t.Errorf("trained %d steps, want 5", m.Trained())
	}
}

func TestOrder(t *testing.T) {
	o := NewOrder(boxes{7}, 3, 2)
	count := make([]int, 7)
	var first []int
	for s := 1; s <= 7; s++ { // 14 examples: two passes
		for _, i := range o.Examples(s) {
			count[i]++
			first = append(first, i)
		}
	}
	for i, n := range count {
		if n != 2 {
			t.Errorf("example %d seen %d times in two passes", i, n)
		}
	}
	if fmt.Sprint(first[:7]) == fmt.Sprint(first[7:]) {
		t.Error("two passes have the same order")
	}
	again := NewOrder(boxes{7}, 3, 2)
	if got := again.Examples(5); got[0] != first[8] || got[1] != first[9] {
		t.Errorf("step 5 alone: %v, want %v", got, first[8:10])
	}
	if got := NewOrder(boxes{}, 3, 2).Examples(4); got[0] != 6 || got[1] != 7 {
		t.Errorf("endless: %v, want [6 7]", got)
	}
}

// poisoned is boxes whose x is not a number at some index.
type poisoned struct {
	boxes
	bad int
}

func (p poisoned) Load(idx []int) (x, y data.Images, err error) {
	x, y, err = p.boxes.Load(idx)
	for i, at := range idx {
		if at == p.bad {
			x.Row(i)[5] = float32(math.NaN())
		}
	}
	return x, y, err
}

// A step with a value that is not finite is skipped and named; the weights stay
// finite; too many of them in a row end the run.
func TestNonFiniteIsSkipped(t *testing.T) {
	cfg := quick(6)
	cfg.Log = filepath.Join(t.TempDir(), "log.jsonl")
	// Telemetry of the very batch: its figures are no numbers either.
	cfg.Telemetry, cfg.TelemetryEvery = filepath.Join(t.TempDir(), "telemetry.jsonl"), 3
	r, err := Run(context.Background(), small(t), poisoned{bad: 9}, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	states, err := os.ReadFile(cfg.Telemetry)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(states); strings.Count(text, "\n") != 2 || !strings.Contains(text, `"condition":null`) {
		t.Errorf("telemetry %.300s, want two lines, with null for what is no number", text)
	}
	if r.Skipped != 1 || len(r.Faults) != 1 || r.Steps != 6 {
		t.Fatalf("%d steps, %d skipped, faults %v", r.Steps, r.Skipped, r.Faults)
	}
	var e *cglow.NonFiniteError
	if !errors.As(r.Faults[0], &e) || e.Step != 3 || e.Layer != "conditioning networks" {
		t.Errorf("fault %v, want one of step 3 in the conditioning networks", r.Faults[0])
	}
	for _, v := range parameters(t, r.Model) {
		if math.IsNaN(v) {
			t.Fatal("a weight is not a number")
		}
	}
	lines, err := ReadLog(cfg.Log)
	if err != nil {
		t.Fatal(err)
	}
	if lines[2].Skipped == "" || lines[3].Skipped != "" {
		t.Errorf("log lines 3 and 4: %+v %+v", lines[2], lines[3])
	}
	t.Run("limit", func(t *testing.T) {
		cfg := quick(6)
		cfg.MaxSkips = 0
		r, err := Run(context.Background(), small(t), poisoned{bad: 9}, cfg, nil)
		if !errors.As(err, &e) || r.Steps != 3 {
			t.Errorf("after %d steps: %v", r.Steps, err)
		}
	})
}

func TestConfigFields(t *testing.T) {
	for field, edit := range map[string]func(c *Config){
		"Steps":           func(c *Config) { c.Steps = 0 },
		"Batch":           func(c *Config) { c.Batch = 0 },
		"EMA":             func(c *Config) { c.EMA = 1 },
		"StartExamples":   func(c *Config) { c.StartExamples = 0 },
		"CheckpointEvery": func(c *Config) { c.Checkpoints, c.CheckpointEvery = "x", 0 },
		"KeepLast":        func(c *Config) { c.Checkpoints, c.KeepLast = "x", 0 },
		"LearnRate":       func(c *Config) { c.Optim.LearnRate = 0 },
	} {
		cfg := quick(3)
		edit(&cfg)
		if _, err := Run(context.Background(), small(t), boxes{}, cfg, nil); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestReadLogOfKilledRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.jsonl")
	b, _ := json.Marshal(Line{Step: 1, BitsPerDim: 2})
	if err := os.WriteFile(path, append(append(b, '\n'), `{"step":2,"bi`...), 0o644); err != nil {
		t.Fatal(err)
	}
	lines, err := ReadLog(path)
	if err != nil || len(lines) != 1 || lines[0].Step != 1 {
		t.Errorf("got %v, %v", lines, err)
	}
}

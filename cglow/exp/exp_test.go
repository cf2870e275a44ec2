package exp

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// tiny returns an experiment of a task on drawn data that runs in seconds.
func tiny(t Task) Config {
	k := Small()
	k.Levels, k.Steps, k.Trunk, k.Width, k.Coupling, k.FeatureOut, k.Batch, k.BatchBaseline, k.Net = 2, 1, 2, 4, 4, 4, 2, 2, 2
	size := 32
	if t == Depth {
		size = 96
	}
	c := Compact(t, Drawn, size, 6, k)
	c.TestPairs, c.SearchPairs, c.Search.Steps = 3, 2, 3
	c.Predict = cglow.Averaging(2)
	switch t {
	case Denoise:
		c = c.OnPatches(16).WithBaselines(2, 6, 2, 1e-3)
	case Faces:
		c = c.Guided("U-Net")
	}
	return c
}

// TestRun runs every task and looks at the whole result.
func TestRun(t *testing.T) {
	for _, task := range Tasks() {
		t.Run(string(task), func(t *testing.T) {
			c := tiny(task)
			out := filepath.Join(t.TempDir(), "run")
			stages := map[string]bool{}
			e, r, err := Run(context.Background(), c, Options{Out: out, Report: func(p Progress) {
				if p.Done {
					stages[p.Stage] = p.Step == p.Steps
				}
			}})
			if err != nil {
				t.Fatal(err)
			}
			if !stages["c-Glow"] || !stages["c-Glow predicts"] || len(stages) < 3+2*len(c.Baselines) {
				t.Errorf("stages %v, want training and prediction of the flow and %d baselines, and the likelihood", stages, len(c.Baselines))
			}
			for stage, complete := range stages {
				if !complete {
					t.Errorf("stage %s ended before its last step", stage)
				}
			}
			own := 0
			for _, row := range r.Table.Rows {
				if row.Kind == Published {
					continue
				}
				own++
				for j, v := range row.Values {
					if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) && (row.Kind == Flow || j < len(r.Table.Columns)-1) {
						t.Errorf("%s, %s: %v", row.Name, r.Table.Columns[j].Name, v)
					}
				}
			}
			if own < 1+len(c.Baselines)+1 {
				t.Errorf("%d rows of this run", own)
			}
			if len(r.Inference.Curves) != 2 || r.Inference.Mean.Shape() != e.Y.Shape() {
				t.Errorf("%d searches, mean of %v for y of %v", len(r.Inference.Curves), r.Inference.Mean.Shape(), e.Y.Shape())
			}
			for _, f := range []string{"config.json", "table.json", "table.md", "inference.json", "manifest.json", "result.json", "log.jsonl"} {
				if _, err := os.Stat(filepath.Join(out, f)); err != nil {
					t.Error(err)
				}
			}
			back, err := LoadTable(filepath.Join(out, "table.json"))
			if err != nil || back.String() != r.Table.String() {
				t.Errorf("table read back: %v\n%v\nwant\n%v", err, back, r.Table)
			}
		})
	}
}

// TestResumed stops a run in the flow and in a baseline and compares the end
// with that of a run that was not stopped.
func TestResumed(t *testing.T) {
	c := tiny(Horses)
	c.SearchPairs = 0
	whole, want, err := Run(context.Background(), c, Options{Out: filepath.Join(t.TempDir(), "whole")})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "parts")
	stop := func(stage string, step int) {
		t.Helper()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		cc := c
		cc.Train.ProgressEvery = 0
		_, _, err := Run(ctx, cc, Options{Out: out, Report: func(p Progress) {
			if p.Stage == stage && p.Step == step {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped in %s: error %v, want context.Canceled", stage, err)
		}
	}
	stop("c-Glow", 2)
	stop("c-Glow", 4)
	e, got, err := Run(context.Background(), c, Options{Out: out})
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range want.Table.Rows {
		for j, v := range r.Values {
			if w := got.Table.Rows[i].Values[j]; w != v && v == v {
				t.Errorf("%s, %s: %v after two stops, %v without", r.Name, want.Table.Columns[j].Name, w, v)
			}
		}
	}
	if len(e.Flow.Curve) != c.Train.Steps {
		t.Errorf("the curve has %d values of %d", len(e.Flow.Curve), c.Train.Steps)
	}
	for i, v := range whole.Flow.Curve {
		if e.Flow.Curve[i] != v {
			t.Errorf("step %d: %v, want %v", i+1, e.Flow.Curve[i], v)
		}
	}
	other := c
	other.Model.Steps = 2
	if _, err := Open(other, Options{Out: out}); err == nil || !strings.Contains(err.Error(), "Steps") {
		t.Errorf("another model in the same folder: error %v, want one that names Steps", err)
	}
	more := c
	more.TestPairs = 2
	if _, err := Open(more, Options{Out: out}); err != nil {
		t.Errorf("fewer test pairs: %v", err)
	}
}

// TestOtherSteps stops a run before its flow has begun: what follows may have
// another length then, which is another learning rate, and later not.
func TestOtherSteps(t *testing.T) {
	c := tiny(Horses).Guided("U-Net")
	c.SearchPairs = 0
	c.Train.Steps, c.Train.Optim.Schedule = 30, cosine(30)
	longer := c
	longer.Train.Steps, longer.Train.Optim.Schedule = 40, cosine(40)
	out := filepath.Join(t.TempDir(), "run")
	resumed := map[string]int{}
	run := func(c Config, stage string, step int) error {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_, _, err := Run(ctx, c, Options{Out: out, Report: func(p Progress) {
			resumed[p.Stage] = p.Resumed
			if p.Stage == stage && p.Step >= step {
				cancel()
			}
		}})
		return err
	}
	if err := run(c, "U-Net", 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped in the guide: error %v, want context.Canceled", err)
	}
	other := longer
	other.Seed++
	if _, err := Open(other, Options{Out: out}); err == nil || !strings.Contains(err.Error(), "Seed") {
		t.Errorf("another seed beside a network: error %v, want one that names Seed", err)
	}
	if err := run(c, "U-Net", 6); !errors.Is(err, context.Canceled) { // the flow keeps its start, of no step
		t.Fatalf("stopped after the guide: error %v, want context.Canceled", err)
	}
	if err := run(longer, "c-Glow", 2); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped in the flow: error %v, want context.Canceled", err)
	}
	if resumed["U-Net"] < 1 || resumed["c-Glow"] != 0 {
		t.Errorf("steps of earlier runs %v, want some of the U-Net and none of the flow", resumed)
	}
	if _, err := Open(c, Options{Out: out}); err == nil || !strings.Contains(err.Error(), "Total") {
		t.Errorf("another learning rate beside a flow: error %v, want one that names Total", err)
	}
	if err := run(longer, "", 0); err != nil {
		t.Fatal(err)
	}
	if resumed["c-Glow"] < 2 {
		t.Errorf("steps of earlier runs %v, want some of the flow", resumed)
	}
}

// TestClaimsEmpty checks that a folder in which nothing is trained is free.
func TestClaimsEmpty(t *testing.T) {
	c, out := tiny(Horses), t.TempDir()
	if _, err := Open(c, Options{Out: out}); err != nil {
		t.Fatal(err)
	}
	c.Seed = 7
	if _, err := Open(c, Options{Out: out}); err != nil {
		t.Error(err)
	}
}

func TestConfigErrors(t *testing.T) {
	for _, c := range []struct {
		field  string
		change func(*Config)
	}{
		{"Task", func(c *Config) { c.Task = "cats" }},
		{"Source", func(c *Config) { c.Source = "web" }},
		{"Size", func(c *Config) { c.Size = 33 }},
		{"Patch", func(c *Config) { c.Patch = 16 }},
		{"TestPairs", func(c *Config) { c.TestPairs = 0 }},
		{"Mean", func(c *Config) { c.Mean = "U-Net" }},
		{"HeldOut", func(c *Config) { c.HeldOut = 2 }},
		{"Guide", func(c *Config) { *c = c.Guided("U-Net+DnCNN") }},
		{"Scale", func(c *Config) { c.Scale = 2 }},
		{"Average", func(c *Config) { c.Train.EMA = 0 }},
		{"Baselines", func(c *Config) { c.Baselines[1].Name = "FCN" }},
		{"Mean", func(c *Config) { *c = tiny(Denoise); c.Mean = "DnCNN+median" }},
		{"Baselines", func(c *Config) { *c = tiny(Depth); c.Mean, c.Baselines[0].Name = "U-Net", "median" }},
		{"Model", func(c *Config) { c.Model.X.C = 1 }},
		{"Augment", func(c *Config) { c.Augment.Draws = 3 }},
		{"AugmentSize", func(c *Config) { c.AugmentSize = 64 }},
		{"AugmentSize", func(c *Config) { *c = Compact(Horses, Real, 32, 6, Small()); c.AugmentSize = 48 }},
		{"AugmentSize", func(c *Config) { *c = Compact(Inpaint, Real, 32, 6, Small()); c.AugmentSize = 64 }},
	} {
		t.Run(c.field, func(t *testing.T) {
			cfg := tiny(Horses)
			c.change(&cfg)
			_, err := Open(cfg, Options{})
			var ce *ConfigError
			if !errors.As(err, &ce) || ce.Field != c.field {
				t.Errorf("error %v, want one that names %s", err, c.field)
			}
		})
	}
}

func TestPresetsAreValid(t *testing.T) {
	for _, task := range Tasks() {
		p, err := task.protocol()
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range p.sizes {
			for _, s := range []Source{Drawn, Real} {
				for name, c := range map[string]Config{"paper": Paper(task, s, size), "small": Compact(task, s, size, 100, Small()), "medium": Compact(task, s, size, 100, Medium())} {
					if err := c.Validate(); err != nil {
						t.Errorf("%s, %s, %d, %s: %v", task, s, size, name, err)
					}
					b, err := c.JSON()
					if err != nil {
						t.Fatal(err)
					}
					if back, err := ParseConfig(b); err != nil || back.Hash() != c.Hash() {
						t.Errorf("%s, %s, %d, %s: read back: %v", task, s, size, name, err)
					}
				}
			}
		}
	}
}

// TestMirrored checks the mean over a picture and its mirror image.
func TestMirrored(t *testing.T) {
	x := data.Images{N: 1, C: 1, H: 2, W: 3, Pix: []float32{1, 2, 3, 4, 5, 6}}
	if got := mirrored(x).Pix; got[0] != 3 || got[1] != 2 || got[2] != 1 || got[3] != 6 {
		t.Errorf("mirrored: %v", got)
	}
	e := &Experiment{Config: Config{Mirror: true}}
	y, err := e.mirroring(x, func(x data.Images) (data.Images, error) { return x, nil })
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range y.Pix {
		if v != x.Pix[i] {
			t.Errorf("value %d: %v, want %v", i, v, x.Pix[i])
		}
	}
}

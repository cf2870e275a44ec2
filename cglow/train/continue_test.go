package train

import (
	"context"
	"path/filepath"
	"testing"

	"glownotes/cglow/data"
)

// counted counts the batches that are loaded: one a step, and one for the start
// of actnorm.
type counted struct {
	boxes
	loads *int
}

func (c counted) Load(idx []int) (x, y data.Images, err error) {
	*c.loads++
	return c.boxes.Load(idx)
}

// A run that is continued ends as one that was never stopped; a finished one
// takes no step.
func TestContinue(t *testing.T) {
	ctx := context.Background()
	whole, err := Run(ctx, small(t), boxes{11}, quick(20), nil)
	if err != nil {
		t.Fatal(err)
	}
	loads := 0
	d := counted{boxes{11}, &loads}
	cfg := quick(20)
	cfg.Checkpoints, cfg.Continue = filepath.Join(t.TempDir(), "run"), true
	stop, cancel := context.WithCancel(ctx)
	if _, err := Run(stop, small(t), d, cfg, func(p Progress) {
		if p.Step == 8 {
			cancel()
		}
	}); err != context.Canceled {
		t.Fatalf("got %v, want %v", err, context.Canceled)
	}
	check := func(what string, want int) *Result {
		t.Helper()
		loads = 0
		m := small(t)
		var last Progress
		r, err := Run(ctx, m, d, cfg, func(p Progress) { last = p })
		if err != nil {
			t.Fatal(err)
		}
		if loads != want {
			t.Errorf("%s: %d batches were loaded, want %d", what, loads, want)
		}
		if r.Model != m || r.Steps != 20 || m.Trained() != 20 || !last.Done || last.Step != 20 || len(last.Curve) != 20 || r.Elapsed <= 0 {
			t.Errorf("%s: %d steps of the run, %d of the model, report %+v", what, r.Steps, m.Trained(), last)
		}
		same(t, what+": weights", parameters(t, m), parameters(t, whole.Model))
		same(t, what+": curve", r.Curve, whole.Curve)
		return r
	}
	check("stopped after 8 steps", 12)
	r := check("finished", 0)
	if again := check("finished, once more", 0); again.Checkpoint != r.Checkpoint || again.Checkpoint == "" {
		t.Errorf("checkpoint %q, want %q", again.Checkpoint, r.Checkpoint)
	}

	cfg.Continue = false
	check("not continued", 21)
	t.Setenv(ReplayVariable, "1")
	check("replayed", 0)

	cfg.Optim.LearnRate /= 2 // another run: its folder holds nothing of it
	loads = 0
	if _, err := Run(ctx, small(t), d, cfg, nil); err != nil || loads != 21 {
		t.Errorf("another configuration: %d batches, want 21; %v", loads, err)
	}
}

// Training of a model goes on after a run: each run finds its own checkpoint.
func TestContinueSecondRun(t *testing.T) {
	loads := 0
	d := counted{boxes{11}, &loads}
	cfg := quick(5)
	cfg.Checkpoints, cfg.Continue = t.TempDir(), true
	train := func() []float64 {
		m := small(t)
		for range 2 {
			if _, err := Run(context.Background(), m, d, cfg, nil); err != nil {
				t.Fatal(err)
			}
		}
		if m.Trained() != 10 {
			t.Fatalf("the model has seen %d steps, want 10", m.Trained())
		}
		return parameters(t, m)
	}
	want := train()
	if loads != 11 {
		t.Errorf("%d batches, want 11", loads)
	}
	loads = 0
	same(t, "weights", train(), want)
	if loads != 0 {
		t.Errorf("%d batches were loaded again", loads)
	}
}

// What Resume does counts for the run that it continues.
func TestContinueResumed(t *testing.T) {
	loads := 0
	d := counted{boxes{11}, &loads}
	cfg := quick(12)
	cfg.Checkpoints, cfg.CheckpointEvery = t.TempDir(), 4
	stop, cancel := context.WithCancel(context.Background())
	Run(stop, small(t), d, cfg, func(p Progress) {
		if p.Step == 5 {
			cancel()
		}
	})
	resumed, err := Resume(context.Background(), cfg.Checkpoints, d, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	loads, cfg.Continue = 0, true
	r, err := Run(context.Background(), small(t), d, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if loads != 0 || r.Steps != 12 || len(r.Curve) != 12 {
		t.Errorf("%d batches were loaded again; %d steps, curve of %d", loads, r.Steps, len(r.Curve))
	}
	same(t, "weights", parameters(t, r.Model), parameters(t, resumed.Model))
	same(t, "end of the curve", r.Curve[5:], resumed.Curve)
}

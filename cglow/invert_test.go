package cglow

import (
	"math"
	"path/filepath"
	"testing"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/optim"
)

// gradsOf returns the gradients of a step by parameter name.
func gradsOf(t *testing.T, m *Model, values []gorgonia.ValueGrad) map[string][]float64 {
	t.Helper()
	out := map[string][]float64{}
	i := 0
	for _, p := range m.store.list {
		if p.Fixed {
			continue
		}
		g, err := values[i].Grad()
		if err != nil {
			t.Fatal(err)
		}
		out[p.Name] = append([]float64(nil), g.Data().([]float64)...)
		i++
	}
	return out
}

// TestInversionGradients compares gradients by inversion with those of stored
// activations, in float64, with parameters far from the identity.
func TestInversionGradients(t *testing.T) {
	for name, c := range variants() {
		if c.Trunk > 0 {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 51)
			scatterParameters(m, 0.1)
			x, y := pictures(c, 3, 52)
			run := func(invert bool) (StepResult, map[string][]float64) {
				o := optim.Defaults()
				tr, err := m.NewTrainer(TrainerOptions{Batch: 3, Optim: o, Invert: invert})
				if err != nil {
					t.Fatal(err)
				}
				m.trained = 1
				var r StepResult
				grads, err := tr.gradients(x, y, &r)
				if err != nil {
					t.Fatal(err)
				}
				if tr.Inverting() != invert {
					t.Fatalf("inverting: %v, round trip %g", tr.Inverting(), r.RoundTrip)
				}
				return r, gradsOf(t, m, grads)
			}
			stored, want := run(false)
			inverted, got := run(true)
			if math.Abs(stored.Nats-inverted.Nats) > 1e-9*math.Abs(stored.Nats) {
				t.Errorf("loss %v, with stored activations %v", inverted.Nats, stored.Nats)
			}
			if inverted.RoundTrip <= 0 || inverted.RoundTrip > 1e-6 {
				t.Errorf("round trip %g", inverted.RoundTrip)
			}
			for name, w := range want {
				compare(t, name, got[name], array{shape: []int{len(w)}, v: w}, 1e-6)
			}
		})
	}
}

// TestInversionMemory: activation memory, by the planner's figure, does not
// grow with the number of steps, while stored activations do.
func TestInversionMemory(t *testing.T) {
	bytes := func(steps int, invert bool) float64 {
		c := small()
		c.Steps = steps
		m := mustNew(t, c, 53)
		tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults(), Invert: invert})
		if err != nil {
			t.Fatal(err)
		}
		x, y := pictures(c, 2, 54)
		if _, err := tr.Step(x, y); err != nil {
			t.Fatal(err)
		}
		return float64(tr.ActivationBytes())
	}
	if few, many := bytes(2, true), bytes(8, true); many > 1.1*few {
		t.Errorf("by inversion %g bytes with K=2, %g with K=8", few, many)
	}
	if few, many := bytes(2, false), bytes(8, false); many < 2*few {
		t.Errorf("stored: %g bytes with K=2, %g with K=8: the comparison shows nothing", few, many)
	}
}

// TestInversionFallsBack: a flow whose inverse is inexact trains with stored
// activations, and says so.
func TestInversionFallsBack(t *testing.T) {
	c := small()
	c.Precision, c.ScaleBound, c.NormBound = "float32", 8, 8
	m := mustNew(t, c, 55)
	scatterParameters(m, 1)
	tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults(), Invert: true, MaxSkips: 5})
	if err != nil {
		t.Fatal(err)
	}
	x, y := pictures(c, 2, 56)
	r, err := tr.Step(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if r.RoundTrip <= maxRoundTrip || tr.Inverting() {
		t.Errorf("round trip %g, inverting %v", r.RoundTrip, tr.Inverting())
	}
	if tr.graph == nil {
		t.Error("no stored activations")
	}
	path := filepath.Join(t.TempDir(), "t.safetensors")
	if err := tr.Save(path, nil); err != nil {
		t.Fatal(err)
	}
	again, _, err := LoadTrainer(path)
	if err != nil {
		t.Fatal(err)
	}
	if again.Inverting() {
		t.Error("a resumed trainer tries inversion again")
	}
}

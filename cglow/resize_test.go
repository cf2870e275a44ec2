package cglow

import (
	"context"
	"math"
	"testing"

	"glownotes/cglow/data"
)

// TestResized checks that a model of another size has the same weights in
// memory of its own, and runs.
func TestResized(t *testing.T) {
	cfg := Quick32()
	cfg.X, cfg.Y = data.Shape{C: 3, H: 16, W: 16}, data.Shape{C: 1, H: 16, W: 16}
	cfg.CouplingWidth, cfg.Trunk = 8, 4
	m := mustNew(t, cfg, 3)
	big, err := m.Resized(data.Shape{C: 3, H: 32, W: 24}, data.Shape{C: 1, H: 32, W: 24})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Parameters() {
		a, _ := m.Parameter(p.Name)
		b, err := big.Parameter(p.Name)
		if err != nil || len(a) != len(b) {
			t.Fatalf("%s: %d and %d values, %v", p.Name, len(a), len(b), err)
		}
		for i := range a {
			if a[i] != b[i] {
				t.Fatalf("%s[%d]: %g and %g", p.Name, i, a[i], b[i])
			}
		}
	}
	x, y := data.NewImages(2, big.Config().X), data.NewImages(2, big.Config().Y)
	for i := range x.Pix {
		x.Pix[i] = float32(i%7) / 7
	}
	lp, err := big.LogProb(context.Background(), x, y)
	if err != nil || len(lp) != 2 || math.IsNaN(lp[0]) {
		t.Errorf("log p %v, %v", lp, err)
	}
	name := m.Parameters()[0].Name
	v, _ := big.Parameter(name)
	v[0] += 1
	if err := big.SetParameter(name, v); err != nil {
		t.Fatal(err)
	}
	if w, _ := m.Parameter(name); w[0] == v[0] {
		t.Error("the models share memory")
	}
}

func TestResizedRefuses(t *testing.T) {
	cfg := Quick32()
	cfg.Trunk, cfg.FeatureOut, cfg.CondPrior = 0, 0, false
	m := mustNew(t, cfg, 1)
	if _, err := m.Resized(data.Shape{C: 3, H: 64, W: 64}, data.Shape{C: 1, H: 64, W: 64}); err == nil {
		t.Error("networks that flatten x were given another size without an error")
	}
	if _, err := m.Resized(data.Shape{C: 1, H: 32, W: 32}, data.Shape{C: 1, H: 32, W: 32}); err == nil {
		t.Error("another number of channels: no error")
	}
}

package cglow

import (
	"math"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/optim"
)

// Gradients of fully connected layers are computed as factors, and are those of
// a float64 model, which has none.
func TestFactoredGradients(t *testing.T) {
	for _, form := range []Config{small(), Published(small())} {
		gradients := func(precision string) (model []gorgonia.ValueGrad, names []string) {
			c := form
			c.Precision, c.Trunk = precision, 0
			m := mustNew(t, c, 4)
			tr, err := m.NewTrainer(TrainerOptions{Batch: 3, Optim: optim.Defaults()})
			if err != nil {
				t.Fatal(err)
			}
			x, y := pictures(c, 3, 5)
			var r StepResult
			if model, err = tr.gradients(x, y, &r); err != nil {
				t.Fatal(err)
			}
			for _, p := range tr.graph.params {
				names = append(names, p.Name())
			}
			return model, names
		}
		want, _ := gradients("float64")
		got, names := gradients("float32")
		factored := 0
		for i, p := range got {
			g, err := p.Grad()
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := p.(optim.Outer); ok {
				factored++
			}
			w, err := want[i].Grad()
			if err != nil {
				t.Fatal(err)
			}
			compare(t, names[i], floats(g), array{v: floats(w)}, 1e-3)
		}
		if whole := 6 * len(form.steps()); factored != whole {
			t.Errorf("%d gradients are factors, want %d", factored, whole)
		}
	}
}

func floats(v gorgonia.Value) []float64 {
	if d, ok := v.Data().([]float64); ok {
		return d
	}
	var out []float64
	for _, x := range v.Data().([]float32) {
		out = append(out, float64(x))
	}
	return out
}

// The check of a gradient by its factors.
func TestFiniteFactors(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, c := range []struct {
		f    []float32
		want bool
	}{
		{[]float32{1, 2, 3, 4}, true},
		{[]float32{1e30, 1, 2, 3}, true}, // the bound is too large, the products are not
		{[]float32{1e30, 1, 2, 1e20}, false},
		{[]float32{inf, 1, 2, 3}, false},
		{[]float32{1, 2, nan, 3}, false},
	} {
		g := gorgonia.NewGraph()
		f := tensor.New(tensor.WithShape(1, 4), tensor.WithBacking(c.f))
		o := outerGrad{gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithName("w")),
			gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(1, 4), gorgonia.WithName("f"), gorgonia.WithValue(f))}
		if got := finite(0, []gorgonia.ValueGrad{o}); got != c.want {
			t.Errorf("%v: finite %v, want %v", c.f, got, c.want)
		}
	}
}

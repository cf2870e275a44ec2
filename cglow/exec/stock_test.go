package exec_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// stockNet is a small classifier of Gorgonia's own ops only.
func stockNet(t *testing.T) (loss *node, params []*node) {
	t.Helper()
	rng := rand.New(rand.NewPCG(3, 4))
	g := gorgonia.NewGraph()
	random := func(name string, shape ...int) *node {
		data := make([]float64, tensor.Shape(shape).TotalSize())
		for i := range data {
			data[i] = 0.5 * rng.NormFloat64()
		}
		v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
		return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
	}
	x, w, v := random("x", 2, 2, 6, 6), random("w", 3, 2, 3, 3), random("v", 27, 4)
	h := gorgonia.Must(gorgonia.Conv2d(x, w, tensor.Shape{3, 3}, []int{1, 1}, []int{1, 1}, []int{1, 1}))
	h = gorgonia.Must(gorgonia.Rectify(h))
	h = gorgonia.Must(gorgonia.MaxPool2D(h, tensor.Shape{2, 2}, []int{0, 0}, []int{2, 2}))
	h = gorgonia.Must(gorgonia.Reshape(h, tensor.Shape{2, 27}))
	h = gorgonia.Must(gorgonia.SoftMax(gorgonia.Must(gorgonia.Mul(h, v))))
	h = gorgonia.Must(gorgonia.Slice(h, nil, gorgonia.S(1)))
	return gorgonia.Must(gorgonia.Neg(gorgonia.Must(gorgonia.Mean(gorgonia.Must(gorgonia.Log(h)))))), []*node{w, v}
}

// TestStockNet trains nothing, but runs loss and gradients of Gorgonia's own ops, differentiated
// by Gorgonia and by package ad, against Gorgonia's machine.
func TestStockNet(t *testing.T) {
	loss, params := stockNet(t)
	grads, err := gorgonia.Grad(loss, params...)
	if err != nil {
		t.Fatal(err)
	}
	run(t, gorgonia.NewTapeMachine(loss.Graph()))
	wants := append([]*node{loss}, grads...)
	for _, c := range []struct {
		name string
		grad func(loss *node, wrt ...*node) ([]*node, error)
	}{
		{"gorgonia.Grad", func(l *node, wrt ...*node) ([]*node, error) { return gorgonia.Grad(l, wrt...) }},
		{"ad.Grad", ad.Grad},
	} {
		t.Run(c.name, func(t *testing.T) {
			loss, params := stockNet(t)
			grads, err := c.grad(loss, params...)
			if err != nil {
				t.Fatal(err)
			}
			gots := append([]*node{loss}, grads...)
			vm := compile(t, exec.Program{Outputs: gots, Poison: true})
			run(t, vm)
			run(t, vm)
			for k := range wants {
				want, got := values(t, wants[k]), values(t, gots[k])
				for i := range want {
					if math.Abs(got[i]-want[i]) > 1e-14 {
						t.Fatalf("result %d, element %d: got %v, TapeMachine %v", k, i, got[i], want[i])
					}
				}
			}
			if s := vm.Stats(); s.Fallback == 0 || s.Fallback > s.Steps {
				t.Errorf("stats %+v: want ops of others among the steps", s)
			}
		})
	}
}

// TestOtherTypes passes a result that is neither float32 nor float64 from op to op.
func TestOtherTypes(t *testing.T) {
	g := gorgonia.NewGraph()
	x, y := vector(g, "x", []float64{1, 5, 3}), vector(g, "y", []float64{2, 2, 3})
	greater := gorgonia.Must(gorgonia.Gt(x, y, false))
	run(t, compile(t, exec.Program{Outputs: []*node{greater}, Poison: true}))
	if got, want := fmt.Sprint(greater.Value().Data()), "[false true false]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestRandomNode runs one of Gorgonia's random nodes: new values on every run.
func TestRandomNode(t *testing.T) {
	g := gorgonia.NewGraph()
	r := gorgonia.UniformRandomNode(g, tensor.Float64, 0, 1, 4)
	y := op.Offset(r, 1)
	vm := compile(t, exec.Program{Outputs: []*node{y}})
	run(t, vm)
	first := append([]float64(nil), values(t, y)...)
	run(t, vm)
	same := true
	for i, v := range values(t, y) {
		if v < 1 || v > 2 {
			t.Errorf("element %d is %v, want it in [1,2]", i, v)
		}
		same = same && v == first[i]
	}
	if same {
		t.Error("two runs drew the same numbers")
	}
}

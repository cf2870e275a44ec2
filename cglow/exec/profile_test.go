package exec_test

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

func TestProfile(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(4), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithBacking([]float32{1, 2, 3, 4}))))
	y := op.Mean(op.Square(op.Repeat(op.Square(gorgonia.Must(gorgonia.Tanh(x))), 3)))
	vm := compile(t, exec.Program{Outputs: []*node{y}})
	times, err := vm.Profile(3)
	if err != nil {
		t.Fatal(err)
	}
	steps, square := 0, false
	for i, k := range times {
		steps += k.Steps
		if k.Op == "square" && k.Kernel == "cpu" && k.Steps == 2 {
			square = true
		}
		if k.Time <= 0 || i > 0 && k.Time > times[i-1].Time {
			t.Errorf("entry %d: %v after %v, want positive and falling times", i, k.Time, times[max(0, i-1)].Time)
		}
	}
	if steps != vm.Stats().Steps || !square {
		t.Errorf("got %+v, want %d steps, two of them cpu squares", times, vm.Stats().Steps)
	}
	if _, err := vm.Profile(0); err == nil {
		t.Error("a profile of no runs has no error")
	}
}

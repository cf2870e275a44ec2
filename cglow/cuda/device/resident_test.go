package device

import (
	"errors"
	"fmt"
	"math"
	"os"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/cpu"
	"glownotes/cglow/cuda"
	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

func TestMain(m *testing.M) {
	if err := cudatest.Use(); err != nil && !errors.Is(err, cudatest.ErrNoCompiler) {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestResidentStep keeps weights, gradients and moments on the device: gradient, norm, clipping and
// Adam are one recording, compared with the same steps by the CPU's Adam.
func TestResidentStep(t *testing.T) {
	if _, err := cudatest.Build(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	}
	d, err := Open(0, FP32)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	const n, steps = 37, 3
	const clip, limit = 0.9, 2.0
	w, want := make([]float32, n), make([]float32, n)
	for i := range w {
		w[i] = float32(math.Sin(float64(i)))
	}
	copy(want, w)

	g := gorgonia.NewGraph()
	x := gorgonia.NewTensor(g, tensor.Float32, 1, gorgonia.WithShape(n), gorgonia.WithName("w"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(n), tensor.WithBacking(w))))
	loss := op.Scale(op.Mean(op.Square(op.Square(x))), n) // the gradient is 4 w^3
	grads, err := ad.Grad(loss, x)
	if err != nil {
		t.Fatal(err)
	}
	mirror, err := exec.NewMirror(d, w)
	if err != nil {
		t.Fatal(err)
	}
	memory, err := d.Alloc(4096)
	if err != nil {
		t.Fatal(err)
	}
	grad, m, v, hyper, result, parts := memory, memory+1024, memory+2048, memory+3072, memory+3328, memory+4096
	hyperOf := func(step int) []float32 {
		return []float32{float32(0.01 / (1 - math.Pow(0.9, float64(step)))), float32(1 / math.Sqrt(1-math.Pow(0.999, float64(step)))),
			1e-8, 0.9, 0.999, float32(1 - 0.9), clip, limit, float32(1 - 0.999)}
	}
	run := &run{d: d}
	run.add(blocks("k_norm_parts", 2, 1, at(parts, grad, hyper), []int{n, 2}),
		blocks("k_norm", 1, 1, at(result, parts, hyper, 0), []int{2, 0}),
		over("k_adam", n, at(mirror.Address, grad, m, v, hyper, result), nil))
	vm, err := exec.Compile(exec.Program{Outputs: append([]*gorgonia.Node{loss}, grads...), Backend: d, Resident: &exec.Resident{
		Mirrors: []*exec.Mirror{mirror}, Outputs: map[*gorgonia.Node][]exec.Address{grads[0]: {grad}}, After: func(func(*gorgonia.Node) exec.Address) error { return run.issue() }}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Do(func() error { return d.q.Fill(cuda.Address(m), 0, 512) }); err != nil {
		t.Fatal(err)
	}
	mean, square, gs := make([]float32, n), make([]float32, n), make([]float32, n)
	for step := 1; step <= steps; step++ {
		if err := d.Do(func() error { return d.Upload(hyper, hyperOf(step)) }); err != nil {
			t.Fatal(err)
		}
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		mirror.Ahead()
		norm := 0.0
		for i, x := range want {
			gs[i] = 4 * x * x * x
			norm += math.Pow(max(-clip, min(clip, float64(gs[i]))), 2)
		}
		scale := min(1, limit/math.Sqrt(norm))
		cpu.Adam{Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: scale, Clip: clip * scale, Step: step}.Apply(want, gs, mean, square)
	}
	if err := errors.Join(vm.Fetch(grads...), mirror.Fetch()); err != nil {
		t.Fatal(err)
	}
	for i := range w {
		if diff := math.Abs(float64(w[i] - want[i])); !(diff <= 1e-6) {
			t.Fatalf("weight %d: %v, on the CPU %v", i, w[i], want[i])
		}
		if got := grads[0].Value().Data().([]float32)[i]; !(math.Abs(float64(got-gs[i])) <= 1e-5) {
			t.Fatalf("gradient %d: %v, want %v", i, got, gs[i])
		}
	}
	// A NaN leaves weights and moments as they are.
	copy(want, w)
	w[3] = float32(math.NaN())
	mirror.Touch()
	if err := errors.Join(vm.RunAll()); err != nil {
		t.Fatal(err)
	}
	mirror.Ahead()
	if err := mirror.Fetch(); err != nil {
		t.Fatal(err)
	}
	for i := range w {
		if i != 3 && w[i] != want[i] {
			t.Fatalf("weight %d moved from %v to %v by a step that was not finite", i, want[i], w[i])
		}
	}
	if err := errors.Join(vm.Close(), mirror.Close(), d.Free(memory, 4096)); err != nil || d.Context().Allocated() != 0 {
		t.Errorf("%v, %d bytes left", err, d.Context().Allocated())
	}
}

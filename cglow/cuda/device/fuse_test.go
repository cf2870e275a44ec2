package device

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// TestFusedGraphs computes random graphs of element-wise ops, ops that move elements and sums, with
// their gradients, and compares them with the plain loops.
func TestFusedGraphs(t *testing.T) {
	if _, err := cudatest.Build(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	}
	d, err := Open(0, FP32)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	fewer := 0
	for seed := range uint64(60) {
		steps := [2]int{}
		var results [2][][]float32
		for k, b := range []exec.Backend{exec.Reference, d} {
			outs := randomGraph(t, rand.New(rand.NewPCG(seed, 7)))
			vm, err := exec.Compile(exec.Program{Outputs: outs, Backend: b, Poison: true})
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			for range 2 {
				if err := vm.RunAll(); err != nil {
					t.Fatalf("seed %d: %v", seed, err)
				}
			}
			for _, n := range outs {
				switch v := n.Value().Data().(type) {
				case []float32:
					results[k] = append(results[k], append([]float32(nil), v...))
				case float32:
					results[k] = append(results[k], []float32{v})
				}
			}
			steps[k] = vm.Stats().Steps
			if vm.Stats().RoundTrips > 0 {
				t.Errorf("seed %d: %d round trips", seed, vm.Stats().RoundTrips)
			}
			if err := vm.Close(); err != nil {
				t.Error(err)
			}
		}
		if steps[1] < steps[0] {
			fewer++
		}
		for j, want := range results[0] {
			for i, w := range want {
				if got := results[1][j][i]; !(math.Abs(float64(got-w)) <= 2e-5*(1+math.Abs(float64(w)))) {
					t.Fatalf("seed %d: output %d, value %d: %v, want %v", seed, j, i, got, w)
				}
			}
		}
	}
	if fewer < 50 {
		t.Errorf("only %d of 60 graphs have fewer steps than ops", fewer)
	}
	if left := d.Context().Allocated(); left != 0 {
		t.Errorf("%d bytes left", left)
	}
}

// randomGraph returns the outputs of a random graph: a scalar, some nodes on the way, gradients.
func randomGraph(t *testing.T, r *rand.Rand) gorgonia.Nodes {
	t.Helper()
	g := gorgonia.NewGraph()
	inputs := gorgonia.Nodes{}
	input := func(dims ...int) *gorgonia.Node {
		x := tensor.New(tensor.WithShape(dims...), tensor.Of(tensor.Float32))
		for i := range x.Float32s() {
			x.Float32s()[i] = float32(r.NormFloat64() * 0.5)
		}
		n := gorgonia.NewTensor(g, tensor.Float32, len(dims), gorgonia.WithShape(dims...), gorgonia.WithName(fmt.Sprint("x", len(inputs))), gorgonia.WithValue(x))
		inputs = append(inputs, n)
		return n
	}
	const n, c, h, w = 2, 4, 4, 6
	live := gorgonia.Nodes{input(n, c, h, w), input(n, c, h, w)}
	pick := func() *gorgonia.Node { return live[r.IntN(len(live))] }
	like := func(v *gorgonia.Node) *gorgonia.Node { // another of the shape
		for range 4 {
			if u := pick(); u.Shape().Eq(v.Shape()) {
				return u
			}
		}
		return v
	}
	sums := gorgonia.Nodes{}
	for range 6 + r.IntN(14) {
		v := pick()
		s := v.Shape()
		switch r.IntN(14) {
		case 0:
			v = op.Tanh(v)
		case 1:
			v = op.Exp(op.Scale(op.Tanh(v), 0.5))
		case 2:
			v = op.Sigmoid(op.Offset(v, 0.3))
		case 3:
			v = op.LogSigmoid(v)
		case 4:
			v = op.Scale(op.Square(op.Tanh(v)), 0.5)
		case 5:
			v = op.Add(v, like(v), like(v))
		case 6:
			v = op.Mul(op.Tanh(v), op.Tanh(like(v)))
		case 7:
			v = op.ChannelAdd(v, input(s[0], s[1]))
		case 8:
			v = op.ChannelMul(v, op.Exp(op.Tanh(input(s[1]))))
		case 9:
			if s[2]%2 == 0 && s[3]%2 == 0 {
				v = op.Squeeze(v)
			}
		case 10:
			if s[1]%4 == 0 {
				v = op.Unsqueeze(v)
			}
		case 11:
			if s[1]%2 == 0 {
				first, second := op.Channels(v, 0, s[1]/2, 1), op.Channels(v, s[1]/2, s[1], 1)
				v = op.Concat(op.Neg(second), op.Sub(first, op.Tanh(second)))
			}
		case 12:
			if s[1]%2 == 0 {
				v = op.Concat(op.Channels(v, 1, s[1], 2), op.Channels(v, 0, s[1], 2))
			}
		case 13:
			sums = append(sums, op.SumPerExample(op.Scale(v, 0.1)))
		}
		live = append(live, v)
	}
	for _, v := range live { // all inputs have a gradient
		sums = append(sums, op.SumPerExample(op.Scale(op.Tanh(v), 0.1)))
	}
	loss := op.Mean(op.Add(sums...))
	grads, err := ad.Grad(loss, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return append(gorgonia.Nodes{loss, pick(), live[len(live)-1]}, grads...)
}

package device

import (
	"errors"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// openWithBLAS opens a device that finds cuBLASLt and sends it every product that it can take.
func openWithBLAS(t *testing.T) *Device {
	t.Helper()
	if err := cudatest.UseBLAS(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cudatest.Use() })
	d, err := Open(0, FP32)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	if version, err := d.Context().BLAS(); err != nil || version != "cuBLASLt 12.8.5" {
		t.Fatalf("%q, %v", version, err)
	}
	d.BLASFrom(1)
	return d
}

// TestBLAS computes a coupling network with its gradients through cuBLASLt: plain and transposed
// operands, epilogues with scale, bias, ReLU and mask; and again when cuBLASLt finds no way.
func TestBLAS(t *testing.T) {
	d := openWithBLAS(t)
	for _, refused := range []int{0, 1} {
		if err := cudatest.Refuse(refused); err != nil {
			t.Fatal(err)
		}
		before, err := cudatest.Products()
		if err != nil {
			t.Fatal(err)
		}
		got, want := couplingValues(t, d), couplingValues(t, exec.Reference)
		after, _ := cudatest.Products()
		if n := after - before; refused == 0 && n < 5 || refused == 1 && n != 0 {
			t.Errorf("refused %d: cuBLASLt computed %d products", refused, n)
		}
		for k := range want {
			for i := range want[k] {
				if diff := got[k][i] - want[k][i]; !(diff*diff <= 1e-8*(1+want[k][i]*want[k][i])) {
					t.Fatalf("refused %d: output %d, value %d: %v, want %v", refused, k, i, got[k][i], want[k][i])
				}
			}
		}
	}
	cudatest.Refuse(0)
	if version, err := d.Context().DNN(); err != nil || !strings.HasPrefix(version, "cuDNN 9.10") {
		t.Errorf("cuDNN: %q, %v", version, err)
	}
}

// couplingValues returns the result of a coupling network and the gradients of its inputs.
func couplingValues(t *testing.T, b exec.Backend) (out [][]float32) {
	t.Helper()
	const in, hidden, channels = 3, 8, 4
	g := gorgonia.NewGraph()
	n := 0
	input := func(dims ...int) *gorgonia.Node {
		x := tensor.New(tensor.WithShape(dims...), tensor.Of(tensor.Float32))
		for i := range x.Float32s() {
			n++
			x.Float32s()[i] = float32(n*7919%101)/101 - 0.5
		}
		return gorgonia.NewTensor(g, tensor.Float32, len(dims), gorgonia.WithShape(dims...), gorgonia.WithName(string(rune('a'+len(g.AllNodes())))), gorgonia.WithValue(x))
	}
	x := input(2, in, 5, 6)
	params := gorgonia.Nodes{input(hidden, in, 3, 3), input(hidden), input(hidden), input(hidden, hidden, 1, 1), input(hidden), input(hidden),
		input(channels, hidden, 3, 3), input(channels), input(channels)}
	p := op.CouplingParams{W0: params[0], B0: params[1], L0: params[2], W1: params[3], B1: params[4], L1: params[5],
		W2: params[6], B2: params[7], L2: params[8]}
	y := op.CouplingNet(x, p).Raw
	grads, err := ad.Grad(op.Mean(op.Square(y)), append(gorgonia.Nodes{x}, params...)...)
	if err != nil {
		t.Fatal(err)
	}
	nodes := append(gorgonia.Nodes{y}, grads...)
	vm, err := exec.Compile(exec.Program{Outputs: nodes, Backend: b})
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	for _, node := range nodes {
		out = append(out, append([]float32(nil), node.Value().Data().([]float32)...))
	}
	if err := vm.Close(); err != nil {
		t.Error(err)
	}
	return out
}

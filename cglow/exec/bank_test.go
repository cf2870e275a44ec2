package exec

import (
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// tight is the CPU backend with little memory for banks.
type tight struct {
	Backend
	memory int
}

func (t tight) Kernel(o *op.Op, used []bool) *Kernel {
	if o.Name() == "netbank" {
		return bankForward(o, used, t.memory)
	}
	return t.Backend.Kernel(o, used)
}

// TestBankGroups runs a bank on groups of images: the results are those of the whole batch, and
// less memory is planned.
func TestBankGroups(t *testing.T) {
	results := func(b Backend) (values [][]float32, bytes int) {
		rng := rand.New(rand.NewPCG(1, 1))
		g := gorgonia.NewGraph()
		random := func(name string, shape ...int) *gorgonia.Node {
			data := make([]float32, size(shape))
			for i := range data {
				data[i] = float32(rng.NormFloat64())
			}
			v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
			return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
		}
		two := op.Conv{Stride: 2}
		ys := op.NetBank(random("x", 11, 2, 8, 8),
			[]op.Layer{{W: random("a", 6, 2, 2, 2), B: random("b", 6), Conv: two, ReLU: true}, {W: random("c", 5, 96), B: random("d", 5)}},
			[]op.Layer{{W: random("e", 6, 2, 3, 3), B: random("f", 6), Conv: op.Conv{Stride: 1, Pad: 1}, ReLU: true},
				{W: random("g", 9, 6, 2, 2), B: random("h", 9), Conv: two, ReLU: true}})
		vm, err := Compile(Program{Outputs: ys, Backend: b, Poison: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		for _, y := range ys {
			v, err := op.Floats[float32](y.Value())
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, v)
		}
		return values, vm.Stats().ArenaBytes
	}
	want, whole := results(CPU)
	for _, memory := range []int{0, 6000} { // one image at a time, and some
		got, bytes := results(tight{CPU, memory})
		if bytes >= whole {
			t.Errorf("memory %d: %d bytes planned, the whole batch takes %d", memory, bytes, whole)
		}
		for k := range want {
			for i, w := range want[k] {
				if d := got[k][i] - w; d > 1e-4 || d < -1e-4 {
					t.Fatalf("memory %d, result %d, element %d: got %v, want %v", memory, k, i, got[k][i], w)
				}
			}
		}
	}
}

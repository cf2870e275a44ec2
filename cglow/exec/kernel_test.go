package exec_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// large is a graph at sizes where kernels work in blocks, on several images and on many cores;
// the conformance suite of package op covers the small and odd ones.
type large struct {
	name   string
	shapes [][]int
	build  func(x []*node) *node
	scale  float64 // of the random inputs after the first; 0 means 1
}

// coupling is a coupling network of n images of h x w pixels, with in, hidden and out channels.
func coupling(n, in, h, w, hidden, out int) large {
	return large{fmt.Sprintf("couplingnet of %d images of %dx%d", n, h, w),
		[][]int{{n, in, h, w}, {hidden, in, 3, 3}, {hidden}, {hidden}, {hidden, hidden, 1, 1}, {hidden}, {hidden}, {out, hidden, 3, 3}, {out}, {out}},
		func(x []*node) *node {
			return op.CouplingNet(x[0], op.CouplingParams{W0: x[1], B0: x[2], L0: x[3], W1: x[4], B1: x[5], L1: x[6], W2: x[7], B2: x[8], L2: x[9]}).Raw
		}, 0.15}
}

var larges = []large{
	coupling(3, 10, 9, 7, 70, 12), // panels that span images, layer by layer
	coupling(2, 5, 4, 4, 30, 7),
	coupling(2, 6, 16, 16, 70, 4),  // parts with gradients of their own
	coupling(23, 3, 15, 14, 24, 5), // more than one group of images
	coupling(1, 2, 72, 64, 24, 3),
	{"netbank", [][]int{{5, 3, 32, 32}, {20, 3, 2, 2}, {20}, {33, 20, 2, 2}, {33}, {40, 33 * 64}, {40}, {7, 40}, {7}, {16, 3, 3, 3}, {16}, {6, 16, 4, 4}, {6}},
		func(x []*node) *node {
			two := op.Conv{Stride: 2}
			y := op.NetBank(x[0],
				[]op.Layer{{W: x[1], B: x[2], Conv: two, ReLU: true}, {W: x[3], B: x[4], Conv: two, ReLU: true}, {W: x[5], B: x[6], ReLU: true, Factored: true}, {W: x[7], B: x[8]}},
				[]op.Layer{{W: x[9], B: x[10], Conv: op.Conv{Stride: 1, Pad: 1}, ReLU: true}, {W: x[11], B: x[12], Conv: op.Conv{Stride: 4}}})
			return op.Concat(y[0], op.Reshape(y[1], 5, -1))
		}, 0.1},
	{"conv 3x3", [][]int{{9, 17, 20, 11}, {35, 17, 3, 3}, {35}},
		func(x []*node) *node { return op.Conv2D(x[0], x[1], x[2], op.Conv{Stride: 1, Pad: 1}) }, 0},
	{"linear", [][]int{{3, 1000}, {130, 1000}, {130}}, func(x []*node) *node { return op.Linear(x[0], x[1], x[2]) }, 0},
	{"matapply", [][]int{{3, 48, 48}, {3, 48, 9, 11}}, func(x []*node) *node { return op.MatApply(x[0], x[1]) }, 0},
	{"householder", [][]int{{24, 24}, {5, 8, 24}, {5, 24}}, func(x []*node) *node { return op.Householder(x[0], x[1], x[2]) }, 0},
	{"element-wise", [][]int{{3, 11, 40, 41}, {3, 11, 40, 41}, {3, 11}},
		func(x []*node) *node {
			return op.Tanh(op.ChannelMul(op.Add(op.Mul(x[0], op.Sigmoid(x[1])), op.LogSigmoid(x[1]), op.Exp(op.Scale(x[0], 0.5))), x[2]))
		}, 0},
	{"gaussian", [][]int{{3, 11, 20, 21}, {3, 11, 20, 21}, {3, 11, 20, 21}},
		func(x []*node) *node { return op.GaussianLogDensity(x[0], x[1], op.Scale(x[2], 0.5)) }, 0},
}

// compileLarge builds the mean of weighted results and all gradients.
func compileLarge(t testing.TB, l large, dt tensor.Dtype, b exec.Backend) (*exec.VM, []*node) {
	t.Helper()
	rng := rand.New(rand.NewPCG(5, 6))
	g := gorgonia.NewGraph()
	random := func(i int, shape []int) *node {
		k := 1.0
		if i > 0 && l.scale > 0 {
			k = l.scale
		}
		f64 := make([]float64, tensor.Shape(shape).TotalSize())
		f32 := make([]float32, len(f64))
		for j := range f64 {
			f32[j] = float32(k * rng.NormFloat64())
			f64[j] = float64(f32[j])
		}
		var backing any = f64
		if dt == tensor.Float32 {
			backing = f32
		}
		v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
		return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(fmt.Sprintf("x%d", i)), gorgonia.WithValue(v))
	}
	var xs []*node
	for i, s := range l.shapes {
		xs = append(xs, random(i, s))
	}
	y := l.build(xs)
	loss := op.Mean(op.Mul(y, random(0, y.Shape())))
	grads, err := ad.Grad(loss, xs...)
	if err != nil {
		t.Fatal(err)
	}
	outs := append([]*node{loss, y}, grads...)
	return compile(t, exec.Program{Outputs: outs, Backend: b, Poison: true}), outs
}

// TestLargeKernels compares the fast float32 kernels with the plain loops in float64.
func TestLargeKernels(t *testing.T) {
	for _, l := range larges {
		t.Run(l.name, func(t *testing.T) {
			want, wants := compileLarge(t, l, tensor.Float64, exec.Reference)
			got, gots := compileLarge(t, l, tensor.Float32, exec.CPU)
			run(t, want)
			run(t, got)
			for k := range wants[1:] {
				w, g := values(t, wants[k+1]), values(t, gots[k+1])
				scale := 0.0
				for _, v := range w {
					scale = max(scale, math.Abs(v))
				}
				// A ReLU's input near zero may change sign in float32, which moves single elements
				// of the gradients: compare the norm of the difference.
				diff, norm := 0.0, 0.0
				for i, v := range w {
					if math.IsNaN(g[i]) {
						t.Fatalf("result %d, element %d is NaN", k, i)
					}
					diff += (g[i] - v) * (g[i] - v)
					norm += v * v
				}
				if rel := math.Sqrt(diff / norm); !(rel < 2e-6) {
					t.Errorf("result %d: relative error %.3g of the norm, want below 2e-6", k, rel)
				}
			}
		})
	}
}

// TestWorkers runs on one core and on several: the results must be the same bits.
func TestWorkers(t *testing.T) {
	for _, l := range larges {
		t.Run(l.name, func(t *testing.T) {
			vm, outs := compileLarge(t, l, tensor.Float32, exec.CPU)
			var first [][]float64
			for _, procs := range []int{1, 2, 3, 7} {
				old := runtime.GOMAXPROCS(procs)
				run(t, vm)
				runtime.GOMAXPROCS(old)
				for k, n := range outs {
					v := values(t, n)
					if procs == 1 {
						first = append(first, v)
						continue
					}
					for i := range v {
						if v[i] != first[k][i] {
							t.Fatalf("result %d, element %d: %v on %d cores, %v on one", k, i, v[i], procs, first[k][i])
						}
					}
				}
			}
		})
	}
}

// TestBankPartlyUsed reads one of three networks of a bank: the others do not run, and their
// parameters get no gradient.
func TestBankPartlyUsed(t *testing.T) {
	for _, b := range []exec.Backend{exec.Reference, exec.CPU} {
		t.Run(b.Name(), func(t *testing.T) {
			l := large{shapes: [][]int{{2, 2, 4, 4}, {3, 2, 2, 2}, {3}, {4, 2, 2, 2}, {4}, {5, 2, 2, 2}, {5}}}
			l.build = func(x []*node) *node {
				var nets [][]op.Layer
				for i := 1; i < 7; i += 2 {
					nets = append(nets, []op.Layer{{W: x[i], B: x[i+1], Conv: op.Conv{Stride: 2}, ReLU: true}})
				}
				y := op.NetBank(x[0], nets...)[1]
				if _, err := ad.Grad(op.Mean(y), x[1]); err == nil {
					t.Error("the first network has a gradient")
				}
				all := y
				for _, n := range x {
					all = op.Add(all, op.Reshape(op.Repeat(op.Scale(op.Mean(n), 0), 32), 2, 4, 2, 2))
				}
				return all
			}
			vm, outs := compileLarge(t, l, tensor.Float32, b)
			run(t, vm)
			for k, n := range outs[2:] {
				norm := 0.0
				for _, v := range values(t, n) {
					norm += v * v
				}
				if live := k == 0 || k == 3 || k == 4; (norm > 0) != live {
					t.Errorf("gradient of input %d has norm %v", k, norm)
				}
			}
		})
	}
}

// TestForwardOnly runs without gradients, when nobody keeps hidden results: other memory, same
// values as with them.
func TestForwardOnly(t *testing.T) {
	small := larges[0]
	small.name = "couplingnet of many small images"
	small.shapes = append([][]int{{19, 10, 3, 4}}, small.shapes[1:]...)
	for _, l := range append([]large{small}, larges...) {
		t.Run(l.name, func(t *testing.T) {
			_, outs := compileLarge(t, l, tensor.Float32, exec.CPU)
			full := compile(t, exec.Program{Outputs: outs, Poison: true})
			run(t, full)
			want := append([]float64(nil), values(t, outs[1])...)
			vm := compile(t, exec.Program{Outputs: outs[1:2], Poison: true})
			run(t, vm)
			scale := 0.0
			for _, v := range want {
				scale = max(scale, math.Abs(v))
			}
			for i, v := range values(t, outs[1]) {
				if !(math.Abs(v-want[i]) <= 1e-5*scale) {
					t.Fatalf("element %d: got %v, with gradients %v", i, v, want[i])
				}
			}
			if full.Stats().ArenaBytes < vm.Stats().ArenaBytes {
				t.Errorf("%d bytes planned, with gradients %d", vm.Stats().ArenaBytes, full.Stats().ArenaBytes)
			}
		})
	}
}

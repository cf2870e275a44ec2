package op_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

type node = gorgonia.Node

// problem is the scalar loss Mean(y * weights) of a row, its gradients and their graph.
type problem struct {
	ins     []*node
	data    [][]float64
	y, loss *node
	grads   []*node
}

// newProblem builds the row's graph with seeded inputs.
func newProblem(t *testing.T, r row, dt tensor.Dtype) *problem {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(len(r.name))))
	g := gorgonia.NewGraph()
	p := &problem{}
	newInput := func(i int, shape []int) *node {
		data := make([]float64, tensor.Shape(shape).TotalSize())
		for k := range data {
			data[k] = float64(float32(rng.NormFloat64()))
		}
		if r.fill != nil && i < len(r.shapes) {
			r.fill(i, shape, data)
		}
		p.data = append(p.data, data)
		return input(g, fmt.Sprintf("x%d", i), shape, data, dt)
	}
	for i, s := range r.shapes {
		p.ins = append(p.ins, newInput(i, s))
	}
	p.y = r.build(p.ins)
	weighted := p.y
	if p.y.IsScalar() {
		weighted = op.Square(p.y)
	} else {
		weighted = op.Mul(p.y, newInput(len(r.shapes), p.y.Shape()))
	}
	p.loss = op.Mean(weighted)
	grads, err := ad.Grad(p.loss, p.ins...)
	if err != nil {
		t.Fatal(err)
	}
	p.grads = grads
	return p
}

func input(g *gorgonia.ExprGraph, name string, shape []int, data []float64, dt tensor.Dtype) *node {
	var backing any = slices.Clone(data)
	if dt == tensor.Float32 {
		b := make([]float32, len(data))
		for i, v := range data {
			b[i] = float32(v)
		}
		backing = b
	}
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
	return gorgonia.NewTensor(g, dt, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

// results returns y, the loss and the gradients after a run.
func (p *problem) results(t *testing.T) [][]float64 {
	t.Helper()
	var rs [][]float64
	for _, n := range append([]*node{p.y, p.loss}, p.grads...) {
		rs = append(rs, floats(t, n.Value()))
	}
	return rs
}

func floats(t *testing.T, v gorgonia.Value) []float64 {
	t.Helper()
	if s, err := op.Floats[float64](v); err == nil {
		return slices.Clone(s)
	}
	s, err := op.Floats[float32](v)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, len(s))
	for i, x := range s {
		out[i] = float64(x)
	}
	return out
}

func (p *problem) compile(t *testing.T, b exec.Backend) *exec.VM {
	t.Helper()
	vm, err := exec.Compile(exec.Program{
		Outputs: append([]*node{p.loss}, p.grads...), Keep: []*node{p.y}, Backend: b, Poison: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func run(t *testing.T, vm gorgonia.VM) {
	t.Helper()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
}

// differences is how many elements of an input TestGradients moves, evenly spread; enough for
// every element of all but the largest inputs.
const differences = 20

// TestGradients compares every symbolic gradient in float64 with central differences.
func TestGradients(t *testing.T) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			p := newProblem(t, r, tensor.Float64)
			vm := p.compile(t, exec.Reference)
			run(t, vm)
			got := p.results(t)[2:]
			loss := func() float64 {
				run(t, vm)
				return floats(t, p.loss.Value())[0]
			}
			for i, in := range p.ins {
				x := in.Value().(*tensor.Dense).Float64s()
				for k := 0; k < len(x); k += 1 + (len(x)-1)/differences {
					const h = 1e-5
					old := x[k]
					x[k] = old + h
					up := loss()
					x[k] = old - h
					down := loss()
					x[k] = old
					want := (up - down) / (2 * h)
					if d := math.Abs(got[i][k] - want); !(d <= 1e-8*(1+math.Abs(want))) {
						t.Fatalf("gradient of input %d, element %d: got %.12g, differences give %.12g", i, k, got[i][k], want)
					}
				}
			}
		})
	}
}

// TestAgainstTapeMachine runs every op and its gradients on Gorgonia's own machine: the same
// loops must give the same bits.
func TestAgainstTapeMachine(t *testing.T) {
	for _, r := range rows {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			t.Run(fmt.Sprintf("%s/%v", r.name, dt), func(t *testing.T) {
				ours, theirs := newProblem(t, r, dt), newProblem(t, r, dt)
				run(t, ours.compile(t, exec.Reference))
				run(t, gorgonia.NewTapeMachine(theirs.loss.Graph()))
				for k, want := range theirs.results(t) {
					for i, got := range ours.results(t)[k] {
						if got != want[i] {
							t.Fatalf("result %d, element %d: got %v, TapeMachine %v", k, i, got, want[i])
						}
					}
				}
			})
		}
	}
}

// TestFloat32 compares float32, with the plain loops and with the fast kernels, with float64,
// and checks that runs repeat bit for bit and leave the inputs alone.
func TestFloat32(t *testing.T) {
	for _, r := range rows {
		for _, b := range append([]exec.Backend{exec.Reference, exec.CPU}, devices...) {
			t.Run(r.name+"/"+b.Name(), func(t *testing.T) {
				want, p := newProblem(t, r, tensor.Float64), newProblem(t, r, tensor.Float32)
				run(t, want.compile(t, exec.Reference))
				vm := p.compile(t, b)
				if n := vm.Stats().RoundTrips; n > 0 && !r.host {
					t.Errorf("%d ops have no kernel of the device", n)
				}
				run(t, vm)
				first := p.results(t)
				run(t, vm)
				tol := r.tol32
				if tol == 0 {
					tol = 2e-5
				}
				for k, w := range want.results(t) {
					again, scale := p.results(t)[k], 0.0
					for _, v := range w {
						scale = max(scale, math.Abs(v))
					}
					for i, v := range w {
						if got := first[k][i]; !(math.Abs(got-v) <= tol*scale) {
							t.Fatalf("result %d, element %d: got %v, float64 gives %v, tolerance %.1g", k, i, got, v, tol*scale)
						}
						if again[i] != first[k][i] {
							t.Fatalf("result %d, element %d: %v, and %v in a second run", k, i, first[k][i], again[i])
						}
					}
				}
				for i, in := range p.ins {
					for k, v := range floats(t, in.Value()) {
						if v != float64(float32(p.data[i][k])) {
							t.Fatalf("input %d, element %d changed from %v to %v", i, k, p.data[i][k], v)
						}
					}
				}
				if err := vm.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestNoAllocations checks that a run of each op and its gradients allocates nothing.
func TestNoAllocations(t *testing.T) {
	for _, r := range rows {
		for _, b := range []exec.Backend{exec.Reference, exec.CPU} {
			t.Run(r.name+"/"+b.Name(), func(t *testing.T) {
				vm := newProblem(t, r, tensor.Float32).compile(t, b)
				if n := testing.AllocsPerRun(5, func() { run(t, vm) }); n > 0 {
					t.Errorf("%v allocations a run", n)
				}
			})
		}
	}
}

// TestCouplingNet compares the fused network with the ops that it stands for: values, hidden
// activations and all gradients in float64.
func TestCouplingNet(t *testing.T) {
	fused := row{name: "couplingnet", shapes: couplingShapes(2, 4, 3, 5, 6, 8), build: func(x []*node) *node {
		return op.CouplingNet(x[0], couplingParams(x)).Raw
	}}
	layer := func(h, w, b, l *node, pad int, k float64) *node {
		h = op.ChannelAdd(op.Conv2D(h, w, nil, op.Conv{Stride: 1, Pad: pad}), b)
		return op.ChannelMul(h, op.Exp(op.Scale(l, k)))
	}
	plain := fused
	plain.build = func(x []*node) *node {
		h := op.ReLU(layer(x[0], x[1], x[2], x[3], 1, 1))
		h = op.ReLU(layer(h, x[4], x[5], x[6], 0, 1))
		return layer(h, x[7], x[8], x[9], 1, 3)
	}
	a, b := newProblem(t, fused, tensor.Float64), newProblem(t, plain, tensor.Float64)
	run(t, a.compile(t, exec.Reference))
	run(t, b.compile(t, exec.Reference))
	for k, want := range b.results(t) {
		for i, got := range a.results(t)[k] {
			if d := math.Abs(got - want[i]); !(d <= 1e-12*(1+math.Abs(want[i]))) {
				t.Fatalf("result %d, element %d: fused %v, plain %v", k, i, got, want[i])
			}
		}
	}
}

// TestCouplingNetHidden looks at the hidden activations, channel-first.
func TestCouplingNetHidden(t *testing.T) {
	r := row{name: "hidden", shapes: couplingShapes(2, 4, 3, 5, 6, 8)}
	r.build = func(x []*node) *node { return op.CouplingNet(x[0], couplingParams(x)).Raw }
	p := newProblem(t, r, tensor.Float64)
	x := p.ins
	h0 := op.ReLU(op.ChannelMul(op.Conv2D(x[0], x[1], x[2], op.Conv{Stride: 1, Pad: 1}), op.Exp(x[3])))
	h1 := op.ReLU(op.ChannelMul(op.Conv2D(h0, x[4], x[5], op.Conv{Stride: 1}), op.Exp(x[6])))
	net := op.CouplingNet(x[0], couplingParams(x))
	vm, err := exec.Compile(exec.Program{Outputs: []*node{net.H0, net.H1, h0, h1}, Poison: true})
	if err != nil {
		t.Fatal(err)
	}
	run(t, vm)
	for i, pair := range [][2]*node{{net.H0, h0}, {net.H1, h1}} {
		got, want := floats(t, pair[0].Value()), floats(t, pair[1].Value())
		for k := range want {
			if math.Abs(got[k]-want[k]) > 1e-12 {
				t.Fatalf("h%d, element %d: got %v, want %v", i, k, got[k], want[k])
			}
		}
	}
}

// TestNetBank compares the bank with the ops that it stands for.
func TestNetBank(t *testing.T) {
	fused := row{name: "netbank", shapes: bankShapes, build: bank}
	plain := fused
	plain.build = func(x []*node) *node {
		var ys []*node
		for _, layers := range bankNets(x) {
			h := x[0]
			for _, l := range layers {
				if l.W.Dims() == 4 {
					h = op.Conv2D(h, l.W, l.B, l.Conv)
				} else {
					h = op.Linear(op.Reshape(h, h.Shape()[0], -1), l.W, l.B)
				}
				if l.ReLU {
					h = op.ReLU(h)
				}
			}
			ys = append(ys, h)
		}
		return join(ys)
	}
	a, b := newProblem(t, fused, tensor.Float64), newProblem(t, plain, tensor.Float64)
	run(t, a.compile(t, exec.Reference))
	run(t, b.compile(t, exec.Reference))
	for k, want := range b.results(t) {
		for i, got := range a.results(t)[k] {
			if d := math.Abs(got - want[i]); !(d <= 1e-12*(1+math.Abs(want[i]))) {
				t.Fatalf("result %d, element %d: fused %v, plain %v", k, i, got, want[i])
			}
		}
	}
}

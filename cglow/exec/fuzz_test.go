package exec_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// grower builds the same random graph of 2x4 matrices for the same seed, out of ops of package
// op and Gorgonia's own.
type grower struct {
	rng   *rand.Rand
	graph *gorgonia.ExprGraph
	nodes []*node
	ins   []*node
}

func newGrower(seed uint64, dt tensor.Dtype) *grower {
	gr := &grower{rng: rand.New(rand.NewPCG(seed, 7)), graph: gorgonia.NewGraph()}
	for i := range 4 {
		var backing any
		data := make([]float64, 8)
		single := make([]float32, 8)
		for k := range data {
			single[k] = float32(gr.rng.NormFloat64())
			data[k] = float64(single[k])
		}
		backing = data
		if dt == tensor.Float32 {
			backing = single
		}
		v := tensor.New(tensor.WithShape(2, 4), tensor.WithBacking(backing))
		n := gorgonia.NewMatrix(gr.graph, dt, gorgonia.WithShape(2, 4), gorgonia.WithName(fmt.Sprintf("x%d", i)), gorgonia.WithValue(v))
		gr.ins = append(gr.ins, n)
	}
	gr.nodes = append(gr.nodes, gr.ins...)
	return gr
}

func (gr *grower) pick() *node {
	// Prefer the latest, so that graphs become deep, and reach back at times.
	if gr.rng.IntN(3) == 0 {
		return gr.nodes[gr.rng.IntN(len(gr.nodes))]
	}
	return gr.nodes[len(gr.nodes)-1-gr.rng.IntN(min(3, len(gr.nodes)))]
}

func (gr *grower) grow(stock bool) {
	a, b := gr.pick(), gr.pick()
	kinds := 12
	if stock {
		kinds = 18
	}
	var n *node
	switch gr.rng.IntN(kinds) {
	case 0:
		n = op.Tanh(a)
	case 1:
		n = op.Add(a, b, gr.pick())
	case 2:
		n = op.Mul(a, op.Sigmoid(b))
	case 3:
		n = op.Sub(op.Scale(a, 0.5), b)
	case 4:
		n = op.Transpose(op.Reshape(op.Transpose(op.Tanh(a)), 4, 2))
	case 5:
		n = op.Concat(op.Channels(a, 1, 4, 2), op.Channels(b, 0, 2, 1))
	case 6: // a gradient op with several outputs
		n = op.Mul(a, op.Reshape(op.Repeat(op.Reshape(op.GaussianLogDensity(a, op.Tanh(b), op.Tanh(a)), 2), 4), 2, 4))
		n = op.Tanh(n)
	case 7:
		n = op.Tanh(op.ChannelMul(op.Reshape(a, 2, 4, 1), b))
		n = op.Reshape(n, 2, 4)
	case 8:
		n = op.Tanh(op.MatMul(a, op.MatMul(a, b, true, false), false, false))
	case 9:
		n = op.LogSigmoid(a)
	case 10: // reshapes of one node: aliases
		t := op.Tanh(a)
		n = op.Mul(op.Reshape(op.Reshape(t, 8), 2, 4), t)
	case 11:
		n = op.Linear(op.Tanh(a), op.Reshape(op.Tanh(b), 2, 4), nil)
		n = op.Concat(n, n)
	case 12:
		n = gorgonia.Must(gorgonia.Tanh(a))
	case 13:
		n = gorgonia.Must(gorgonia.HadamardProd(a, gorgonia.Must(gorgonia.Sigmoid(b))))
	case 14:
		n = gorgonia.Must(gorgonia.Sub(op.Tanh(a), b))
	case 15:
		n = gorgonia.Must(gorgonia.Add(gorgonia.Must(gorgonia.Neg(a)), b))
	case 16:
		n = gorgonia.Must(gorgonia.Mul(op.MatMul(op.Tanh(a), op.Tanh(b), false, true), a))
	case 17:
		n = gorgonia.Must(gorgonia.Rectify(a))
	}
	gr.nodes = append(gr.nodes, n)
}

// finish returns the outputs: a loss, the gradients that it has, and some nodes on the way.
func (gr *grower) finish(t *testing.T) []*node {
	t.Helper()
	last := gr.nodes[len(gr.nodes)-1]
	loss := op.Mean(op.Mul(last, op.Tanh(gr.nodes[len(gr.nodes)-2])))
	outs := []*node{loss, gr.pick(), gr.pick()}
	var reached []*node
	for _, in := range gr.ins {
		if gr.reaches(loss, in, map[*node]bool{}) {
			reached = append(reached, in)
		}
	}
	grads, err := ad.Grad(loss, reached...)
	if err != nil {
		t.Fatal(err)
	}
	return append(outs, grads...)
}

// reaches reports whether n depends on in.
func (gr *grower) reaches(n, in *node, seen map[*node]bool) bool {
	if n == in {
		return true
	}
	seen[n] = true
	for it := gr.graph.From(n.ID()); it.Next(); {
		if c := it.Node().(*node); !seen[c] && gr.reaches(c, in, seen) {
			return true
		}
	}
	return false
}

// TestRandomGraphs compares random graphs bit for bit, with NaN in all planned memory before each
// run. Graphs of our own ops are compared with Gorgonia's machine. That one works in place on
// results of Gorgonia's ops which others still read, so a graph that mixes some in is compared
// with a walk that gives every op copies of its inputs.
func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(60) {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			stock := seed%3 == 0
			build := func() []*node {
				gr := newGrower(seed, dt)
				for range 5 + gr.rng.IntN(40) {
					gr.grow(stock)
				}
				return gr.finish(t)
			}
			ours, theirs := build(), build()
			vm := compile(t, exec.Program{Outputs: ours, Backend: exec.Reference, Poison: true})
			run(t, vm)
			run(t, vm)
			oracle := "TapeMachine"
			if stock {
				oracle = "walk"
				walk(t, theirs[0].Graph())
			} else {
				run(t, gorgonia.NewTapeMachine(theirs[0].Graph()))
			}
			for k := range ours {
				got, want := values(t, ours[k]), values(t, theirs[k])
				for i := range want {
					if got[i] != want[i] && (got[i] == got[i] || want[i] == want[i]) {
						t.Fatalf("seed %d, %v, output %d (%s), element %d: got %v, %s %v",
							seed, dt, k, ours[k].Name(), i, got[i], oracle, want[i])
					}
				}
			}
		}
	}
}

// walk computes every node of a graph by its op's Do on copies, and binds the result.
func walk(t *testing.T, g *gorgonia.ExprGraph) {
	t.Helper()
	for _, n := range g.AllNodes() {
		if n.Value() != nil {
			continue
		}
		var ins []gorgonia.Value
		for it := g.From(n.ID()); it.Next(); {
			v, err := gorgonia.CloneValue(it.Node().(*node).Value())
			if err != nil {
				t.Fatal(err)
			}
			ins = append(ins, v)
		}
		v, err := n.Op().Do(ins...)
		if err != nil {
			t.Fatal(err)
		}
		if err := gorgonia.UnsafeLet(n, v); err != nil {
			t.Fatal(err)
		}
	}
}

func values(t *testing.T, n *node) []float64 {
	t.Helper()
	if s, err := op.Floats[float32](n.Value()); err == nil {
		out := make([]float64, len(s))
		for i, v := range s {
			out[i] = float64(v)
		}
		return out
	}
	s, err := op.Floats[float64](n.Value())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

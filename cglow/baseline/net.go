package baseline

import (
	"context"
	"fmt"
	"math"
	"sync"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow"
	"glownotes/cglow/ad"
	"glownotes/cglow/data"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/optim"
)

// A Net is a network with its parameters. Predict may be called by several
// goroutines, also while Train runs in another.
type Net struct {
	mu     *sync.Mutex // one step or prediction at a time, of all nets with the same memory
	cfg    Config
	seed   uint64
	names  []string
	params map[string]*tensor.Dense
	graphs map[graphKey]*graph
	adam   *optim.Adam
}

type graphKey struct {
	n     int
	train bool
}

// graph is one compiled program: prediction, or loss with gradients.
type graph struct {
	x, y, raw, loss *gorgonia.Node
	model           []gorgonia.ValueGrad
	vm              *exec.VM
}

// New makes a network with He-initialised weights drawn from seed.
func New(cfg Config, seed uint64) (*Net, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := &Net{mu: new(sync.Mutex), cfg: cfg, seed: seed, params: map[string]*tensor.Dense{}, graphs: map[graphKey]*graph{}}
	if _, err := n.graph(1, false); err != nil { // makes the parameters
		return nil, err
	}
	return n, nil
}

// Config returns the description that the network was made from.
func (n *Net) Config() Config { return n.cfg }

// ParameterCount returns the number of trained values.
func (n *Net) ParameterCount() int {
	total := 0
	for _, p := range n.params {
		total += p.Size()
	}
	return total
}

// String describes the network in one line.
func (n *Net) String() string {
	return fmt.Sprintf("%s %v -> %v, width %d, depth %d, %d parameters", n.cfg.Kind, n.cfg.X, n.cfg.Y, n.cfg.Width, n.cfg.Depth, n.ParameterCount())
}

// param returns the node of a named parameter, which is made on its first use:
// normal with variance 2/fan (He et al., 2015), or zero when fan is 0.
func (n *Net) param(g *gorgonia.ExprGraph, name string, fan int, shape ...int) *gorgonia.Node {
	p := n.params[name]
	if p == nil {
		p = tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
		if fan > 0 {
			v := p.Float32s()
			cglow.Normal(cglow.Key{Seed: n.seed, Stream: cglow.StreamInit, Layer: uint32(len(n.names))}, v)
			for i := range v {
				v[i] *= float32(math.Sqrt(2 / float64(fan)))
			}
		}
		n.params[name] = p
		n.names = append(n.names, name)
	}
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(p))
}

// graph compiles the program for a batch size, once.
func (n *Net) graph(batch int, train bool) (_ *graph, err error) {
	key := graphKey{batch, train}
	if gr := n.graphs[key]; gr != nil {
		return gr, nil
	}
	defer op.Catch(&err)
	g := gorgonia.NewGraph()
	input := func(name string, s data.Shape) *gorgonia.Node {
		dims := []int{batch, s.C, s.H, s.W}
		return gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(dims...), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(dims...))))
	}
	l := &layers{net: n, g: g, cfg: n.cfg}
	gr := &graph{x: input("x", n.cfg.X)}
	gr.raw = l.build(gr.x)
	prog := exec.Program{Outputs: []*gorgonia.Node{gr.raw}}
	if train {
		gr.y = input("y", n.cfg.Y)
		gr.loss = l.loss(gr.raw, gr.y)
		prog.Outputs = []*gorgonia.Node{gr.loss}
		var wrt []*gorgonia.Node
		for _, name := range n.names {
			wrt = append(wrt, g.ByName(name)...)
		}
		grads, err := ad.Grad(gr.loss, wrt...)
		if err != nil {
			return nil, fmt.Errorf("baseline: %w", err)
		}
		prog.Outputs = append(prog.Outputs, grads...)
		gr.model = gorgonia.NodesToValueGrads(wrt)
	}
	if gr.vm, err = exec.Compile(prog); err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}
	n.graphs[key] = gr
	return gr, nil
}

// Predict returns the network's answer for every x: probabilities for
// CrossEntropy, values for SquaredError. When ctx ends it returns ctx.Err().
func (n *Net) Predict(ctx context.Context, x data.Images) (data.Images, error) {
	if x.Shape() != n.cfg.X {
		return data.Images{}, fmt.Errorf("baseline: x has shape %v, the network needs %v", x.Shape(), n.cfg.X)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	const most = 16 // images at a time, which bounds the memory
	out := data.NewImages(x.N, n.cfg.Y)
	for at := 0; at < x.N; at += most {
		if err := ctx.Err(); err != nil {
			return data.Images{}, err
		}
		k := min(most, x.N-at)
		gr, err := n.graph(k, false)
		if err != nil {
			return data.Images{}, err
		}
		copy(floats(gr.x), x.Pix[at*n.cfg.X.Len():])
		if err := gr.vm.RunAll(); err != nil {
			return data.Images{}, fmt.Errorf("baseline: %w", err)
		}
		dst := out.Pix[at*n.cfg.Y.Len() : (at+k)*n.cfg.Y.Len()]
		copy(dst, floats(gr.raw))
		if n.cfg.Loss == CrossEntropy {
			for i, v := range dst {
				dst[i] = float32(1 / (1 + math.Exp(-float64(v))))
			}
		}
	}
	return out, nil
}

func floats(n *gorgonia.Node) []float32 { return n.Value().(*tensor.Dense).Float32s() }

// scalar reads the value of a loss node.
func scalar(n *gorgonia.Node) float64 {
	switch v := n.Value().(type) {
	case *gorgonia.F32:
		return float64(*v)
	case *tensor.Dense:
		return float64(v.Float32s()[0])
	}
	return math.NaN()
}

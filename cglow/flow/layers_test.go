package flow

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// sizes of the activations: height and width differ, and neither is 1.
const n, c, h, w = 2, 4, 3, 5

// graph is a test's graph with random inputs.
type graph struct {
	t *testing.T
	g *gorgonia.ExprGraph
	r *rand.Rand
	i int
}

func newGraph(t *testing.T) *graph {
	return &graph{t: t, g: gorgonia.NewGraph(), r: rand.New(rand.NewPCG(1, 2))}
}

// input returns an input with values std * normal.
func (g *graph) input(std float64, dims ...int) *gorgonia.Node {
	d := tensor.New(tensor.WithShape(dims...), tensor.Of(tensor.Float64))
	for i := range d.Float64s() {
		d.Float64s()[i] = std * g.r.NormFloat64()
	}
	g.i++
	return gorgonia.NewTensor(g.g, tensor.Float64, len(dims), gorgonia.WithShape(dims...),
		gorgonia.WithName(fmt.Sprintf("in%d", g.i)), gorgonia.WithValue(d))
}

// rotation returns a random orthogonal matrix [c,c] and other constants.
func (g *graph) rotation() *gorgonia.Node {
	q := g.input(1, c, c)
	v := q.Value().Data().([]float64)
	for i := range c {
		a := v[i*c : (i+1)*c]
		for j := range i {
			b := v[j*c : (j+1)*c]
			d := 0.0
			for k := range c {
				d += a[k] * b[k]
			}
			for k := range c {
				a[k] -= d * b[k]
			}
		}
		norm := 0.0
		for k := range c {
			norm += a[k] * a[k]
		}
		for k := range c {
			a[k] /= math.Sqrt(norm)
		}
	}
	return q
}

// ones returns [1,c,c] with 1 where f holds.
func (g *graph) ones(f func(i, j int) bool) *gorgonia.Node {
	m := g.input(0, 1, c, c)
	v := m.Value().Data().([]float64)
	for i := range c {
		for j := range c {
			if f(i, j) {
				v[i*c+j] = 1
			}
		}
	}
	return m
}

// eval walks the graph in order and returns a node's values.
func (g *graph) eval(node *gorgonia.Node) []float64 {
	g.t.Helper()
	for _, m := range g.g.AllNodes() {
		if m.Op() == nil {
			continue
		}
		var ins []gorgonia.Value
		for it := g.g.From(m.ID()); it.Next(); {
			ins = append(ins, it.Node().(*gorgonia.Node).Value())
		}
		v, err := m.Op().Do(ins...)
		if err != nil {
			g.t.Fatalf("%s: %v", m.Name(), err)
		}
		if err := gorgonia.UnsafeLet(m, v); err != nil {
			g.t.Fatal(err)
		}
	}
	return append([]float64(nil), node.Value().Data().([]float64)...)
}

// layer is a bijection of [n,c,h,w] under test.
type layer struct {
	forward, inverse func(v *gorgonia.Node) *gorgonia.Node
	logDet           *gorgonia.Node
}

// layers are all bijections of the package with random parameters.
var layers = map[string]func(g *graph) layer{
	"actnorm":                    func(g *graph) layer { return actnorm(g, false, n, c) },
	"actnorm, bias first":        func(g *graph) layer { return actnorm(g, true, n, c) },
	"actnorm, shared":            func(g *graph) layer { return actnorm(g, false, c) },
	"coupling":                   func(g *graph) layer { return coupling(g, Affine{Bound: 2}) },
	"coupling, bias first":       func(g *graph) layer { return coupling(g, Affine{Bound: 2, BiasFirst: true}) },
	"coupling, sigmoid":          func(g *graph) layer { return coupling(g, Affine{Sigmoid: true}) },
	"coupling, sigmoid and tanh": func(g *graph) layer { return coupling(g, Affine{Sigmoid: true, Tanh: true, BiasFirst: true}) },
	"raw":                        func(g *graph) layer { return matrix(g, RawMatrix{C: c}) },
	"raw, tanh":                  func(g *graph) layer { return matrix(g, RawMatrix{C: c, Tanh: true}) },
	"householder": func(g *graph) layer {
		return matrix(g, HouseholderMatrix{C: c, K: 4, Bound: 1, W0: g.rotation()})
	},
	"lu": func(g *graph) layer {
		return matrix(g, LUMatrix{C: c, Bound: 1, W0: g.rotation(), Eye: g.ones(func(i, j int) bool { return i == j }),
			Lower: g.ones(func(i, j int) bool { return i > j }), Upper: g.ones(func(i, j int) bool { return i < j })})
	},
	"cayley": func(g *graph) layer {
		return matrix(g, CayleyMatrix{C: c, Bound: 1, W0: g.rotation(), Eye: g.ones(func(i, j int) bool { return i == j })})
	},
}

func actnorm(g *graph, biasFirst bool, dims ...int) layer {
	a := ActNorm{LogScale: g.input(0.5, dims...), Bias: g.input(1, dims...), BiasFirst: biasFirst}
	return layer{a.Forward, a.Inverse, a.LogDet(h, w)}
}

func matrix(g *graph, m Matrix) layer {
	conv := m.Build(g.input(0.7, n, m.Len()), true)
	return layer{conv.Forward, conv.Inverse, conv.LogDet(h, w)}
}

// coupling makes shift and scale from a fixed raw output, so that the layer is
// a function of the second half alone; the first half stays.
func coupling(g *graph, a Affine) layer {
	k := a.Split(g.input(1, n, c, h, w))
	on := func(f func(*gorgonia.Node) *gorgonia.Node) func(v *gorgonia.Node) *gorgonia.Node {
		return func(v *gorgonia.Node) *gorgonia.Node {
			first, second := Halves(v)
			return op.Concat(first, f(second))
		}
	}
	return layer{on(k.Forward), on(k.Inverse), k.LogDet()}
}

// TestApply compares the coupling as one op with its named parts.
func TestApply(t *testing.T) {
	for _, a := range []Affine{{Bound: 2}, {Bound: 2, Tanh: true, BiasFirst: true}, {Sigmoid: true}, {Sigmoid: true, Tanh: true, BiasFirst: true}} {
		g := newGraph(t)
		raw, v2 := g.input(1, n, c, h, w), g.input(1, n, c/2, h, w)
		u2, logDet := a.Apply(raw, v2)
		k := a.Split(raw)
		for i, pair := range [][2]*gorgonia.Node{{u2, k.Forward(v2)}, {logDet, k.LogDet()}} {
			want := g.eval(pair[1])
			for j, got := range g.eval(pair[0]) {
				if math.Abs(got-want[j]) > 1e-13*(1+math.Abs(want[j])) {
					t.Fatalf("%+v: output %d, element %d: got %v, want %v", a, i, j, got, want[j])
				}
			}
		}
	}
}

func TestInverse(t *testing.T) {
	for name, build := range layers {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			l := build(g)
			v := g.input(1, n, c, h, w)
			back := g.eval(l.inverse(l.forward(v)))
			for i, want := range v.Value().Data().([]float64) {
				if math.Abs(back[i]-want) > 1e-10 {
					t.Fatalf("value %d: got %v, want %v", i, back[i], want)
				}
			}
		})
	}
}

// TestLogDet compares the claimed log-determinant of every example with that of
// the Jacobian, column by column: the layers are affine in v, so that one
// evaluation per basis vector gives it exactly.
func TestLogDet(t *testing.T) {
	for name, build := range layers {
		t.Run(name, func(t *testing.T) {
			g := newGraph(t)
			l := build(g)
			v := g.input(0, n, c, h, w)
			u := l.forward(v)
			const d = c * h * w
			at := v.Value().Data().([]float64)
			zero := g.eval(u)
			claimed := append([]float64(nil), l.logDet.Value().Data().([]float64)...)
			jacobian := make([][]float64, n)
			for i := range n {
				jacobian[i] = make([]float64, d*d)
			}
			for j := range d {
				for i := range n {
					at[i*d+j] = 1
				}
				out := g.eval(u)
				for i := range n {
					at[i*d+j] = 0
					for k := range d {
						jacobian[i][k*d+j] = out[i*d+k] - zero[i*d+k]
					}
				}
			}
			for i := range n {
				want := logAbsDet(jacobian[i], d)
				if got := claimed[i%len(claimed)]; math.Abs(got-want) > 1e-9 {
					t.Errorf("example %d: got %v, the Jacobian gives %v", i, got, want)
				}
			}
		})
	}
}

// logAbsDet is log|det a| by elimination with partial pivoting.
func logAbsDet(a []float64, d int) float64 {
	sum := 0.0
	for k := range d {
		p := k
		for i := k + 1; i < d; i++ {
			if math.Abs(a[i*d+k]) > math.Abs(a[p*d+k]) {
				p = i
			}
		}
		for j := range d {
			a[k*d+j], a[p*d+j] = a[p*d+j], a[k*d+j]
		}
		sum += math.Log(math.Abs(a[k*d+k]))
		for i := k + 1; i < d; i++ {
			f := a[i*d+k] / a[k*d+k]
			for j := k; j < d; j++ {
				a[i*d+j] -= f * a[k*d+j]
			}
		}
	}
	return sum
}

func TestSoftClip(t *testing.T) {
	g := newGraph(t)
	x := g.input(0, 4)
	copy(x.Value().Data().([]float64), []float64{-1e6, -0.001, 0.001, 1e6})
	got := g.eval(SoftClip(x, 1.5))
	for i, want := range []float64{-1.5, -0.001, 0.001, 1.5} {
		if math.Abs(got[i]-want) > 1e-8 {
			t.Errorf("%d: got %v, want %v", i, got[i], want)
		}
	}
}

// The released code's scale only contracts; the live one goes both ways, as far
// as its bound.
func TestScales(t *testing.T) {
	for _, c := range []struct {
		name      string
		a         Affine
		low, high float64
	}{
		{"live", Affine{Bound: 2}, math.Exp(-2), math.Exp(2)},
		{"released", Affine{Sigmoid: true, Tanh: true}, 1 / (1 + math.Exp(-1)), 1 / (1 + math.Exp(-3))},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGraph(t)
			got := g.eval(c.a.Split(g.input(1e4, n, 4, h, w)).Scale)
			low, high := math.Inf(1), math.Inf(-1)
			for _, v := range got {
				low, high = math.Min(low, v), math.Max(high, v)
			}
			if math.Abs(low-c.low) > 1e-9 || math.Abs(high-c.high) > 1e-9 {
				t.Errorf("scales %v to %v, want %v to %v", low, high, c.low, c.high)
			}
		})
	}
}

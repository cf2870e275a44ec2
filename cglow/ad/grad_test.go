package ad_test

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ad"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

type node = gorgonia.Node

func vector(g *gorgonia.ExprGraph, name string, data ...float64) *node {
	return gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(len(data)), gorgonia.WithName(name),
		gorgonia.WithValue(tensor.New(tensor.WithShape(len(data)), tensor.WithBacking(data))))
}

// values runs the graph and returns the values of nodes.
func values(t *testing.T, nodes ...*node) [][]float64 {
	t.Helper()
	vm, err := exec.Compile(exec.Program{Outputs: nodes})
	if err != nil {
		t.Fatal(err)
	}
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for _, n := range nodes {
		v, err := op.Floats[float64](n.Value())
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

// TestAccumulation differentiates a node that many ops read: the terms meet in one addition.
func TestAccumulation(t *testing.T) {
	g := gorgonia.NewGraph()
	x := vector(g, "x", 1, -2)
	loss := op.Mean(op.Add(op.Square(x), op.Scale(x, 3), op.Mul(x, x), x))
	before := len(g.AllNodes())
	grads, err := ad.Grad(loss, x)
	if err != nil {
		t.Fatal(err)
	}
	got := values(t, grads...)[0]
	for i, v := range []float64{1, -2} {
		if want := (4*v + 4) / 2; got[i] != want {
			t.Errorf("element %d: got %v, want %v", i, got[i], want)
		}
	}
	adds := 0
	for _, n := range g.AllNodes()[before:] {
		if o, ok := n.Op().(*op.Op); ok && o.Name() == "add" {
			adds++
		}
	}
	if adds != 1 {
		t.Errorf("%d additions of gradients, want one of all terms", adds)
	}
	if x.Deriv() != grads[0] {
		t.Error("the gradient is not the Deriv of its node")
	}
}

// TestStockOps differentiates a graph of Gorgonia's own ops and compares with Gorgonia's Grad.
func TestStockOps(t *testing.T) {
	build := func() (x, loss *node) {
		x = vector(gorgonia.NewGraph(), "x", 0.5, -1, 2)
		y := gorgonia.Must(gorgonia.HadamardProd(gorgonia.Must(gorgonia.Tanh(x)), gorgonia.Must(gorgonia.Exp(x))))
		return x, gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.Add(y, x))))
	}
	x, loss := build()
	ours, err := ad.Grad(loss, x)
	if err != nil {
		t.Fatal(err)
	}
	x2, loss2 := build()
	theirs, err := gorgonia.Grad(loss2, x2)
	if err != nil {
		t.Fatal(err)
	}
	got, want := values(t, ours...)[0], values(t, theirs...)[0]
	for i := range want {
		if d := got[i] - want[i]; d > 1e-15 || d < -1e-15 {
			t.Errorf("element %d: got %v, Gorgonia %v", i, got[i], want[i])
		}
	}
}

func TestErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	x, z := vector(g, "x", 1, 2), vector(g, "z", 3, 4)
	y := op.Tanh(x)
	loss := op.Mean(y)
	late := vector(g, "late", 5)
	grads, err := ad.Grad(loss, x)
	if err != nil {
		t.Fatal(err)
	}
	twice := op.Mean(op.Square(grads[0]))
	for _, c := range []struct {
		name string
		loss *node
		wrt  []*node
		want string
	}{
		{"loss of two elements", y, []*node{x}, "not a scalar"},
		{"nil loss", nil, []*node{x}, "not a scalar"},
		{"nil input", loss, []*node{nil}, "is nil"},
		{"no dependence", loss, []*node{z}, "does not depend on z"},
		{"made after the loss", loss, []*node{late}, "does not depend on late"},
		{"second derivative", twice, []*node{x}, "has no gradient"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ad.Grad(c.loss, c.wrt...)
			if err == nil || !strings.HasPrefix(err.Error(), "ad: ") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want ad: ... %s", err, c.want)
			}
		})
	}
}

func ExampleGrad() {
	g := gorgonia.NewGraph()
	x := vector(g, "x", 3, 4)
	loss := op.Mean(op.Square(x))
	grads, err := ad.Grad(loss, x)
	if err != nil {
		fmt.Println(err)
		return
	}
	vm, err := exec.Compile(exec.Program{Outputs: grads})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(grads[0].Value())
	// Output: [3  4]
}

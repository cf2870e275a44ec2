package op_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// TestShapeErrors checks that wrong inputs panic with a ShapeError that says what is wrong.
func TestShapeErrors(t *testing.T) {
	g := gorgonia.NewGraph()
	names := 0
	in := func(shape ...int) *node {
		names++
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(fmt.Sprint("in", names)))
	}
	double := gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("double"))
	whole := gorgonia.NewVector(g, tensor.Int, gorgonia.WithShape(3), gorgonia.WithName("whole"))
	foreign := gorgonia.NewVector(gorgonia.NewGraph(), tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("foreign"))
	image := in(2, 4, 6, 6)
	for _, c := range []struct {
		name  string
		build func()
		want  string
	}{
		{"nil input", func() { op.Add(in(3), nil) }, "input 1 is nil"},
		{"nothing to add", func() { op.Add() }, "no inputs"},
		{"unequal shapes", func() { op.Mul(in(3), in(4)) }, "input 1 has shape"},
		{"vector and column", func() { op.Sub(in(3), in(3, 1)) }, "input 1 has shape"},
		{"element types", func() { op.Add(in(3), double) }, "input 1 is float64"},
		{"integers", func() { op.Exp(whole) }, "want float32 or float64"},
		{"two graphs", func() { op.Add(in(3), foreign) }, "another graph"},
		{"reshape", func() { op.Reshape(in(6), 4, 2) }, "another number of elements"},
		{"reshape open size", func() { op.Reshape(in(6), 4, -1) }, "another number of elements"},
		{"squeeze odd", func() { op.Squeeze(in(1, 2, 3, 4)) }, "odd image size 3x4"},
		{"unsqueeze", func() { op.Unsqueeze(in(1, 6, 3, 4)) }, "not a multiple of 4"},
		{"channels beyond", func() { op.Channels(image, 2, 5, 1) }, "channels 2 to 5"},
		{"concat", func() { op.Concat(image, in(2, 1, 6, 5)) }, "another axis"},
		{"convolution depth", func() { op.Conv2D(image, in(8, 3, 3, 3), nil, op.Conv{Stride: 1}) }, "3 input channels, the image 4"},
		{"convolution bias", func() { op.Conv2D(image, in(8, 4, 3, 3), in(4), op.Conv{Stride: 1}) }, "want shape [8]"},
		{"convolution stride", func() { op.Conv2D(image, in(8, 4, 3, 3), nil, op.Conv{}) }, "Stride:0"},
		{"kernel too large", func() { op.Conv2D(image, in(8, 4, 7, 7), nil, op.Conv{Stride: 1}) }, "larger than the padded image"},
		{"linear", func() { op.Linear(in(2, 3), in(4, 5), nil) }, "want [N,in] and [out,in]"},
		{"matmul", func() { op.MatMul(in(2, 3), in(4, 5), false, false) }, "inner sizes 3 and 4"},
		{"channel add", func() { op.ChannelAdd(image, in(3)) }, "[2 4] or [4]"},
		{"matrix per example", func() { op.MatApply(in(3, 4, 4), image) }, "[2 4 4] or [4 4]"},
		{"not square", func() { op.LogAbsDet(in(2, 3, 4)) }, "square matrices"},
		{"householder", func() { op.Householder(in(4, 4), in(2, 3, 5), in(2, 5)) }, "W0 [5 5]"},
		{"density", func() { op.GaussianLogDensity(in(2, 3), in(2, 3), in(2, 4)) }, "input 2 has shape"},
		{"bank without convolution", func() { op.NetBank(image, []op.Layer{{W: in(3, 144), B: in(3)}}) }, "first layer is not a convolution"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := caught(c.build)
			var shape *op.ShapeError
			if !errors.As(err, &shape) {
				t.Fatalf("got %v, want a ShapeError", err)
			}
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "op: ") {
				t.Errorf("got %q, want op: ... %s", err, c.want)
			}
		})
	}
}

func caught(f func()) (err error) {
	defer op.Catch(&err)
	f()
	return nil
}

// TestCatchLeavesOtherPanics checks that Catch is for shape errors only.
func TestCatchLeavesOtherPanics(t *testing.T) {
	defer func() {
		if r := recover(); r != "other" {
			t.Errorf("recovered %v, want the other panic", r)
		}
	}()
	if err := caught(func() { panic("other") }); err != nil {
		t.Errorf("got error %v", err)
	}
}

// TestNodesStayApart checks that equal calls make different nodes: Gorgonia merges nodes by hash.
func TestNodesStayApart(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(3), gorgonia.WithName("x"))
	a, b := op.Tanh(x), op.Tanh(x)
	if a == b || a.Hashcode() == b.Hashcode() {
		t.Error("two calls of Tanh made one node")
	}
	seen := map[uint32]bool{}
	n := x
	for i := range 5000 {
		n = op.Neg(x)
		if seen[n.Hashcode()] {
			continue // an honest collision of 32 bits is possible; nodes must still differ
		}
		seen[n.Hashcode()] = true
		if len(g.AllNodes()) != i+4 {
			t.Fatalf("%d nodes after %d more ops", len(g.AllNodes()), i+1)
		}
	}
}

package op_test

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// tensorNode returns an input with values 0, 1, 2, ...
func tensorNode(g *gorgonia.ExprGraph, name string, shape ...int) *gorgonia.Node {
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(tensor.Range(tensor.Float64, 0, tensor.Shape(shape).TotalSize())))
	return gorgonia.NewTensor(g, tensor.Float64, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

// show runs the graph and prints the data of the nodes.
func show(nodes ...*gorgonia.Node) {
	vm, err := exec.Compile(exec.Program{Outputs: nodes})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range nodes {
		fmt.Println(n.Shape(), n.Value().Data())
	}
}

func ExampleSqueeze() {
	g := gorgonia.NewGraph()
	show(op.Squeeze(tensorNode(g, "x", 1, 1, 2, 4)))
	// Output: (1, 4, 1, 2) [0 2 1 3 4 6 5 7]
}

func ExampleChannels() {
	g := gorgonia.NewGraph()
	x := tensorNode(g, "x", 1, 6)
	show(op.Channels(x, 0, 3, 1), op.Channels(x, 1, 6, 2)) // first half, odd channels
	// Output:
	// (1, 3) [0 1 2]
	// (1, 3) [1 3 5]
}

func ExampleConv2D() {
	g := gorgonia.NewGraph()
	x, w := tensorNode(g, "x", 1, 1, 2, 4), tensorNode(g, "w", 1, 1, 2, 2)
	show(op.Conv2D(x, w, nil, op.Conv{Stride: 2}))
	// Output: (1, 1, 1, 2) [24 36]
}

// A matrix of reflections and a diagonal: its log-determinant is the sum of d, 0+1+2 here.
func ExampleHouseholder() {
	g := gorgonia.NewGraph()
	eye := tensor.New(tensor.WithShape(3, 3), tensor.WithBacking([]float64{1, 0, 0, 0, 1, 0, 0, 0, 1}))
	w0 := gorgonia.NewMatrix(g, tensor.Float64, gorgonia.WithShape(3, 3), gorgonia.WithName("w0"), gorgonia.WithValue(eye))
	w := op.Householder(w0, tensorNode(g, "v", 1, 2, 3), tensorNode(g, "d", 1, 3))
	det := op.LogAbsDet(w)
	vm, err := exec.Compile(exec.Program{Outputs: []*gorgonia.Node{det}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f\n", det.Value().Data())
	// Output: [3.000000]
}

// Two networks on one image: one that ends fully connected, one that ends in a convolution.
func ExampleNetBank() {
	g := gorgonia.NewGraph()
	x := tensorNode(g, "x", 1, 1, 2, 2)
	half := op.Layer{W: tensorNode(g, "a.w", 2, 1, 2, 2), B: tensorNode(g, "a.b", 2), Conv: op.Conv{Stride: 2}, ReLU: true}
	flat := op.Layer{W: tensorNode(g, "b.w", 3, 2), B: tensorNode(g, "b.b", 3)}
	same := op.Layer{W: tensorNode(g, "c.w", 1, 1, 1, 1), B: tensorNode(g, "c.b", 1), Conv: op.Conv{Stride: 1}}
	ys := op.NetBank(x, []op.Layer{half, flat}, []op.Layer{same})
	show(ys...)
	// Output:
	// (1, 3) [39 146 253]
	// (1, 1, 2, 2) [0 0 0 0]
}

func ExampleCatch() {
	build := func() (err error) {
		defer op.Catch(&err)
		g := gorgonia.NewGraph()
		op.Squeeze(tensorNode(g, "x", 1, 1, 3, 4))
		return nil
	}
	fmt.Println(build())
	// Output: op: squeeze([1 1 3 4]): odd image size 3x4
}

package op_test

import (
	"math"
	"slices"

	"glownotes/cglow/op"
)

// row is one op in the conformance suite. Inputs are random and not zero; fill changes those of
// an op with a smaller domain. build makes the result from the input nodes.
type row struct {
	name   string
	shapes [][]int
	build  func(x []*node) *node
	fill   func(i int, shape []int, data []float64)
	tol32  float64 // largest error of float32 relative to the largest value; 0 means 2e-5
	host   bool    // some of its ops have no kernel of a device
}

var rows = []row{
	{name: "add3", shapes: rep(3, 2, 3, 5), build: func(x []*node) *node { return op.Add(x...) }},
	{name: "add same twice", shapes: rep(1, 2, 3), build: func(x []*node) *node { return op.Add(x[0], x[0]) }},
	{name: "sub", shapes: rep(2, 7), build: func(x []*node) *node { return op.Sub(x[0], x[1]) }},
	{name: "mul", shapes: rep(2, 3, 5, 7), build: func(x []*node) *node { return op.Mul(x[0], x[1]) }},
	{name: "mul same twice", shapes: rep(1, 5), build: func(x []*node) *node { return op.Mul(x[0], x[0]) }},
	{name: "div", shapes: rep(2, 3, 5), build: func(x []*node) *node { return op.Div(x[0], x[1]) }, fill: positive},
	{name: "neg", shapes: rep(1, 3, 5), build: func(x []*node) *node { return op.Neg(x[0]) }},
	{name: "scale", shapes: rep(1, 3, 5), build: func(x []*node) *node { return op.Scale(x[0], -1.7) }},
	{name: "offset", shapes: rep(1, 3, 5), build: func(x []*node) *node { return op.Offset(x[0], 0.3) }},
	{name: "exp", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.Exp(x[0]) }},
	{name: "log", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.Log(x[0]) }, fill: positive},
	{name: "tanh", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.Tanh(x[0]) }},
	{name: "sigmoid", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.Sigmoid(x[0]) }},
	{name: "logsigmoid", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.LogSigmoid(x[0]) }},
	{name: "relu", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.ReLU(x[0]) }},
	{name: "square", shapes: rep(1, 3, 37), build: func(x []*node) *node { return op.Square(x[0]) }},

	{name: "reshape", shapes: rep(1, 2, 3, 4), build: func(x []*node) *node { return op.Reshape(x[0], 4, -1) }},
	{name: "reshape of result", shapes: rep(1, 2, 3, 4), build: func(x []*node) *node {
		y := op.Exp(x[0])
		return op.Mul(op.Reshape(y, 24), op.Reshape(op.Square(y), 24))
	}},
	{name: "squeeze", shapes: rep(1, 2, 3, 4, 6), build: func(x []*node) *node { return op.Squeeze(x[0]) }},
	{name: "unsqueeze", shapes: rep(1, 2, 12, 3, 5), build: func(x []*node) *node { return op.Unsqueeze(x[0]) }},
	{name: "channels upper half", shapes: rep(1, 2, 6, 3, 5), build: func(x []*node) *node { return op.Channels(x[0], 3, 6, 1) }},
	{name: "channels odd", shapes: rep(1, 3, 12), build: func(x []*node) *node { return op.Channels(x[0], 1, 12, 2) }},
	{name: "channels one", shapes: rep(1, 2, 5, 3, 3), build: func(x []*node) *node { return op.Channels(x[0], 2, 3, 1) }},
	{name: "channels step 3", shapes: rep(1, 2, 7, 3), build: func(x []*node) *node { return op.Channels(x[0], 1, 6, 3) }},
	{name: "concat", shapes: [][]int{{2, 3, 3, 5}, {2, 1, 3, 5}, {2, 4, 3, 5}}, build: func(x []*node) *node { return op.Concat(x...) }},
	{name: "concat vectors", shapes: [][]int{{3, 2}, {3, 5}}, build: func(x []*node) *node { return op.Concat(x...) }},
	{name: "repeat image", shapes: rep(1, 3, 2, 5), build: func(x []*node) *node { return op.Repeat(x[0], 4) }},
	{name: "repeat batch of one", shapes: rep(1, 1, 3, 5), build: func(x []*node) *node { return op.Repeat(x[0], 3) }},
	{name: "transpose", shapes: rep(1, 2, 3, 5), build: func(x []*node) *node { return op.Transpose(x[0]) }},

	{name: "conv 3x3", shapes: [][]int{{2, 3, 7, 5}, {4, 3, 3, 3}, {4}}, build: conv(op.Conv{Stride: 1, Pad: 1})},
	{name: "conv 3x3 no bias", shapes: [][]int{{2, 3, 7, 5}, {4, 3, 3, 3}}, build: conv(op.Conv{Stride: 1, Pad: 1})},
	{name: "conv 1x1", shapes: [][]int{{2, 5, 3, 7}, {6, 5, 1, 1}, {6}}, build: conv(op.Conv{Stride: 1})},
	{name: "conv 2x2 stride 2", shapes: [][]int{{2, 3, 6, 8}, {5, 3, 2, 2}, {5}}, build: conv(op.Conv{Stride: 2})},
	{name: "conv 4x4 stride 4", shapes: [][]int{{1, 3, 8, 12}, {2, 3, 4, 4}, {2}}, build: conv(op.Conv{Stride: 4})},
	{name: "conv 3x3 stride 2 leftover", shapes: [][]int{{2, 2, 8, 6}, {3, 2, 3, 3}, {3}}, build: conv(op.Conv{Stride: 2, Pad: 1})},
	{name: "conv strides 2 and 3", shapes: [][]int{{2, 2, 7, 9}, {3, 2, 3, 3}, {3}}, build: conv(op.Conv{Stride: 2, StrideW: 3})},
	{name: "conv 5x2 pad 2", shapes: [][]int{{1, 2, 4, 3}, {3, 2, 5, 2}, {3}}, build: conv(op.Conv{Stride: 1, Pad: 2})},
	{name: "conv of 1x1 image", shapes: [][]int{{3, 2, 1, 1}, {3, 2, 3, 3}, {3}}, build: conv(op.Conv{Stride: 1, Pad: 1})},
	{name: "linear", shapes: [][]int{{3, 7}, {5, 7}, {5}}, build: func(x []*node) *node { return op.Linear(x[0], x[1], x[2]) }},
	{name: "linear no bias", shapes: [][]int{{2, 37}, {19, 37}}, build: func(x []*node) *node { return op.Linear(x[0], x[1], nil) }},
	{name: "matmul nn", shapes: [][]int{{3, 4}, {4, 5}}, build: func(x []*node) *node { return op.MatMul(x[0], x[1], false, false) }},
	{name: "matmul tn", shapes: [][]int{{4, 3}, {4, 5}}, build: func(x []*node) *node { return op.MatMul(x[0], x[1], true, false) }},
	{name: "matmul tt", shapes: [][]int{{4, 3}, {5, 4}}, build: func(x []*node) *node { return op.MatMul(x[0], x[1], true, true) }},
	{name: "channeladd each", shapes: [][]int{{3, 4, 2, 5}, {3, 4}}, build: func(x []*node) *node { return op.ChannelAdd(x[0], x[1]) }},
	{name: "channeladd shared", shapes: [][]int{{3, 4, 2, 5}, {4}}, build: func(x []*node) *node { return op.ChannelAdd(x[0], x[1]) }},
	{name: "channelmul each", shapes: [][]int{{3, 4, 2, 5}, {3, 4}}, build: func(x []*node) *node { return op.ChannelMul(x[0], x[1]) }},
	{name: "channelmul shared", shapes: [][]int{{3, 4, 3, 7}, {4}}, build: func(x []*node) *node { return op.ChannelMul(x[0], x[1]) }},
	{name: "channelmul vectors", shapes: [][]int{{3, 4}, {4}}, build: func(x []*node) *node { return op.ChannelMul(x[0], x[1]) }},

	{name: "matapply each", shapes: [][]int{{2, 5, 5}, {2, 5, 3, 7}}, build: func(x []*node) *node { return op.MatApply(x[0], x[1]) }},
	{name: "matapply shared", shapes: [][]int{{5, 5}, {2, 5, 3, 7}}, build: func(x []*node) *node { return op.MatApply(x[0], x[1]) }},
	{name: "affine sigmoid", shapes: [][]int{{2, 6, 3, 7}, {2, 3, 3, 7}}, build: affine(op.AffineForm{Sigmoid: true}, true, true)},
	{name: "affine bounded", shapes: [][]int{{2, 6, 3, 7}, {2, 3, 3, 7}}, build: affine(op.AffineForm{Bound: 1.3}, true, true)},
	{name: "affine sigmoid, tanh, bias first", shapes: [][]int{{2, 6, 3, 7}, {2, 3, 3, 7}}, build: affine(op.AffineForm{Sigmoid: true, Tanh: true, BiasFirst: true}, true, true)},
	{name: "affine bounded, tanh, bias first", shapes: [][]int{{2, 6, 3, 7}, {2, 3, 3, 7}}, build: affine(op.AffineForm{Bound: 1.3, Tanh: true, BiasFirst: true}, true, true)},
	{name: "affine without log-determinant", shapes: [][]int{{2, 6, 3, 7}, {2, 3, 3, 7}}, build: affine(op.AffineForm{Sigmoid: true}, true, false)},
	{name: "affine, log-determinant alone", shapes: [][]int{{2, 6, 3, 7}, {2, 3, 3, 7}}, build: affine(op.AffineForm{Bound: 1}, false, true)},
	{name: "logabsdet batch", shapes: rep(1, 3, 5, 5), build: func(x []*node) *node { return op.LogAbsDet(x[0]) }, fill: dominant},
	{name: "logabsdet one", shapes: rep(1, 4, 4), build: func(x []*node) *node { return op.LogAbsDet(x[0]) }, fill: dominant},
	{name: "inverse", shapes: rep(1, 3, 5, 5), build: func(x []*node) *node { return op.Inverse(x[0]) }, fill: dominant},
	{name: "householder", shapes: [][]int{{5, 5}, {3, 2, 5}, {3, 5}}, build: func(x []*node) *node { return op.Householder(x[0], x[1], x[2]) }},
	{name: "householder one", shapes: [][]int{{4, 4}, {2, 1, 4}, {2, 4}}, build: func(x []*node) *node { return op.Householder(x[0], x[1], x[2]) }},
	{name: "householder inverse", shapes: [][]int{{4, 4}, {2, 3, 4}, {2, 4}}, build: func(x []*node) *node { return op.HouseholderInverse(x[0], x[1], x[2]) }},
	{name: "couplingnet", shapes: couplingShapes(2, 4, 3, 5, 6, 8), build: func(x []*node) *node { return coupling(x).Raw }, tol32: 5e-5},
	{name: "couplingnet of one image", shapes: couplingShapes(1, 3, 4, 2, 5, 3), build: func(x []*node) *node { return coupling(x).Raw }, tol32: 5e-5},
	{name: "couplingnet of many images", shapes: couplingShapes(11, 2, 2, 3, 5, 4), build: func(x []*node) *node { return coupling(x).Raw }, tol32: 5e-5},
	{name: "netbank", shapes: bankShapes, build: bank, tol32: 5e-5},
	{name: "netbank factored", shapes: bankShapes, build: factoredBank, tol32: 5e-5, host: true},

	{name: "sumperexample", shapes: rep(1, 3, 4, 2, 5), build: func(x []*node) *node { return op.SumPerExample(x[0]) }},
	{name: "mean", shapes: rep(1, 3, 4, 5), build: func(x []*node) *node { return op.Mean(x[0]) }},
	{name: "gaussian", shapes: rep(3, 2, 3, 5, 3), build: func(x []*node) *node { return op.GaussianLogDensity(x[0], x[1], x[2]) }},
	{name: "gaussian same twice", shapes: rep(1, 2, 7), build: func(x []*node) *node { return op.GaussianLogDensity(x[0], x[0], x[0]) }},
	{name: "normal", shapes: rep(1, 3, 2, 5, 3), build: func(x []*node) *node { return op.StandardNormalLogDensity(x[0]) }},
}

func rep(n int, shape ...int) [][]int { return slices.Repeat([][]int{shape}, n) }

func conv(c op.Conv) func(x []*node) *node {
	return func(x []*node) *node {
		var b *node
		if len(x) == 3 {
			b = x[2]
		}
		return op.Conv2D(x[0], x[1], b, c)
	}
}

// bankShapes are x and the parameters of two networks that end fully connected and of one that
// ends in a convolution.
var bankShapes = [][]int{
	{3, 2, 8, 12},
	{5, 2, 2, 2}, {5}, {6, 5, 2, 2}, {6}, {7, 36}, {7}, {4, 7}, {4},
	{5, 2, 2, 2}, {5}, {3, 120}, {3},
	{3, 2, 3, 3}, {3}, {5, 3, 4, 4}, {5}, {4, 5, 3, 3}, {4},
}

// bankNets cuts the inputs into networks; the last also has a ReLU at its end.
func bankNets(x []*node) [][]op.Layer {
	two, one := op.Conv{Stride: 2}, op.Conv{Stride: 1, Pad: 1}
	conv := func(i int, c op.Conv, relu bool) op.Layer { return op.Layer{W: x[i], B: x[i+1], Conv: c, ReLU: relu} }
	full := func(i int, relu bool) op.Layer { return op.Layer{W: x[i], B: x[i+1], ReLU: relu} }
	return [][]op.Layer{
		{conv(1, two, true), conv(3, two, true), full(5, true), full(7, false)},
		{conv(9, two, true), full(11, true)},
		{conv(13, one, true), conv(15, op.Conv{Stride: 4}, true), conv(17, one, true)},
	}
}

// bank makes one result of all outputs. Averaging scales keep the sums of many random terms near 1.
func bank(x []*node) *node {
	y := op.NetBank(x[0], bankNets(x)...)
	return join(y)
}

// factoredBank is bank with gradients of fully connected layers as outer products.
func factoredBank(x []*node) *node {
	nets := bankNets(x)
	for _, net := range nets {
		for l := range net {
			net[l].Factored = net[l].W.Dims() == 2
		}
	}
	return join(op.NetBank(x[0], nets...))
}

func join(y []*node) *node {
	n := y[0].Shape()[0]
	return op.Concat(op.Tanh(op.Scale(y[0], 0.01)), op.Scale(y[1], 0.1), op.Reshape(op.Scale(y[2], 0.01), n, -1))
}

// couplingShapes returns the shapes of the inputs of a coupling network.
func couplingShapes(n, in, h, w, hidden, out int) [][]int {
	return [][]int{
		{n, in, h, w}, {hidden, in, 3, 3}, {hidden}, {hidden},
		{hidden, hidden, 1, 1}, {hidden}, {hidden}, {out, hidden, 3, 3}, {out}, {out},
	}
}

func couplingParams(x []*node) op.CouplingParams {
	return op.CouplingParams{W0: x[1], B0: x[2], L0: x[3], W1: x[4], B1: x[5], L1: x[6], W2: x[7], B2: x[8], L2: x[9]}
}

// coupling damps the random log-scales, whose exponential would make the values very unequal.
func coupling(x []*node) op.CouplingResult {
	p := couplingParams(x)
	p.L0, p.L1, p.L2 = op.Scale(p.L0, 0.3), op.Scale(p.L1, 0.3), op.Scale(p.L2, 0.2)
	return op.CouplingNet(x[0], p)
}

func positive(_ int, _ []int, data []float64) {
	for i, v := range data {
		data[i] = 0.3 + math.Abs(v)
	}
}

// dominant makes square matrices regular by their diagonal.
func dominant(_ int, shape []int, data []float64) {
	c := shape[len(shape)-1]
	for i := range data {
		if r := i % (c * c); r/c == r%c {
			data[i] += math.Copysign(3, data[i])
		}
	}
}

// affine is an affine coupling; its outputs are joined as far as they are asked for.
func affine(f op.AffineForm, u, logDet bool) func(x []*node) *node {
	return func(x []*node) *node {
		y, det := op.Affine(x[0], x[1], f)
		switch {
		case !u:
			return op.Add(det, op.SumPerExample(x[1]))
		case !logDet:
			return y
		}
		return op.Concat(op.Reshape(y, y.Shape()[0], -1), op.Reshape(det, det.Shape()[0], 1))
	}
}

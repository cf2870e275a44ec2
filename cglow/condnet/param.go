package condnet

import (
	"gorgonia.org/gorgonia"
)

// Init is how a parameter starts.
type Init int

const (
	// Zero: all zero.
	Zero Init = iota
	// He: normal with variance 2/fan-in (He et al., 2015), for layers before a
	// ReLU.
	He
	// FanUniform: uniform on ±1/sqrt(fan-in), the usual start of a bias.
	FanUniform
	// SmallNormal: normal with standard deviation 0.05, the released code's
	// start of the coupling network's hidden layers.
	SmallNormal
	// TenthNormal: normal with standard deviation 0.1, the released code's
	// start of the last layer of the 1x1 network and of 3x3 convolutions
	// outside the coupling network.
	TenthNormal
	// Orthogonal: a random orthogonal matrix.
	Orthogonal
	// Pairs: unit-variance normal vectors in equal pairs: rows 2i and 2i+1 of
	// length Row are the same, so that their Householder reflections cancel.
	// Values after the rows are zero.
	Pairs
)

// Param declares one parameter of a network.
type Param struct {
	Name  string
	Shape []int
	Init  Init
	Fan   int  // fan-in, for He and FanUniform
	Rows  int  // number of rows, for Pairs
	Row   int  // length of a row, for Pairs
	Fixed bool // not trained
}

// Lookup returns the graph's node of a named parameter.
type Lookup func(name string) *gorgonia.Node

// Start is how the layers of a network start.
type Start struct {
	ConvWeight, ConvBias     Init
	ResizeWeight             Init // convolutions that make the image smaller
	HiddenWeight, HiddenBias Init // fully connected layers but the last
	LastWeight, LastBias     Init
}

// layer declares weight and bias of one layer; fan is its fan-in.
func layer(name string, w []int, weight, bias Init) []Param {
	fan := 1
	for _, d := range w[1:] {
		fan *= d
	}
	return []Param{
		{Name: name + ".w", Shape: w, Init: weight, Fan: fan},
		{Name: name + ".b", Shape: []int{w[0]}, Init: bias, Fan: fan},
	}
}

// Resize returns stride and kernel of the convolution without padding that
// takes a side of length in to length out: stride = in/out (integer division),
// kernel = in - (out-1) stride, which is the stride when out divides in
// (paper, section 4: stride = H_in/H_out, kernel = 2 padding + stride).
func Resize(in, out int) (stride, kernel int) {
	stride = in / out
	return stride, in - (out-1)*stride
}

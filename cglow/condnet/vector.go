package condnet

import (
	"fmt"

	"glownotes/cglow/op"
)

// Vector is the network of actnorm and of the 1x1 convolution (Fig. 5 a, b):
// three convolutions that halve the image, flatten, three fully connected
// layers, ReLU between all of them, none after the last:
//
//	x [N,C,H,W] -> [N,Channels,H/8,W/8] -> [N,Width] -> [N,Width] -> [N,Out].
type Vector struct {
	InC, InH, InW int // x
	Channels      int // n_c
	Width         int // n_w
	Out           int
	Start         Start
	LastBias      *Param // when set, declares the last bias in place of Start.LastBias (its name is filled in)
}

// sides returns the image's height and width before and after each of the
// three convolutions: H, H/2, H/4, H/8 of the original size.
func (v Vector) sides() (h, w [4]int) {
	for j := range h {
		h[j], w[j] = v.InH>>j, v.InW>>j
	}
	return h, w
}

// Params declares conv0..2.w/b, fc0..2.w/b under a prefix.
func (v Vector) Params(prefix string) []Param {
	var out []Param
	h, w := v.sides()
	in := v.InC
	for j := range 3 {
		_, kh := Resize(h[j], h[j+1])
		_, kw := Resize(w[j], w[j+1])
		out = append(out, layer(fmt.Sprintf("%sconv%d", prefix, j), []int{v.Channels, in, kh, kw}, v.Start.ResizeWeight, v.Start.ConvBias)...)
		in = v.Channels
	}
	in = v.Channels * h[3] * w[3]
	for j, width := range []int{v.Width, v.Width, v.Out} {
		weight, bias := v.Start.HiddenWeight, v.Start.HiddenBias
		if j == 2 {
			weight, bias = v.Start.LastWeight, v.Start.LastBias
		}
		out = append(out, layer(fmt.Sprintf("%sfc%d", prefix, j), []int{width, in}, weight, bias)...)
		in = width
	}
	if v.LastBias != nil {
		last := *v.LastBias
		last.Name, last.Shape = prefix+"fc2.b", []int{v.Out}
		out[len(out)-1] = last
	}
	return out
}

// Layers returns the network's layers for op.NetBank; the result is [N,Out].
func (v Vector) Layers(p Lookup, prefix string) []op.Layer {
	var out []op.Layer
	h, w := v.sides()
	for j := range 3 {
		sh, _ := Resize(h[j], h[j+1])
		sw, _ := Resize(w[j], w[j+1])
		name := fmt.Sprintf("%sconv%d", prefix, j)
		out = append(out, op.Layer{W: p(name + ".w"), B: p(name + ".b"), Conv: op.Conv{Stride: sh, StrideW: sw}, ReLU: true})
	}
	for j := range 3 {
		name := fmt.Sprintf("%sfc%d", prefix, j)
		out = append(out, op.Layer{W: p(name + ".w"), B: p(name + ".b"), ReLU: j < 2})
	}
	return out
}

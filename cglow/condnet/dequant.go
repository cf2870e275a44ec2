package condnet

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Dequant holds the networks of variational dequantization: features of x and
// of the discrete y at the size of the first level, and a coupling network per
// step of the noise's flow.
type Dequant struct {
	InC, InH, InW int // x; InC 0: no x
	C, H, W       int // the squeezed y, first level
	Channels      int // of the features
	Hidden        int // of the coupling networks
	Steps         int
}

// coupling returns the network of one step.
func (d Dequant) coupling() Coupling {
	return Coupling{In: d.Channels + d.C/2, Hidden: d.Hidden, Out: d.C, Hiddens: He}
}

// Params declares dequant.* under a prefix.
func (d Dequant) Params(prefix string) []Param {
	var out []Param
	if d.InC > 0 {
		_, kh := Resize(d.InH, d.H)
		_, kw := Resize(d.InW, d.W)
		out = append(out, layer(prefix+"x", []int{d.Channels, d.InC, kh, kw}, He, Zero)...)
	}
	out = append(out, layer(prefix+"y", []int{d.Channels, d.C, 3, 3}, He, Zero)...)
	in := d.Channels
	if d.InC > 0 {
		in *= 2
	}
	out = append(out, layer(prefix+"mix", []int{d.Channels, in, 3, 3}, He, Zero)...)
	for k := range d.Steps {
		out = append(out, d.coupling().Params(fmt.Sprintf("%ss%d.nn.", prefix, k))...)
	}
	return out
}

// Features builds the features [N,Channels,H,W] of x (nil: none) and of the
// squeezed y [N,C,H,W]: relu(conv3x3([relu(resize(x)), relu(conv3x3(y))])).
func (d Dequant) Features(p Lookup, prefix string, x, y *gorgonia.Node) *gorgonia.Node {
	conv := func(in *gorgonia.Node, name string, c op.Conv) *gorgonia.Node {
		return op.ReLU(op.Conv2D(in, p(prefix+name+".w"), p(prefix+name+".b"), c))
	}
	same := op.Conv{Stride: 1, Pad: 1}
	h := conv(y, "y", same)
	if x != nil {
		sh, _ := Resize(d.InH, d.H)
		sw, _ := Resize(d.InW, d.W)
		h = op.Concat(conv(x, "x", op.Conv{Stride: sh, StrideW: sw}), h)
	}
	return conv(h, "mix", same)
}

// Raw builds the coupling network of step k for the features and the first half
// of the noise.
func (d Dequant) Raw(p Lookup, prefix string, k int, features, first *gorgonia.Node) *gorgonia.Node {
	return d.coupling().Apply(p, fmt.Sprintf("%ss%d.nn.", prefix, k), op.Concat(features, first)).Raw
}

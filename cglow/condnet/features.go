package condnet

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Features is the coupling's network on x (Fig. 5 c, CN): a 3x3 convolution to
// Channels, a convolution that brings x to the size of the level (kernel =
// stride = H_x/H_level), a 3x3 convolution, ReLU after all three:
//
//	x [N,C,H,W] -> [N,Channels,H,W] -> [N,Out,OutH,OutW] -> [N,Out,OutH,OutW].
type Features struct {
	InC, InH, InW   int   // x
	Channels        int   // 16 in the paper
	Out, OutH, OutW int   // half of the level's channels, the level's size
	Start           Start // of the convolutions
}

// Params declares conv0..2.w/b under a prefix.
func (f Features) Params(prefix string) []Param {
	_, kh := Resize(f.InH, f.OutH)
	_, kw := Resize(f.InW, f.OutW)
	s := f.Start
	var out []Param
	out = append(out, layer(prefix+"conv0", []int{f.Channels, f.InC, 3, 3}, s.ConvWeight, s.ConvBias)...)
	out = append(out, layer(prefix+"conv1", []int{f.Out, f.Channels, kh, kw}, s.ConvWeight, s.ConvBias)...)
	return append(out, layer(prefix+"conv2", []int{f.Out, f.Out, 3, 3}, s.ConvWeight, s.ConvBias)...)
}

// Apply builds the network for x [N,C,H,W]; the result is [N,Out,OutH,OutW].
func (f Features) Apply(p Lookup, prefix string, x *gorgonia.Node) *gorgonia.Node {
	sh, _ := Resize(f.InH, f.OutH)
	sw, _ := Resize(f.InW, f.OutW)
	same := op.Conv{Stride: 1, Pad: 1}
	x = op.ReLU(op.Conv2D(x, p(prefix+"conv0.w"), p(prefix+"conv0.b"), same))
	x = op.ReLU(op.Conv2D(x, p(prefix+"conv1.w"), p(prefix+"conv1.b"), op.Conv{Stride: sh, StrideW: sw}))
	return op.ReLU(op.Conv2D(x, p(prefix+"conv2.w"), p(prefix+"conv2.b"), same))
}

package condnet

import (
	"fmt"

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
	out = append(out, layer(prefix+"conv1", []int{f.Out, f.Channels, kh, kw}, s.ResizeWeight, s.ConvBias)...)
	return append(out, layer(prefix+"conv2", []int{f.Out, f.Out, 3, 3}, s.ConvWeight, s.ConvBias)...)
}

// Layers returns the network's layers for op.NetBank; the result is [N,Out,OutH,OutW].
func (f Features) Layers(p Lookup, prefix string) []op.Layer {
	sh, _ := Resize(f.InH, f.OutH)
	sw, _ := Resize(f.InW, f.OutW)
	same := op.Conv{Stride: 1, Pad: 1}
	var out []op.Layer
	for j, c := range []op.Conv{same, {Stride: sh, StrideW: sw}, same} {
		name := fmt.Sprintf("%sconv%d", prefix, j)
		out = append(out, op.Layer{W: p(name + ".w"), B: p(name + ".b"), Conv: c, ReLU: true})
	}
	return out
}

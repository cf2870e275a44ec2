package condnet

import (
	"fmt"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Trunk is one network on x that all steps share, in the shape of a U-Net
// (Ronneberger et al., 2015): down to the size of the last level, up again with
// the features of the way down beside it. Every level of the flow gets a
// feature map that has seen the whole image, and the mean of the last one feeds a
// vector for actnorm and the 1x1 convolution, which are the same at every pixel.
// ReLU after every layer.
//
// The mean, because a fully connected layer on all pixels of the map does not
// survive the learning rates of short runs: a step of Adam moves each of
// thousands of weights alike, all its inputs are positive, and within a few
// steps all its units were below zero for every x.
//
// NOTE(paper): the paper gives each of the 3 L K conditioners a network of its
// own on x, whose features see a few pixels around each point. The trunk costs
// once what they cost L K times.
type Trunk struct {
	InC, InH, InW int      // x
	Channels      int      // of the first level; doubled per level, up to 4 times
	Width         int      // of the vector
	Sizes         [][2]int // height and width of each level
	Start         Start
}

// MapChannels returns the channels of the map of level l.
func (t Trunk) MapChannels(l int) int { return t.Channels << min(l, 2) }

// side returns height and width before level l: of x for the first.
func (t Trunk) side(l int) (h, w int) {
	if l == 0 {
		return t.InH, t.InW
	}
	return t.Sizes[l-1][0], t.Sizes[l-1][1]
}

// Params declares trunk.* under a prefix.
func (t Trunk) Params(prefix string) []Param {
	s := t.Start
	conv := func(name string, out, in, kh, kw int) []Param {
		return layer(prefix+name, []int{out, in, kh, kw}, s.ConvWeight, s.ConvBias)
	}
	out := conv("stem", t.Channels, t.InC, 3, 3)
	in := t.Channels
	for l := range t.Sizes {
		h, w := t.side(l)
		_, kh := Resize(h, t.Sizes[l][0])
		_, kw := Resize(w, t.Sizes[l][1])
		c := t.MapChannels(l)
		out = append(out, conv(fmt.Sprintf("down%d", l), c, in, kh, kw)...)
		out = append(out, conv(fmt.Sprintf("mid%d", l), c, c, 3, 3)...)
		in = c
	}
	for l := len(t.Sizes) - 2; l >= 0; l-- {
		c := t.MapChannels(l)
		out = append(out, conv(fmt.Sprintf("up%d", l), 4*c, t.MapChannels(l+1), 1, 1)...)
		out = append(out, conv(fmt.Sprintf("join%d", l), c, 2*c, 3, 3)...)
	}
	return append(out, layer(prefix+"fc", []int{t.Width, t.MapChannels(len(t.Sizes) - 1)}, s.HiddenWeight, s.HiddenBias)...)
}

// Apply builds the trunk for x [N,C,H,W]: one map [N,channels,h,w] per level
// and the vector [N,Width].
func (t Trunk) Apply(p Lookup, prefix string, x *gorgonia.Node) (maps []*gorgonia.Node, vector *gorgonia.Node) {
	conv := func(x *gorgonia.Node, name string, c op.Conv) *gorgonia.Node {
		return op.ReLU(op.Conv2D(x, p(prefix+name+".w"), p(prefix+name+".b"), c))
	}
	same := op.Conv{Stride: 1, Pad: 1}
	h := conv(x, "stem", same)
	for l, size := range t.Sizes {
		sh, sw := t.side(l)
		rh, _ := Resize(sh, size[0])
		rw, _ := Resize(sw, size[1])
		h = conv(h, fmt.Sprintf("down%d", l), op.Conv{Stride: rh, StrideW: rw})
		h = conv(h, fmt.Sprintf("mid%d", l), same)
		maps = append(maps, h)
	}
	vector = op.ReLU(op.Linear(pool(h), p(prefix+"fc.w"), p(prefix+"fc.b")))
	for l := len(maps) - 2; l >= 0; l-- {
		up := op.Unsqueeze(conv(maps[l+1], fmt.Sprintf("up%d", l), op.Conv{Stride: 1}))
		maps[l] = conv(op.Concat(maps[l], up), fmt.Sprintf("join%d", l), same)
	}
	return maps, vector
}

// pool returns the mean of every channel of h [N,C,H,W], [N,C].
func pool(h *gorgonia.Node) *gorgonia.Node {
	s := h.Shape()
	sums := op.SumPerExample(op.Reshape(h, s[0]*s[1], s[2], s[3]))
	return op.Scale(op.Reshape(sums, s[0], s[1]), 1/float64(s[2]*s[3]))
}

// Head is what a step keeps for itself when it shares a trunk: the last layer
// of actnorm's or the 1x1 convolution's network, vector [N,Width] -> [N,Out].
type Head struct {
	Width, Out int
	Start      Start
	LastBias   *Param // as in Vector
}

// Params declares fc2.w/b under a prefix, the names of a network's own last
// layer.
func (h Head) Params(prefix string) []Param {
	out := layer(prefix+"fc2", []int{h.Out, h.Width}, h.Start.LastWeight, h.Start.LastBias)
	if h.LastBias != nil {
		last := *h.LastBias
		last.Name, last.Shape = prefix+"fc2.b", []int{h.Out}
		out[1] = last
	}
	return out
}

// Apply builds the layer.
func (h Head) Apply(p Lookup, prefix string, vector *gorgonia.Node) *gorgonia.Node {
	return op.Linear(vector, p(prefix+"fc2.w"), p(prefix+"fc2.b"))
}

// MapHead is a step's own 3x3 convolution on the trunk's map of its level, ReLU
// behind it: [N,In,H,W] -> [N,Out,H,W].
type MapHead struct {
	In, Out int
	Start   Start
}

// Params declares conv2.w/b under a prefix.
func (h MapHead) Params(prefix string) []Param {
	return layer(prefix+"conv2", []int{h.Out, h.In, 3, 3}, h.Start.ConvWeight, h.Start.ConvBias)
}

// Apply builds the convolution.
func (h MapHead) Apply(p Lookup, prefix string, m *gorgonia.Node) *gorgonia.Node {
	return op.ReLU(op.Conv2D(m, p(prefix+"conv2.w"), p(prefix+"conv2.b"), op.Conv{Stride: 1, Pad: 1}))
}

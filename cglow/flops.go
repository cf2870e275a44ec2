package cglow

import "glownotes/cglow/condnet"

// FLOPs counts the multiplications and additions of the matrix products and
// convolutions for one example. Element-wise work is not counted.
type FLOPs struct {
	Condition float64 // everything that depends on x only, forward
	Flow      float64 // the flow itself, forward or inverse, conditioning given
	Train     float64 // a training step: both, gradients of weights and of inputs (not of x)
}

// FLOPs returns the counts for the model's sizes.
func (c Config) FLOPs() FLOPs {
	var f flopCounter
	if c.Conditional() {
		if c.Trunk > 0 {
			f.trunk(c.trunk())
		}
		for _, s := range c.steps() {
			f.conditioners(c, s)
		}
	}
	condition := f.forward
	for _, s := range c.steps() {
		p := s.h * s.w
		f.add(3, p, 9*s.nn.In, s.nn.Hidden)
		f.add(3, p, s.nn.Hidden, s.nn.Hidden)
		f.add(3, p, 9*s.nn.Hidden, s.nn.Out)
		f.add(3, p, s.c, s.c)
		if s.priorName != "" {
			f.add(3, p, 9*s.prior.In, s.prior.Out)
		}
	}
	return FLOPs{Condition: condition, Flow: f.forward - condition, Train: f.train}
}

// flopCounter adds up products [pixels,in] x [in,out].
type flopCounter struct{ forward, train float64 }

// add counts a product; passes is 3 in training, 2 where the input is x, whose gradient nobody
// needs.
func (f *flopCounter) add(passes, pixels, in, out int) {
	one := 2 * float64(pixels) * float64(in) * float64(out)
	f.forward += one
	f.train += float64(passes) * one
}

// conditioners counts a step's networks on x.
func (f *flopCounter) conditioners(c Config, s step) {
	maps := 1 // features of the coupling, and of the prior
	if c.CondPrior && s.last {
		maps = 2
	}
	if c.Trunk > 0 {
		f.add(3, 1, s.actHead.Width, s.actHead.Out)
		f.add(3, 1, s.invHead.Width, s.invHead.Out)
		for range maps {
			f.add(3, s.h*s.w, 9*s.mapHead.In, s.mapHead.Out)
		}
		return
	}
	f.vector(s.act)
	f.vector(s.inv)
	n := s.cn
	_, kh := condnet.Resize(n.InH, n.OutH)
	_, kw := condnet.Resize(n.InW, n.OutW)
	for range maps {
		f.add(2, n.InH*n.InW, 9*n.InC, n.Channels)
		f.add(3, s.h*s.w, kh*kw*n.Channels, n.Out)
		f.add(3, s.h*s.w, 9*n.Out, n.Out)
	}
}

// vector counts three stride-2 convolutions and three fully connected layers.
func (f *flopCounter) vector(v condnet.Vector) {
	h, w, in, passes := v.InH, v.InW, v.InC, 2
	for range 3 {
		h, w = h/2, w/2
		f.add(passes, h*w, 4*in, v.Channels)
		in, passes = v.Channels, 3
	}
	f.add(3, 1, h*w*v.Channels, v.Width)
	f.add(3, 1, v.Width, v.Width)
	f.add(3, 1, v.Width, v.Out)
}

// trunk counts the network that all steps share.
func (f *flopCounter) trunk(t condnet.Trunk) {
	f.add(2, t.InH*t.InW, 9*t.InC, t.Channels)
	in, h, w := t.Channels, t.InH, t.InW
	for l, size := range t.Sizes {
		_, kh := condnet.Resize(h, size[0])
		_, kw := condnet.Resize(w, size[1])
		h, w = size[0], size[1]
		out := t.MapChannels(l)
		f.add(3, h*w, kh*kw*in, out)
		f.add(3, h*w, 9*out, out)
		in = out
	}
	for l := len(t.Sizes) - 2; l >= 0; l-- {
		below, c := t.Sizes[l+1], t.MapChannels(l)
		f.add(3, below[0]*below[1], t.MapChannels(l+1), 4*c)
		f.add(3, t.Sizes[l][0]*t.Sizes[l][1], 9*2*c, c)
	}
	f.add(3, 1, t.MapChannels(len(t.Sizes)-1), t.Width)
}

package exec

import (
	"slices"

	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// A bank of networks on one x, see ref.NetForward. The parts of the bank run side by side, each
// the networks part, part+parts, ... one after the other. Inside a network, results are
// channel-last, so that unfolding copies whole runs of channels and a convolution is
//
//	h = relu(unfold(in) V^T + b),   unfold(in) [N*P, KH*KW*C],   V [O, KH*KW*C],
//
// with V the weights in the order of the unfolded rows. All first layers with the same window
// share one unfolded x.
//
// Most convolutions shrink their input: their windows lie side by side without gaps. What such a
// layer sees is stored window by window, so that it is the unfolded matrix itself: nothing is
// copied forward, and nothing folded back. It takes no more than unfolding x in that order.

// bankRows is the number of pixels that one product should have at least: images are unfolded
// together until it is reached.
const bankRows = 256

// bankLayer is a layer with what its kernels need.
type bankLayer struct {
	ref.NetLayer
	window  cpu.Window
	pixels  int   // of a result
	depth   int   // KH*KW*C
	group   int   // images that are unfolded together
	inPlace bool  // the input is its own unfolded matrix
	order   []int // the pixels of the result as they are stored; nil if line by line
}

// shrinks reports whether the windows of a convolution lie side by side and cover its input.
func (b *bankLayer) shrinks() bool {
	c := b.Conv
	return !b.Linear && c.Pad == 0 && c.KH == c.StrideH && c.KW == c.StrideW && c.OH*c.KH == c.H && c.OW*c.KW == c.W
}

// nest stores what shrinking layers see window by window.
func nest(net []bankLayer) {
	for l := len(net) - 1; l > 0; l-- {
		b, before := &net[l], &net[l-1]
		if !b.shrinks() {
			continue
		}
		b.inPlace, b.group = true, b.Conv.N
		for i := range b.pixels {
			pixel := i
			if b.order != nil {
				pixel = b.order[i]
			}
			y, x := pixel/b.Conv.OW*b.Conv.KH, pixel%b.Conv.OW*b.Conv.KW
			for tap := range b.Conv.KH * b.Conv.KW {
				before.order = append(before.order, (y+tap/b.Conv.KW)*b.Conv.W+x+tap%b.Conv.KW)
			}
		}
	}
	net[0].group = net[0].Conv.N
}

// bankPlan holds the sizes, the unfolded x and the room of each part.
type bankPlan struct {
	ref.NetBank
	nets   [][]bankLayer
	slots  []op.BankSlots
	parts  int
	last   []float32   // x, channel-last
	first  [][]float32 // by network: the unfolded x
	unique []int       // networks whose first layers differ
	lines  []float32   // unfolded images line by line
	line   int         // the size of one
	rooms  []*bankRoom
	x      []float32
	unfold func(n int)
}

// bankRoom is what one part works in.
type bankRoom struct {
	weights, columns, flat []float32
	a, b                   []float32 // results, or their gradients, of two layers in turn
	turned                 []float32 // gradient of V
	sum                    []float32 // of columns, for a bias
	lines                  []float32 // a gradient of the unfolded x line by line
}

// newBankPlan reports false for windows that package cpu does not have.
func newBankPlan(d ref.NetBank) (*bankPlan, bool) {
	p := &bankPlan{NetBank: d, slots: op.Slots(d), parts: min(len(d.Nets), maxParts)}
	for _, net := range d.Nets {
		var layers []bankLayer
		for _, l := range net {
			c := l.Conv
			b := bankLayer{NetLayer: l, pixels: c.OH * c.OW, depth: c.KH * c.KW * c.C, group: 1}
			if !l.Linear {
				if c.StrideH != c.StrideW {
					return nil, false
				}
				b.window = cpu.Window{C: c.C, H: c.H, W: c.W, KH: c.KH, KW: c.KW, Stride: c.StrideH, Pad: c.Pad}
				b.group = min(d.N, max(1, bankRows/b.pixels))
			}
			layers = append(layers, b)
		}
		nest(layers)
		p.nets = append(p.nets, layers)
	}
	return p, true
}

// take takes the memory. results tells whether parts need room for results, turned whether they
// need it for gradients of weights.
func (p bankPlan) take(c *carver, results, turned bool) *bankPlan {
	p.last = c.take(p.N * p.C * p.H * p.W)
	p.first, p.unique = make([][]float32, len(p.nets)), nil
	lines := 0
	for i, net := range p.nets {
		if j := p.alike(i); j >= 0 {
			p.first[i] = p.first[j]
			continue
		}
		p.unique = append(p.unique, i)
		p.first[i] = c.take(p.N * net[0].pixels * net[0].depth)
		lines = max(lines, net[0].pixels*net[0].depth)
	}
	p.lines, p.line = c.take(p.N*lines), lines
	var weights, columns, flat, result, width int
	for _, net := range p.nets {
		for l, b := range net {
			result, width = max(result, p.N*b.Size()), max(width, b.Out, b.Conv.O)
			if b.Linear {
				flat = max(flat, p.N*b.In)
				continue
			}
			weights = max(weights, b.Conv.O*b.depth)
			if l > 0 && !b.inPlace || l == 0 && turned {
				columns = max(columns, b.group*b.pixels*b.depth)
			}
		}
	}
	p.rooms = nil
	for range p.parts {
		r := &bankRoom{weights: c.take(weights), columns: c.take(columns), flat: c.take(flat)}
		if results {
			r.a, r.b = c.take(result), c.take(result)
		}
		if turned {
			r.turned, r.sum = c.take(weights), c.take(2*(sumLanes+width))
		}
		p.rooms = append(p.rooms, r)
	}
	p.unfold = p.unfoldImage
	return &p
}

// load unfolds x.
func (p *bankPlan) load(x []float32) {
	p.x = x
	cpu.Parallel(p.N, p.unfold)
}

func (p *bankPlan) unfoldImage(n int) {
	size := p.C * p.H * p.W
	image := at(p.last, n, size)
	cpu.Transpose(image, at(p.x, n, size), p.C, p.H*p.W)
	for _, i := range p.unique {
		b := &p.nets[i][0]
		out := at(p.first[i], n, b.pixels*b.depth)
		if b.order == nil {
			cpu.Im2colNHWC(b.window, out, image)
			continue
		}
		lines := at(p.lines, n, p.line)
		cpu.Im2colNHWC(b.window, lines, image)
		for k, pixel := range b.order {
			copy(at(out, k, b.depth), at(lines, pixel, b.depth))
		}
	}
}

// alike returns the first network before i whose first layer sees x in the same way, or -1.
func (p *bankPlan) alike(i int) int {
	b := &p.nets[i][0]
	for _, j := range p.unique {
		if o := &p.nets[j][0]; o.window == b.window && slices.Equal(o.order, b.order) {
			return j
		}
	}
	return -1
}

// turn brings weights [O,C,K] to the order [O,K,C] of unfolded rows, K = KH*KW.
func turn(v, w []float32, o, c, k int) {
	for i := range o {
		cpu.Transpose(at(v, i, c*k), at(w, i, c*k), c, k)
	}
}

// columns returns the unfolded images from, from+1, ... (count of them) that layer l of net i
// sees.
func (p *bankPlan) columns(r *bankRoom, i, l int, in []float32, from, count int) []float32 {
	b := &p.nets[i][l]
	size := b.pixels * b.depth
	if l == 0 {
		return p.first[i][from*size : (from+count)*size]
	}
	if b.inPlace {
		return in[from*size : (from+count)*size]
	}
	for k := range count {
		cpu.Im2colNHWC(b.window, at(r.columns, k, size), at(in, from+k, b.Conv.C*b.Conv.H*b.Conv.W))
	}
	return r.columns[:count*size]
}

// groups calls f for the batch in groups of images.
func (p *bankPlan) groups(b *bankLayer, f func(from, count int)) {
	for from := 0; from < p.N; from += b.group {
		f(from, min(b.group, p.N-from))
	}
}

// flatten returns the input of a fully connected layer, channel-first.
func (p *bankPlan) flatten(r *bankRoom, before *bankLayer, in []float32) []float32 {
	if before.Linear || before.pixels == 1 {
		return in
	}
	size := before.Size()
	for n := range p.N {
		cpu.Transpose(at(r.flat, n, size), at(in, n, size), before.pixels, before.Conv.O)
	}
	return r.flat
}

// bankMemory is how many elements of scratch memory a bank may use when no hidden results are
// kept: 64 MiB. A larger batch then goes through in groups of images.
const bankMemory = 16 << 20

func bankForward(o *op.Op, used []bool, memory int) *Kernel {
	d := o.Dims().(ref.NetBank)
	plan, ok := newBankPlan(d)
	if !ok {
		return nil
	}
	kept := true
	for _, u := range used[len(d.Nets):] {
		kept = kept && u
	}
	if !kept {
		plan.N = plan.imagesWithin(memory)
	}
	return kernel(func(c *carver) op.Kernel[float32] {
		p := plan.take(c, !kept, false)
		group := p.N
		outs, ins := make([][]float32, len(o.Extra())+1), [][]float32(nil)
		task := func(part int) {
			for i := part; i < len(p.nets); i += p.parts {
				p.forward(p.rooms[part], i, outs, ins)
			}
		}
		return func(out, in [][]float32) error {
			ins = in
			for from := 0; from < d.N; from += group {
				p.N = min(group, d.N-from)
				for i, y := range out {
					if outs[i] = y; y != nil {
						size := len(y) / d.N
						outs[i] = y[from*size : (from+p.N)*size]
					}
				}
				p.load(ins[0][from*d.C*d.H*d.W:])
				cpu.Parallel(p.parts, task)
			}
			return nil
		}
	})
}

// imagesWithin returns how many images of the batch can be worked on at a time with about so much
// memory, at least one.
func (p *bankPlan) imagesWithin(memory int) int {
	image := p.C * p.H * p.W
	seen := map[cpu.Window]bool{}
	result := 0
	for _, net := range p.nets {
		if w := net[0].window; !seen[w] {
			seen[w] = true
			image += 2 * w.Unfolded()
		}
		for _, b := range net {
			result = max(result, b.Size())
		}
	}
	image += 2 * p.parts * result
	return min(p.N, max(1, memory/image))
}

// forward runs network i.
func (p *bankPlan) forward(r *bankRoom, i int, outs, ins [][]float32) {
	net, slot := p.nets[i], p.slots[i]
	if outs[i] == nil {
		return // nobody reads this network
	}
	var in []float32
	for l := range net {
		b := &net[l]
		w, bias := ins[slot.Param+2*l], ins[slot.Param+2*l+1]
		last := l == len(net)-1
		out := outs[i]
		if !last {
			if out = outs[slot.Hidden+l]; out == nil {
				out = [2][]float32{r.a, r.b}[l%2]
			}
		}
		e := cpu.Epilogue{Bias: bias, ReLU: b.ReLU}
		switch {
		case b.Linear:
			cpu.GemmFused(false, true, p.N, b.Out, b.In, p.flatten(r, &net[l-1], in), b.In, w, b.In, out, b.Out, 0, e)
		case last:
			p.convLast(r, i, l, out, in, w, bias)
		default:
			turn(r.weights, w, b.Conv.O, b.Conv.C, b.Conv.KH*b.Conv.KW)
			p.groups(b, func(from, count int) {
				columns := p.columns(r, i, l, in, from, count)
				cpu.GemmFused(false, true, count*b.pixels, b.Conv.O, b.depth, columns, b.depth, r.weights, b.depth, out[from*b.Size():], b.Conv.O, 0, e)
			})
		}
		in = out
	}
}

// convLast is a convolution whose result is channel-first: y = V unfold(in)^T.
func (p *bankPlan) convLast(r *bankRoom, i, l int, out, in, w, bias []float32) {
	b := &p.nets[i][l]
	turn(r.weights, w, b.Conv.O, b.Conv.C, b.Conv.KH*b.Conv.KW)
	p.groups(b, func(from, count int) {
		columns := p.columns(r, i, l, in, from, count)
		for k := range count {
			y := at(out, from+k, b.Size())
			for o, v := range bias {
				fill(at(y, o, b.pixels), v)
			}
			cpu.Gemm(false, true, b.Conv.O, b.pixels, b.depth, r.weights, b.depth, at(columns, k, b.pixels*b.depth), b.depth, y, b.pixels, 1)
			if b.ReLU {
				cpu.ReLU(y, y)
			}
		}
	})
}

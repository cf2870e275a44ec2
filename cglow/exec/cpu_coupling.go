package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// The coupling network, see ref.CouplingForward. All pixels of a group of images are columns of
// panels (cpu.MulPanel), and only the thin images of In and Out channels are unfolded, to
// u [9*In,pixels] and d [9*Out,pixels]. With s = e^l (e^(3 l2) for the last layer) and c = s b,
//
//	h0  = relu(s0 (W0 u) + c0),  h1 = relu(s1 (W1 h0) + c1),  raw = s2 (fold(W2 h1) + b2),
//
// where W2 is taken as [Out*9,Hidden] and fold is turned by 180 degrees, because it scatters where
// a convolution gathers. A panel goes through all layers while it is in the first-level cache, and
// the weights are read where they are: no matrix is packed, turned round or scaled.
//
// Few panels are instead taken through layer by layer, each cut into rows, so that each core has
// to read only its part of the weights.

const (
	// couplingGroup is about how many pixels go through the network together.
	couplingGroup = 4096
	// Below so many panels a network runs layer by layer.
	stagedForward, stagedBackward = 4, 16
	// rowTasks is the number of tasks that a layer is cut into then, at multiples of rowUnit.
	rowTasks, rowUnit = 4, 12
)

// couplingPlan holds the sizes, and the scales of this run.
type couplingPlan struct {
	ref.CouplingNet
	pixels     int // of an image
	width      int // of a panel
	group      int // images at a time
	k0, k2     int // 9*In, 9*Out
	aligned    bool
	in, out    *cpu.Unfolding // of x; of raw, turned
	s0, s1, s2 []float32
	c0, c1     []float32
	p          ref.CouplingParams[float32]

	base, count, panels int // images and panels of the group that is run
}

func newCouplingPlan(o *op.Op, c *carver) *couplingPlan {
	d := o.Dims().(ref.CouplingNet)
	p := &couplingPlan{
		CouplingNet: d, pixels: d.H * d.W, width: cpu.PanelWidth(), k0: 9 * d.In, k2: 9 * d.Out,
		in:  cpu.NewUnfolding(cpu.Window{C: d.In, H: d.H, W: d.W, KH: 3, KW: 3, Stride: 1, Pad: 1}, false),
		out: cpu.NewUnfolding(cpu.Window{C: d.Out, H: d.H, W: d.W, KH: 3, KW: 3, Stride: 1, Pad: 1}, true),
		s0:  c.take(d.Hidden), s1: c.take(d.Hidden), s2: c.take(d.Out), c0: c.take(d.Hidden), c1: c.take(d.Hidden),
	}
	p.group = min(d.N, max(1, couplingGroup/p.pixels))
	p.aligned = p.pixels%p.width == 0
	return p
}

// panelsOf is the number of panels of count images.
func (p *couplingPlan) panelsOf(count int) int { return (count*p.pixels + p.width - 1) / p.width }

// load computes the scales of this run.
func (p *couplingPlan) load(ins [][]float32) {
	p.p = ref.CouplingParams[float32]{
		W0: ins[0], B0: ins[1], L0: ins[2], W1: ins[3], B1: ins[4], L1: ins[5], W2: ins[6], B2: ins[7], L2: ins[8],
	}
	for _, l := range []struct {
		s, logs []float32
		k       float32
	}{{p.s0, p.p.L0, 1}, {p.s1, p.p.L1, 1}, {p.s2, p.p.L2, 3}} {
		cpu.Scale(l.s, l.logs, l.k)
		cpu.Exp(l.s, l.s)
	}
	cpu.Mul(p.c0, p.p.B0, p.s0)
	cpu.Mul(p.c1, p.p.B1, p.s1)
}

// eachGroup calls f for the batch in groups of images.
func (p *couplingPlan) eachGroup(f func()) {
	for p.base = 0; p.base < p.N; p.base += p.group {
		p.count = min(p.group, p.N-p.base)
		p.panels = p.panelsOf(p.count)
		f()
	}
}

// span returns the rows of a task out of n.
func span(task, tasks, n int) (from, to int) { return task * n / tasks, (task + 1) * n / tasks }

// rowSpan is span at multiples of unit.
func rowSpan(task, tasks, n, unit int) (from, to int) {
	from, to = span(task, tasks, (n+unit-1)/unit)
	return min(n, from*unit), min(n, to*unit)
}

// at returns image n of an array with size elements an image.
func at(x []float32, n, size int) []float32 { return x[n*size : (n+1)*size] }

// unfold fills the rows of channels c0 to c1-1 of panel q of the group.
func (p *couplingPlan) unfold(u *cpu.Unfolding, panel, images []float32, channels, q, c0, c1 int) {
	size, end := channels*p.pixels, p.count*p.pixels
	column := 0
	for pixel := q * p.width; column < p.width && pixel < end; {
		n, from := pixel/p.pixels, pixel%p.pixels
		count := min(p.pixels-from, p.width-column)
		u.Panel(panel, column, at(images, n, size), from, count, c0, c1)
		column, pixel = column+count, pixel+count
	}
	for row := 9 * c0; column < p.width && row < 9*c1; row++ {
		clear(panel[row*p.width+column : (row+1)*p.width])
	}
}

// thin is the room for the products of a group that are folded back, of k rows: [count][k][pixels]
// if panels end where images do, else panel by panel.
type thin struct {
	p      *couplingPlan
	k      int
	t      []float32
	images []float32 // not aligned: the images gathered
}

func (p *couplingPlan) takeThin(c *carver, k int) thin {
	t := thin{p: p, k: k, t: c.take(p.panelsOf(p.group) * p.width * k)}
	if !p.aligned {
		t.images = c.take(p.group * p.pixels * k)
	}
	return t
}

// panel returns where panel q goes and the distance of its rows.
func (t *thin) panel(q int) (c []float32, row int) {
	if !t.p.aligned {
		return at(t.t, q, t.k*t.p.width), t.p.width
	}
	pixel := q * t.p.width
	n, from := pixel/t.p.pixels, pixel%t.p.pixels
	return at(t.t, n, t.k*t.p.pixels)[from:], t.p.pixels
}

// image returns the columns of image n of the group, [k][pixels].
func (t *thin) image(n int) []float32 {
	p := t.p
	if p.aligned {
		return at(t.t, n, t.k*p.pixels)
	}
	out := at(t.images, n, t.k*p.pixels)
	for done := 0; done < p.pixels; {
		q, column := (n*p.pixels+done)/p.width, (n*p.pixels+done)%p.width
		count := min(p.width-column, p.pixels-done)
		panel := at(t.t, q, t.k*p.width)
		for row := range t.k {
			copy(out[row*p.pixels+done:][:count], panel[row*p.width+column:])
		}
		done += count
	}
	return out
}

// couplingForwardRun is the forward pass of one call.
type couplingForwardRun struct {
	*couplingPlan
	x, raw   []float32 // of the group
	u        [][]float32
	h0, h1   []float32 // panels of hidden activations: of the group, or room for some
	saved    bool
	t        thin
	parts    int
	stages   [4]func(task int)
	fused    func(part int)
	foldTask func(n int)
}

func couplingForward(o *op.Op, used []bool) *Kernel {
	return kernel(func(c *carver) op.Kernel[float32] {
		p := newCouplingPlan(o, c)
		r := &couplingForwardRun{couplingPlan: p, saved: used[3], t: p.takeThin(c, p.k2)}
		staged := p.panelsOf(p.group) < stagedForward
		slots := p.panelsOf(p.group)
		if !staged {
			slots = min(slots, maxParts)
			r.parts = slots
		}
		r.u = c.takeEach(slots, p.k0*p.width)
		hidden := p.Hidden * p.width
		var own0, own1, whole []float32
		if !r.saved {
			own0, own1 = c.take(slots*hidden), c.take(slots*hidden)
			if used[1] || used[2] {
				whole = c.take(2 * p.panelsOf(p.group) * hidden)
				r.saved = true // in own memory, to be copied
			}
		}
		r.bindTasks()
		return func(outs, ins [][]float32) error {
			p.load(ins[1:10])
			p.eachGroup(func() {
				r.x = ins[0][p.base*p.In*p.pixels:]
				r.raw = outs[0][p.base*p.Out*p.pixels:]
				r.h0, r.h1 = own0, own1
				switch {
				case outs[3] != nil:
					r.h0, r.h1 = p.savedOf(outs[3])
				case whole != nil:
					r.h0, r.h1 = whole[:len(whole)/2], whole[len(whole)/2:]
				}
				r.run()
				p.show(outs[1], r.h0)
				p.show(outs[2], r.h1)
			})
			return nil
		}
	})
}

// savedOf returns the hidden activations of the group, panels [Hidden][width].
func (p *couplingPlan) savedOf(saved []float32) (h0, h1 []float32) {
	from := p.base / p.group * p.panelsOf(p.group) * p.Hidden * p.width
	size := p.panels * p.Hidden * p.width
	return saved[from : from+size], saved[len(saved)/2+from:][:size]
}

// show writes hidden activations channel-last, for somebody who looks at them.
func (p *couplingPlan) show(out, h []float32) {
	if out == nil {
		return
	}
	for pixel := range p.count * p.pixels {
		panel := at(h, pixel/p.width, p.Hidden*p.width)
		row := at(out, p.base*p.pixels+pixel, p.Hidden)
		for k := range row {
			row[k] = panel[k*p.width+pixel%p.width]
		}
	}
}

// run takes the group through the network.
func (r *couplingForwardRun) run() {
	if r.panels < stagedForward {
		for _, task := range r.stages {
			cpu.Parallel(rowTasks, task)
		}
	} else {
		cpu.Parallel(min(r.parts, r.panels), r.fused)
	}
	cpu.Parallel(r.count, r.foldTask)
}

func (r *couplingForwardRun) bindTasks() {
	r.fused = func(part int) {
		from, to := span(part, min(r.parts, r.panels), r.panels)
		for q := from; q < to; q++ {
			r.unfold(r.in, r.u[part], r.x, r.In, q, 0, r.In)
			h := q
			if !r.saved {
				h = part
			}
			r.layer0(part, h, 0, r.Hidden)
			r.layer1(h, 0, r.Hidden)
			r.layer2(q, h, 0, r.Out)
		}
	}
	stage := func(n, unit int, f func(q, from, to int)) func(task int) {
		return func(task int) {
			from, to := rowSpan(task, rowTasks, n, unit)
			for q := range r.panels {
				f(q, from, to)
			}
		}
	}
	r.stages = [4]func(int){
		stage(r.In, 1, func(q, from, to int) { r.unfold(r.in, r.u[q], r.x, r.In, q, from, to) }),
		stage(r.Hidden, rowUnit, func(q, from, to int) { r.layer0(q, q, from, to) }),
		stage(r.Hidden, rowUnit, func(q, from, to int) { r.layer1(q, from, to) }),
		stage(r.Out, 1, func(q, from, to int) { r.layer2(q, q, from, to) }),
	}
	r.foldTask = func(n int) {
		image := at(r.raw, n, r.Out*r.pixels)
		for o, b := range r.p.B2 {
			fill(at(image, o, r.pixels), b)
		}
		r.out.Fold(image, r.t.image(n))
		for o, s := range r.s2 {
			row := at(image, o, r.pixels)
			cpu.Scale(row, row, s)
		}
	}
}

// layer0 computes rows of panel h of h0 from the unfolded panel u.
func (r *couplingForwardRun) layer0(u, h, from, to int) {
	size := r.Hidden * r.width
	cpu.MulPanel(to-from, r.k0, r.width, cpu.Left{Data: r.p.W0, From: from * r.k0, Row: r.k0, Step: 1},
		r.u[u], at(r.h0, h, size)[from*r.width:], r.width, false,
		&cpu.RowEpilogue{Scale: r.s0[from:], Shift: r.c0[from:], ReLU: true})
}

// layer1 computes rows of panel h of h1.
func (r *couplingForwardRun) layer1(h, from, to int) {
	size := r.Hidden * r.width
	cpu.MulPanel(to-from, r.Hidden, r.width, cpu.Left{Data: r.p.W1, From: from * r.Hidden, Row: r.Hidden, Step: 1},
		at(r.h0, h, size), at(r.h1, h, size)[from*r.width:], r.width, false,
		&cpu.RowEpilogue{Scale: r.s1[from:], Shift: r.c1[from:], ReLU: true})
}

// layer2 computes the taps of output channels from to to-1 of panel q.
func (r *couplingForwardRun) layer2(q, h, from, to int) {
	t, row := r.t.panel(q)
	cpu.MulPanel(9*(to-from), r.Hidden, r.width, cpu.Left{Data: r.p.W2, From: from * 9 * r.Hidden,
		Row: 1, RowRun: 9, RowJump: 9 * r.Hidden, Step: 9},
		at(r.h1, h, r.Hidden*r.width), t[9*from*row:], row, false, &cpu.RowEpilogue{})
}

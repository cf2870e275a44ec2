package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// The coupling network, see ref.CouplingForward, in the form that makes every pass a product of
// well-shaped matrices. With P pixels an image, hidden activations are channel-last, [P,Hidden],
// and only the thin images of In and Out channels are unfolded, [9*In,P] and [9*Out,P]:
//
//	h0  = relu(unfold(x)^T V0^T + c0),  h1 = relu(h0 V1^T + c1),  raw = fold(V2 h1^T) + c2,
//
// where each V is the weight with its output rows times the scale s = e^l (e^(3 l2) for the
// last), each c the bias times s, and V2 is [Out*9,Hidden], its kernels turned by 180 degrees,
// because fold scatters where a convolution gathers.
//
// Gradients first come for V and c: with G the gradient of a layer's result before s was folded
// in, dw = s dV, db = s dc and dl = sum(V dV) + c dc (three times that for l2), so that the
// hidden activations need no further pass.

// couplingPlan holds the sizes and the scaled weights.
type couplingPlan struct {
	ref.CouplingNet
	pixels     int
	k0, k2     int // 9*In, 9*Out
	win, wout  cpu.Window
	parts      int
	v0, v1, v2 []float32
	c0, c1, c2 []float32
	s0, s1, s2 []float32
	p          ref.CouplingParams[float32]
	prepare    func(task int)
}

// prepareTasks is the number of tasks in which weights are scaled, and later their gradients.
const prepareTasks = 4

func newCouplingPlan(o *op.Op, c *carver) *couplingPlan {
	d := o.Dims().(ref.CouplingNet)
	p := &couplingPlan{
		CouplingNet: d, pixels: d.H * d.W, k0: 9 * d.In, k2: 9 * d.Out, parts: min(d.N, maxParts),
		win:  cpu.Window{C: d.In, H: d.H, W: d.W, KH: 3, KW: 3, Stride: 1, Pad: 1},
		wout: cpu.Window{C: d.Out, H: d.H, W: d.W, KH: 3, KW: 3, Stride: 1, Pad: 1},
		v0:   c.take(d.Hidden * 9 * d.In), v1: c.take(d.Hidden * d.Hidden), v2: c.take(9 * d.Out * d.Hidden),
		c0: c.take(d.Hidden), c1: c.take(d.Hidden), c2: c.take(d.Out),
		s0: c.take(d.Hidden), s1: c.take(d.Hidden), s2: c.take(d.Out),
	}
	p.prepare = p.scaleWeights
	return p
}

// load scales the weights of this run.
func (p *couplingPlan) load(ins [][]float32) {
	p.p = ref.CouplingParams[float32]{
		W0: ins[0], B0: ins[1], L0: ins[2], W1: ins[3], B1: ins[4], L1: ins[5], W2: ins[6], B2: ins[7], L2: ins[8],
	}
	for _, l := range []struct {
		s, c, b, logs []float32
		k             float32
	}{{p.s0, p.c0, p.p.B0, p.p.L0, 1}, {p.s1, p.c1, p.p.B1, p.p.L1, 1}, {p.s2, p.c2, p.p.B2, p.p.L2, 3}} {
		cpu.Scale(l.s, l.logs, l.k)
		cpu.Exp(l.s, l.s)
		cpu.Mul(l.c, l.b, l.s)
	}
	cpu.Parallel(prepareTasks, p.prepare)
}

// span returns the rows of a task out of n.
func span(task, tasks, n int) (from, to int) { return task * n / tasks, (task + 1) * n / tasks }

// scaleWeights fills a part of v0, v1 and v2.
func (p *couplingPlan) scaleWeights(task int) {
	from, to := span(task, prepareTasks, p.Hidden)
	for k := from; k < to; k++ {
		cpu.Scale(p.v0[k*p.k0:(k+1)*p.k0], p.p.W0[k*p.k0:(k+1)*p.k0], p.s0[k])
		cpu.Scale(p.v1[k*p.Hidden:(k+1)*p.Hidden], p.p.W1[k*p.Hidden:(k+1)*p.Hidden], p.s1[k])
	}
	from, to = span(task, prepareTasks, p.Out)
	for o := from; o < to; o++ {
		w, v, s := p.p.W2[o*p.Hidden*9:(o+1)*p.Hidden*9], p.v2[o*9*p.Hidden:(o+1)*9*p.Hidden], p.s2[o]
		turnTaps(v, w, s, p.Hidden)
	}
}

// turnTaps sets v [9,n] to s times the transpose of w [n,9] with its rows in the opposite order:
// tap t of w is tap 8-t of the turned kernel.
func turnTaps(v, w []float32, s float32, n int) {
	v0, v1, v2 := v[:n], v[n:2*n], v[2*n:3*n]
	v3, v4, v5 := v[3*n:4*n], v[4*n:5*n], v[5*n:6*n]
	v6, v7, v8 := v[6*n:7*n], v[7*n:8*n], v[8*n:9*n]
	for k := range v0 {
		x := (*[9]float32)(w[9*k:])
		v8[k], v7[k], v6[k] = x[0]*s, x[1]*s, x[2]*s
		v5[k], v4[k], v3[k] = x[3]*s, x[4]*s, x[5]*s
		v2[k], v1[k], v0[k] = x[6]*s, x[7]*s, x[8]*s
	}
}

// turnBack sets w [n,9] to s times the transpose of v [9,n] with its rows in the opposite order.
func turnBack(w, v []float32, s float32, n int) {
	v0, v1, v2 := v[:n], v[n:2*n], v[2*n:3*n]
	v3, v4, v5 := v[3*n:4*n], v[4*n:5*n], v[5*n:6*n]
	v6, v7, v8 := v[6*n:7*n], v[7*n:8*n], v[8*n:9*n]
	for k := range v0 {
		x := (*[9]float32)(w[9*k:])
		x[0], x[1], x[2] = v8[k]*s, v7[k]*s, v6[k]*s
		x[3], x[4], x[5] = v5[k]*s, v4[k]*s, v3[k]*s
		x[6], x[7], x[8] = v2[k]*s, v1[k]*s, v0[k]*s
	}
}

// each calls f for the images of a part, in order.
func (p *couplingPlan) each(part int, f func(n int)) {
	for n := part; n < p.N; n += p.parts {
		f(n)
	}
}

// at returns image n of an array with size elements an image.
func at(x []float32, n, size int) []float32 { return x[n*size : (n+1)*size] }

// couplingRows is the number of pixels that the middle convolution should take at least: images
// of a part go through it together until it is reached.
const couplingRows = 128

func couplingForward(o *op.Op, used []bool) *Kernel {
	return kernel(func(c *carver) op.Kernel[float32] {
		p := newCouplingPlan(o, c)
		thin := c.takeEach(p.parts, p.pixels*max(p.k0, p.k2))
		size := p.pixels * p.Hidden
		group := min((p.N+p.parts-1)/p.parts, max(1, couplingRows/p.pixels))
		var own [2][][]float32 // hidden activations that nobody keeps
		for i := range own {
			if !used[1+i] {
				own[i] = c.takeEach(p.parts, group*size)
			}
		}
		var x []float32
		var out [][]float32
		hidden := func(i, part, n int) []float32 {
			if own[i] != nil {
				return own[i][part]
			}
			return out[1+i][n*size:]
		}
		task := func(part int) {
			from, to := span(part, p.parts, p.N)
			for n := from; n < to; n += group {
				count := min(group, to-n)
				p.forward(out[0][n*p.Out*p.pixels:], hidden(0, part, n), hidden(1, part, n), thin[part], x[n*p.In*p.pixels:], count)
			}
		}
		return func(outs, ins [][]float32) error {
			x, out = ins[0], outs
			p.load(ins[1:10])
			cpu.Parallel(p.parts, task)
			return nil
		}
	})
}

// forward runs count images that follow each other.
func (p *couplingPlan) forward(raw, h0, h1, thin, x []float32, count int) {
	size := p.pixels * p.Hidden
	for n := range count {
		cpu.Im2col(p.win, thin[:p.k0*p.pixels], at(x, n, p.In*p.pixels))
		cpu.GemmFused(true, true, p.pixels, p.Hidden, p.k0, thin, p.pixels, p.v0, p.k0, at(h0, n, size), p.Hidden, 0,
			cpu.Epilogue{Bias: p.c0, ReLU: true})
	}
	cpu.GemmFused(false, true, count*p.pixels, p.Hidden, p.Hidden, h0, p.Hidden, p.v1, p.Hidden, h1, p.Hidden, 0,
		cpu.Epilogue{Bias: p.c1, ReLU: true})
	for n := range count {
		cpu.Gemm(false, true, p.k2, p.pixels, p.Hidden, p.v2, p.Hidden, at(h1, n, size), p.Hidden, thin, p.pixels, 0)
		image := at(raw, n, p.Out*p.pixels)
		for o, b := range p.c2 {
			fill(at(image, o, p.pixels), b)
		}
		cpu.Col2im(p.wout, image, thin[:p.k2*p.pixels])
	}
}

// couplingGrads is the backward pass of one call.
type couplingGrads struct {
	*couplingPlan
	x, h0, h1, g   []float32
	dx             []float32
	out            ref.CouplingParams[float32] // nil for gradients that nobody reads
	d, u           [][]float32                 // unfolded g and x of each image
	g0, g1         []float32                   // gradients of the hidden layers before relu
	thin           [][]float32                 // room for the unfolded dx of each part
	dc0, dc1       [][]float32                 // gradients of c0 and c1, each image
	dc2            []float32
	dv0, dv1, dv2  []float32
	images, finish func(task int)
	weights        func(task int)
}

func couplingBackward(o *op.Op, used []bool) *Kernel {
	return kernel(func(c *carver) op.Kernel[float32] {
		p := newCouplingPlan(o, c)
		b := &couplingGrads{couplingPlan: p,
			d: c.takeEach(p.N, p.k2*p.pixels), u: c.takeEach(p.N, p.k0*p.pixels),
			g0: c.take(p.N * p.pixels * p.Hidden), g1: c.take(p.N * p.pixels * p.Hidden),
			thin: c.takeEach(p.parts, p.k0*p.pixels),
			dc0:  c.takeEach(p.N, p.Hidden), dc1: c.takeEach(p.N, p.Hidden), dc2: c.take(p.Out),
			dv0: c.take(p.Hidden * p.k0), dv1: c.take(p.Hidden * p.Hidden), dv2: c.take(p.k2 * p.Hidden),
		}
		b.images, b.weights, b.finish = b.imageTask, b.weightTask, b.finishTask
		return func(outs, ins [][]float32) error {
			b.x, b.h0, b.h1, b.g = ins[0], ins[11], ins[12], ins[13]
			b.dx = outs[0]
			b.out = ref.CouplingParams[float32]{
				W0: outs[1], B0: outs[2], L0: outs[3], W1: outs[4], B1: outs[5], L1: outs[6], W2: outs[7], B2: outs[8], L2: outs[9],
			}
			b.load(ins[1:10])
			cpu.Parallel(b.parts, b.images)
			b.addBiases()
			cpu.Parallel(3*weightTasks, b.weights)
			cpu.Parallel(prepareTasks, b.finish)
			return nil
		}
	})
}

// imageTask carries the gradient through the images of a part.
func (b *couplingGrads) imageTask(part int) {
	b.each(part, func(n int) {
		cpu.Im2col(b.wout, b.d[n], at(b.g, n, b.Out*b.pixels))
		cpu.Im2col(b.win, b.u[n], at(b.x, n, b.In*b.pixels))
		size := b.pixels * b.Hidden
		g0, g1 := at(b.g0, n, size), at(b.g1, n, size)
		clear(b.dc0[n])
		clear(b.dc1[n])
		cpu.GemmFused(true, false, b.pixels, b.Hidden, b.k2, b.d[n], b.pixels, b.v2, b.Hidden, g1, b.Hidden, 0,
			cpu.Epilogue{Mask: at(b.h1, n, size), MaskRow: b.Hidden, ColumnSums: b.dc1[n]})
		cpu.GemmFused(false, false, b.pixels, b.Hidden, b.Hidden, g1, b.Hidden, b.v1, b.Hidden, g0, b.Hidden, 0,
			cpu.Epilogue{Mask: at(b.h0, n, size), MaskRow: b.Hidden, ColumnSums: b.dc0[n]})
		cpu.Gemm(true, true, b.k0, b.pixels, b.Hidden, b.v0, b.k0, g0, b.Hidden, b.thin[part], b.pixels, 0)
		dx := at(b.dx, n, b.In*b.pixels)
		clear(dx)
		cpu.Col2im(b.win, dx, b.thin[part])
	})
}

// addBiases sums the gradients of c over the batch, into those of the first image.
func (b *couplingGrads) addBiases() {
	for n := 1; n < b.N; n++ {
		cpu.Add(b.dc0[0], b.dc0[0], b.dc0[n])
		cpu.Add(b.dc1[0], b.dc1[0], b.dc1[n])
	}
	for o := range b.dc2 {
		sum := 0.0
		for n := range b.N {
			sum += cpu.Sum(at(b.g, n*b.Out+o, b.pixels))
		}
		b.dc2[o] = float32(sum)
	}
}

// weightTasks is the number of column blocks of each weight gradient.
const weightTasks = 2

// weightTask computes a block of columns of the gradient of one V, image after image. The images
// of hidden activations follow each other in memory, so that dV1 is one product.
func (b *couplingGrads) weightTask(task int) {
	which, block := task/weightTasks, task%weightTasks
	size := b.pixels * b.Hidden
	from, to := block32(block, b.Hidden)
	if which == 2 {
		from, to = block32(block, b.k0)
	}
	if from == to {
		return
	}
	if which == 1 {
		cpu.Gemm(true, false, b.Hidden, to-from, b.N*b.pixels, b.g1, b.Hidden, b.h0[from:], b.Hidden, b.dv1[from:], b.Hidden, 0)
		return
	}
	for n := range b.N {
		beta := min(1, float32(n))
		if which == 0 {
			h1 := at(b.h1, n, size)
			cpu.Gemm(false, false, b.k2, to-from, b.pixels, b.d[n], b.pixels, h1[from:], b.Hidden, b.dv2[from:], b.Hidden, beta)
		} else {
			cpu.Gemm(true, true, b.Hidden, to-from, b.pixels, at(b.g0, n, size), b.Hidden, b.u[n][from*b.pixels:], b.pixels, b.dv0[from:], b.k0, beta)
		}
	}
}

// block32 cuts n columns into weightTasks blocks at multiples of 32, the width of a kernel.
func block32(block, n int) (from, to int) {
	panels := (n + 31) / 32
	from, to = span(block, weightTasks, panels)
	return min(n, 32*from), min(n, 32*to)
}

// finishTask turns the gradients of a part of V and c into those of the parameters.
func (b *couplingGrads) finishTask(task int) {
	from, to := span(task, prepareTasks, b.Hidden)
	for k := from; k < to; k++ {
		finishRow(k, at(b.v0, k, b.k0), at(b.dv0, k, b.k0), b.c0, b.dc0[0], b.s0, b.out.W0, b.out.B0, b.out.L0)
		finishRow(k, at(b.v1, k, b.Hidden), at(b.dv1, k, b.Hidden), b.c1, b.dc1[0], b.s1, b.out.W1, b.out.B1, b.out.L1)
	}
	from, to = span(task, prepareTasks, b.Out)
	for o := from; o < to; o++ {
		size := 9 * b.Hidden
		v, dv := at(b.v2, o, size), at(b.dv2, o, size)
		finishRow(o, v, dv, b.c2, b.dc2, b.s2, nil, b.out.B2, b.out.L2)
		if b.out.L2 != nil {
			b.out.L2[o] *= 3
		}
		if b.out.W2 == nil {
			continue
		}
		turnBack(at(b.out.W2, o, size), dv, b.s2[o], b.Hidden)
	}
}

// finishRow sets dw = s dV, db = s dc and dl = sum(V dV) + c dc for output channel k.
func finishRow(k int, v, dv, c, dc, s, dw, db, dl []float32) {
	if dl != nil {
		dl[k] = float32(cpu.Dot(v, dv) + float64(c[k])*float64(dc[k]))
	}
	if dw != nil {
		cpu.Scale(at(dw, k, len(dv)), dv, s[k])
	}
	if db != nil {
		db[k] = dc[k] * s[k]
	}
}

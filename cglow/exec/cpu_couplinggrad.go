package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// The backward pass of a coupling network. With g the gradient of raw, d = unfold(s2 g), and G1, G0
// the gradients of W1 h0 + b1 and W0 u + b0,
//
//	G1 = s1 [h1 > 0] (W2^T d),   G0 = s0 [h0 > 0] (W1^T G1),   dx = fold(W0^T G0),
//	dW2 = d h1^T,   dW1 = G1 h0^T,   dW0 = G0 u^T,   db = sums of rows of G.
//
// A layer's dl is the sum of gradient times output, collected while the gradient is masked.
//
// Panels go through G1, G0 and dx one by one; every chunk of them then adds to the gradients of the
// weights, whose right sides d^T, h0^T and u^T are turned round a panel at a time. Many panels are
// cut into parts with gradients of their own, which are added at the end; few go through stage by
// stage, each cut by rows.

const (
	// couplingChunk is the number of panels that add to the gradients of the weights together: what
	// they need stays in a second-level cache of 1 or 2 MiB.
	couplingChunk = 4
	// couplingPart is the least number of panels of a part.
	couplingPart = 8
)

// weightGrads are gradients of the weights and of what is summed over rows.
type weightGrads struct {
	w0, w1, w2   []float32 // [Hidden,9*In], [Hidden,Hidden], [Hidden,9*Out]
	dots0, sums0 []float32 // [Hidden,lanes]: g*h and g of the hidden layers
	dots1, sums1 []float32
}

// couplingRoom is what a part works in: g1 and g0 [chunk][Hidden][width], d and u panels, and the
// right sides by panels of their columns, [columns/width][chunk*width][width].
type couplingRoom struct {
	g1, g0     []float32
	d, u       [][]float32
	dt, ut, ht []float32
}

// couplingGrads is the backward pass of one call.
type couplingGrads struct {
	*couplingPlan
	x, raw, g []float32 // of the group
	h0, h1    []float32
	dx        []float32
	gs        []float32                   // s2 g of the group
	grads     ref.CouplingParams[float32] // nil for gradients that nobody reads
	parts     int                         // 0: stage by stage
	chunk     int
	first     bool
	rooms     []couplingRoom
	acc       []weightGrads
	own       weightGrads // memory of acc[0]
	db2, dl2  []float32   // [N,Out]
	t         thin

	scaleTask, fused, foldTask, finish func(task int)
	stages                             [4]func(task int)
}

func couplingBackward(o *op.Op, used []bool) *Kernel {
	return kernel(func(c *carver) op.Kernel[float32] {
		p := newCouplingPlan(o, c)
		b := &couplingGrads{couplingPlan: p, gs: c.take(p.group * p.Out * p.pixels),
			db2: c.take(p.N * p.Out), dl2: c.take(p.N * p.Out), t: p.takeThin(c, p.k0)}
		panels := p.panelsOf(p.group)
		count := 1
		if b.chunk = panels; panels >= stagedBackward {
			b.chunk = couplingChunk
			b.parts = min(maxParts, panels/couplingPart)
			count = b.parts
		}
		for range count {
			b.rooms = append(b.rooms, b.takeRoom(c))
			b.acc = append(b.acc, b.takeGrads(c))
		}
		b.own = b.acc[0]
		b.bindTasks()
		return func(outs, ins [][]float32) error {
			b.start(outs, ins)
			p.eachGroup(func() {
				b.x = ins[0][p.base*p.In*p.pixels:]
				b.raw, b.g = ins[10][p.base*p.Out*p.pixels:], ins[12][p.base*p.Out*p.pixels:]
				b.dx = outs[0][p.base*p.In*p.pixels:]
				b.h0, b.h1 = p.savedOf(ins[11])
				b.run()
				b.first = false
			})
			cpu.Parallel(rowTasks, b.finish)
			b.finishLast()
			return nil
		}
	})
}

func (b *couplingGrads) takeRoom(c *carver) couplingRoom {
	hidden, block := b.chunk*b.Hidden*b.width, b.chunk*b.width*b.width
	blocks := func(n int) int { return (n + b.width - 1) / b.width * block }
	thin := 1 // panels of d and u that are needed at a time
	if b.parts == 0 {
		thin = b.chunk
	}
	return couplingRoom{g1: c.take(hidden), g0: c.take(hidden), d: c.takeEach(thin, b.k2*b.width), u: c.takeEach(thin, b.k0*b.width),
		dt: c.take(blocks(b.k2)), ut: c.take(blocks(b.k0)), ht: c.take(blocks(b.Hidden))}
}

func (b *couplingGrads) takeGrads(c *carver) weightGrads {
	lanes := b.Hidden * cpu.PanelLanes()
	return weightGrads{w0: c.take(b.Hidden * b.k0), w1: c.take(b.Hidden * b.Hidden), w2: c.take(b.Hidden * b.k2),
		dots0: c.take(lanes), sums0: c.take(lanes), dots1: c.take(lanes), sums1: c.take(lanes)}
}

// start prepares a call. A single part writes the gradients of w0 and w1 where they belong.
func (b *couplingGrads) start(outs, ins [][]float32) {
	b.load(ins[1:10])
	b.grads = ref.CouplingParams[float32]{
		W0: outs[1], B0: outs[2], L0: outs[3], W1: outs[4], B1: outs[5], L1: outs[6], W2: outs[7], B2: outs[8], L2: outs[9],
	}
	b.acc[0] = b.own
	if b.grads.W0 != nil {
		b.acc[0].w0 = b.grads.W0
	}
	if b.grads.W1 != nil {
		b.acc[0].w1 = b.grads.W1
	}
	for _, a := range b.acc {
		for _, lanes := range [][]float32{a.dots0, a.sums0, a.dots1, a.sums1} {
			clear(lanes)
		}
	}
	b.first = true
}

// run carries the gradient through a group.
func (b *couplingGrads) run() {
	cpu.Parallel(b.count, b.scaleTask)
	if b.parts == 0 {
		for _, stage := range b.stages {
			cpu.Parallel(rowTasks, stage)
		}
	} else {
		cpu.Parallel(b.partsOf(b.panels), b.fused)
	}
	cpu.Parallel(b.count, b.foldTask)
}

// partsOf is the number of parts that so many panels are cut into.
func (b *couplingGrads) partsOf(panels int) int { return min(b.parts, max(1, panels/couplingPart)) }

func (b *couplingGrads) bindTasks() {
	b.scaleTask = b.scaleImage
	b.foldTask = func(n int) {
		dx := at(b.dx, n, b.In*b.pixels)
		clear(dx)
		b.in.Fold(dx, b.t.image(n))
	}
	b.fused = func(part int) {
		room, acc := &b.rooms[part], &b.acc[part]
		from, to := span(part, b.partsOf(b.panels), b.panels)
		for q := from; q < to; q += b.chunk {
			count := min(b.chunk, to-q)
			for i := range count {
				b.unfold(b.out, room.d[0], b.gs, b.Out, q+i, 0, b.Out)
				b.unfold(b.in, room.u[0], b.x, b.In, q+i, 0, b.In)
				b.gradient1(room, acc, room.d[0], q+i, i, 0, b.Hidden)
				b.gradient0(room, acc, q+i, i, 0, b.Hidden)
				b.gradientX(room, q+i, i, 0, b.k0)
				b.turn(room, room.d[0], room.u[0], q+i, i)
			}
			b.weights(room, acc, q, count, 0, b.Hidden, !b.first || q > from)
		}
	}
	b.stages = [4]func(int){
		b.stage(func(task, q int) {
			from, to := span(task, rowTasks, b.Out)
			b.unfold(b.out, b.rooms[0].d[q], b.gs, b.Out, q, from, to)
			from, to = span(task, rowTasks, b.In)
			b.unfold(b.in, b.rooms[0].u[q], b.x, b.In, q, from, to)
		}),
		b.stage(func(task, q int) {
			from, to := rowSpan(task, rowTasks, b.Hidden, rowUnit)
			b.gradient1(&b.rooms[0], &b.acc[0], b.rooms[0].d[q], q, q, from, to)
			if q%rowTasks == task {
				b.turn(&b.rooms[0], b.rooms[0].d[q], b.rooms[0].u[q], q, q)
			}
		}),
		b.stage(func(task, q int) {
			from, to := rowSpan(task, rowTasks, b.Hidden, rowUnit)
			b.gradient0(&b.rooms[0], &b.acc[0], q, q, from, to)
		}),
		func(task int) {
			from, to := rowSpan(task, rowTasks, b.k0, rowUnit)
			for q := range b.panels {
				b.gradientX(&b.rooms[0], q, q, from, to)
			}
			from, to = rowSpan(task, rowTasks, b.Hidden, rowUnit)
			b.weights(&b.rooms[0], &b.acc[0], 0, b.panels, from, to, !b.first)
		},
	}
	b.finish = b.finishTask
}

// stage makes a task of f for every panel.
func (b *couplingGrads) stage(f func(task, q int)) func(task int) {
	return func(task int) {
		for q := range b.panels {
			f(task, q)
		}
	}
}

// scaleImage scales g of image n of the group and sums up what the last layer's bias and scale
// need.
func (b *couplingGrads) scaleImage(n int) {
	for o := range b.Out {
		g, gs, raw := at(b.g, n*b.Out+o, b.pixels), at(b.gs, n*b.Out+o, b.pixels), at(b.raw, n*b.Out+o, b.pixels)
		cpu.Scale(gs, g, b.s2[o])
		i := (b.base+n)*b.Out + o
		b.db2[i] = float32(cpu.Sum(gs))
		b.dl2[i] = float32(3 * cpu.Dot(g, raw))
	}
}

// gradient1 computes rows of panel q of G1, in place i of the chunk.
func (b *couplingGrads) gradient1(room *couplingRoom, acc *weightGrads, d []float32, q, i, from, to int) {
	size, lanes := b.Hidden*b.width, cpu.PanelLanes()
	cpu.MulPanel(to-from, b.k2, b.width, cpu.Left{Data: b.p.W2, From: 9 * from, Row: 9, Step: 1, Run: 9, Jump: 9 * b.Hidden},
		d, at(room.g1, i, size)[from*b.width:], b.width, false, &cpu.RowEpilogue{Scale: b.s1[from:],
			Gate: at(b.h1, q, size)[from*b.width:], Dots: acc.dots1[from*lanes:], Sums: acc.sums1[from*lanes:]})
}

// gradient0 computes rows of panel q of G0.
func (b *couplingGrads) gradient0(room *couplingRoom, acc *weightGrads, q, i, from, to int) {
	size, lanes := b.Hidden*b.width, cpu.PanelLanes()
	cpu.MulPanel(to-from, b.Hidden, b.width, cpu.Left{Data: b.p.W1, From: from, Row: 1, Step: b.Hidden},
		at(room.g1, i, size), at(room.g0, i, size)[from*b.width:], b.width, false, &cpu.RowEpilogue{Scale: b.s0[from:],
			Gate: at(b.h0, q, size)[from*b.width:], Dots: acc.dots0[from*lanes:], Sums: acc.sums0[from*lanes:]})
}

// gradientX computes rows of panel q of the unfolded gradient of x.
func (b *couplingGrads) gradientX(room *couplingRoom, q, i, from, to int) {
	t, row := b.t.panel(q)
	cpu.MulPanel(to-from, b.Hidden, b.width, cpu.Left{Data: b.p.W0, From: from, Row: 1, Step: b.k0},
		at(room.g0, i, b.Hidden*b.width), t[from*row:], row, false, &cpu.RowEpilogue{})
}

// turn transposes the right sides of panel q.
func (b *couplingGrads) turn(room *couplingRoom, d, u []float32, q, i int) {
	block := b.width * b.width
	cpu.TurnPanel(room.dt[i*block:], b.chunk*block, d, b.k2)
	cpu.TurnPanel(room.ut[i*block:], b.chunk*block, u, b.k0)
	cpu.TurnPanel(room.ht[i*block:], b.chunk*block, at(b.h0, q, b.Hidden*b.width), b.Hidden)
}

// weights sets rows of the gradients of the weights from the panels q to q+count-1, or adds to
// them.
func (b *couplingGrads) weights(room *couplingRoom, acc *weightGrads, q, count, from, to int, add bool) {
	size := b.Hidden * b.width
	for _, w := range [3]struct {
		dw, left, right []float32
		columns         int
	}{
		{acc.w2, b.h1[q*size:], room.dt, b.k2},
		{acc.w1, room.g1, room.ht, b.Hidden},
		{acc.w0, room.g0, room.ut, b.k0},
	} {
		left := cpu.Left{Data: w.left, From: from * b.width, Row: b.width, Step: 1, Run: b.width, Jump: size}
		for j := 0; j < w.columns; j += b.width {
			cpu.MulPanel(to-from, count*b.width, min(b.width, w.columns-j), left, w.right[j*b.chunk*b.width:],
				w.dw[from*w.columns+j:], w.columns, add, &cpu.RowEpilogue{})
		}
	}
}

// finishTask adds up the parts and writes rows of the gradients of the hidden layers.
func (b *couplingGrads) finishTask(task int) {
	from, to := span(task, rowTasks, b.Hidden)
	sum := func(of func(a *weightGrads) []float32, columns int) []float32 {
		total := of(&b.acc[0])[from*columns : to*columns]
		for i := range b.acc[1:] {
			cpu.Add(total, total, of(&b.acc[i+1])[from*columns:to*columns])
		}
		return total
	}
	sum(func(a *weightGrads) []float32 { return a.w0 }, b.k0)
	sum(func(a *weightGrads) []float32 { return a.w1 }, b.Hidden)
	w2 := sum(func(a *weightGrads) []float32 { return a.w2 }, b.k2)
	if b.grads.W2 != nil {
		for k := from; k < to; k++ {
			spreadTaps(b.grads.W2[9*k:], 9*b.Hidden, at(w2, k-from, b.k2))
		}
	}
	lanes := cpu.PanelLanes()
	for _, l := range [4]struct {
		out []float32
		of  func(a *weightGrads) []float32
	}{
		{b.grads.B0, func(a *weightGrads) []float32 { return a.sums0 }}, {b.grads.L0, func(a *weightGrads) []float32 { return a.dots0 }},
		{b.grads.B1, func(a *weightGrads) []float32 { return a.sums1 }}, {b.grads.L1, func(a *weightGrads) []float32 { return a.dots1 }},
	} {
		if l.out == nil {
			continue
		}
		rows := sum(l.of, lanes)
		for k := from; k < to; k++ {
			total := float32(0)
			for _, v := range at(rows, k-from, lanes) {
				total += v
			}
			l.out[k] = total
		}
	}
}

// spreadTaps writes kernels of 9 taps to places that are row apart.
func spreadTaps(kernels []float32, row int, taps []float32) {
	for o := 0; len(taps) >= 9; o, taps = o+row, taps[9:] {
		*(*[9]float32)(kernels[o:]) = *(*[9]float32)(taps)
	}
}

// finishLast sums the gradients of the last layer's biases and scales over the batch.
func (b *couplingGrads) finishLast() {
	for _, l := range [2]struct{ out, of []float32 }{{b.grads.B2, b.db2}, {b.grads.L2, b.dl2}} {
		if l.out == nil {
			continue
		}
		copy(l.out, l.of[:b.Out])
		for n := 1; n < b.N; n++ {
			cpu.Add(l.out, l.out, at(l.of, n, b.Out))
		}
	}
}

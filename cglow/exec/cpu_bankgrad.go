package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
)

// bankGrads is the backward pass of a bank.
type bankGrads struct {
	*bankPlan
	active []bool
	at     []int       // by network: its first output
	g      []int       // by network: the input that is its gradient
	bank   int         // inputs of the bank
	dx     [][]float32 // by part, channel-last; nil if nobody reads it
	outs   [][]float32
	ins    [][]float32
}

func bankBackward(o *op.Op, used []bool) *Kernel {
	d := o.Dims().(op.BankGrad)
	plan, ok := newBankPlan(d.NetBank)
	if !ok {
		return nil
	}
	b := bankGrads{active: d.Active, at: make([]int, len(d.Nets)), g: make([]int, len(d.Nets))}
	last := len(d.Nets) - 1
	b.bank = plan.slots[last].Param + 2*len(d.Nets[last])
	out, g := 0, b.bank+plan.slots[last].Hidden+len(d.Nets[last])-1
	for i, net := range d.Nets {
		b.at[i], b.g[i] = out, g
		if d.Active[i] {
			out, g = out+2*len(net), g+1
		}
	}
	return kernel(func(c *carver) op.Kernel[float32] {
		b := b
		b.bankPlan = plan.take(c, true, true)
		if used[len(used)-1] {
			b.dx = c.takeEach(b.parts, b.N*b.C*b.H*b.W)
			for _, r := range b.rooms {
				r.lines = c.take(b.line)
			}
		}
		task := b.part
		return func(outs, ins [][]float32) error {
			b.outs, b.ins = outs, ins
			b.load(ins[0])
			cpu.Parallel(b.parts, task)
			b.finish()
			return nil
		}
	})
}

// part runs the networks of a part.
func (b *bankGrads) part(part int) {
	if b.dx != nil {
		clear(b.dx[part])
	}
	for i := part; i < len(b.nets); i += b.parts {
		if b.active[i] {
			b.backward(part, i)
		}
	}
}

// finish adds the gradients of x of all parts and brings them to channel-first.
func (b *bankGrads) finish() {
	if b.dx == nil {
		return
	}
	for _, d := range b.dx[1:] {
		cpu.Add(b.dx[0], b.dx[0], d)
	}
	dx, size := b.outs[len(b.outs)-1], b.C*b.H*b.W
	for n := range b.N {
		cpu.Transpose(at(dx, n, size), at(b.dx[0], n, size), b.H*b.W, b.C)
	}
}

// backward carries the gradient through network i.
func (b *bankGrads) backward(part, i int) {
	r, net, slot := b.rooms[part], b.nets[i], b.slots[i]
	last := len(net) - 1
	gz, next := r.a, r.b
	b.start(gz, next, i)
	for l := last; l >= 0; l-- {
		layer := &net[l]
		w := b.ins[slot.Param+2*l]
		dw, db := b.outs[b.at[i]+2*l], b.outs[b.at[i]+2*l+1]
		var in []float32
		if l > 0 {
			in = b.ins[b.bank+slot.Hidden+l-1]
		}
		if layer.Linear {
			b.linear(r, i, l, gz, next, in, w, dw)
			columnSums(db, gz[:b.N*layer.Out], r.sum)
		} else {
			b.conv(part, i, l, gz, next, in, w, dw)
			columnSums(db, gz[:b.N*layer.Size()], r.sum)
		}
		if l > 0 && net[l-1].ReLU && !layer.inPlace {
			n := b.N * net[l-1].Size()
			cpu.ReLUGrad(next[:n], next[:n], in[:n])
		}
		gz, next = next, gz
	}
}

// start puts the gradient of the last result before its ReLU into gz, channel-last.
func (b *bankGrads) start(gz, room []float32, i int) {
	layer := &b.nets[i][len(b.nets[i])-1]
	g, n := b.ins[b.g[i]], b.N*layer.Size()
	if layer.ReLU {
		cpu.ReLUGrad(room[:n], g, b.ins[b.bank+i])
		g = room[:n]
	}
	if layer.Linear {
		copy(gz, g)
		return
	}
	for k := range b.N {
		cpu.Transpose(at(gz, k, layer.Size()), at(g, k, layer.Size()), layer.Conv.O, layer.pixels)
	}
}

// linear sets dw, or its factors, and next to the gradient of the input of a fully connected layer.
func (b *bankGrads) linear(r *bankRoom, i, l int, gz, next, in, w, dw []float32) {
	layer, before := &b.nets[i][l], &b.nets[i][l-1]
	switch {
	case dw == nil:
	case layer.Factored:
		flat := b.flatten(r, before, in)
		for n := range b.N {
			row := at(dw, n, layer.Out+layer.In)
			copy(row, at(gz, n, layer.Out))
			copy(row[layer.Out:], at(flat, n, layer.In))
		}
	default:
		cpu.Gemm(true, false, layer.Out, layer.In, b.N, gz, layer.Out, b.flatten(r, before, in), layer.In, dw, layer.In, 0)
	}
	if before.Linear || before.pixels == 1 {
		cpu.Gemm(false, false, b.N, layer.In, layer.Out, gz, layer.Out, w, layer.In, next, layer.In, 0)
		return
	}
	cpu.Gemm(false, false, b.N, layer.In, layer.Out, gz, layer.Out, w, layer.In, r.flat, layer.In, 0)
	for n := range b.N {
		cpu.Transpose(at(next, n, layer.In), at(r.flat, n, layer.In), before.Conv.O, before.pixels)
	}
}

// conv sets dw, and next to the gradient of the input of a convolution; for the first layer it
// adds that to the gradient of x.
func (b *bankGrads) conv(part, i, l int, gz, next, in, w, dw []float32) {
	r, layer := b.rooms[part], &b.nets[i][l]
	c := layer.Conv
	if layer.inPlace {
		b.convInPlace(r, layer, &b.nets[i][l-1], gz, next, in, w, dw)
		return
	}
	if dw != nil {
		beta := float32(0)
		b.groups(layer, func(from, count int) {
			columns := b.columns(r, i, l, in, from, count)
			cpu.Gemm(true, false, c.O, layer.depth, count*layer.pixels, gz[from*layer.Size():], c.O, columns, layer.depth, r.turned, layer.depth, beta)
			beta = 1
		})
		turn(dw, r.turned, c.O, c.KH*c.KW, c.C)
	}
	if l == 0 {
		if b.dx == nil {
			return
		}
		next = b.dx[part]
	} else {
		clear(next[:b.N*c.C*c.H*c.W])
	}
	turn(r.weights, w, c.O, c.C, c.KH*c.KW)
	b.groups(layer, func(from, count int) {
		cpu.Gemm(false, false, count*layer.pixels, layer.depth, c.O, gz[from*layer.Size():], c.O, r.weights, layer.depth, r.columns, layer.depth, 0)
		for k := range count {
			columns := at(r.columns, k, layer.pixels*layer.depth)
			if layer.order != nil {
				for i, pixel := range layer.order {
					copy(at(r.lines, pixel, layer.depth), at(columns, i, layer.depth))
				}
				columns = r.lines
			}
			cpu.Col2imNHWC(layer.window, at(next, from+k, c.C*c.H*c.W), columns)
		}
	})
}

// convInPlace does it for a layer whose input is its own unfolded matrix. next becomes the gradient
// before the ReLU of the layer before.
func (b *bankGrads) convInPlace(r *bankRoom, layer, before *bankLayer, gz, next, in, w, dw []float32) {
	c, rows := layer.Conv, b.N*layer.pixels
	taps := c.KH * c.KW
	if dw != nil {
		cpu.Gemm(true, false, c.O, layer.depth, rows, gz, c.O, in, layer.depth, r.turned, layer.depth, 0)
		turn(dw, r.turned, c.O, taps, c.C)
	}
	turn(r.weights, w, c.O, c.C, taps)
	e := cpu.Epilogue{}
	if before.ReLU {
		e.Mask, e.MaskRow = in, layer.depth
	}
	cpu.GemmFused(false, false, rows, layer.depth, c.O, gz, c.O, r.weights, layer.depth, next, layer.depth, 0, e)
}

// sumLanes is the least number of elements that columnSums adds side by side.
const sumLanes = 256

// columnSums sets db[o] to the sum of column o of g [rows,len(db)]. It adds several rows side by
// side, and blocks of those in turn, each to a sum of its own first, so that rounding errors do
// not add up over many rows. A nil db is not wanted. room has 2 (sumLanes + len(db)) elements.
func columnSums(db, g, room []float32) {
	const block = 64
	n := len(db)
	if n == 0 {
		return
	}
	wide := n * max(1, sumLanes/n)
	total, sum := room[:wide], room[wide:2*wide]
	clear(total)
	for len(g) >= wide {
		rows := min(block, len(g)/wide)
		copy(sum, g)
		for i := 1; i < rows; i++ {
			cpu.Add(sum, sum, g[i*wide:(i+1)*wide])
		}
		cpu.Add(total, total, sum)
		g = g[rows*wide:]
	}
	cpu.Add(total[:len(g)], total[:len(g)], g) // rows that do not fill a wide one
	copy(db, total)
	for i := n; i < wide; i += n {
		cpu.Add(db, db, total[i:i+n])
	}
}

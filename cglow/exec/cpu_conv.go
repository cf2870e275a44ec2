package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// maxParts is the number of pieces into which a sum over a batch is cut, each with room of its
// own. It is fixed, so that the result does not depend on the number of cores.
const maxParts = 8

// convPlan is what the three convolution kernels share: one image is unfolded to a matrix
// [C*KH*KW, OH*OW], and the weights are a matrix [O, C*KH*KW].
type convPlan struct {
	ref.Conv
	window  cpu.Window
	depth   int // C*KH*KW
	pixels  int // OH*OW
	direct  bool
	columns [][]float32 // per part
}

// newConvPlan returns nil for strides that package cpu does not have.
func newConvPlan(o *op.Op) *convPlan {
	d := o.Dims().(ref.Conv)
	if d.StrideH != d.StrideW {
		return nil
	}
	p := &convPlan{
		Conv:   d,
		window: cpu.Window{C: d.C, H: d.H, W: d.W, KH: d.KH, KW: d.KW, Stride: d.StrideH, Pad: d.Pad},
		depth:  d.C * d.KH * d.KW, pixels: d.OH * d.OW,
		direct: d.KH == 1 && d.KW == 1 && d.StrideH == 1 && d.Pad == 0, // the image is its own unfolding
	}
	p.columns = make([][]float32, min(d.N, maxParts))
	if !p.direct {
		for i := range p.columns {
			p.columns[i] = aligned[float32](p.depth * p.pixels)
		}
	}
	return p
}

// parts calls f for each image, the images of one part in order on one goroutine.
func (p *convPlan) each(part int, f func(n int)) {
	count := len(p.columns)
	for n := part; n < p.N; n += count {
		f(n)
	}
}

func (p *convPlan) image(x []float32, n int) []float32 {
	size := p.C * p.H * p.W
	return x[n*size : (n+1)*size]
}

func (p *convPlan) result(y []float32, n int) []float32 {
	size := p.O * p.pixels
	return y[n*size : (n+1)*size]
}

// unfolded returns the unfolded image n, in the room of a part.
func (p *convPlan) unfolded(x []float32, n, part int) []float32 {
	if p.direct {
		return p.image(x, n)
	}
	cpu.Im2col(p.window, p.columns[part], p.image(x, n))
	return p.columns[part]
}

func convForward(o *op.Op) op.Kernel[float32] {
	p := newConvPlan(o)
	if p == nil {
		return nil
	}
	var y, x, w, b []float32
	task := func(part int) {
		p.each(part, func(n int) {
			out, beta := p.result(y, n), float32(0)
			if b != nil {
				beta = 1
				for k, v := range b {
					fill(out[k*p.pixels:(k+1)*p.pixels], v)
				}
			}
			cpu.Gemm(false, false, p.O, p.pixels, p.depth, w, p.depth, p.unfolded(x, n, part), p.pixels, out, p.pixels, beta)
		})
	}
	return func(outs, ins [][]float32) error {
		y, x, w, b = outs[0], ins[0], ins[1], nil
		if len(ins) == 3 {
			b = ins[2]
		}
		cpu.Parallel(len(p.columns), task)
		return nil
	}
}

func convInput(o *op.Op) op.Kernel[float32] {
	p := newConvPlan(o)
	if p == nil {
		return nil
	}
	var dx, w, g []float32
	task := func(part int) {
		p.each(part, func(n int) {
			image := p.image(dx, n)
			columns := image
			if !p.direct {
				columns = p.columns[part]
			}
			cpu.Gemm(true, false, p.depth, p.pixels, p.O, w, p.depth, p.result(g, n), p.pixels, columns, p.pixels, 0)
			if !p.direct {
				clear(image)
				cpu.Col2im(p.window, image, columns)
			}
		})
	}
	return func(outs, ins [][]float32) error {
		dx, w, g = outs[0], ins[0], ins[1]
		cpu.Parallel(len(p.columns), task)
		return nil
	}
}

func convWeight(o *op.Op) op.Kernel[float32] {
	p := newConvPlan(o)
	if p == nil {
		return nil
	}
	sums := newParts(len(p.columns), p.O*p.depth)
	var x, g []float32
	task := func(part int) {
		sum, beta := sums.of(part), float32(0)
		p.each(part, func(n int) {
			cpu.Gemm(false, true, p.O, p.depth, p.pixels, p.result(g, n), p.pixels, p.unfolded(x, n, part), p.pixels, sum, p.depth, beta)
			beta = 1
		})
	}
	return func(outs, ins [][]float32) error {
		sums.first, x, g = outs[0], ins[0], ins[1]
		cpu.Parallel(len(p.columns), task)
		sums.add()
		return nil
	}
}

// parts collects a sum in pieces: the first in the result itself, the others in room of their own.
type parts struct {
	first []float32
	rest  [][]float32
}

func newParts(count, size int) *parts {
	p := &parts{}
	for range count - 1 {
		p.rest = append(p.rest, aligned[float32](size))
	}
	return p
}

func (p *parts) of(part int) []float32 {
	if part == 0 {
		return p.first
	}
	return p.rest[part-1]
}

// add adds all pieces to the first, in order.
func (p *parts) add() {
	for _, r := range p.rest {
		for i, v := range r {
			p.first[i] += v
		}
	}
}

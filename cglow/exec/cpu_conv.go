package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// maxParts is the number of pieces into which the work on a batch is cut, each with room of its
// own. It is fixed, so that the result does not depend on the number of cores.
const maxParts = 8

// convPlan is what the three convolution kernels share: one image is unfolded to a matrix
// [C*KH*KW, OH*OW], and the weights are a matrix [O, C*KH*KW].
type convPlan struct {
	ref.Conv
	window cpu.Window
	depth  int  // C*KH*KW
	pixels int  // OH*OW
	direct bool // the image is its own unfolding
	parts  int
}

// newConvPlan reports false for strides that package cpu does not have.
func newConvPlan(o *op.Op) (convPlan, bool) {
	d := o.Dims().(ref.Conv)
	p := convPlan{
		Conv:   d,
		window: cpu.Window{C: d.C, H: d.H, W: d.W, KH: d.KH, KW: d.KW, Stride: d.StrideH, Pad: d.Pad},
		depth:  d.C * d.KH * d.KW, pixels: d.OH * d.OW,
		direct: d.KH == 1 && d.KW == 1 && d.StrideH == 1 && d.Pad == 0,
		parts:  min(d.N, maxParts),
	}
	return p, d.StrideH == d.StrideW
}

// columns takes room for an unfolded image per part.
func (p *convPlan) columns(c *carver) [][]float32 {
	if p.direct {
		return make([][]float32, p.parts)
	}
	return c.takeEach(p.parts, p.depth*p.pixels)
}

// each calls f for the images of a part, in order.
func (p *convPlan) each(part int, f func(n int)) {
	for n := part; n < p.N; n += p.parts {
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

// unfolded returns the unfolded image n.
func (p *convPlan) unfolded(columns, x []float32, n int) []float32 {
	if p.direct {
		return p.image(x, n)
	}
	cpu.Im2col(p.window, columns, p.image(x, n))
	return columns
}

func convForward(o *op.Op) *Kernel {
	p, ok := newConvPlan(o)
	if !ok {
		return nil
	}
	return kernel(func(c *carver) op.Kernel[float32] {
		columns := p.columns(c)
		var y, x, w, b []float32
		task := func(part int) {
			p.each(part, func(n int) {
				out, beta := p.result(y, n), float32(0)
				for k, v := range b {
					fill(out[k*p.pixels:(k+1)*p.pixels], v)
					beta = 1
				}
				cpu.Gemm(false, false, p.O, p.pixels, p.depth, w, p.depth, p.unfolded(columns[part], x, n), p.pixels, out, p.pixels, beta)
			})
		}
		return func(outs, ins [][]float32) error {
			y, x, w, b = outs[0], ins[0], ins[1], nil
			if len(ins) == 3 {
				b = ins[2]
			}
			cpu.Parallel(p.parts, task)
			return nil
		}
	})
}

func convInput(o *op.Op) *Kernel {
	p, ok := newConvPlan(o)
	if !ok {
		return nil
	}
	return kernel(func(c *carver) op.Kernel[float32] {
		columns := p.columns(c)
		var dx, w, g []float32
		task := func(part int) {
			p.each(part, func(n int) {
				image, to := p.image(dx, n), columns[part]
				if p.direct {
					to = image
				}
				cpu.Gemm(true, false, p.depth, p.pixels, p.O, w, p.depth, p.result(g, n), p.pixels, to, p.pixels, 0)
				if !p.direct {
					clear(image)
					cpu.Col2im(p.window, image, to)
				}
			})
		}
		return func(outs, ins [][]float32) error {
			dx, w, g = outs[0], ins[0], ins[1]
			cpu.Parallel(p.parts, task)
			return nil
		}
	})
}

func convWeight(o *op.Op) *Kernel {
	p, ok := newConvPlan(o)
	if !ok {
		return nil
	}
	return kernel(func(c *carver) op.Kernel[float32] {
		columns := p.columns(c)
		sums := append([][]float32{nil}, c.takeEach(p.parts-1, p.O*p.depth)...) // the first is the result
		var x, g []float32
		task := func(part int) {
			beta := float32(0)
			p.each(part, func(n int) {
				cpu.Gemm(false, true, p.O, p.depth, p.pixels, p.result(g, n), p.pixels, p.unfolded(columns[part], x, n), p.pixels, sums[part], p.depth, beta)
				beta = 1
			})
		}
		return func(outs, ins [][]float32) error {
			sums[0], x, g = outs[0], ins[0], ins[1]
			cpu.Parallel(p.parts, task)
			for _, s := range sums[1:] {
				cpu.Add(sums[0], sums[0], s)
			}
			return nil
		}
	})
}

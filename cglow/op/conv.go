package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Conv says how a convolution moves over the image.
type Conv struct {
	Stride  int // of rows and columns
	StrideW int // of columns, where it differs; 0 means Stride
	Pad     int // zeros on each side
}

// Conv2D returns the convolution (cross-correlation) of x [N,C,H,W] with w [O,C,KH,KW], plus
// b [O] in every pixel unless b is nil:
//
//	y[n,o,i,j] = b[o] + sum_{c,a,e} w[o,c,a,e] x[n, c, i*Stride + a - Pad, j*Stride + e - Pad],
//
// of shape [N, O, (H + 2 Pad - KH)/Stride + 1, (W + 2 Pad - KW)/Stride + 1].
func Conv2D(x, w, b *gorgonia.Node, c Conv) *gorgonia.Node {
	const name = "conv2d"
	ins := list(x, w)
	if b != nil {
		ins = append(ins, b)
	}
	d := convDims(name, ins, c)
	return apply(def{
		name: name, out: tensor.Shape{d.N, d.O, d.OH, d.OW}, dims: d,
		f32: convKernel[float32](d), f64: convKernel[float64](d),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			gs := list(convInput(ins[1], g, d), convWeight(ins[0], g, d))
			if len(ins) == 3 {
				gs = append(gs, channelSum(g, true))
			}
			return gs
		},
	}, ins...)
}

func convDims(name string, ins []*gorgonia.Node, c Conv) ref.Conv {
	image(name, ins[0])
	image(name, ins[1])
	d := convShape(name, ins, ins[0].Shape(), ins[1].Shape(), c)
	if len(ins) == 3 {
		checkVector(name, ins, 2, d.O)
	}
	return d
}

// convShape returns the sizes of a convolution of an image of shape x with weights of shape w,
// both of four axes. ins are the inputs to name in an error.
func convShape(name string, ins []*gorgonia.Node, x, w []int, c Conv) ref.Conv {
	n, ch, h, wd := x[0], x[1], x[2], x[3]
	o, wc, kh, kw := w[0], w[1], w[2], w[3]
	d := ref.Conv{N: n, C: ch, H: h, W: wd, O: o, KH: kh, KW: kw, StrideH: c.Stride, StrideW: c.StrideW, Pad: c.Pad}
	if d.StrideW == 0 {
		d.StrideW = c.Stride
	}
	check(d.StrideH > 0 && d.StrideW > 0 && d.Pad >= 0, name, ins, "%+v", c)
	check(wc == ch, name, ins, "the weights have %d input channels, the image %d", wc, ch)
	check(h+2*d.Pad >= kh && wd+2*d.Pad >= kw, name, ins, "the kernel is larger than the padded image")
	d.OH = (h+2*d.Pad-kh)/d.StrideH + 1
	d.OW = (wd+2*d.Pad-kw)/d.StrideW + 1
	return d
}

// checkVector panics unless input i is a vector of n elements.
func checkVector(name string, ins []*gorgonia.Node, i, n int) {
	checkNodes(name, ins[i])
	check(equalShape(ins[i].Shape(), []int{n}), name, ins, "input %d: want shape [%d]", i, n)
}

func convKernel[T ref.Float](d ref.Conv) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		var b []T
		if len(ins) == 3 {
			b = ins[2]
		}
		ref.Conv2D(outs[0], ins[0], ins[1], b, d)
		return nil
	})
}

// convInput is the gradient of Conv2D with respect to the image.
func convInput(w, g *gorgonia.Node, d ref.Conv) *gorgonia.Node {
	return apply(def{
		name: "conv2d.dx", out: tensor.Shape{d.N, d.C, d.H, d.W}, dims: d,
		f32: binaryKernel(func(dx, w, g []float32) { ref.Conv2DInput(dx, w, g, d) }),
		f64: binaryKernel(func(dx, w, g []float64) { ref.Conv2DInput(dx, w, g, d) }),
	}, w, g)
}

// convWeight is the gradient of Conv2D with respect to the weights.
func convWeight(x, g *gorgonia.Node, d ref.Conv) *gorgonia.Node {
	return apply(def{
		name: "conv2d.dw", out: tensor.Shape{d.O, d.C, d.KH, d.KW}, dims: d,
		f32: binaryKernel(func(dw, x, g []float32) { ref.Conv2DWeight(dw, x, g, d) }),
		f64: binaryKernel(func(dw, x, g []float64) { ref.Conv2DWeight(dw, x, g, d) }),
	}, x, g)
}

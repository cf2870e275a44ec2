package op

import (
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// examples splits a shape of at least one axis into N and the product of the rest.
func examples(name string, x *gorgonia.Node) (n, size int) {
	checkNodes(name, x)
	s := x.Shape()
	check(len(s) >= 1, name, list(x), "want a batch axis")
	return s[0], product(s[1:])
}

// SumPerExample returns the sum over all axes but the first: [N,...] -> [N].
func SumPerExample(x *gorgonia.Node) *gorgonia.Node {
	const name = "sumperexample"
	n, size := examples(name, x)
	return apply(def{
		name: name, out: tensor.Shape{n}, dims: size,
		f32: unaryKernel(func(y, x []float32) { ref.SumPerExample(y, x, size) }),
		f64: unaryKernel(func(y, x []float64) { ref.SumPerExample(y, x, size) }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(expandPerExample(g, ins[0].Shape()))
		},
	}, x)
}

// expandPerExample is the transpose of SumPerExample: [N] -> [N,...].
func expandPerExample(x *gorgonia.Node, out tensor.Shape) *gorgonia.Node {
	size := product(out[1:])
	return apply(def{
		name: "expandperexample", out: out, dims: size,
		f32: unaryKernel(func(y, x []float32) { ref.ExpandPerExample(y, x, size) }),
		f64: unaryKernel(func(y, x []float64) { ref.ExpandPerExample(y, x, size) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(SumPerExample(g))
		},
	}, x)
}

// Mean returns the mean of all elements, a scalar.
func Mean(x *gorgonia.Node) *gorgonia.Node {
	const name = "mean"
	checkNodes(name, x)
	return apply(def{
		name: name, out: tensor.ScalarShape(), dims: product(x.Shape()),
		f32: unaryKernel(ref.Mean[float32]), f64: unaryKernel(ref.Mean[float64]),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(apply(def{
				name: "mean.dx", out: ins[0].Shape(),
				f32: unaryKernel(ref.MeanGrad[float32]), f64: unaryKernel(ref.MeanGrad[float64]),
			}, g))
		},
	}, x)
}

func gaussianKernel[T ref.Float](size int) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		ref.GaussianLogDensity(outs[0], ins[0], ins[1], ins[2], size)
		return nil
	})
}

func gaussianGradKernel[T ref.Float](size int) func() Kernel[T] {
	return same(func(outs, ins [][]T) error {
		ref.GaussianGrad(outs[0], outs[1], outs[2], ins[0], ins[1], ins[2], ins[3], size)
		return nil
	})
}

// GaussianLogDensity returns the log density of each example in nats, [N], for z, mean and logs
// of equal shape [N,...]: the sum of -(ln(2 pi)/2 + logs + (z - mean)^2 e^(-2 logs)/2).
func GaussianLogDensity(z, mean, logs *gorgonia.Node) *gorgonia.Node {
	const name = "gaussian"
	checkEqual(name, z, mean, logs)
	n, size := examples(name, z)
	return apply(def{
		name: name, out: tensor.Shape{n}, dims: size,
		f32: gaussianKernel[float32](size), f64: gaussianKernel[float64](size),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			s := ins[0].Shape()
			dz := apply(def{
				name: "gaussian.dz", out: s, extra: []tensor.Shape{s, s}, dims: size,
				f32: gaussianGradKernel[float32](size), f64: gaussianGradKernel[float64](size),
			}, ins[0], ins[1], ins[2], g)
			return list(dz, pick(dz, 0), pick(dz, 1))
		},
	}, z, mean, logs)
}

// StandardNormalLogDensity returns the log density of each example in nats, [N], for z [N,...]:
// the sum of -(ln(2 pi) + z^2)/2.
func StandardNormalLogDensity(z *gorgonia.Node) *gorgonia.Node {
	const name = "normal"
	n, size := examples(name, z)
	return apply(def{
		name: name, out: tensor.Shape{n}, dims: size,
		f32: unaryKernel(func(y, z []float32) { ref.StandardNormalLogDensity(y, z, size) }),
		f64: unaryKernel(func(y, z []float64) { ref.StandardNormalLogDensity(y, z, size) }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(apply(def{
				name: "normal.dz", out: ins[0].Shape(), dims: size,
				f32: binaryKernel(func(dz, z, g []float32) { ref.StandardNormalGrad(dz, z, g, size) }),
				f64: binaryKernel(func(dz, z, g []float64) { ref.StandardNormalGrad(dz, z, g, size) }),
			}, ins[0], g))
		},
	}, z)
}

// One returns ones in the shape of x, whatever the elements of x: the gradient of a loss with
// respect to itself. (A Gorgonia constant would do, but those are merged by their printed name.)
func One(x *gorgonia.Node) *gorgonia.Node {
	const name = "one"
	checkNodes(name, x)
	return apply(def{
		name: name, out: x.Shape(), flat: true,
		f32: unaryKernel(func(y, _ []float32) { ref.One(y) }),
		f64: unaryKernel(func(y, _ []float64) { ref.One(y) }),
	}, x)
}

package op

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/ref"
)

// same returns kernels that need no room of their own.
func same[T ref.Float](k Kernel[T]) func() Kernel[T] { return func() Kernel[T] { return k } }

func unaryKernel[T ref.Float](f func(y, x []T)) func() Kernel[T] {
	return same(func(outs, ins [][]T) error { f(outs[0], ins[0]); return nil })
}

func binaryKernel[T ref.Float](f func(y, a, b []T)) func() Kernel[T] {
	return same(func(outs, ins [][]T) error { f(outs[0], ins[0], ins[1]); return nil })
}

// unaryOp applies y = f(x) element by element.
func unaryOp(name string, x *gorgonia.Node, f32 func(y, x []float32), f64 func(y, x []float64), grads gradFunc) *gorgonia.Node {
	checkNodes(name, x)
	return apply(def{name: name, out: x.Shape(), f32: unaryKernel(f32), f64: unaryKernel(f64), grads: grads}, x)
}

// binaryOp applies y = f(a, b) element by element on equal shapes.
func binaryOp(name string, a, b *gorgonia.Node, f32 func(y, a, b []float32), f64 func(y, a, b []float64), grads gradFunc) *gorgonia.Node {
	checkEqual(name, a, b)
	return apply(def{name: name, out: a.Shape(), f32: binaryKernel(f32), f64: binaryKernel(f64), grads: grads}, a, b)
}

func checkNodes(name string, ins ...*gorgonia.Node) {
	for i, n := range ins {
		check(n != nil, name, ins, "input %d is nil", i)
	}
}

// checkEqual panics unless all shapes are the same.
func checkEqual(name string, ins ...*gorgonia.Node) {
	checkNodes(name, ins...)
	for i, n := range ins {
		check(equalShape(n.Shape(), ins[0].Shape()), name, ins, "input %d has shape %v, input 0 has %v", i, n.Shape(), ins[0].Shape())
	}
}

// equalShape is strict, unlike tensor.Shape.Eq, which takes some vectors as equal.
func equalShape(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// list makes the result of a gradFunc readable.
func list(ns ...*gorgonia.Node) []*gorgonia.Node { return ns }

// Add returns the sum of one or more nodes of equal shape.
func Add(xs ...*gorgonia.Node) *gorgonia.Node {
	check(len(xs) > 0, "add", xs, "no inputs")
	checkEqual("add", xs...)
	if len(xs) == 1 {
		return xs[0]
	}
	return apply(def{
		name: "add", out: xs[0].Shape(),
		f32: same(func(outs, ins [][]float32) error { ref.Add(outs[0], ins...); return nil }),
		f64: same(func(outs, ins [][]float64) error { ref.Add(outs[0], ins...); return nil }),
		grads: func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			gs := make([]*gorgonia.Node, len(ins))
			for i := range gs {
				gs[i] = g
			}
			return gs
		},
	}, xs...)
}

// Sub returns a - b.
func Sub(a, b *gorgonia.Node) *gorgonia.Node {
	return binaryOp("sub", a, b, ref.Sub[float32], ref.Sub[float64],
		func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node { return list(g, Neg(g)) })
}

// Mul returns the element-wise product a * b.
func Mul(a, b *gorgonia.Node) *gorgonia.Node {
	return binaryOp("mul", a, b, ref.Mul[float32], ref.Mul[float64],
		func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Mul(g, ins[1]), Mul(g, ins[0]))
		})
}

// Div returns the element-wise quotient a / b.
func Div(a, b *gorgonia.Node) *gorgonia.Node {
	return binaryOp("div", a, b, ref.Div[float32], ref.Div[float64],
		func(ins []*gorgonia.Node, y, g *gorgonia.Node) []*gorgonia.Node {
			da := Div(g, ins[1])
			return list(da, Neg(Mul(da, y)))
		})
}

// Neg returns -x.
func Neg(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("neg", x, ref.Neg[float32], ref.Neg[float64],
		func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node { return list(Neg(g)) })
}

// Scale returns k * x.
func Scale(x *gorgonia.Node, k float64) *gorgonia.Node {
	checkNodes("scale", x)
	return apply(def{
		name: "scale", out: x.Shape(), dims: k,
		f32: unaryKernel(func(y, x []float32) { ref.Scale(y, x, k) }),
		f64: unaryKernel(func(y, x []float64) { ref.Scale(y, x, k) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(Scale(g, k))
		},
	}, x)
}

// Offset returns x + k.
func Offset(x *gorgonia.Node, k float64) *gorgonia.Node {
	checkNodes("offset", x)
	return apply(def{
		name: "offset", out: x.Shape(), dims: k,
		f32:   unaryKernel(func(y, x []float32) { ref.Offset(y, x, k) }),
		f64:   unaryKernel(func(y, x []float64) { ref.Offset(y, x, k) }),
		grads: func(_ []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node { return list(g) },
	}, x)
}

// Exp returns e^x.
func Exp(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("exp", x, ref.Exp[float32], ref.Exp[float64],
		func(_ []*gorgonia.Node, y, g *gorgonia.Node) []*gorgonia.Node { return list(Mul(g, y)) })
}

// Log returns the natural logarithm of x.
func Log(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("log", x, ref.Log[float32], ref.Log[float64],
		func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node { return list(Div(g, ins[0])) })
}

// Tanh returns tanh x.
func Tanh(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("tanh", x, ref.Tanh[float32], ref.Tanh[float64],
		func(_ []*gorgonia.Node, y, g *gorgonia.Node) []*gorgonia.Node {
			return list(binaryOp("tanh.dx", y, g, ref.TanhGrad[float32], ref.TanhGrad[float64], nil))
		})
}

// Sigmoid returns 1/(1 + e^-x).
func Sigmoid(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("sigmoid", x, ref.Sigmoid[float32], ref.Sigmoid[float64],
		func(_ []*gorgonia.Node, y, g *gorgonia.Node) []*gorgonia.Node {
			return list(binaryOp("sigmoid.dx", y, g, ref.SigmoidGrad[float32], ref.SigmoidGrad[float64], nil))
		})
}

// LogSigmoid returns ln(1/(1 + e^-x)), finite for every finite x.
func LogSigmoid(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("logsigmoid", x, ref.LogSigmoid[float32], ref.LogSigmoid[float64],
		func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(binaryOp("logsigmoid.dx", ins[0], g, ref.LogSigmoidGrad[float32], ref.LogSigmoidGrad[float64], nil))
		})
}

// ReLU returns max(x, 0); its derivative at 0 is 0.
func ReLU(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("relu", x, ref.ReLU[float32], ref.ReLU[float64],
		func(_ []*gorgonia.Node, y, g *gorgonia.Node) []*gorgonia.Node {
			return list(binaryOp("relu.dx", y, g, ref.ReLUGrad[float32], ref.ReLUGrad[float64], nil))
		})
}

// Square returns x^2.
func Square(x *gorgonia.Node) *gorgonia.Node {
	return unaryOp("square", x, ref.Square[float32], ref.Square[float64],
		func(ins []*gorgonia.Node, _, g *gorgonia.Node) []*gorgonia.Node {
			return list(binaryOp("square.dx", ins[0], g, ref.SquareGrad[float32], ref.SquareGrad[float64], nil))
		})
}

package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
)

// chunk is how many elements of a long vector one task takes: a few microseconds of work, and
// two or three such pieces fit the first-level cache together.
const chunk = 8192

// outSize returns the number of elements of the op's first output.
func outSize(o *op.Op) int {
	s, err := o.InferShape()
	if err != nil {
		return 0
	}
	return size(s)
}

// chunked returns a function that calls f for [0,n) in pieces, in parallel when there are many.
func chunked(n int, f func(from, to int)) func() {
	count := (n + chunk - 1) / chunk
	task := func(i int) { f(i*chunk, min(n, (i+1)*chunk)) }
	if count < 4 {
		return func() {
			for i := range count {
				task(i)
			}
		}
	}
	return func() { cpu.Parallel(count, task) }
}

// unary makes a kernel of y = f(x); f may run several times on the same piece.
func unary(o *op.Op, f func(y, x []float32)) *Kernel {
	var y, x []float32
	run := chunked(outSize(o), func(from, to int) { f(y[from:to], x[from:to]) })
	return plain(func(outs, ins [][]float32) error {
		y, x = outs[0], ins[0]
		run()
		return nil
	})
}

// binary makes a kernel of y = f(a, b).
func binary(o *op.Op, f func(y, a, b []float32)) *Kernel {
	var y, a, b []float32
	run := chunked(outSize(o), func(from, to int) { f(y[from:to], a[from:to], b[from:to]) })
	return plain(func(outs, ins [][]float32) error {
		y, a, b = outs[0], ins[0], ins[1]
		run()
		return nil
	})
}

// vectorOp returns the kernel of an element-wise op.
func vectorOp(o *op.Op) *Kernel {
	switch o.Name() {
	case "add":
		return addAll(o)
	case "sub":
		return binary(o, cpu.Sub)
	case "mul":
		return binary(o, cpu.Mul)
	case "div":
		return binary(o, cpu.Div)
	case "neg":
		return unary(o, func(y, x []float32) { cpu.Scale(y, x, -1) })
	case "scale":
		k := float32(o.Dims().(float64))
		return unary(o, func(y, x []float32) { cpu.Scale(y, x, k) })
	case "offset":
		k := float32(o.Dims().(float64))
		return unary(o, func(y, x []float32) { cpu.Affine(y, x, 1, k) })
	case "exp":
		return unary(o, cpu.Exp)
	case "log":
		return unary(o, cpu.Log)
	case "tanh":
		return unary(o, cpu.Tanh)
	case "sigmoid":
		return unary(o, cpu.Sigmoid)
	case "logsigmoid":
		return unary(o, cpu.LogSigmoid)
	case "relu":
		return unary(o, cpu.ReLU)
	case "square":
		return unary(o, cpu.Square)
	}
	return vectorGrad(o)
}

// vectorGrad returns the kernel of the gradient of an element-wise op. The formulas are those of
// package ref, one pass per operation on pieces that stay in the cache.
func vectorGrad(o *op.Op) *Kernel {
	switch o.Name() {
	case "tanh.dx": // g (1 - y^2)
		return binary(o, func(dx, y, g []float32) {
			cpu.Square(dx, y)
			cpu.Affine(dx, dx, -1, 1)
			cpu.Mul(dx, dx, g)
		})
	case "sigmoid.dx": // g y (1 - y)
		return binary(o, func(dx, y, g []float32) {
			cpu.Affine(dx, y, -1, 1)
			cpu.Mul(dx, dx, y)
			cpu.Mul(dx, dx, g)
		})
	case "logsigmoid.dx": // g sigmoid(-x)
		return binary(o, func(dx, x, g []float32) {
			cpu.Scale(dx, x, -1)
			cpu.Sigmoid(dx, dx)
			cpu.Mul(dx, dx, g)
		})
	case "relu.dx":
		return binary(o, func(dx, y, g []float32) { cpu.ReLUGrad(dx, g, y) })
	case "square.dx": // 2 x g
		return binary(o, func(dx, x, g []float32) {
			cpu.Scale(dx, x, 2)
			cpu.Mul(dx, dx, g)
		})
	}
	return nil
}

// addAll adds two or more vectors from left to right.
func addAll(o *op.Op) *Kernel {
	var y []float32
	var xs [][]float32
	run := chunked(outSize(o), func(from, to int) {
		cpu.Add(y[from:to], xs[0][from:to], xs[1][from:to])
		for _, x := range xs[2:] {
			cpu.Add(y[from:to], y[from:to], x[from:to])
		}
	})
	return plain(func(outs, ins [][]float32) error {
		y, xs = outs[0], ins
		run()
		return nil
	})
}

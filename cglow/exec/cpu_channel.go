package exec

import (
	"math"

	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// channelOp returns the kernel of an op between [N,C,P] and one number per channel.
func channelOp(o *op.Op) *Kernel {
	d := o.Dims().(ref.Channel)
	if d.P == 1 && d.Shared {
		return nil // rows of one element: the plain loops are as good
	}
	switch o.Name() {
	case "channeladd":
		return channelRows(d, func(y, v []float32, b float32) { cpu.Affine(y, v, 1, b) })
	case "channelmul":
		return channelRows(d, func(y, v []float32, s float32) { cpu.Scale(y, v, s) })
	case "channelsum":
		return channelReduce(d, 1, func(v, _ []float32) float64 { return cpu.Sum(v) })
	case "channeldot":
		return channelReduce(d, 2, cpu.Dot)
	}
	return nil
}

// channelRows calls f for the P pixels of every image and channel.
func channelRows(d ref.Channel, f func(y, v []float32, b float32)) *Kernel {
	var y, v, b []float32
	image := func(n int) {
		each := b
		if !d.Shared {
			each = b[n*d.C:]
		}
		for c, k := range each[:d.C] {
			at := (n*d.C + c) * d.P
			f(y[at:at+d.P], v[at:at+d.P], k)
		}
	}
	return plain(func(outs, ins [][]float32) error {
		y, v, b = outs[0], ins[0], ins[1]
		inParallel(d.N, d.C*d.P, image)
		return nil
	})
}

// channelReduce sets one number per channel to the sum of f over its pixels, in the order of the
// images when it is shared.
func channelReduce(d ref.Channel, inputs int, f func(u, v []float32) float64) *Kernel {
	var out, u, v []float32
	images := 1
	if d.Shared {
		images = d.N
	}
	channel := func(i int) {
		sum := 0.0
		for m := range images {
			at := (m*d.C + i) * d.P
			sum += f(u[at:at+d.P], v[at:at+d.P])
		}
		out[i] = float32(sum)
	}
	return plain(func(outs, ins [][]float32) error {
		out, u, v = outs[0], ins[0], ins[inputs-1]
		inParallel(len(out), images*d.P, channel)
		return nil
	})
}

// inParallel calls f for [0,n), on several goroutines if that is at least a chunk of elements
// for each of them.
func inParallel(n, elements int, f func(i int)) {
	if n*elements >= 4*chunk {
		cpu.Parallel(n, f)
		return
	}
	for i := range n {
		f(i)
	}
}

// reduceOp returns the kernel of a reduction per example or of its gradient.
func reduceOp(o *op.Op) *Kernel {
	size, _ := o.Dims().(int)
	var run op.Kernel[float32]
	switch o.Name() {
	case "sumperexample":
		run = func(outs, ins [][]float32) error {
			for n := range outs[0] {
				outs[0][n] = float32(cpu.Sum(ins[0][n*size : (n+1)*size]))
			}
			return nil
		}
	case "expandperexample":
		run = func(outs, ins [][]float32) error {
			for n, v := range ins[0] {
				fill(outs[0][n*size:(n+1)*size], v)
			}
			return nil
		}
	case "mean":
		run = func(outs, ins [][]float32) error {
			outs[0][0] = float32(cpu.Sum(ins[0]) / float64(len(ins[0])))
			return nil
		}
	case "mean.dx":
		run = func(outs, ins [][]float32) error {
			fill(outs[0], ins[0][0]/float32(len(outs[0])))
			return nil
		}
	case "one":
		run = func(outs, _ [][]float32) error {
			fill(outs[0], 1)
			return nil
		}
	case "normal":
		run = func(outs, ins [][]float32) error {
			for n := range outs[0] {
				z := ins[0][n*size : (n+1)*size]
				outs[0][n] = float32(-0.5 * (float64(size)*math.Log(2*math.Pi) + cpu.Dot(z, z)))
			}
			return nil
		}
	case "normal.dz":
		run = func(outs, ins [][]float32) error {
			for n, g := range ins[1] {
				cpu.Scale(outs[0][n*size:(n+1)*size], ins[0][n*size:(n+1)*size], -g)
			}
			return nil
		}
	}
	return plain(run)
}

func gaussian(o *op.Op) *Kernel {
	size := o.Dims().(int)
	return plain(func(outs, ins [][]float32) error {
		for n := range outs[0] {
			from, to := n*size, (n+1)*size
			outs[0][n] = float32(cpu.GaussianLogDensity(ins[0][from:to], ins[1][from:to], ins[2][from:to]))
		}
		return nil
	})
}

// gaussianGrad computes, with inv = e^(-2 logs), dz = -g (z-mean) inv, dmean = -dz and
// dlogs = g ((z-mean)^2 inv - 1).
func gaussianGrad(o *op.Op) *Kernel {
	size := o.Dims().(int)
	return kernel(func(c *carver) op.Kernel[float32] {
		t := c.take(size)
		return func(outs, ins [][]float32) error {
			for n, g := range ins[3] {
				from, to := n*size, (n+1)*size
				dz := outs[0][from:to]
				cpu.Scale(t, ins[2][from:to], -2)
				cpu.Exp(t, t)
				cpu.Sub(dz, ins[0][from:to], ins[1][from:to])
				cpu.Mul(t, t, dz)
				if outs[2] != nil {
					dlogs := outs[2][from:to]
					cpu.Mul(dlogs, t, dz)
					cpu.Affine(dlogs, dlogs, g, -g)
				}
				if outs[1] != nil {
					cpu.Scale(outs[1][from:to], t, g)
				}
				cpu.Scale(dz, t, -g)
			}
			return nil
		}
	})
}

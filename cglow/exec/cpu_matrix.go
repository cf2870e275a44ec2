package exec

import (
	"errors"

	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// householder builds the matrices of ref.Householder, one reflection after the other.
func householder(o *op.Op) *Kernel {
	d := o.Dims().(ref.HouseholderDims)
	return kernel(func(c *carver) op.Kernel[float32] {
		parts := min(d.N, maxParts)
		e := c.takeEach(parts, d.C)
		var w, w0, v, logs []float32
		task := func(part int) {
			for n := part; n < d.N; n += parts {
				cpu.Exp(e[part], at(logs, n, d.C))
				matrix := at(w, n, d.C*d.C)
				copy(matrix, w0)
				for k := range d.K {
					vk := at(v, n*d.K+k, d.C)
					norm := squareNorm(vk)
					for i := range d.C {
						row := at(matrix, i, d.C)
						reflect(row, row, vk, norm)
					}
				}
				for i := range d.C {
					row := at(matrix, i, d.C)
					cpu.Mul(row, row, e[part])
				}
			}
		}
		return func(outs, ins [][]float32) error {
			w, w0, v, logs = outs[0], ins[0], ins[1], ins[2]
			inParallel(parts, 4*chunk, task)
			return nil
		}
	})
}

// reflectionFloor is that of ref.Householder: a reflection on a zero vector is the identity.
const reflectionFloor = 1e-12

// squareNorm returns v^T v with the floor.
func squareNorm(v []float32) float32 {
	sum := float32(0)
	for _, x := range v {
		sum += x * x
	}
	return sum + reflectionFloor
}

// reflect sets dst to row H(v). Rows are short: the loops cost less than calls of vector
// functions would.
func reflect(dst, row, v []float32, norm float32) {
	row, dst = row[:len(v)], dst[:len(v)]
	dot := float32(0)
	for j, x := range v {
		dot += row[j] * x
	}
	f := 2 * dot / norm
	for j, x := range v {
		dst[j] = row[j] - f*x
	}
}

// householderGrads is the gradient of householder, see ref.HouseholderGrad for the formulas.
type householderGrads struct {
	ref.HouseholderDims
	products [][]float32 // by part: w0, w0 H1, w0 H1 H2, ... [K+1,C,C]
	g        [][]float32 // by image if dw0 is wanted, else by part: gradient of the current product
	e        [][]float32 // by part: e^d
	byImage  bool

	dv, dd, dw0    []float32
	w0, v, d, grad []float32
}

func householderGrad(o *op.Op, used []bool) *Kernel {
	d := o.Dims().(ref.HouseholderDims)
	return kernel(func(c *carver) op.Kernel[float32] {
		parts := min(d.N, maxParts)
		h := &householderGrads{HouseholderDims: d, byImage: used[2]}
		h.products = c.takeEach(parts, (d.K+1)*d.C*d.C)
		h.e = c.takeEach(parts, d.C)
		if h.byImage {
			h.g = c.takeEach(d.N, d.C*d.C)
		} else {
			h.g = c.takeEach(parts, d.C*d.C)
		}
		task := func(part int) {
			for n := part; n < d.N; n += parts {
				h.image(part, n)
			}
		}
		return func(outs, ins [][]float32) error {
			h.dv, h.dd, h.dw0 = outs[0], outs[1], outs[2]
			h.w0, h.v, h.d, h.grad = ins[0], ins[1], ins[2], ins[3]
			inParallel(parts, 4*chunk, task)
			if h.dw0 != nil {
				copy(h.dw0, h.g[0])
				for _, g := range h.g[1:] {
					cpu.Add(h.dw0, h.dw0, g)
				}
			}
			return nil
		}
	})
}

// image computes the gradients of matrix n.
func (h *householderGrads) image(part, n int) {
	c, cc := h.C, h.C*h.C
	a, g, e := h.products[part], h.g[part], h.e[part]
	if h.byImage {
		g = h.g[n]
	}
	copy(a, h.w0)
	for k := range h.K {
		v := at(h.v, n*h.K+k, c)
		norm := squareNorm(v)
		for i := range c {
			reflect(at(a[(k+1)*cc:], i, c), at(a[k*cc:], i, c), v, norm)
		}
	}
	cpu.Exp(e, at(h.d, n, c))
	last := a[h.K*cc:]
	if h.dd != nil {
		clear(at(h.dd, n, c))
	}
	for i := range c { // g diag(e), and its product with the last matrix summed over rows
		row := g[i*c : (i+1)*c]
		cpu.Mul(row, at(h.grad, n*c+i, c), e)
		if h.dd != nil {
			dd := at(h.dd, n, c)
			cpu.MulAdd(dd, row, last[i*c:(i+1)*c], dd)
		}
	}
	for k := h.K - 1; k >= 0; k-- {
		h.reflection(at(h.dv, n*h.K+k, c), at(h.v, n*h.K+k, c), a[k*cc:(k+1)*cc], g)
	}
}

// reflection takes g from the gradient of A H(v) to that of A and sets dv.
func (h *householderGrads) reflection(dv, v, a, g []float32) {
	s := squareNorm(v)
	f := 2 / s
	clear(dv)
	dv = dv[:len(v)]
	ugv := float32(0)
	for i := range h.C {
		ai, gi := at(a, i, h.C)[:len(v)], at(g, i, h.C)[:len(v)]
		u, gv := float32(0), float32(0)
		for j, x := range v {
			u += ai[j] * x
			gv += gi[j] * x
		}
		ugv += u * gv
		for j, x := range v {
			dv[j] += gv*ai[j] + u*gi[j]
			gi[j] -= f * gv * x
		}
	}
	for j, x := range v {
		dv[j] = f*(2/s*ugv*x) - f*dv[j]
	}
}

// perMatrix runs a kernel on each matrix of a batch, several at a time, with work of its own
// for each.
func perMatrix(o *op.Op, f func(outs, ins [][]float32, n, c int, work *ref.LUWork) error) *Kernel {
	d := o.Dims().(op.SquareDims)
	work := make([]*ref.LUWork, d.N)
	failed := make([]error, d.N)
	for n := range work {
		work[n] = ref.NewLUWork(d.C)
	}
	var outs, ins [][]float32
	task := func(n int) { failed[n] = f(outs, ins, n, d.C, work[n]) }
	return plain(func(o, i [][]float32) error {
		outs, ins = o, i
		inParallel(d.N, d.C*d.C*d.C, task)
		for n, err := range failed {
			if err != nil {
				return numbered(err, n)
			}
		}
		return nil
	})
}

// numbered says which matrix of the batch an error is about.
func numbered(err error, n int) error {
	var singular *ref.SingularError
	if errors.As(err, &singular) {
		singular.Matrix = n
	}
	return err
}

// matrixOp returns the kernel of a function of square matrices: the plain loops, which work in
// float64, one matrix per task.
func matrixOp(o *op.Op) *Kernel {
	switch o.Name() {
	case "logabsdet":
		return perMatrix(o, func(outs, ins [][]float32, n, c int, work *ref.LUWork) error {
			return ref.LogAbsDet(outs[0][n:n+1], at(ins[0], n, c*c), c, work)
		})
	case "logabsdet.dw":
		return perMatrix(o, func(outs, ins [][]float32, n, c int, work *ref.LUWork) error {
			return ref.LogAbsDetGrad(at(outs[0], n, c*c), at(ins[0], n, c*c), ins[1][n:n+1], c, work)
		})
	case "inverse":
		return perMatrix(o, func(outs, ins [][]float32, n, c int, work *ref.LUWork) error {
			return ref.Inverse(at(outs[0], n, c*c), at(ins[0], n, c*c), 1, c, work)
		})
	}
	return perMatrix(o, func(outs, ins [][]float32, n, c int, work *ref.LUWork) error {
		ref.InverseGrad(at(outs[0], n, c*c), at(ins[0], n, c*c), at(ins[1], n, c*c), 1, c, work)
		return nil
	})
}

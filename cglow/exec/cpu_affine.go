package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// affineRow is the work on one row, the pixels of one channel of v, which stays in the first-level
// cache.
type affineRow struct {
	ref.Affine
	b, a, s, logs []float32 // shift, scale before its function, s, log s
}

func takeAffineRows(c *carver, d ref.Affine) []*affineRow {
	var rooms []*affineRow
	for range min(d.N*d.C, maxParts) {
		rooms = append(rooms, &affineRow{d, c.take(d.P), c.take(d.P), c.take(d.P), c.take(d.P)})
	}
	return rooms
}

// load computes shift and scale of row i of v.
func (r *affineRow) load(raw []float32, i int) (b []float32) {
	b, odd := at(raw, 2*i, r.P), at(raw, 2*i+1, r.P)
	if r.Tanh {
		cpu.Tanh(r.b, b)
		cpu.Tanh(r.a, odd)
		b, odd = r.b, r.a
	}
	if r.Sigmoid {
		cpu.Affine(r.logs, odd, 1, ref.AffineOffset)
		cpu.Sigmoid(r.s, r.logs)
		cpu.LogSigmoid(r.logs, r.logs)
		return b
	}
	cpu.Scale(r.logs, odd, float32(1/r.Bound))
	cpu.Tanh(r.logs, r.logs)
	cpu.Scale(r.logs, r.logs, float32(r.Bound))
	cpu.Exp(r.s, r.logs)
	return b
}

// slope replaces log s by its derivative for the scale before its function.
func (r *affineRow) slope() []float32 {
	if r.Sigmoid {
		cpu.Affine(r.logs, r.s, -1, 1)
		return r.logs
	}
	k := float32(1 / r.Bound)
	cpu.Scale(r.logs, r.logs, k)
	cpu.Square(r.logs, r.logs)
	cpu.Affine(r.logs, r.logs, -1, 1)
	return r.logs
}

func affine(o *op.Op) *Kernel {
	d := o.Dims().(ref.Affine)
	rows := d.N * d.C
	return kernel(func(c *carver) op.Kernel[float32] {
		rooms := takeAffineRows(c, d)
		sums := make([]float64, rows)
		var u, raw, v []float32
		task := func(part int) {
			r := rooms[part]
			for i := part; i < rows; i += len(rooms) {
				b := r.load(raw, i)
				sums[i] = cpu.Sum(r.logs)
				if u == nil {
					continue
				}
				u, v := at(u, i, d.P), at(v, i, d.P)
				if d.BiasFirst {
					cpu.Add(u, v, b)
					cpu.Mul(u, u, r.s)
				} else {
					cpu.MulAdd(u, v, r.s, b)
				}
			}
		}
		return func(outs, ins [][]float32) error {
			u, raw, v = outs[0], ins[0], ins[1]
			inParallel(len(rooms), rows*d.P/len(rooms), task)
			for n := range outs[1] {
				sum := 0.0
				for _, s := range sums[n*d.C : (n+1)*d.C] {
					sum += s
				}
				outs[1][n] = float32(sum)
			}
			return nil
		}
	})
}

func affineGrad(o *op.Op) *Kernel {
	g := o.Dims().(op.AffineGrad)
	d := g.Affine
	rows := d.N * d.C
	return kernel(func(c *carver) op.Kernel[float32] {
		rooms := takeAffineRows(c, d)
		gv := c.takeEach(len(rooms), d.P)
		var draw, dv, raw, v, gu, gdet []float32
		task := func(part int) {
			r, dvi := rooms[part], gv[part]
			for i := part; i < rows; i += len(rooms) {
				b := r.load(raw, i)
				even, odd := at(draw, 2*i, d.P), at(draw, 2*i+1, d.P)
				det := float32(0)
				if gdet != nil {
					det = gdet[i/d.C]
				}
				if gu == nil {
					clear(even)
					fill(odd, det)
				} else {
					if dv != nil {
						dvi = at(dv, i, d.P)
					}
					gu := at(gu, i, d.P)
					cpu.Mul(dvi, gu, r.s)
					if d.BiasFirst {
						cpu.Add(odd, at(v, i, d.P), b)
						cpu.Mul(odd, odd, dvi)
						copy(even, dvi)
					} else {
						cpu.Mul(odd, at(v, i, d.P), dvi)
						copy(even, gu)
					}
					cpu.Affine(odd, odd, 1, det)
				}
				cpu.Mul(odd, odd, r.slope())
				if d.Tanh {
					tanhSlope(even, r.b)
					tanhSlope(odd, r.a)
				}
			}
		}
		return func(outs, ins [][]float32) error {
			draw, dv, raw, v = outs[0], outs[1], ins[0], ins[1]
			gu, gdet = op.SplitAffineGrad(g, ins)
			inParallel(len(rooms), rows*d.P/len(rooms), task)
			return nil
		}
	})
}

// tanhSlope multiplies g by 1 - y^2; y is used up.
func tanhSlope(g, y []float32) {
	cpu.Square(y, y)
	cpu.Affine(y, y, -1, 1)
	cpu.Mul(g, g, y)
}

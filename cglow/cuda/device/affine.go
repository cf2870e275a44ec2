package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// affine finds the kernels of an affine coupling.
func (d *Device) affine(o *op.Op, used []bool) *exec.Kernel {
	ints := func(first int, a ref.Affine) []int {
		return []int{first, a.P, a.C * a.P, flag(a.Sigmoid) | flag(a.Tanh)<<1 | flag(a.BiasFirst)<<2}
	}
	switch o.Name() {
	case "affine":
		a := o.Dims().(ref.Affine)
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			r.add(blocks("k_affine", a.N, 1, at(outs[0], outs[1], ins[0], ins[1]), ints(0, a), float32(a.Bound)))
		})
	case "affine.draw":
		g := o.Dims().(op.AffineGrad)
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			p := at(outs[0], outs[1], ins[0], ins[1], 0, 0)
			rest := ins[2:]
			if g.U {
				p[4], rest = rest[0], rest[1:]
			}
			if g.LogDet {
				p[5] = rest[0]
			}
			n := g.N * g.C * g.P
			r.add(over("k_affine_draw", n, p, ints(n, g.Affine)[1:], float32(g.Bound)))
		})
	}
	return nil
}

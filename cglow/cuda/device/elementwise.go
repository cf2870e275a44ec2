package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// size is the number of elements of the first output.
func size(o *op.Op) int {
	s, err := o.InferShape()
	if err != nil {
		return 0
	}
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// program makes the kernel of an op that programs can compute.
func (d *Device) program(o *op.Op, _ []bool) *exec.Kernel {
	if !d.Absorbs(o) {
		return nil
	}
	e := &exec.Expr{Op: o}
	for i := range o.Arity() {
		e.In = append(e.In, &exec.Expr{Leaf: i})
	}
	return d.Fused(e)
}

// elementwise makes the kernels of ops that are no programs, or too long ones.
func (d *Device) elementwise(o *op.Op, used []bool) *exec.Kernel {
	n := size(o)
	switch o.Name() {
	case "add":
		return d.kernel(o, used, func(r *run, outs, ins []address) { addAll(r, outs[0], ins, n) })
	case "concat":
		c := o.Dims().(op.ConcatDims)
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			offset, stride := 0, n/c.N
			for i, s := range c.Sizes {
				r.add(over("k_place", c.N*s, at(outs[0], ins[i]), []int{s, stride, offset}))
				offset += s
			}
		})
	case "gaussian.dz":
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			r.add(over("k_gaussian_dz", n, append(append([]address(nil), outs...), ins...), []int{o.Dims().(int)}))
		})
	}
	return nil
}

// addAll adds any number of arrays from left to right, nine at a time.
func addAll(r *run, y address, xs []address, n int) {
	const most = 9
	k := min(len(xs), most)
	r.add(over("k_add", n, append(at(y), xs[:k]...), []int{k}))
	for xs = xs[k:]; len(xs) > 0; xs = xs[k:] {
		k = min(len(xs), most-1)
		r.add(over("k_add", n, append(at(y, y), xs[:k]...), []int{k + 1}))
	}
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

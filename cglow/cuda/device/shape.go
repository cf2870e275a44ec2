package device

import (
	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

func (d *Device) shape(o *op.Op, used []bool) *exec.Kernel {
	n := size(o)
	simple := func(build func(outs, ins []address) launch) *exec.Kernel {
		return d.kernel(o, used, func(r *run, outs, ins []address) { r.add(build(outs, ins)) })
	}
	switch o.Name() {
	case "squeeze", "unsqueeze":
		s := o.Dims().(op.SqueezeDims)
		return simple(func(outs, ins []address) launch {
			return over("k_squeeze", n, at(outs[0], ins[0]), []int{s.H, s.W, flag(o.Name() == "unsqueeze")})
		})
	case "channels", "scatter":
		s := o.Dims().(ref.Slice)
		return simple(func(outs, ins []address) launch {
			return over("k_"+o.Name(), n, at(outs[0], ins[0]), []int{s.C, s.P, s.From, s.Step, s.Count})
		})
	case "concat":
		c := o.Dims().(op.ConcatDims)
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			offset, stride := 0, n/c.N
			for i, s := range c.Sizes {
				r.add(over("k_place", c.N*s, at(outs[0], ins[i]), []int{s, stride, offset}))
				offset += s
			}
		})
	case "repeat":
		return simple(func(outs, ins []address) launch {
			return over("k_repeat", n, at(outs[0], ins[0]), []int{n / o.Dims().(int)})
		})
	case "transpose":
		s := o.Dims().(op.TransposeDims)
		return simple(func(outs, ins []address) launch {
			return over("k_transpose", n, at(outs[0], ins[0]), []int{s.R, s.C})
		})
	}
	return nil
}

func (d *Device) reduce(o *op.Op, used []bool) *exec.Kernel {
	n := size(o)
	simple := func(kernel string, ints ...int) *exec.Kernel {
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			r.add(blocks(kernel, n, 1, append(at(outs[0]), ins...), ints, 1))
		})
	}
	switch o.Name() {
	case "sumperexample":
		return simple("k_sum", o.Dims().(int))
	case "gaussian", "normal":
		return simple("k_"+o.Name(), o.Dims().(int))
	case "sumbatch":
		return simple("k_sumbatch", o.Dims().(int), n)
	case "channelsum", "channeldot":
		c := o.Dims().(ref.Channel)
		images := 1
		if c.Shared {
			images = c.N
		}
		return simple("k_"+o.Name(), c.P, c.C, images)
	}
	return nil
}

// columns is the job of k_columns, see reduce.cu.
type columns struct {
	sum, dot, g, h, logs address
	rows, width          int32
}

// addColumns appends sums over the rows of several matrices.
func addColumns(r *run, jobs []columns) {
	wide := 0
	var wanted []columns
	for _, j := range jobs {
		if j.sum != 0 || j.dot != 0 {
			wanted = append(wanted, j)
			wide = max(wide, int(j.width))
		}
	}
	if len(wanted) > 0 {
		addTable(r, wanted, launch{kernel: "k_columns", grid: cuda.Grid{X: (wide + 7) / 8, Z: len(wanted)}})
	}
}

package device

import (
	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// reduce makes the kernels of sums that are no programs.
func (d *Device) reduce(o *op.Op, used []bool) *exec.Kernel {
	n := size(o)
	simple := func(kernel string, ints ...int) *exec.Kernel {
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			r.add(blocks(kernel, n, 1, append(at(outs[0]), ins...), ints))
		})
	}
	switch o.Name() {
	case "mean":
		return simple("k_mean", o.Dims().(int))
	case "gaussian", "normal":
		return simple("k_"+o.Name(), o.Dims().(int))
	case "sumbatch":
		return simple("k_sumbatch", o.Dims().(int), n)
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

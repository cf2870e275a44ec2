//go:build noasm || !amd64

package cpu

func (isa) combine(dst []float32, rows int, x []float32, xRow int, k []float32, kStep int, add, _ bool) {
	combineGeneric(dst, rows, x, xRow, k, kStep, add)
}

func (isa) dots(out []float32, n, xs, ws int, x []float32, xRow int, w []float32, wRow int) {
	dotsGeneric(out, n, xs, ws, x, xRow, w, wRow)
}

// storeFence ends a series of calls of combine: nothing goes past the caches here.
func storeFence() {}

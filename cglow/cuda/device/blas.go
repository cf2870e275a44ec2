package device

import (
	"glownotes/cglow/cuda"
)

// leastProduct is the number of multiplications from which cuBLASLt, where it is found, is worth the
// epilogue's kernel: the products of a coupling network at 64x64 have 134 million.
const leastProduct = 1 << 24

// byBLAS reports whether cuBLASLt computes a product: large, one at a time, of plain row-major
// matrices or transposes of such. The others are our own kernel's, which takes any strides and many
// products of different sizes in one launch.
func (d *Device) byBLAS(g *gemm) bool {
	if d == nil || !d.blas || g.batch > 1 || g.alpha < 0 || int(g.m)*int(g.n)*int(g.k) < d.leastProduct {
		return false
	}
	_, okA := plain(g.am, g.ak, int(g.m), int(g.k))
	_, okB := plain(g.bk, g.bn, int(g.k), int(g.n))
	return okA && okB && g.cn == 1 && g.cm.q == 1 && g.cm.s >= g.n
}

// plain returns the layout of a matrix of which rows and columns have strides.
func plain(rows, cols axis, m, n int) (cuda.Matrix, bool) {
	switch {
	case rows.q != 1 || cols.q != 1:
		return cuda.Matrix{}, false
	case cols.s == 1 && int(rows.s) >= n:
		return cuda.Matrix{Stride: int(rows.s)}, true
	case rows.s == 1 && int(cols.s) >= m:
		return cuda.Matrix{Stride: int(cols.s), Trans: true}, true
	}
	return cuda.Matrix{}, false
}

// addProducts appends the products that are cuBLASLt's, with their epilogues, and returns the
// others.
func addProducts(r *run, jobs []gemm) (rest []gemm) {
	var finish []gemm
	elements := 0
	for _, g := range jobs {
		if !r.d.byBLAS(&g) {
			rest = append(rest, g)
			continue
		}
		g.alpha, g.batch = 1, 1
		r.launches = append(r.launches, launch{product: &g})
		if g.bias != 0 || g.logs != 0 || g.mask != 0 || g.relu != 0 {
			finish = append(finish, g)
			elements = max(elements, int(g.m)*int(g.n))
		}
	}
	if len(finish) > 0 {
		grid := cuda.Blocks(elements)
		grid.Z = len(finish)
		addTable(r, finish, launch{kernel: "k_gemm_finish", grid: grid})
	}
	return rest
}

// prepare asks cuBLASLt for ways to compute the run's products, inside Do. A product that it has none
// for is our own kernel's.
func (r *run) prepare() {
	compute := map[Math]cuda.Compute{FP32: cuda.Compute32, TF32: cuda.ComputeTF32, BF16: cuda.ComputeBF16}[r.d.math]
	for i := range r.launches {
		g := r.launches[i].product
		if g == nil {
			continue
		}
		a, _ := plain(g.am, g.ak, int(g.m), int(g.k))
		b, _ := plain(g.bk, g.bn, int(g.k), int(g.n))
		a.At, b.At = cuda.Address(g.a), cuda.Address(g.b)
		p, err := r.d.q.NewProduct(int(g.m), int(g.n), int(g.k), a, b, cuda.Matrix{At: cuda.Address(g.c), Stride: int(g.cm.s)}, compute)
		if err != nil {
			r.takeBack(i)
			continue
		}
		r.products = append(r.products, p)
		r.launches[i].ready = p
	}
}

// takeBack makes launch i our own kernel without an epilogue: that follows.
func (r *run) takeBack(i int) {
	g := *r.launches[i].product
	g.bias, g.logs, g.mask, g.relu = 0, 0, 0, 0
	r.launches[i] = r.d.gemmLaunch(1, 1, int(g.m), int(g.n))
	r.tables = append(r.tables, table{data: bytesOf([]gemm{g}), for_: []int{i}})
}

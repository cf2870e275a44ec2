package device

import (
	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// axis, gemm: see gemm.cu.
type axis struct{ s, s2, q int32 }

type gemm struct {
	a, b, bias, logs, mask, c        address
	m, n, k, batch                   int32
	am, ak, bk, bn, cm               axis
	cn                               int32
	nextA, nextB, nextC, chunk, relu int32
	alpha, logScale                  float32
	planned                          int32 // split has been here; unused there
	parts                            address
}

// stride is an axis with one stride; two is one of two levels: (i / q) s + (i % q) s2.
func stride(s int) axis           { return axis{int32(s), 0, 1} }
func twoLevels(s, s2, q int) axis { return axis{int32(s), int32(s2), int32(q)} }

const (
	tile     = 64
	busy     = 264 // blocks that keep a large GPU busy
	minChunk = 256 // least length of a part of a split sum
)

// split cuts the sum of a product in parts when its tiles are too few to keep the GPU busy.
func (g *gemm) split(d *Device, scratch *scratch) {
	if g.planned != 0 {
		return
	}
	g.planned = 1
	if g.alpha == 0 {
		g.alpha = 1
	}
	g.batch = max(g.batch, 1)
	if d.byBLAS(g) {
		return
	}
	tiles := int((g.m+tile-1)/tile) * int((g.n+tile-1)/tile)
	parts := min(busy/max(tiles, 1), int(g.k)/minChunk)
	if g.batch > 1 || parts < 2 {
		return
	}
	chunk := (int(g.k)/parts + 15) / 16 * 16
	parts = (int(g.k) + chunk - 1) / chunk
	g.chunk = int32(chunk)
	g.parts = scratch.take(parts * int(g.m) * int(g.n))
}

// addGemm appends products that do not depend on each other.
func addGemm(r *run, jobs ...gemm) {
	if jobs = addProducts(r, jobs); len(jobs) == 0 {
		return
	}
	places, m, n, elements := 1, 0, 0, 0
	for i := range jobs {
		g := &jobs[i]
		g.split(r.d, &r.scratch)
		parts := int(g.batch)
		if g.chunk > 0 {
			parts = int((g.k + g.chunk - 1) / g.chunk)
			elements = max(elements, int(g.m)*int(g.n))
		}
		places, m, n = max(places, parts), max(m, int(g.m)), max(n, int(g.n))
	}
	product := r.d.gemmLaunch(len(jobs), places, m, n)
	if elements == 0 {
		addTable(r, jobs, product)
		return
	}
	grid := cuda.Blocks(elements)
	grid.Z = len(jobs)
	addTable(r, jobs, product, launch{kernel: "k_gemm_parts", grid: grid})
}

// product makes the kernel of an op that is one product, and may be launched with others.
func (d *Device) product(o *op.Op, build func(outs, ins []address) gemm) *exec.Kernel {
	var count scratch
	g := build(make([]address, 1), make([]address, o.Arity()))
	g.split(d, &count)
	return mergingWith("gemm", count.used, func(b *batch, outs, ins []address) {
		g := build(outs, ins)
		g.split(d, &b.scratch)
		b.gemms = append(b.gemms, g)
	})
}

// gemmLaunch is the launch of jobs with up to places parts each and results of up to m by n.
func (d *Device) gemmLaunch(jobs, places, m, n int) launch {
	kernel := map[Math]string{FP32: "k_gemm", TF32: "k_gemm_tf32", BF16: "k_gemm_bf16"}[d.math]
	l := launch{kernel: kernel, grid: cuda.Grid{X: (n + tile - 1) / tile, Y: (m + tile - 1) / tile, Z: places * jobs}}
	l.args.N[0] = int32(places)
	return l
}

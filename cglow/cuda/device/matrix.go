package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

func (d *Device) matrix(o *op.Op, used []bool) *exec.Kernel {
	switch o.Name() {
	case "linear", "matmul":
		return d.product(o, func(outs, ins []address) gemm { return matMul(o.Dims().(op.MatMulDims), outs[0], ins) })
	case "matapply":
		return d.product(o, func(outs, ins []address) gemm {
			return matApply(o.Dims().(op.MatApplyDims), outs[0], ins[0], ins[1])
		})
	case "matapply.dw":
		return d.product(o, func(outs, ins []address) gemm {
			return matOuter(o.Dims().(op.MatApplyDims), outs[0], ins[0], ins[1])
		})
	case "householder":
		h := o.Dims().(ref.HouseholderDims)
		if !fits(h) {
			return nil
		}
		return merging("householder", func(b *batch, outs, ins []address) {
			b.stageAdd(0, blocks("k_householder", h.C, h.N, append(at(outs[0]), ins...), []int{h.C, h.K, h.N}))
		})
	case "householder.dv":
		if h := o.Dims().(ref.HouseholderDims); fits(h) {
			return householderGrad(h, used)
		}
	case "logabsdet", "logabsdet.dw", "inverse":
		return d.lu(o, used)
	case "inverse.dw":
		s := o.Dims().(op.SquareDims)
		return d.kernel(o, used, func(r *run, outs, ins []address) { inverseGrad(r, s, outs[0], ins[0], ins[1]) })
	}
	return nil
}

func matMul(m op.MatMulDims, y address, ins []address) gemm {
	g := gemm{a: ins[0], b: ins[1], c: y, m: int32(m.M), n: int32(m.N), k: int32(m.K),
		am: stride(m.K), ak: stride(1), bk: stride(m.N), bn: stride(1), cm: stride(m.N), cn: 1}
	if m.TransA {
		g.am, g.ak = stride(1), stride(m.M)
	}
	if m.TransB {
		g.bk, g.bn = stride(1), stride(m.K)
	}
	if len(ins) == 3 {
		g.bias = ins[2]
	}
	return g
}

func matApply(m op.MatApplyDims, u, w, v address) gemm {
	g := gemm{a: w, b: v, c: u, m: int32(m.C), n: int32(m.P), k: int32(m.C), batch: int32(m.N),
		am: stride(m.C), ak: stride(1), bk: stride(m.P), bn: stride(1), cm: stride(m.P), cn: 1,
		nextA: int32(m.C * m.C), nextB: int32(m.C * m.P), nextC: int32(m.C * m.P)}
	if m.Shared {
		g.nextA = 0
	}
	if m.Trans {
		g.am, g.ak = g.ak, g.am
	}
	return g
}

// matOuter is sum_p g[n,i,p] v[n,j,p]; over the batch too when the matrix is shared.
func matOuter(m op.MatApplyDims, dw, g, v address) gemm {
	out := gemm{a: g, b: v, c: dw, m: int32(m.C), n: int32(m.C), k: int32(m.P), batch: int32(m.N),
		am: stride(m.P), ak: stride(1), bk: stride(1), bn: stride(m.P), cm: stride(m.C), cn: 1,
		nextA: int32(m.C * m.P), nextB: int32(m.C * m.P), nextC: int32(m.C * m.C)}
	if m.Shared {
		out.batch, out.k = 1, int32(m.N*m.P)
		out.ak, out.bk = twoLevels(m.C*m.P, 1, m.P), twoLevels(m.C*m.P, 1, m.P)
	}
	return out
}

// fits reports whether the rows of a chain of reflections fit shared memory.
func fits(h ref.HouseholderDims) bool { return (h.K+2)*h.C <= 6144 }

func householderGrad(h ref.HouseholderDims, used []bool) *exec.Kernel {
	collect := func(b *batch, outs, ins []address) {
		c, cc := h.C, h.C*h.C
		dv, dd, dw0 := b.scratch.take(h.N*h.K*cc), b.scratch.take(h.N*cc), b.scratch.take(h.N*cc)
		b.stageAdd(0, blocks("k_householder_rows", c, h.N, at(dv, dd, dw0, ins[0], ins[1], ins[2], ins[3]), []int{c, h.K, h.N}))
		b.stageAdd(1, over("k_middle_sum", h.N*h.K*c, at(outs[0], dv), []int{c, c}))
		if outs[1] != 0 {
			b.stageAdd(1, over("k_middle_sum", h.N*c, at(outs[1], dd), []int{c, c}))
		}
		if outs[2] != 0 {
			b.stageAdd(1, over("k_middle_sum", cc, at(outs[2], dw0), []int{h.N, cc}))
		}
	}
	count := &batch{}
	collect(count, make([]address, 3), make([]address, 4))
	return mergingWith("householder.dv", count.scratch.used, collect)
}

// inverseGrad is -y^T g y^T.
func inverseGrad(r *run, s op.SquareDims, dw, y, g address) {
	c, cc := s.C, s.C*s.C
	half := r.scratch.take(s.N * cc)
	p := gemm{a: g, b: y, c: half, m: int32(c), n: int32(c), k: int32(c), batch: int32(s.N),
		am: stride(c), ak: stride(1), bk: stride(1), bn: stride(c), cm: stride(c), cn: 1,
		nextA: int32(cc), nextB: int32(cc), nextC: int32(cc)}
	q := p
	q.a, q.b, q.c, q.alpha = y, half, dw, -1
	q.am, q.ak, q.bk, q.bn = stride(1), stride(c), stride(c), stride(1)
	addGemm(r, p)
	addGemm(r, q)
}

// lu makes the kernels on an LU decomposition; a singular matrix is found after the run.
func (d *Device) lu(o *op.Op, used []bool) *exec.Kernel {
	s := o.Dims().(op.SquareDims)
	mode := map[string]int{"logabsdet": 0, "logabsdet.dw": 1, "inverse": 2}[o.Name()]
	room, perm := 4*s.N*s.C*s.C, s.N*s.C // float64: twice two matrices of float32
	return mergingWith("lu", room+(perm+63)/64*64, func(b *batch, outs, ins []address) {
		from, g := b.scratch.take(room+(perm+63)/64*64), address(0)
		if mode == 1 {
			g = ins[1]
		}
		fault, found := b.fault(3*s.N), make([]float32, 3*s.N)
		b.stageAdd(0, blocks("k_lu", s.N, 1, at(outs[0], ins[0], g, from, from+address(4*room), fault), []int{s.C, mode, s.N}))
		b.check(fault, found, func() error {
			for n := range s.N {
				if f := found[3*n:]; f[0] != 0 {
					return &ref.SingularError{Matrix: n, Column: int(f[0]) - 1, Pivot: float64(f[1]), Max: float64(f[2])}
				}
			}
			return nil
		})
	})
}

package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
)

func matMul(o *op.Op) *Kernel {
	d := o.Dims().(op.MatMulDims)
	lda, ldb := d.K, d.N
	if d.TransA {
		lda = d.M
	}
	if d.TransB {
		ldb = d.K
	}
	return plain(func(outs, ins [][]float32) error {
		var e cpu.Epilogue
		if len(ins) == 3 {
			e.Bias = ins[2]
		}
		cpu.GemmFused(d.TransA, d.TransB, d.M, d.N, d.K, ins[0], lda, ins[1], ldb, outs[0], d.N, 0, e)
		return nil
	})
}

func outer(o *op.Op) *Kernel {
	d := o.Dims().(op.OuterDims)
	return plain(func(outs, ins [][]float32) error {
		cpu.Outer{F: ins[0], N: d.N, Out: d.Out, In: d.In}.Write(outs[0])
		return nil
	})
}

func matApply(o *op.Op) *Kernel {
	d := o.Dims().(op.MatApplyDims)
	var u, w, v []float32
	task := func(n int) {
		m := w
		if !d.Shared {
			m = w[n*d.C*d.C:]
		}
		size := d.C * d.P
		cpu.Gemm(d.Trans, false, d.C, d.P, d.C, m, d.C, v[n*size:], d.P, u[n*size:], d.P, 0)
	}
	return plain(func(outs, ins [][]float32) error {
		u, w, v = outs[0], ins[0], ins[1]
		cpu.Parallel(d.N, task)
		return nil
	})
}

func matOuter(o *op.Op) *Kernel {
	d := o.Dims().(op.MatApplyDims)
	size := d.C * d.P
	var dw, g, v []float32
	task := func(n int) {
		cpu.Gemm(false, true, d.C, d.C, d.P, g[n*size:], d.P, v[n*size:], d.P, dw[n*d.C*d.C:], d.C, 0)
	}
	return plain(func(outs, ins [][]float32) error {
		dw, g, v = outs[0], ins[0], ins[1]
		if !d.Shared {
			cpu.Parallel(d.N, task)
			return nil
		}
		for n := range d.N {
			cpu.Gemm(false, true, d.C, d.C, d.P, g[n*size:], d.P, v[n*size:], d.P, dw, d.C, min(1, float32(n)))
		}
		return nil
	})
}

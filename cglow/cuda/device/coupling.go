package device

import (
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

func (d *Device) coupling(o *op.Op, used []bool) *exec.Kernel {
	c, ok := o.Dims().(ref.CouplingNet)
	if !ok {
		return nil
	}
	switch o.Name() {
	case "couplingnet":
		return d.kernel(o, used, func(r *run, outs, ins []address) { couplingForward(r, c, outs, ins) })
	case "couplingnet.dx":
		return d.kernel(o, used, func(r *run, outs, ins []address) { couplingGrad(r, c, outs, ins) })
	}
	return nil
}

// couplingWindow unfolds the input of a coupling network.
func couplingWindow(c ref.CouplingNet) window {
	return windowOf(ref.Conv{N: c.N, C: c.In, H: c.H, W: c.W, KH: 3, KW: 3, StrideH: 1, StrideW: 1, Pad: 1, OH: c.H, OW: c.W}, false)
}

// couplingForward: see ref.CouplingForward. Hidden activations are channel-last, [N*H*W, Hidden];
// what is saved are both, at the beginning and from the middle on. The last convolution, to few
// channels, is a product with all its taps and a gather.
func couplingForward(r *run, c ref.CouplingNet, outs, ins []address) {
	rows, k, h := c.N*c.H*c.W, c.Hidden, couplingWindow(c)
	hidden := func(out address, half int) address {
		switch {
		case out != 0:
			return out
		case outs[3] != 0:
			return outs[3] + address(4*half*(c.Saved()/2))
		}
		return r.scratch.take(rows * k)
	}
	// What is saved and what is shown may both be wanted: then one is copied from the other.
	h0, h1 := hidden(outs[1], 0), hidden(outs[2], 1)
	h.from, h.to = ins[0], r.scratch.take(rows*h.depth())
	t := r.scratch.take(rows * 9 * c.Out)
	addWindows(r, "k_im2col", h)
	addGemm(r, gemm{a: h.to, b: ins[1], c: h0, bias: ins[2], logs: ins[3], logScale: 1, relu: 1,
		m: int32(rows), n: int32(k), k: int32(h.depth()),
		am: stride(h.depth()), ak: stride(1), bk: stride(1), bn: stride(h.depth()), cm: stride(k), cn: 1})
	addGemm(r, gemm{a: h0, b: ins[4], c: h1, bias: ins[5], logs: ins[6], logScale: 1, relu: 1,
		m: int32(rows), n: int32(k), k: int32(k),
		am: stride(k), ak: stride(1), bk: stride(1), bn: stride(k), cm: stride(k), cn: 1})
	addGemm(r, gemm{a: h1, b: ins[7], c: t, m: int32(rows), n: int32(9 * c.Out), k: int32(k),
		am: stride(k), ak: stride(1), bk: stride(9), bn: twoLevels(9*k, 1, 9), cm: stride(9 * c.Out), cn: 1})
	r.add(over("k_fold", rows*c.Out, at(outs[0], t, ins[8], ins[9]), []int{c.Out, c.H, c.W}))
	if outs[3] != 0 {
		for half, from := range at(h0, h1) {
			if to := outs[3] + address(4*half*(c.Saved()/2)); to != from {
				r.add(over("k_copy", rows*k, at(to, from), nil))
			}
		}
	}
}

// couplingGrad: see ref.CouplingGrad. ins = x, nine parameters, raw, saved, g; outs = dx and the
// gradients of the parameters, any but dx unwanted.
func couplingGrad(r *run, c ref.CouplingNet, outs, ins []address) {
	rows, k, win := c.N*c.H*c.W, c.Hidden, couplingWindow(c)
	x, raw, g := ins[0], ins[10], ins[12]
	h0, h1 := ins[11], ins[11]+address(4*(c.Saved()/2))
	w0, l0, w1, l1, w2, l2 := ins[1], ins[3], ins[4], ins[6], ins[7], ins[9]
	dt := r.scratch.take(rows * 9 * c.Out)
	g1, g0 := r.scratch.take(rows*k), r.scratch.take(rows*k)
	u, du := r.scratch.take(rows*win.depth()), r.scratch.take(rows*win.depth())

	r.add(over("k_unfold", rows*9*c.Out, at(dt, g, l2), []int{c.Out, c.H, c.W}))
	// The gradient behind a scale: masked by the ReLU, times e^l.
	addGemm(r, gemm{a: dt, b: w2, c: g1, mask: h1, logs: l1, logScale: 1, m: int32(rows), n: int32(k), k: int32(9 * c.Out),
		am: stride(9 * c.Out), ak: stride(1), bk: twoLevels(9*k, 1, 9), bn: stride(9), cm: stride(k), cn: 1})
	addGemm(r, gemm{a: g1, b: w1, c: g0, mask: h0, logs: l0, logScale: 1, m: int32(rows), n: int32(k), k: int32(k),
		am: stride(k), ak: stride(1), bk: stride(k), bn: stride(1), cm: stride(k), cn: 1})
	// What is left does not depend on each other: all products in one launch.
	rest := []gemm{{a: g0, b: w0, c: du, m: int32(rows), n: int32(win.depth()), k: int32(k),
		am: stride(k), ak: stride(1), bk: stride(win.depth()), bn: stride(1), cm: stride(win.depth()), cn: 1}}
	if outs[7] != 0 {
		rest = append(rest, gemm{a: dt, b: h1, c: outs[7], m: int32(9 * c.Out), n: int32(k), k: int32(rows),
			am: stride(1), ak: stride(9 * c.Out), bk: stride(k), bn: stride(1), cm: twoLevels(9*k, 1, 9), cn: 9})
	}
	if outs[4] != 0 {
		rest = append(rest, gemm{a: g1, b: h0, c: outs[4], m: int32(k), n: int32(k), k: int32(rows),
			am: stride(1), ak: stride(k), bk: stride(k), bn: stride(1), cm: stride(k), cn: 1})
	}
	if outs[1] != 0 {
		unfold := win
		unfold.from, unfold.to = x, u
		addWindows(r, "k_im2col", unfold)
		rest = append(rest, gemm{a: g0, b: u, c: outs[1], m: int32(k), n: int32(win.depth()), k: int32(rows),
			am: stride(1), ak: stride(k), bk: stride(win.depth()), bn: stride(1), cm: stride(win.depth()), cn: 1})
	}
	addGemm(r, rest...)
	addColumns(r, []columns{
		{sum: outs[5], dot: outs[6], g: g1, h: h1, logs: l1, rows: int32(rows), width: int32(k)},
		{sum: outs[2], dot: outs[3], g: g0, h: h0, logs: l0, rows: int32(rows), width: int32(k)},
	})
	if outs[8] != 0 || outs[9] != 0 {
		r.add(blocks("k_outer_scale", c.Out, 1, at(outs[8], outs[9], g, raw, l2), []int{c.N, c.Out, c.H * c.W}))
	}
	fold := win
	fold.from, fold.to = du, outs[0]
	addWindows(r, "k_col2im", fold)
}

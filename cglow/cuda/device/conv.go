package device

import (
	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/ref"
)

// window: see window.cu.
type window struct {
	to, mask, from                          address
	n, c, h, w, kh, kw, sh, sw, pad, oh, ow int32
	image, channel, pixel, add              int32
	_                                       int32
}

// windowOf describes the pictures of a convolution, channel-first or channel-last.
func windowOf(c ref.Conv, channelLast bool) window {
	w := window{n: int32(c.N), c: int32(c.C), h: int32(c.H), w: int32(c.W), kh: int32(c.KH), kw: int32(c.KW),
		sh: int32(c.StrideH), sw: int32(c.StrideW), pad: int32(c.Pad), oh: int32(c.OH), ow: int32(c.OW),
		image: int32(c.C * c.H * c.W), channel: int32(c.H * c.W), pixel: 1}
	if channelLast {
		w.channel, w.pixel = 1, int32(c.C)
	}
	return w
}

func (w window) rows() int    { return int(w.n * w.oh * w.ow) }
func (w window) depth() int   { return int(w.c * w.kh * w.kw) }
func (w window) picture() int { return int(w.n * w.c * w.h * w.w) }

// addWindows appends unfoldings, or with k_col2im their transposes, that do not depend on each
// other.
func addWindows(r *run, kernel string, jobs ...window) {
	if len(jobs) == 0 {
		return
	}
	n := 0
	for _, j := range jobs {
		if kernel == "k_im2col" {
			n = max(n, j.rows()*j.depth())
		} else {
			n = max(n, j.picture())
		}
	}
	grid := cuda.Blocks(n)
	grid.Z = len(jobs)
	addTable(r, jobs, launch{kernel: kernel, grid: grid})
}

func (d *Device) convolution(o *op.Op, used []bool) *exec.Kernel {
	c, ok := o.Dims().(ref.Conv)
	if !ok {
		return nil
	}
	win := windowOf(c, false)
	rows, depth, p := win.rows(), win.depth(), c.OH*c.OW
	switch o.Name() {
	case "conv2d":
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			w := win
			w.from, w.to = ins[0], r.scratch.take(rows*depth)
			addWindows(r, "k_im2col", w)
			g := gemm{a: w.to, b: ins[1], c: outs[0], m: int32(rows), n: int32(c.O), k: int32(depth),
				am: stride(depth), ak: stride(1), bk: stride(1), bn: stride(depth),
				cm: twoLevels(c.O*p, 1, p), cn: int32(p)}
			if len(ins) == 3 {
				g.bias = ins[2]
			}
			addGemm(r, g)
		})
	case "conv2d.dx": // from w, g
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			du := r.scratch.take(rows * depth)
			addGemm(r, gemm{a: ins[1], b: ins[0], c: du, m: int32(rows), n: int32(depth), k: int32(c.O),
				am: twoLevels(c.O*p, 1, p), ak: stride(p), bk: stride(depth), bn: stride(1), cm: stride(depth), cn: 1})
			w := win
			w.from, w.to = du, outs[0]
			addWindows(r, "k_col2im", w)
		})
	case "conv2d.dw": // from x, g
		return d.kernel(o, used, func(r *run, outs, ins []address) {
			w := win
			w.from, w.to = ins[0], r.scratch.take(rows*depth)
			addWindows(r, "k_im2col", w)
			addGemm(r, gemm{a: ins[1], b: w.to, c: outs[0], m: int32(c.O), n: int32(depth), k: int32(rows),
				am: stride(p), ak: twoLevels(c.O*p, 1, p), bk: stride(depth), bn: stride(1), cm: stride(depth), cn: 1})
		})
	}
	return nil
}

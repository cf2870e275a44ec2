package cpu

import "fmt"

// Window is the geometry of a 2-D convolution over one image: C channels of
// H x W pixels seen through KH x KW windows every Stride pixels, with Pad rows
// and columns of zeros on each side.
type Window struct {
	C, H, W     int
	KH, KW      int
	Stride, Pad int
}

// OutH is the number of window positions down the image.
func (w Window) OutH() int { return (w.H+2*w.Pad-w.KH)/w.Stride + 1 }

// OutW is the number of window positions across the image.
func (w Window) OutW() int { return (w.W+2*w.Pad-w.KW)/w.Stride + 1 }

// Pixels is the number of values of the image, C*H*W.
func (w Window) Pixels() int { return w.C * w.H * w.W }

// Unfolded is the number of values of the unfolded image,
// C*KH*KW*OutH*OutW.
func (w Window) Unfolded() int { return w.C * w.KH * w.KW * w.OutH() * w.OutW() }

// check panics if the window is impossible or a buffer is too short.
func (w Window) check(fn string, image, columns []float32) {
	if w.C < 1 || w.H < 1 || w.W < 1 || w.KH < 1 || w.KW < 1 || w.Stride < 1 || w.Pad < 0 ||
		w.H+2*w.Pad < w.KH || w.W+2*w.Pad < w.KW {
		panic(fmt.Sprintf("cpu: %s: impossible window %+v", fn, w))
	}
	if len(image) < w.Pixels() || len(columns) < w.Unfolded() {
		panic(fmt.Sprintf("cpu: %s: image of %d values (want %d), columns of %d (want %d) for window %+v",
			fn, len(image), w.Pixels(), len(columns), w.Unfolded(), w))
	}
}

// span returns the window positions o in [from, to) whose pixel o*stride+off
// lies in [0, size), out of n positions.
func span(off, size, stride, n int) (from, to int) {
	if off < 0 {
		from = (-off + stride - 1) / stride
	}
	if last := size - 1 - off; last < 0 {
		to = 0
	} else {
		to = min(n, last/stride+1)
	}
	return min(from, to), to
}

// clip returns the part [from, to) of a run of n values that begins at index
// first (possibly negative) of a line and lies inside the line's length.
func clip(first, n, length int) (from, to int) {
	from = min(n, max(0, -first))
	return from, max(from, min(n, length-first))
}

// Im2col unfolds one channel-first image into the matrix of its windows,
// columns [C*KH*KW][OutH*OutW]:
//
//	for c, ky, kx, oy, ox {
//		y, x := oy*Stride+ky-Pad, ox*Stride+kx-Pad
//		columns[c][ky][kx][oy][ox] = image[c][y][x] // 0 outside
//	}
//
// A convolution with weights [O][C*KH*KW] is then weights times columns.
func Im2col(w Window, columns, image []float32) {
	w.check("Im2col", image, columns)
	if w.keepsSize() {
		w.shiftOut(columns, image)
		return
	}
	taps, size, oh, ow := w.KH*w.KW, w.H*w.W, w.OutH(), w.OutW()
	for index := range taps {
		t := w.tap(index)
		for c := range w.C {
			plane := image[c*size : (c+1)*size]
			out := columns[(c*taps+index)*oh*ow:][:oh*ow]
			clear(out[:t.y0*ow])
			clear(out[t.y1*ow:])
			for oy := t.y0; oy < t.y1; oy++ {
				line := out[oy*ow : (oy+1)*ow]
				src := plane[(oy*w.Stride+t.dy)*w.W:]
				clear(line[:t.x0])
				clear(line[t.x1:])
				for ox := t.x0; ox < t.x1; ox++ {
					line[ox] = src[ox*w.Stride+t.dx]
				}
			}
		}
	}
}

// Col2im is the adjoint of [Im2col]: it adds every window back to the image.
//
//	for c, ky, kx, oy, ox {
//		y, x := oy*Stride+ky-Pad, ox*Stride+kx-Pad
//		image[c][y][x] += columns[c][ky][kx][oy][ox] // dropped outside
//	}
//
// It adds: clear the image first, or seed it with a bias.
func Col2im(w Window, image, columns []float32) {
	w.check("Col2im", image, columns)
	if w.keepsSize() {
		w.shiftBack(image, columns)
		return
	}
	taps, size, oh, ow := w.KH*w.KW, w.H*w.W, w.OutH(), w.OutW()
	for index := range taps {
		t := w.tap(index)
		for c := range w.C {
			plane := image[c*size : (c+1)*size]
			in := columns[(c*taps+index)*oh*ow:][:oh*ow]
			for oy := t.y0; oy < t.y1; oy++ {
				line := in[oy*ow+t.x0 : oy*ow+t.x1]
				dst := plane[(oy*w.Stride+t.dy)*w.W+t.x0*w.Stride+t.dx:]
				for i, v := range line {
					dst[i*w.Stride] += v
				}
			}
		}
	}
}

// Im2colNHWC unfolds one channel-last image [H][W][C] into
// columns [OutH*OutW][KH*KW*C]:
//
//	for oy, ox, ky, kx, c {
//		y, x := oy*Stride+ky-Pad, ox*Stride+kx-Pad
//		columns[oy][ox][ky][kx][c] = image[y][x][c] // 0 outside
//	}
//
// A convolution with weights [KH*KW*C][O] is then columns times weights, and
// its result is channel-last again.
func Im2colNHWC(w Window, columns, image []float32) {
	w.check("Im2colNHWC", image, columns)
	oh, ow, run := w.OutH(), w.OutW(), w.KW*w.C
	for oy := range oh {
		for ky := range w.KH {
			y := oy*w.Stride + ky - w.Pad
			if y < 0 || y >= w.H {
				for ox := range ow {
					clear(columns[((oy*ow+ox)*w.KH+ky)*run:][:run])
				}
				continue
			}
			line := image[y*w.W*w.C : (y+1)*w.W*w.C]
			for ox := range ow {
				out := columns[((oy*ow+ox)*w.KH+ky)*run:][:run]
				first := (ox*w.Stride - w.Pad) * w.C // window start in line
				from, to := clip(first, run, len(line))
				clear(out[:from])
				if from < to {
					copy(out[from:to], line[first+from:])
				}
				clear(out[to:])
			}
		}
	}
}

// Col2imNHWC is the adjoint of [Im2colNHWC]:
//
//	for oy, ox, ky, kx, c {
//		y, x := oy*Stride+ky-Pad, ox*Stride+kx-Pad
//		image[y][x][c] += columns[oy][ox][ky][kx][c] // dropped outside
//	}
//
// It adds: clear the image first, or seed it with a bias.
func Col2imNHWC(w Window, image, columns []float32) {
	w.check("Col2imNHWC", image, columns)
	oh, ow, run := w.OutH(), w.OutW(), w.KW*w.C
	for oy := range oh {
		for ky := range w.KH {
			y := oy*w.Stride + ky - w.Pad
			if y < 0 || y >= w.H {
				continue
			}
			line := image[y*w.W*w.C : (y+1)*w.W*w.C]
			for ox := range ow {
				in := columns[((oy*ow+ox)*w.KH+ky)*run:][:run]
				first := (ox*w.Stride - w.Pad) * w.C
				from, to := clip(first, run, len(line))
				if from == to {
					continue
				}
				addTo(line[first+from:first+to], in[from:to])
			}
		}
	}
}

// shortRun is the number of values up to which a loop beats a call of assembly.
const shortRun = 15

// addTo adds x to dst.
func addTo(dst, x []float32) {
	if len(x) > shortRun {
		active.add(dst, dst, x)
		return
	}
	for i, v := range x {
		dst[i] += v
	}
}

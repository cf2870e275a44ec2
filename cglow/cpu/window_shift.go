package cpu

import "math"

// tap is one position in the window: how far the pixels that it sees are from
// the window's place, and for which places they lie inside the image.
type tap struct {
	dy, dx         int // of the first place
	y0, y1, x0, x1 int // places that see a pixel
}

func (w Window) tap(index int) tap {
	t := tap{dy: index/w.KW - w.Pad, dx: index%w.KW - w.Pad}
	t.y0, t.y1 = span(t.dy, w.H, w.Stride, w.OutH())
	t.x0, t.x1 = span(t.dx, w.W, w.Stride, w.OutW())
	if t.x0 == t.x1 {
		t.y0 = t.y1
	}
	return t
}

// keepsSize reports whether there is a window for every pixel. What a tap sees
// is then the image moved by one distance, but for the columns that come round
// the edge, which a mask removes.
func (w Window) keepsSize() bool {
	return w.Stride == 1 && w.OutH() == w.H && w.OutW() == w.W
}

// shiftOut is Im2col for windows that keep the size.
func (w Window) shiftOut(columns, image []float32) {
	work := takeScratch()
	masks := w.masks(work)
	taps, n := w.KH*w.KW, w.H*w.W
	for index := range taps {
		t := w.tap(index)
		distance := t.dy*w.W + t.dx
		from, to := clip(distance, n, n)
		mask := masks[index%w.KW*n:][:n]
		for c := range w.C {
			out := columns[(c*taps+index)*n:][:n]
			clear(out[:from])
			clear(out[to:])
			if from == to {
				continue
			}
			seen := image[c*n+from+distance : c*n+to+distance]
			if t.dx == 0 {
				copy(out[from:to], seen)
			} else {
				active.keep(out[from:to], seen, mask[from:to])
			}
		}
	}
	giveScratch(work)
}

// shiftBack is Col2im for windows that keep the size.
func (w Window) shiftBack(image, columns []float32) {
	work := takeScratch()
	masks := w.masks(work)
	n := w.H * w.W
	for index := range w.KH * w.KW {
		t := w.tap(index)
		var mask []float32
		if t.dx != 0 {
			mask = masks[index%w.KW*n:][:n]
		}
		w.foldTap(image, columns, index, t, mask)
	}
	giveScratch(work)
}

// foldTap adds the rows of columns with a given index to the pixels that the tap sees. mask is nil
// where the image moves up or down only.
func (w Window) foldTap(image, columns []float32, index int, t tap, mask []float32) {
	taps, n := w.KH*w.KW, w.H*w.W
	distance := t.dy*w.W + t.dx
	from, to := clip(distance, n, n)
	if from == to {
		return
	}
	for c := range w.C {
		in := columns[(c*taps+index)*n:][:n]
		seen := image[c*n+from+distance : c*n+to+distance]
		if mask == nil {
			active.add(seen, seen, in[from:to])
		} else {
			active.addKept(seen, seen, in[from:to], mask[from:to])
		}
	}
}

// masks has for each column of the window all bits set at the places where it
// sees a pixel, for an image with rows enough.
func (w Window) masks(work *scratch) []float32 {
	set := math.Float32frombits(math.MaxUint32)
	masks := work.floats(w.KW * w.H * w.W)
	clear(masks)
	for kx := range w.KW {
		x0, x1 := span(kx-w.Pad, w.W, 1, w.W)
		for y := range w.H {
			row := masks[(kx*w.H+y)*w.W:]
			for x := x0; x < x1; x++ {
				row[x] = set
			}
		}
	}
	return masks
}

package cpu

import "fmt"

// Unfolding unfolds images straight into panels, see [MulPanel], and folds them back, for windows
// that keep the size of the image: one place for every pixel. Turned by 180 degrees it has the
// taps in the opposite order, for the transpose of a convolution with the same weights.
type Unfolding struct {
	w     Window
	taps  []tap
	masks [][]float32 // by tap; nil where the image moves up or down only
}

// NewUnfolding panics unless w keeps the size of its image.
func NewUnfolding(w Window, turned bool) *Unfolding {
	if !w.keepsSize() {
		panic(fmt.Sprintf("cpu: NewUnfolding: window %+v does not keep the size of the image", w))
	}
	u := &Unfolding{w: w}
	masks, n := w.masks(new(scratch)), w.H*w.W
	for index := range w.KH * w.KW {
		if turned {
			index = w.KH*w.KW - 1 - index
		}
		t := w.tap(index)
		u.taps = append(u.taps, t)
		if t.dx == 0 {
			u.masks = append(u.masks, nil)
		} else {
			u.masks = append(u.masks, masks[index%w.KW*n:][:n])
		}
	}
	return u
}

// Fold is the adjoint of unfolding a whole image, with columns [C*KH*KW][H*W]; see [Col2im]. It
// adds to the image.
func (u *Unfolding) Fold(image, columns []float32) {
	u.w.check("Unfolding.Fold", image, columns)
	for index, t := range u.taps {
		u.w.foldTap(image, columns, index, t, u.masks[index])
	}
}

// Panel unfolds channels c0 to c1-1 at count places of an image, those from place from on, into
// the columns column, column+1, ... of a panel with a row for every channel and tap:
//
//	for c, ky, kx, j {
//		y, x := place(from+j) + (ky-Pad, kx-Pad) // minus, if turned
//		panel[((c*KH+ky)*KW+kx)*W+column+j] = image[c][y][x] // 0 outside
//	}
//
// with W = PanelWidth().
func (u *Unfolding) Panel(panel []float32, column int, image []float32, from, count, c0, c1 int) {
	width, n, taps := PanelWidth(), u.w.H*u.w.W, len(u.taps)
	if column < 0 || count < 0 || column+count > width || from < 0 || from+count > n || c0 < 0 || c1 > u.w.C ||
		len(image) < u.w.Pixels() || len(panel) < u.w.C*taps*width {
		panic(fmt.Sprintf("cpu: Unfolding.Panel: places %d to %d, columns from %d, channels %d to %d do not fit an image of %d and a panel of %d values for window %+v",
			from, from+count, column, c0, c1, len(image), len(panel), u.w))
	}
	for index := range u.taps {
		t := &u.taps[index]
		distance := t.dy*u.w.W + t.dx
		low := min(max(from, -distance), from+count)
		high := max(low, min(from+count, n-distance))
		for c := c0; c < c1; c++ {
			row := panel[(c*taps+index)*width+column:][:count]
			clear(row[:low-from])
			clear(row[high-from:])
			if low == high {
				continue
			}
			seen := image[c*n+low+distance : c*n+high+distance]
			if mask := u.masks[index]; mask == nil {
				copy(row[low-from:], seen)
			} else {
				active.keep(row[low-from:high-from], seen, mask[low:high])
			}
		}
	}
}

package cpu

import "fmt"

// Transpose sets dst to the transpose of src, a matrix of rows x cols values:
//
//	for i, j { dst[j*rows+i] = src[i*cols+j] }
//
// dst must not overlap src. With a row per pixel it brings channel-last images
// to channel-first and back.
func Transpose(dst, src []float32, rows, cols int) {
	if rows < 0 || cols < 0 || len(dst) < rows*cols || len(src) < rows*cols {
		panic(fmt.Sprintf("cpu: Transpose: %d x %d values, but %d in dst and %d in src", rows, cols, len(dst), len(src)))
	}
	active.turn(dst, rows, src, cols, rows, cols)
}

// turn sets dst[j*dstRow+i] = src[i*srcRow+j] for i < rows, j < cols, in square
// blocks of one vector a side as far as they go.
func (s isa) turn(dst []float32, dstRow int, src []float32, srcRow, rows, cols int) {
	lanes := tilings[s].lanes
	i, blocks := 0, cols/lanes
	if s != generic && blocks > 0 {
		whole := blocks * lanes
		for ; i+lanes <= rows; i += lanes {
			s.transpose(at(dst, i), dstRow*floatSize, at(src, i*srcRow), srcRow*floatSize, blocks)
			for r := i; r < i+lanes && whole < cols; r++ {
				scatter(dst[whole*dstRow+r:], dstRow, src[r*srcRow+whole:r*srcRow+cols])
			}
		}
	}
	for ; i < rows && cols > 0; i++ {
		scatter(dst[i:], dstRow, src[i*srcRow:i*srcRow+cols])
	}
}

// scatter sets dst[j*step] = x[j].
func scatter(dst []float32, step int, x []float32) {
	for j, v := range x {
		dst[j*step] = v
	}
}

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
	switch {
	case s == generic:
	case cols == quad && srcRow == quad && rows >= lanes:
		n := rows / lanes
		s.splitQuads(at(dst, 0), dstRow*floatSize, at(src, 0), n)
		i = n * lanes
	case rows == quad && dstRow == quad && blocks > 0:
		s.joinQuads(at(dst, 0), at(src, 0), srcRow*floatSize, blocks)
		done := blocks * lanes
		dst, src, cols, blocks = dst[done*dstRow:], src[done:], cols-done, 0
	case blocks == 0 && cols > 1:
		i = s.turnNarrow(dst, dstRow, src, srcRow, rows, cols)
	case rows > 1 && rows < lanes:
		done := s.turnFlat(dst, dstRow, src, srcRow, rows, cols)
		dst, src, cols, blocks = dst[done*dstRow:], src[done:], cols-done, 0
	}
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

// quad is the number of taps of a 2x2 kernel.
const quad = 4

// turnNarrow is turn for rows shorter than a vector, such as the taps of a kernel: a square block
// is read beyond their ends. It returns the number of rows done.
func (s isa) turnNarrow(dst []float32, dstRow int, src []float32, srcRow, rows, cols int) (i int) {
	var block [16 * 16]float32
	lanes := tilings[s].lanes
	for ; i+lanes <= rows && (i+lanes-1)*srcRow+lanes <= len(src); i += lanes {
		s.transpose(at(block[:], 0), lanes*floatSize, at(src, i*srcRow), srcRow*floatSize, 1)
		for j := range cols {
			copy(dst[j*dstRow+i:][:lanes], block[j*lanes:])
		}
	}
	return i
}

// turnFlat is turn for fewer rows than a vector has lanes. It returns the number of columns done.
func (s isa) turnFlat(dst []float32, dstRow int, src []float32, srcRow, rows, cols int) (j int) {
	var block, turned [16 * 16]float32
	lanes := tilings[s].lanes
	for ; j+lanes <= cols; j += lanes {
		for i := range rows {
			copy(block[i*lanes:(i+1)*lanes], src[i*srcRow+j:])
		}
		s.transpose(at(turned[:], 0), lanes*floatSize, at(block[:], 0), lanes*floatSize, 1)
		for k := range lanes {
			copy(dst[(j+k)*dstRow:][:rows], turned[k*lanes:])
		}
	}
	return j
}

// scatter sets dst[j*step] = x[j].
func scatter(dst []float32, step int, x []float32) {
	for j, v := range x {
		dst[j*step] = v
	}
}

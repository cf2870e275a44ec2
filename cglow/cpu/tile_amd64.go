//go:build !noasm

package cpu

import (
	"fmt"
	"unsafe"
)

// tile runs the micro-kernel with the given rows and panel width. The calls are
// direct, so that the compiler sees that t stays on the stack.
func (s isa) tile(t *tile, rows int, wide bool) {
	switch {
	case s == avx512 && wide:
		tileWideAVX512(t, rows)
	case s == avx512:
		tileNarrowAVX512(t, rows)
	case s == avx2 && wide:
		tileWideAVX2(t, rows)
	case s == avx2:
		tileNarrowAVX2(t, rows)
	default:
		tileGeneric(t, rows)
	}
}

// transpose writes dst[j][i] = src[i][j] for a row of square blocks, one vector
// a side; rows are dstRow and srcRow bytes apart.
func (s isa) transpose(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow, blocks int) {
	if s == avx512 {
		transpose16avx512(dst, dstRow, src, srcRow, blocks)
	} else {
		transpose8avx2(dst, dstRow, src, srcRow, blocks)
	}
}

// splitQuads takes groups of four values apart, blocks of one vector a row.
func (s isa) splitQuads(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, blocks int) {
	if s == avx512 {
		splitQuadsavx512(dst, dstRow, src, blocks)
	} else {
		splitQuadsavx2(dst, dstRow, src, blocks)
	}
}

// joinQuads is the opposite.
func (s isa) joinQuads(dst, src unsafe.Pointer, srcRow, blocks int) {
	if s == avx512 {
		joinQuadsavx512(dst, src, srcRow, blocks)
	} else {
		joinQuadsavx2(dst, src, srcRow, blocks)
	}
}

// copyRows packs rows of two vectors, srcRow bytes apart, one after the other.
func (s isa) copyRows(dst, src unsafe.Pointer, srcRow, rows int) {
	if s == avx512 {
		copyRowsavx512(dst, src, srcRow, rows)
	} else {
		copyRowsavx2(dst, src, srcRow, rows)
	}
}

// copyRest packs rows of one or two vectors of which the last has only lanes
// lanes, filled up with zeros.
func (s isa) copyRest(dst, src unsafe.Pointer, srcRow, rows, vectors, lanes int) {
	switch {
	case s == avx512 && vectors == 2:
		copyRest2avx512(dst, src, srcRow, rows, lanes)
	case s == avx512:
		copyRest1avx512(dst, src, srcRow, rows, lanes)
	case vectors == 2:
		copyRest2avx2(dst, src, srcRow, rows, lanes)
	default:
		copyRest1avx2(dst, src, srcRow, rows, lanes)
	}
}

// packStrip packs the rows of one full tile of a transposed A, srcRow bytes
// apart, one after the other.
func (s isa) packStrip(dst, src unsafe.Pointer, srcRow, rows int) {
	if s == avx512 {
		packStripavx512(dst, src, srcRow, rows)
	} else {
		packStripavx2(dst, src, srcRow, rows)
	}
}

func tileWideAVX512(t *tile, rows int) {
	switch rows {
	case 12:
		tile12x32avx512(t)
	case 9:
		tile9x32avx512(t)
	case 8:
		tile8x32avx512(t)
	case 4:
		tile4x32avx512(t)
	case 2:
		tile2x32avx512(t)
	case 1:
		tile1x32avx512(t)
	default:
		panic(fmt.Sprintf("cpu: no micro-kernel with %d rows", rows))
	}
}

func tileNarrowAVX512(t *tile, rows int) {
	switch rows {
	case 12:
		tile12x16avx512(t)
	case 8:
		tile8x16avx512(t)
	case 4:
		tile4x16avx512(t)
	case 2:
		tile2x16avx512(t)
	case 1:
		tile1x16avx512(t)
	default:
		panic(fmt.Sprintf("cpu: no micro-kernel with %d rows", rows))
	}
}

func tileWideAVX2(t *tile, rows int) {
	switch rows {
	case 6:
		tile6x16avx2(t)
	case 4:
		tile4x16avx2(t)
	case 3:
		tile3x16avx2(t)
	case 2:
		tile2x16avx2(t)
	case 1:
		tile1x16avx2(t)
	default:
		panic(fmt.Sprintf("cpu: no micro-kernel with %d rows", rows))
	}
}

func tileNarrowAVX2(t *tile, rows int) {
	switch rows {
	case 12:
		tile12x8avx2(t)
	case 6:
		tile6x8avx2(t)
	case 4:
		tile4x8avx2(t)
	case 2:
		tile2x8avx2(t)
	case 1:
		tile1x8avx2(t)
	default:
		panic(fmt.Sprintf("cpu: no micro-kernel with %d rows", rows))
	}
}

// Micro-kernels tile{rows}x{columns}{set}, see [tile]; written by gen_gemm.go.

//go:noescape
func tile6x16avx2(t *tile)

//go:noescape
func tile4x16avx2(t *tile)

//go:noescape
func tile3x16avx2(t *tile)

//go:noescape
func tile2x16avx2(t *tile)

//go:noescape
func tile1x16avx2(t *tile)

//go:noescape
func tile12x8avx2(t *tile)

//go:noescape
func tile6x8avx2(t *tile)

//go:noescape
func tile4x8avx2(t *tile)

//go:noescape
func tile2x8avx2(t *tile)

//go:noescape
func tile1x8avx2(t *tile)

//go:noescape
func tile12x32avx512(t *tile)

//go:noescape
func tile9x32avx512(t *tile)

//go:noescape
func tile8x32avx512(t *tile)

//go:noescape
func tile4x32avx512(t *tile)

//go:noescape
func tile2x32avx512(t *tile)

//go:noescape
func tile1x32avx512(t *tile)

//go:noescape
func tile12x16avx512(t *tile)

//go:noescape
func tile8x16avx512(t *tile)

//go:noescape
func tile4x16avx512(t *tile)

//go:noescape
func tile2x16avx512(t *tile)

//go:noescape
func tile1x16avx512(t *tile)

//go:noescape
func transpose8avx2(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow int, blocks int)

//go:noescape
func transpose16avx512(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow int, blocks int)

//go:noescape
func splitQuadsavx2(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, blocks int)

//go:noescape
func splitQuadsavx512(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, blocks int)

//go:noescape
func joinQuadsavx2(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, blocks int)

//go:noescape
func joinQuadsavx512(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, blocks int)

//go:noescape
func copyRowsavx2(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int)

//go:noescape
func copyRowsavx512(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int)

//go:noescape
func copyRest1avx2(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int, lanes int)

//go:noescape
func copyRest2avx2(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int, lanes int)

//go:noescape
func copyRest1avx512(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int, lanes int)

//go:noescape
func copyRest2avx512(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int, lanes int)

//go:noescape
func packStripavx2(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int)

//go:noescape
func packStripavx512(dst unsafe.Pointer, src unsafe.Pointer, srcRow int, rows int)

// fma{set} does 12*n multiply-adds of vectors in registers.

//go:noescape
func fmaavx2(n int)

//go:noescape
func fmaavx512(n int)

// flops does about n rounds of multiply-adds and returns how many floating
// point operations that were.
func (s isa) flops(n int) float64 {
	switch s {
	case avx512:
		fmaavx512(n)
		return float64(n) * 12 * 16 * 2
	case avx2:
		fmaavx2(n)
		return float64(n) * 12 * 8 * 2
	}
	return flopsGeneric(n)
}

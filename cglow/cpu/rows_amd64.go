//go:build !noasm

package cpu

import (
	"fmt"
	"unsafe"
)

// combine sets dst[j] = sum over r of k[r*kStep]*x[r*xRow+j], plus dst[j] if
// add is set, for up to 8 rows. With past set and add not, it may write past
// the caches; a fence must follow.
func (s isa) combine(dst []float32, rows int, x []float32, xRow int, k []float32, kStep int, add, past bool) {
	if s == generic {
		combineGeneric(dst, rows, x, xRow, k, kStep, add)
		return
	}
	adding := 0
	switch {
	case add:
		adding = 1
	case past && uintptr(at(dst, 0))%LineBytes == 0:
		adding = 2
	}
	d, n, xs, ks := at(dst, 0), len(dst), at(x, 0), at(k, 0)
	xRow, kStep = xRow*floatSize, kStep*floatSize
	switch s<<4 | isa(rows) {
	case avx2<<4 | 1:
		combine1avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 2:
		combine2avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 3:
		combine3avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 4:
		combine4avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 5:
		combine5avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 6:
		combine6avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 7:
		combine7avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx2<<4 | 8:
		combine8avx2(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 1:
		combine1avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 2:
		combine2avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 3:
		combine3avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 4:
		combine4avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 5:
		combine5avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 6:
		combine6avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 7:
		combine7avx512(d, n, xs, xRow, ks, kStep, adding)
	case avx512<<4 | 8:
		combine8avx512(d, n, xs, xRow, ks, kStep, adding)
	default:
		panic(fmt.Sprintf("cpu: no kernel combines %d rows", rows))
	}
}

// dots sets out[i*ws+j] = sum over p < n of x[i*xRow+p]*w[j*wRow+p] for 1, 2 or
// 4 rows of x and 1 or 4 rows of w.
func (s isa) dots(out []float32, n, xs, ws int, x []float32, xRow int, w []float32, wRow int) {
	if s == generic {
		dotsGeneric(out, n, xs, ws, x, xRow, w, wRow)
		return
	}
	if xs == 4 && ws == 4 { // has a kernel for two rows of w
		var half [2][8]float32
		s.dots(half[0][:], n, 4, 2, x, xRow, w, wRow)
		s.dots(half[1][:], n, 4, 2, x, xRow, w[2*wRow:], wRow)
		for i := range 4 {
			copy(out[4*i:], half[0][2*i:2*i+2])
			copy(out[4*i+2:], half[1][2*i:2*i+2])
		}
		return
	}
	o, xp, wp := at(out, 0), at(x, 0), at(w, 0)
	xRow, wRow = xRow*floatSize, wRow*floatSize
	switch s<<6 | isa(xs)<<3 | isa(ws) {
	case avx2<<6 | 1<<3 | 4:
		dots1x4avx2(o, n, xp, xRow, wp, wRow)
	case avx2<<6 | 2<<3 | 4:
		dots2x4avx2(o, n, xp, xRow, wp, wRow)
	case avx2<<6 | 4<<3 | 2:
		dots4x2avx2(o, n, xp, xRow, wp, wRow)
	case avx2<<6 | 1<<3 | 1:
		dots1x1avx2(o, n, xp, xRow, wp, wRow)
	case avx2<<6 | 2<<3 | 1:
		dots2x1avx2(o, n, xp, xRow, wp, wRow)
	case avx2<<6 | 4<<3 | 1:
		dots4x1avx2(o, n, xp, xRow, wp, wRow)
	case avx512<<6 | 1<<3 | 4:
		dots1x4avx512(o, n, xp, xRow, wp, wRow)
	case avx512<<6 | 2<<3 | 4:
		dots2x4avx512(o, n, xp, xRow, wp, wRow)
	case avx512<<6 | 4<<3 | 2:
		dots4x2avx512(o, n, xp, xRow, wp, wRow)
	case avx512<<6 | 1<<3 | 1:
		dots1x1avx512(o, n, xp, xRow, wp, wRow)
	case avx512<<6 | 2<<3 | 1:
		dots2x1avx512(o, n, xp, xRow, wp, wRow)
	case avx512<<6 | 4<<3 | 1:
		dots4x1avx512(o, n, xp, xRow, wp, wRow)
	default:
		panic(fmt.Sprintf("cpu: no kernel for %d by %d dot products", xs, ws))
	}
}

// Kernels combine{rows}{set} and dots{xs}x{ws}{set}, written by gen_rows.go;
// strides are in bytes.

// storeFence ends a series of calls of combine past the caches.
func storeFence()

//go:noescape
func combine1avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine2avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine3avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine4avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine5avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine6avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine7avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine8avx2(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func dots1x4avx2(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots2x4avx2(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots4x2avx2(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots1x1avx2(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots2x1avx2(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots4x1avx2(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func combine1avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine2avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine3avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine4avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine5avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine6avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine7avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func combine8avx512(dst unsafe.Pointer, n int, x unsafe.Pointer, xRow int, k unsafe.Pointer, kStep int, add int)

//go:noescape
func dots1x4avx512(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots2x4avx512(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots4x2avx512(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots1x1avx512(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots2x1avx512(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

//go:noescape
func dots4x1avx512(out unsafe.Pointer, n int, x unsafe.Pointer, xRow int, w unsafe.Pointer, wRow int)

package cpu

import "fmt"

// Gemm is the matrix product of row-major matrices,
//
//	C = op(A) op(B) + beta*C
//
// where op(X) is X or, if its trans flag is set, the transpose of X; op(A) is
// m x k, op(B) is k x n, C is m x n, and lda, ldb, ldc are the distances
// between the starts of stored rows. beta is 0 (C is not read) or 1. It
// replaces
//
//	for i, j {
//		sum := 0
//		for p := range k { sum += opA(i, p) * opB(p, j) }
//		c[i*ldc+j] = sum + beta*c[i*ldc+j]
//	}
//
// C must not overlap A or B. The sum over p runs upwards for every element,
// whatever the sizes and the number of goroutines, so equal inputs give equal
// bits.
func Gemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, beta float32) {
	checkGemm(transA, transB, m, n, k, len(a), lda, len(b), ldb, len(c), ldc, beta)
	gemmPlain(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, beta)
}

func checkGemm(transA, transB bool, m, n, k, la, lda, lb, ldb, lc, ldc int, beta float32) {
	ar, ac, br, bc := m, k, k, n
	if transA {
		ar, ac = k, m
	}
	if transB {
		br, bc = n, k
	}
	ok := func(length, rows, cols, ld int) bool {
		return rows == 0 || cols == 0 || ld >= cols && length >= (rows-1)*ld+cols
	}
	if m < 0 || n < 0 || k < 0 || beta != 0 && beta != 1 ||
		!ok(la, ar, ac, lda) || !ok(lb, br, bc, ldb) || !ok(lc, m, n, ldc) {
		panic(fmt.Sprintf("cpu: Gemm: transA=%v transB=%v m=%d n=%d k=%d beta=%g does not fit a: %d values, row %d; b: %d, row %d; c: %d, row %d",
			transA, transB, m, n, k, beta, la, lda, lb, ldb, lc, ldc))
	}
}

func gemmPlain(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, beta float32) {
	ai, ap := lda, 1
	if transA {
		ai, ap = 1, lda
	}
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		if beta == 0 {
			clear(row)
		}
		if transB {
			for j := range row {
				var sum float32
				for p, v := range b[j*ldb : j*ldb+k] {
					sum += a[i*ai+p*ap] * v
				}
				row[j] += sum
			}
			continue
		}
		for p := range k {
			x := a[i*ai+p*ap]
			for j, v := range b[p*ldb : p*ldb+n] {
				row[j] += x * v
			}
		}
	}
}

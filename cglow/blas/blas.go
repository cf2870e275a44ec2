// Package blas offers the matrix kernels of package cpu as a gonum BLAS, so that
// stock Gorgonia operations and dense tensors are fast too. One line in a
// program or a notebook switches them:
//
//	gorgonia.Use(blas.CPU{})
package blas

import (
	"slices"

	"glownotes/cglow/cpu"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// CPU is gonum's BLAS in Go with the float32 matrix products of package cpu:
// Sgemm and, for vectors without gaps, Sgemv. All else, and every check of the
// arguments, is gonum's. It is safe for concurrent use.
type CPU struct{ gonum.Implementation }

// Sgemm computes C = alpha op(A) op(B) + beta C.
func (g CPU) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	transA, okA := transposed(tA)
	transB, okB := transposed(tB)
	ar, ac, br, bc := m, k, k, n
	if transA {
		ar, ac = ac, ar
	}
	if transB {
		br, bc = bc, br
	}
	if !okA || !okB || m <= 0 || n <= 0 || k <= 0 || alpha == 0 ||
		!fits(a, ar, ac, lda) || !fits(b, br, bc, ldb) || !fits(c, m, n, ldc) {
		g.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	if alpha != 1 {
		a = slices.Clone(a[:(ar-1)*lda+ac])
		cpu.Scale(a, a, alpha)
	}
	cpu.Gemm(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, scaled(beta, m, n, c, ldc))
}

// Sgemv computes y = alpha A x + beta y, or with the transpose of A.
func (g CPU) Sgemv(tA blas.Transpose, m, n int, alpha float32, a []float32, lda int, x []float32, incX int, beta float32, y []float32, incY int) {
	trans, ok := transposed(tA)
	in, out := n, m
	if trans {
		in, out = m, n
	}
	if !ok || m <= 0 || n <= 0 || incX != 1 || incY != 1 || alpha != 1 ||
		!fits(a, m, n, lda) || len(x) < in || len(y) < out {
		g.Implementation.Sgemv(tA, m, n, alpha, a, lda, x, incX, beta, y, incY)
		return
	}
	cpu.Gemm(false, !trans, 1, out, in, x, in, a, lda, y, out, scaled(beta, 1, out, y, out))
}

// transposed translates a flag; reals have no conjugate.
func transposed(t blas.Transpose) (trans, ok bool) {
	return t != blas.NoTrans, t == blas.NoTrans || t == blas.Trans || t == blas.ConjTrans
}

// fits reports whether x holds a matrix.
func fits(x []float32, rows, cols, ld int) bool {
	return ld >= cols && len(x) >= (rows-1)*ld+cols
}

// scaled multiplies C by beta unless that is 0 or 1, and returns the beta that
// is left to do.
func scaled(beta float32, m, n int, c []float32, ldc int) float32 {
	if beta == 0 || beta == 1 {
		return beta
	}
	for i := range m {
		row := c[i*ldc : i*ldc+n]
		cpu.Scale(row, row, beta)
	}
	return 1
}

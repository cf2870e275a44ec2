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
// C must not overlap A or B. Equal inputs give equal bits, whatever the number
// of goroutines; splitting a product by rows or columns of C does not change
// its elements either, as long as no part has 8 or fewer rows.
func Gemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, beta float32) {
	GemmFused(transA, transB, m, n, k, a, lda, b, ldb, c, ldc, beta, Epilogue{})
}

// Epilogue is work on each finished element of a product while it is still in
// a register. Steps that are set are done in the order of the fields.
type Epilogue struct {
	// Bias, n values, is added to every row: c[i][j] += Bias[j].
	Bias []float32
	// ReLU keeps the positive part: c[i][j] = max(c[i][j], 0).
	ReLU bool
	// Mask, rows of MaskRow values, is ReLU's derivative at an earlier output:
	// c[i][j] = 0 unless Mask[i*MaskRow+j] > 0.
	Mask    []float32
	MaskRow int
	// ColumnSums, n values, collects the gradient of a bias:
	// ColumnSums[j] += sum over i of c[i][j].
	ColumnSums []float32
}

// GemmFused is [Gemm] followed by an [Epilogue].
func GemmFused(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, beta float32, e Epilogue) {
	p := product{transA, transB, m, n, k, a, lda, b, ldb, c, ldc, beta, e}
	p.check()
	active.gemmParallel(&p)
}

// product is one matrix product to do.
type product struct {
	transA, transB bool
	m, n, k        int
	a              []float32
	lda            int
	b              []float32
	ldb            int
	c              []float32
	ldc            int
	beta           float32
	Epilogue
}

func (p *product) check() {
	ar, ac, br, bc := p.m, p.k, p.k, p.n
	if p.transA {
		ar, ac = ac, ar
	}
	if p.transB {
		br, bc = bc, br
	}
	ok := func(x []float32, rows, cols, ld int) bool {
		return rows == 0 || cols == 0 || ld >= cols && len(x) >= (rows-1)*ld+cols
	}
	if p.m < 0 || p.n < 0 || p.k < 0 || p.beta != 0 && p.beta != 1 ||
		!ok(p.a, ar, ac, p.lda) || !ok(p.b, br, bc, p.ldb) || !ok(p.c, p.m, p.n, p.ldc) {
		panic(fmt.Sprintf("cpu: Gemm: transA=%v transB=%v m=%d n=%d k=%d beta=%g does not fit a: %d values, row %d; b: %d, row %d; c: %d, row %d",
			p.transA, p.transB, p.m, p.n, p.k, p.beta, len(p.a), p.lda, len(p.b), p.ldb, len(p.c), p.ldc))
	}
	if p.Bias != nil && len(p.Bias) < p.n || p.ColumnSums != nil && len(p.ColumnSums) < p.n ||
		p.Mask != nil && !ok(p.Mask, p.m, p.n, p.MaskRow) {
		panic(fmt.Sprintf("cpu: GemmFused: m=%d n=%d does not fit bias: %d values; column sums: %d; mask: %d, row %d",
			p.m, p.n, len(p.Bias), len(p.ColumnSums), len(p.Mask), p.MaskRow))
	}
}

package cpu

// Products with up to fewRows rows on one side, as in fully connected layers
// with a small batch, do one multiplication or a few per value of the large
// matrix: reading that matrix once, in order, is all that counts. They have
// kernels of their own.

const (
	fewRows = 8
	// dotRows is how many rows of the large matrix one kernel call reads.
	dotRows = 4
	// combineColumns is how many columns one kernel call combines: 8 rows of
	// them fit the first-level cache while all rows of C use them.
	combineColumns = 512
	// updateValues bounds the part of B that all rows of a large C use: it
	// stays in the second-level cache.
	updateValues = 1 << 15
	// updateColumns is the length of a row of C from which it is worth a call.
	updateColumns = 128
	// pastValues is the size from which a C that is only written goes past the
	// caches: it would be read first otherwise, and push out what is in use.
	pastValues = 1 << 13
)

// method is a way to compute a product.
type method uint8

const (
	byTiles   method = iota
	byDots           // C[i][j] = A[i] . B[j], few rows of A, rows of B are long
	byCombine        // C[i] = sum over p of A[i][p] B[p], few rows in C
	byUpdate         // the same, few rows in B: C is the large matrix
	bySwap           // the transpose of C is computed by tiles and turned round
)

// Up to so many rows of C, packing the larger B (for which it is transposed or
// not) would cost more than turning C round.
const (
	swapRows           = 32
	swapRowsTransposed = 64
)

// method picks the way from the sizes alone.
func (p *product) method() method {
	switch {
	case p.k == 0: // there may be no address to give to a kernel
		return byCombine
	case p.transB && !p.transA && p.m <= fewRows && p.k >= 32:
		return byDots
	case !p.transB && p.m <= fewRows && p.n >= 64:
		return byCombine
	case !p.transB && p.k > 0 && p.k <= fewRows && p.n >= updateColumns && p.Epilogue.empty():
		return byUpdate
	case p.beta == 0 && p.n >= 2*p.m && p.k >= 32 && (p.m <= swapRows || p.transB && p.m <= swapRowsTransposed):
		return bySwap
	}
	return byTiles
}

func (e *Epilogue) empty() bool {
	return e.Bias == nil && !e.ReLU && e.Mask == nil && e.ColumnSums == nil
}

// gemmDots computes four columns of C at once.
func (s isa) gemmDots(p *product) {
	var out [4 * dotRows]float32
	for j := 0; j < p.n; {
		ws := dotRows
		if p.n-j < ws {
			ws = 1
		}
		for i := 0; i < p.m; {
			xs := min(4, p.m-i)
			if xs == 3 {
				xs = 2
			}
			s.dots(out[:], p.k, xs, ws, p.a[i*p.lda:], p.lda, p.b[j*p.ldb:], p.ldb)
			for r := range xs {
				row := p.c[(i+r)*p.ldc+j:][:ws]
				for q := range row {
					if p.beta != 0 {
						row[q] += out[r*ws+q]
					} else {
						row[q] = out[r*ws+q]
					}
				}
			}
			i += xs
		}
		j += ws
	}
	s.finish(p)
}

// gemmCombine adds up to 8 rows of B at a time to all rows of C.
func (s isa) gemmCombine(p *product) {
	if p.k == 0 && p.beta == 0 {
		for i := range p.m {
			clear(p.c[i*p.ldc:][:p.n])
		}
	}
	width := combineColumns
	if p.m > fewRows {
		width = updateValues / max(p.k, 1)
	}
	past := p.k <= fewRows && p.m*p.n >= pastValues
	for q := 0; q < p.k; q += fewRows {
		rows := min(fewRows, p.k-q)
		for j := 0; j < p.n; j += width {
			cols := min(width, p.n-j)
			for i := range p.m {
				at, step := i*p.lda+q, 1
				if p.transA {
					at, step = q*p.lda+i, p.lda
				}
				s.combine(p.c[i*p.ldc+j:][:cols], rows, p.b[q*p.ldb+j:], p.ldb, p.a[at:], step, q > 0 || p.beta != 0, past)
			}
		}
	}
	if past {
		storeFence()
	}
	s.finish(p)
}

// gemmSwapped computes C^T = op(B)^T op(A)^T, for which the small matrix A is
// packed instead of the large B, and transposes the result into C.
func (s isa) gemmSwapped(p *product) {
	work := takeScratch()
	row := (p.m + fewRows - 1) / fewRows * fewRows
	turned := work.floats(p.n * row)
	s.gemmTiles(&product{transA: !p.transB, transB: !p.transA, m: p.n, n: p.m, k: p.k,
		a: p.b, lda: p.ldb, b: p.a, ldb: p.lda, c: turned, ldc: row})
	s.turn(p.c, p.ldc, turned, row, p.n, p.m)
	giveScratch(work)
	s.finish(p)
}

// finish does the epilogue on a C with few rows.
func (s isa) finish(p *product) {
	if p.Epilogue.empty() {
		return
	}
	for i := range p.m {
		row := p.c[i*p.ldc:][:p.n]
		if p.Bias != nil {
			s.add(row, row, p.Bias[:p.n])
		}
		if p.ReLU {
			s.relu(row, row)
		}
		if p.Mask != nil {
			s.reluGrad(row, row, p.Mask[i*p.MaskRow:][:p.n])
		}
		if p.ColumnSums != nil {
			s.add(p.ColumnSums[:p.n], p.ColumnSums[:p.n], row)
		}
	}
}

// combineGeneric sets dst[j] = sum over r of k[r*kStep]*x[r*xRow+j], plus
// dst[j] if add is set.
func combineGeneric(dst []float32, rows int, x []float32, xRow int, k []float32, kStep int, add bool) {
	for r := range rows {
		f, row := k[r*kStep], x[r*xRow:][:len(dst)]
		if r == 0 && !add {
			for j, v := range row {
				dst[j] = f * v
			}
			continue
		}
		for j, v := range row {
			dst[j] += f * v
		}
	}
}

// dotsGeneric sets out[i*ws+j] = sum over p < n of x[i*xRow+p]*w[j*wRow+p].
func dotsGeneric(out []float32, n, xs, ws int, x []float32, xRow int, w []float32, wRow int) {
	for i := range xs {
		for j := range ws {
			a, b := x[i*xRow:][:n], w[j*wRow:][:n]
			var s0, s1, s2, s3 float32
			for len(a) >= 4 && len(b) >= 4 {
				s0, s1, s2, s3 = s0+a[0]*b[0], s1+a[1]*b[1], s2+a[2]*b[2], s3+a[3]*b[3]
				a, b = a[4:], b[4:]
			}
			for p, v := range a {
				s0 += v * b[p]
			}
			out[i*ws+j] = (s0 + s2) + (s1 + s3)
		}
	}
}

package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
)

// gemmCase is one product with its own row lengths.
type gemmCase struct {
	m, n, k        int
	transA, transB bool
	beta           float32
}

func (g gemmCase) String() string {
	return fmt.Sprintf("m=%d,n=%d,k=%d,ta=%v,tb=%v,beta=%g", g.m, g.n, g.k, g.transA, g.transB, g.beta)
}

func gemmCases() []gemmCase {
	rng := rand.New(rand.NewPCG(3, 4))
	var cases []gemmCase
	add := func(m, n, k int) {
		for bits := range 8 {
			cases = append(cases, gemmCase{m, n, k, bits&1 != 0, bits&2 != 0, float32(bits >> 2)})
		}
	}
	for _, s := range [][3]int{{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {1, 1, 1}, {12, 32, 448}, {24, 64, 449}, {13, 33, 897}} {
		add(s[0], s[1], s[2])
	}
	for m := 1; m <= 25; m++ {
		add(m, 1+rng.IntN(70), 1+rng.IntN(40))
	}
	for n := 1; n <= 34; n++ {
		add(1+rng.IntN(30), n, 1+rng.IntN(40))
	}
	for m := 1; m <= fewRows+1; m++ { // few rows of C, or few rows of B
		add(m, 64+rng.IntN(600), 32+rng.IntN(60))
		add(m, 1+rng.IntN(8), 32+rng.IntN(600))
		add(1+rng.IntN(40), 64+rng.IntN(60), m-1)
	}
	add(3, 1100, 20)
	add(29, 77, 64)
	add(64, 128, 33)
	cases = append(cases, gemmCase{m: 257, n: 70, k: 300, transA: true}, gemmCase{m: 16, n: 100, k: 450, transB: true})
	for range 10 {
		add(1+rng.IntN(60), 1+rng.IntN(140), 1+rng.IntN(600))
	}
	return cases
}

// product makes guarded operands for the case, with rows longer than needed.
func (g gemmCase) product(rng *rand.Rand) (p product, a, b, c *guarded) {
	ar, ac, br, bc := g.m, g.k, g.k, g.n
	if g.transA {
		ar, ac = ac, ar
	}
	if g.transB {
		br, bc = bc, br
	}
	lda, ldb, ldc := ac+rng.IntN(3), bc+rng.IntN(3), g.n+rng.IntN(3)
	a, b, c = newGuarded(rng, ar*lda), newGuarded(rng, br*ldb), newPoisoned(g.m*ldc)
	if g.beta != 0 {
		c = newGuarded(rng, g.m*ldc)
	}
	return product{g.transA, g.transB, g.m, g.n, g.k, a.v, lda, b.v, ldb, c.v, ldc, g.beta, Epilogue{}}, a, b, c
}

// reference is the product in float64: for i, j { sum over p; + c; epilogue }.
func (p *product) reference() (c []float64, columnSums []float64) {
	c, columnSums = widen(p.c), widen(p.ColumnSums)
	for i := range p.m {
		for j := range p.n {
			sum := 0.0
			for q := range p.k {
				x, y := i*p.lda+q, q*p.ldb+j
				if p.transA {
					x = q*p.lda + i
				}
				if p.transB {
					y = j*p.ldb + q
				}
				sum += float64(p.a[x]) * float64(p.b[y])
			}
			if p.beta != 0 {
				sum += c[i*p.ldc+j]
			}
			if p.Bias != nil {
				sum += float64(p.Bias[j])
			}
			if p.ReLU {
				sum = max(sum, 0)
			}
			if p.Mask != nil && !(p.Mask[i*p.MaskRow+j] > 0) {
				sum = 0
			}
			if p.ColumnSums != nil {
				columnSums[j] += sum
			}
			c[i*p.ldc+j] = sum
		}
	}
	return c, columnSums
}

// tolerance bounds the rounding of a sum of k products of values below 1.
func (g gemmCase) tolerance() float64 { return 1.2e-7 * float64(10+g.k) }

// closeRows checks c against want and that nothing was written between rows.
func (p *product) closeRows(t *testing.T, c *guarded, want []float64, tol float64) {
	t.Helper()
	c.fences(t, "c")
	for i := range c.v {
		if i%p.ldc >= p.n {
			if math.Float32bits(c.v[i]) != math.Float32bits(c.before[i]) {
				t.Fatalf("c[%d][%d] is beyond the row: wrote %g", i/p.ldc, i%p.ldc, c.v[i])
			}
		} else if d := math.Abs(float64(c.v[i]) - want[i]); !(d <= tol) {
			t.Fatalf("c[%d][%d] = %g, want %g, tolerance %g", i/p.ldc, i%p.ldc, c.v[i], want[i], tol)
		}
	}
}

func TestGemm(t *testing.T) {
	for _, s := range available() {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, g := range gemmCases() {
			t.Run(fmt.Sprintf("%v/%v", s, g), func(t *testing.T) {
				p, a, b, c := g.product(rng)
				want, _ := p.reference()
				p.check()
				s.gemm(&p)
				p.closeRows(t, c, want, g.tolerance())
				a.unchanged(t, "a")
				b.unchanged(t, "b")
			})
		}
	}
}

func TestGemmFused(t *testing.T) {
	for _, s := range available() {
		rng := rand.New(rand.NewPCG(7, 8))
		for i, g := range gemmCases() {
			steps := i % 16
			t.Run(fmt.Sprintf("%v/%v/steps=%04b", s, g, steps), func(t *testing.T) {
				p, a, b, c := g.product(rng)
				bias, sums := newGuarded(rng, g.n), newGuarded(rng, g.n)
				maskRow := g.n + rng.IntN(3)
				mask := newGuarded(rng, g.m*maskRow)
				if steps&1 != 0 {
					p.Bias = bias.v
				}
				if steps&2 != 0 {
					p.ReLU = true
				}
				if steps&4 != 0 {
					p.Mask, p.MaskRow = mask.v, maskRow
				}
				if steps&8 != 0 {
					p.ColumnSums = sums.v
				}
				want, wantSums := p.reference()
				p.check()
				s.gemm(&p)
				p.closeRows(t, c, want, g.tolerance())
				if steps&8 != 0 {
					sums.close(t, "column sums", wantSums, 1e-6*float64(10+g.k))
				} else {
					sums.unchanged(t, "column sums")
				}
				for name, in := range map[string]*guarded{"a": a, "b": b, "bias": bias, "mask": mask} {
					in.unchanged(t, name)
				}
			})
		}
	}
}

// A product divided over the cores has the same bits as one that is not.
func TestGemmParallelGivesSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	rng := rand.New(rand.NewPCG(13, 14))
	for _, s := range available() {
		for _, g := range []gemmCase{
			{m: 500, n: 130, k: 160}, {m: 500, n: 130, k: 160, transA: true, transB: true, beta: 1},
			{m: 130, n: 500, k: 160, transB: true}, {m: 130, n: 500, k: 160, beta: 1},
			{m: 5, n: 300, k: 3000, transB: true}, {m: 5, n: 3000, k: 300}, {m: 5, n: 3000, k: 300, transA: true},
			{m: 300, n: 3000, k: 3, transA: true}, {m: 301, n: 3001, k: 3, beta: 1},
		} {
			for _, sums := range []bool{false, true} {
				t.Run(fmt.Sprintf("%v/%v/sums=%v", s, g, sums), func(t *testing.T) {
					p, a, b, whole := g.product(rng)
					bias, mask := newGuarded(rng, g.n), newGuarded(rng, g.m*g.n)
					wholeSums, partSums := newPoisoned(g.n), newPoisoned(g.n)
					clear(wholeSums.v)
					clear(partSums.v)
					parts := guardedOf(len(p.c), func(i int) float32 { return p.c[i] })
					q := p
					q.c = parts.v
					if sums {
						p.Epilogue = Epilogue{Bias: bias.v, ReLU: true, Mask: mask.v, MaskRow: g.n, ColumnSums: wholeSums.v}
						q.Epilogue = p.Epilogue
						q.ColumnSums = partSums.v
					}
					s.gemm(&p)
					s.gemmParallel(&q)
					sameBits(t, "c", parts, whole)
					sameBits(t, "column sums", partSums, wholeSums)
					a.unchanged(t, "a")
					b.unchanged(t, "b")
				})
			}
		}
	}
}

func sameBits(t *testing.T, name string, got, want *guarded) {
	t.Helper()
	got.fences(t, name)
	for i := range got.v {
		if math.Float32bits(got.v[i]) != math.Float32bits(want.v[i]) {
			t.Fatalf("%s[%d] = %v divided, %v in one piece", name, i, got.v[i], want.v[i])
		}
	}
}

// Splitting a product by rows, as callers of Parallel do, must not change a bit.
func TestGemmSplitGivesSameBits(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, s := range available() {
		t.Run(s.String(), func(t *testing.T) {
			g := gemmCase{m: 61, n: 47, k: 950}
			p, _, _, whole := g.product(rng)
			s.gemm(&p)
			for _, cut := range []int{9, 13, 30, 48} {
				parts := newPoisoned(len(p.c))
				top, bottom := p, p
				top.m, top.c = cut, parts.v
				bottom.m, bottom.a, bottom.c = p.m-cut, p.a[cut*p.lda:], parts.v[cut*p.ldc:]
				s.gemm(&top)
				s.gemm(&bottom)
				for i := range p.m {
					for j := range p.n {
						if got, want := parts.v[i*p.ldc+j], whole.v[i*p.ldc+j]; got != want {
							t.Fatalf("cut at row %d: c[%d][%d] = %v, in one piece %v", cut, i, j, got, want)
						}
					}
				}
			}
		})
	}
}

func TestGemmDoesNotAllocate(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	for _, g := range []gemmCase{
		{m: 40, n: 70, k: 90, transB: true}, {m: 300, n: 200, k: 200},
		{m: 2, n: 700, k: 900, transB: true}, {m: 2, n: 700, k: 900},
	} {
		p, _, _, _ := g.product(rng)
		run := func() {
			Gemm(false, g.transB, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.c, p.ldc, 0)
		}
		run()
		// AllocsPerRun would set GOMAXPROCS to 1.
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 50 {
			run()
		}
		runtime.ReadMemStats(&after)
		if got := after.Mallocs - before.Mallocs; got > 10 { // the runtime's own
			t.Errorf("%v: %d allocations in 50 products, want none", g, got)
		}
	}
}

// Without an inner dimension only beta and the epilogue are left, and A and B
// may be empty.
func TestGemmEmptyInnerDimension(t *testing.T) {
	for _, m := range []int{1, 8, 300} {
		for _, n := range []int{3, 64, 700} {
			c, bias := newPoisoned(m*n), guardedOf(n, func(j int) float32 { return float32(j) })
			GemmFused(false, false, m, n, 0, nil, 0, []float32{}, n, c.v, n, 0, Epilogue{Bias: bias.v})
			want := make([]float64, m*n)
			for i := range want {
				want[i] = float64(i % n)
			}
			c.close(t, fmt.Sprintf("m=%d n=%d", m, n), want, 0)
		}
	}
}

func TestGemmRefusesWrongSizes(t *testing.T) {
	x := make([]float32, 6)
	for name, f := range map[string]func(){
		"short a":    func() { Gemm(false, false, 3, 2, 3, x, 3, x, 2, x, 2, 0) },
		"short row":  func() { Gemm(false, false, 2, 2, 3, x, 2, x, 2, x, 2, 0) },
		"negative m": func() { Gemm(false, false, -1, 2, 3, x, 3, x, 2, x, 2, 0) },
		"beta":       func() { Gemm(false, false, 2, 2, 3, x, 3, x, 2, x, 2, 0.5) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}

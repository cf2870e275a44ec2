package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
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
	for range 20 {
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

// Splitting a product by rows, as the worker pool does, must not change a bit.
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
	p, _, _, _ := gemmCase{m: 40, n: 70, k: 90, transB: true}.product(rng)
	run := func() {
		Gemm(false, true, p.m, p.n, p.k, p.a, p.lda, p.b, p.ldb, p.c, p.ldc, 0)
	}
	run()
	if got := testing.AllocsPerRun(50, run); got != 0 {
		t.Errorf("allocations per product = %g, want 0", got)
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

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

func TestGemm(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, g := range gemmCases() {
		t.Run(g.String(), func(t *testing.T) {
			ar, ac, br, bc := g.m, g.k, g.k, g.n
			if g.transA {
				ar, ac = ac, ar
			}
			if g.transB {
				br, bc = bc, br
			}
			lda, ldb, ldc := ac+rng.IntN(3), bc+rng.IntN(3), g.n+rng.IntN(3)
			a, b := newGuarded(rng, ar*lda), newGuarded(rng, br*ldb)
			c := newPoisoned(g.m * ldc)
			if g.beta != 0 {
				c = newGuarded(rng, g.m*ldc)
			}
			want := widen(c.v)
			for i := range g.m {
				for j := range g.n {
					sum := 0.0
					for p := range g.k {
						x, y := a.v[min(i*lda+p, len(a.v)-1)], b.v[min(p*ldb+j, len(b.v)-1)]
						if g.transA {
							x = a.v[p*lda+i]
						}
						if g.transB {
							y = b.v[j*ldb+p]
						}
						sum += float64(x) * float64(y)
					}
					if g.beta != 0 {
						sum += want[i*ldc+j]
					}
					want[i*ldc+j] = sum
				}
			}
			Gemm(g.transA, g.transB, g.m, g.n, g.k, a.v, lda, b.v, ldb, c.v, ldc, g.beta)
			c.fences(t, "c")
			tol := 1e-6 * (1 + math.Sqrt(float64(g.k)))
			for i := range g.m {
				for j := range ldc {
					got, w := c.v[i*ldc+j], want[i*ldc+j]
					if j >= g.n { // between the rows: untouched
						if math.Float32bits(got) != math.Float32bits(c.before[i*ldc+j]) {
							t.Fatalf("c[%d][%d] beyond the row: wrote %g", i, j, got)
						}
						continue
					}
					if d := math.Abs(float64(got) - w); !(d <= tol) {
						t.Fatalf("c[%d][%d] = %g, want %g, tolerance %g", i, j, got, w, tol)
					}
				}
			}
			a.unchanged(t, "a")
			b.unchanged(t, "b")
		})
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

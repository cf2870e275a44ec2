package cpu

import (
	"math"
	"math/rand/v2"
	"testing"
)

// adamReference is algorithm 1 of the Adam paper in float64.
func adamReference(a Adam, p, g, m, v []float64) {
	for i := range p {
		x := max(min(a.Scale*g[i], a.Clip), -a.Clip)
		m[i] = a.Beta1*m[i] + (1-a.Beta1)*x
		v[i] = a.Beta2*v[i] + (1-a.Beta2)*x*x
		mean := m[i] / (1 - math.Pow(a.Beta1, float64(a.Step)))
		square := v[i] / (1 - math.Pow(a.Beta2, float64(a.Step)))
		p[i] -= a.Rate * mean / (math.Sqrt(square) + a.Epsilon)
	}
}

func TestAdamAgainstFloat64(t *testing.T) {
	for _, s := range available() {
		t.Run(s.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(31, 32))
			const n = 1003
			p, g, m, v := newGuarded(rng, n), newGuarded(rng, n), guardedOf(n, zero), guardedOf(n, zero)
			p64, g64, m64, v64 := widen(p.v), widen(g.v), make([]float64, n), make([]float64, n)
			for step := 1; step <= 30; step++ {
				a := Adam{Rate: 0.01, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 0.7, Clip: 0.5, Step: step}
				for i := range g.v {
					g.v[i] = 2*rng.Float32() - 1
					g64[i] = float64(g.v[i])
				}
				copy(g.before, g.v)
				b := a.block()
				s.adam(p.v, g.v, m.v, v.v, &b)
				adamReference(a, p64, g64, m64, v64)
				g.unchanged(t, "g")
			}
			p.close(t, "p", p64, 1e-5)
			m.close(t, "m", m64, 1e-6)
			v.close(t, "v", v64, 1e-6)
		})
	}
}

func zero(int) float32 { return 0 }

// Every instruction set, and every division into parts, gives the same bits.
func TestAdamSameBits(t *testing.T) {
	const n = 2*piece + 77
	run := func(s isa, cut int) (state [][]float32) {
		rng := rand.New(rand.NewPCG(33, 34))
		p, m, v := newGuarded(rng, n).v, make([]float32, n), make([]float32, n)
		for step := 1; step <= 5; step++ {
			g := guardedOf(n, func(i int) float32 {
				return float32(rng.NormFloat64() * math.Pow(10, float64(i%40)-38))
			}).v
			a := Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Clip: math.Inf(1), Step: step}
			b := a.block()
			s.adam(p[:cut], g[:cut], m[:cut], v[:cut], &b)
			s.adam(p[cut:], g[cut:], m[cut:], v[cut:], &b)
		}
		return [][]float32{p, m, v}
	}
	want := run(generic, n)
	for _, s := range available() {
		for _, cut := range []int{n, 0, 13, piece + 1} {
			for k, got := range run(s, cut) {
				for i := range got {
					if math.Float32bits(got[i]) != math.Float32bits(want[k][i]) {
						t.Fatalf("%v cut at %d: array %d index %d: %g, generic %g", s, cut, k, i, got[i], want[k][i])
					}
				}
			}
		}
	}
}

func TestAdamFlushesDenormals(t *testing.T) {
	for _, s := range available() {
		t.Run(s.String(), func(t *testing.T) {
			p, g := make([]float32, 21), make([]float32, 21)
			m, v := guardedOf(21, func(int) float32 { return -1.2e-38 }), guardedOf(21, func(int) float32 { return 1.1755e-38 })
			b := Adam{Rate: 1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Clip: 1, Step: 1}.block()
			s.adam(p, g, m.v, v.v, &b)
			for i := range m.v {
				if m.v[i] != 0 || v.v[i] != 0 {
					t.Fatalf("index %d: moments %g and %g, want 0", i, m.v[i], v.v[i])
				}
			}
		})
	}
}

func TestAdamKeepsNaN(t *testing.T) {
	nan := float32(math.NaN())
	for _, s := range available() {
		t.Run(s.String(), func(t *testing.T) {
			p, m, v := make([]float32, 9), make([]float32, 9), make([]float32, 9)
			g := []float32{1, nan, 1, 1, 1, 1, 1, 1, nan}
			b := Adam{Rate: 1, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Clip: 1, Step: 1}.block()
			s.adam(p, g, m, v, &b)
			for i := range p {
				if (p[i] != p[i]) != (g[i] != g[i]) {
					t.Errorf("index %d: gradient %g made the parameter %g", i, g[i], p[i])
				}
			}
		})
	}
}

// The gradient of an outer product is that of its values, in any part of the matrix.
func TestAdamOuter(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	for _, o := range []Outer{{N: 1, Out: 3, In: 50}, {N: 2, Out: 7, In: 33}, {N: 2, Out: 2, In: 2*piece + 5}, {N: 2, Out: 90, In: 1}, {N: 3, Out: 5, In: 200}} {
		row, size := o.Out+o.In, o.Out*o.In
		o.F = newGuarded(rng, o.N*row).v
		g := make([]float32, size)
		for i := range g {
			if o.N <= 2 {
				g[i] = float32(o.F[i/o.In] * o.F[o.Out+i%o.In])
				if o.N == 2 {
					g[i] += float32(o.F[row+i/o.In] * o.F[row+o.Out+i%o.In])
				}
			}
		}
		if o.N > 2 {
			o.Each(0, size, func(at int, run []float32) { copy(g[at:], run) })
		}
		a := Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 0.5, Clip: 0.3, Step: 3}
		start := func() (p, m, v []float32) {
			p, m, v = make([]float32, size), make([]float32, size), make([]float32, size)
			for i := range p {
				p[i], m[i], v[i] = float32(i%7), float32(i%5)-2, float32(i%3)
			}
			return p, m, v
		}
		p, m, v := start()
		a.Apply(p, g, m, v)
		for _, s := range available() {
			for _, cut := range []int{0, 1, size / 3, size} {
				gp, gm, gv := start()
				s.applyOuter(a.block(), gp[:cut], gm[:cut], gv[:cut], o, 0)
				s.applyOuter(a.block(), gp[cut:], gm[cut:], gv[cut:], o, cut)
				for i := range p {
					if o.N <= 2 && (gp[i] != p[i] || gm[i] != m[i] || gv[i] != v[i]) || math.Abs(float64(gp[i]-p[i])) > 1e-5 {
						t.Fatalf("%v, %d outer products %dx%d, cut at %d: value %d is %v, want %v", s, o.N, o.Out, o.In, cut, i, gp[i], p[i])
					}
				}
			}
		}
		sum := make([]float64, size) // the product itself
		o.Each(1, size-1, func(at int, run []float32) {
			for k, x := range run {
				sum[1+at+k] = float64(x)
			}
		})
		for i := 1; i < size; i++ {
			want := 0.0
			for n := range o.N {
				want += float64(o.F[n*row+i/o.In]) * float64(o.F[n*row+o.Out+i%o.In])
			}
			if math.Abs(sum[i]-want) > 1e-5*(1+math.Abs(want)) {
				t.Fatalf("%d outer products %dx%d: value %d is %v, want %v", o.N, o.Out, o.In, i, sum[i], want)
			}
		}
	}
}

package cpu

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// guarded is a buffer with sentinel values on both sides and a copy of its
// first contents.
type guarded struct {
	v      []float32
	whole  []float32
	before []float32
}

const (
	guard = 19 // odd, so that the buffer is not aligned
	fence = float32(-1.2345e30)
)

// newGuarded returns n values uniform in [-1, 1).
func newGuarded(rng *rand.Rand, n int) *guarded {
	return guardedOf(n, func(int) float32 { return 2*rng.Float32() - 1 })
}

// newPoisoned returns n NaN values: outputs that must be written everywhere.
func newPoisoned(n int) *guarded {
	return guardedOf(n, func(int) float32 { return float32(math.NaN()) })
}

func guardedOf(n int, value func(i int) float32) *guarded {
	g := &guarded{whole: make([]float32, n+2*guard)}
	for i := range g.whole {
		g.whole[i] = fence
	}
	g.v = g.whole[guard : guard+n : guard+n]
	for i := range g.v {
		g.v[i] = value(i)
	}
	g.before = append([]float32(nil), g.v...)
	return g
}

// fences checks the sentinels.
func (g *guarded) fences(t *testing.T, name string) {
	t.Helper()
	for i, v := range g.whole {
		if (i < guard || i >= guard+len(g.v)) && v != fence {
			t.Fatalf("%s: wrote %g outside the buffer, at index %d of %d", name, v, i-guard, len(g.v))
		}
	}
}

// unchanged checks that an input was not written.
func (g *guarded) unchanged(t *testing.T, name string) {
	t.Helper()
	g.fences(t, name)
	for i, v := range g.v {
		if math.Float32bits(v) != math.Float32bits(g.before[i]) {
			t.Fatalf("%s: input changed at index %d: %g, was %g", name, i, v, g.before[i])
		}
	}
}

// close checks an output against float64 values, |got-want| <= tol*(1+|want|).
func (g *guarded) close(t *testing.T, name string, want []float64, tol float64) {
	t.Helper()
	g.fences(t, name)
	for i, v := range g.v {
		if d := math.Abs(float64(v) - want[i]); !(d <= tol*(1+math.Abs(want[i]))) {
			t.Fatalf("%s: index %d of %d: got %g, want %g, tolerance %g", name, i, len(g.v), v, want[i], tol)
		}
	}
}

func widen(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// mustPanic checks that f panics with a message of this package.
func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		v := recover()
		if s, ok := v.(string); !ok || !strings.HasPrefix(s, "cpu: ") {
			t.Fatalf("recovered %v, want a panic that begins with \"cpu: \"", v)
		}
	}()
	f()
}

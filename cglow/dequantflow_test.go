package cglow

import (
	"context"
	"math"
	"testing"
)

// The noise's flow claims a density: compare it with the Jacobian of e -> u by
// central differences.
func TestVariationalDensity(t *testing.T) {
	m := mustNew(t, variants()["variational"], 63)
	scatterParameters(m, 0.1)
	x, y := pictures(m.cfg, 1, 64)
	b := m.builder()
	xn := b.images("x", m.cfg.X, 1)
	to := b.target(xn, 1)
	vm, err := b.compile("noise", to.v, to.logq)
	if err != nil {
		t.Fatal(err)
	}
	m.writeX(xn, x, 0, 1)
	m.load(to, y, func(int) int { return 0 }, func(int) Key { return Key{Seed: 1} })
	d := m.cfg.Target().Len()
	eps, base := values(to.eps), values(to.base)
	noise := func() []float64 {
		write(to.eps, eps)
		if err := vm.run(); err != nil {
			t.Fatal(err)
		}
		v := values(to.v)
		for i := range v {
			v[i] -= base[i]
		}
		return v
	}
	for i, u := range noise() {
		if u < 0 || u > 1 {
			t.Fatalf("noise %d is %v, outside of the bin", i, u)
		}
	}
	got := values(to.logq)[0]
	const h = 1e-5
	jacobian := make([]float64, d*d)
	for j := range d {
		at := eps[j]
		eps[j] = at + h
		up := noise()
		eps[j] = at - h
		down := noise()
		eps[j] = at
		for i := range d {
			jacobian[i*d+j] = (up[i] - down[i]) / (2 * h)
		}
	}
	want := -logAbsDet(jacobian, d)
	for _, e := range eps {
		want -= 0.5 * (math.Log(2*math.Pi) + e*e)
	}
	if math.Abs(got-want) > 2e-3 {
		t.Errorf("log q %v, by the Jacobian %v", got, want)
	}
}

// Untrained, variational noise is nearly uniform, and so is the bound.
func TestVariationalStartsUniform(t *testing.T) {
	c := variants()["variational"]
	x, y := pictures(c, 8, 66)
	mean := func(c Config) float64 {
		v, err := mustNew(t, c, 65).LogProb(context.Background(), x, y)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for _, p := range v {
			sum += c.BitsPerDim(p) / float64(len(v))
		}
		return sum
	}
	variational := mean(c)
	c.Dequant, c.DequantSteps = UniformDequant, 0
	if uniform := mean(c); math.Abs(variational-uniform) > 0.1 {
		t.Errorf("bits/dim %v with variational noise, %v with uniform", variational, uniform)
	}
}

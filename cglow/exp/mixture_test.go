package exp

import (
	"context"
	"math"
	"slices"
	"testing"

	"glownotes/cglow"
)

// TestMixture compares the density of a flow with held-out guides, and its
// prediction, with the parts computed one by one.
func TestMixture(t *testing.T) {
	ctx := context.Background()
	c := heldOut()
	e, err := Open(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Fit(ctx); err != nil {
		t.Fatal(err)
	}
	views, err := e.views(ctx, e.X)
	if err != nil {
		t.Fatal(err)
	}
	density := make([]float64, e.Y.N)
	for _, v := range views {
		logp, err := e.Model.LogProb(ctx, v.x, e.Y)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range logp {
			density[i] += v.weight * math.Exp(l+1000)
		}
	}
	want := 0.
	for _, d := range density {
		want += c.Model.BitsPerDim(math.Log(d)-1000) / float64(e.Y.N)
	}
	got, err := e.BitsPerDim(ctx, e.X, e.Y)
	if err != nil || math.Abs(got-want) > 1e-6 {
		t.Errorf("%v bits/dim (%v), want %v", got, err, want)
	}

	first, err := e.first(ctx, e.X)
	if err != nil {
		t.Fatal(err)
	}
	logp, err := e.Model.LogProb(ctx, first.x, e.Y)
	if err != nil {
		t.Fatal(err)
	}
	alone := 0.
	for _, l := range logp {
		alone += c.Model.BitsPerDim(l) / float64(e.Y.N)
	}
	if got, err := e.bitsPerDim(ctx, []view{first}, e.Y); err != nil || math.Abs(got-alone) > 1e-6 || !slices.Equal(first.x.Pix, views[0].x.Pix) {
		t.Errorf("the first view alone: %v bits/dim (%v), want %v", got, err, alone)
	}

	o := cglow.Averaging(60)
	p, err := e.predict(ctx, e.X, o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Samples != 60 { // 30 and three times 10
		t.Errorf("%d samples, want 60", p.Samples)
	}
	mean, square := make([]float64, len(e.Y.Pix)), make([]float64, len(e.Y.Pix))
	for k, v := range views {
		each := o
		each.Samples, each.Seed = []int{30, 10, 10, 10}[k], o.Seed+uint64(k)<<32
		part, err := e.Model.Predict(ctx, v.x, each)
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range part.Mean.Pix {
			s := float64(part.Std.Pix[i])
			mean[i] += v.weight * float64(m)
			square[i] += v.weight * (s*s + float64(m)*float64(m))
		}
	}
	spread := 0
	for i, m := range mean {
		std := math.Sqrt(max(0, square[i]-m*m))
		if math.Abs(float64(p.Mean.Pix[i])-m) > 1e-5 || math.Abs(float64(p.Std.Pix[i])-std) > 1e-3 {
			t.Fatalf("value %d: mean %v and deviation %v, want %v and %v", i, p.Mean.Pix[i], p.Std.Pix[i], m, std)
		}
		if std > .1 {
			spread++
		}
	}
	if spread == 0 {
		t.Error("no pixel has a spread: the example shows nothing")
	}
}

// TestSamplesOf checks how samples are shared out.
func TestSamplesOf(t *testing.T) {
	for _, c := range []struct {
		weight     float64
		samples    int
		antithetic bool
		want       int
	}{
		{1, 10, true, 10},
		{1, 7, true, 7},
		{1. / 2, 32, true, 16},
		{1. / 8, 32, true, 4},
		{1. / 8, 8, true, 2},
		{1. / 8, 8, false, 1},
		{1. / 8, 2, false, 1},
		{1. / 2, 10, true, 6},
	} {
		o := cglow.Averaging(c.samples)
		o.Antithetic = c.antithetic
		if got := (view{weight: c.weight}).samplesOf(o); got != c.want {
			t.Errorf("weight %v of %d samples (antithetic %v): %d, want %d", c.weight, c.samples, c.antithetic, got, c.want)
		}
	}
}

package cglow

import (
	"context"
	"errors"
	"math"
	"testing"

	"glownotes/cglow/data"
)

func TestPredictIsMeanOfSamples(t *testing.T) {
	c := small()
	m := mustNew(t, c, 21)
	scatterParameters(m, 0.1)
	x, _ := pictures(c, 3, 22)
	const count = 6 // 18 draws: three passes, pictures and passes do not line up
	s, err := m.Sample(context.Background(), x, SampleOptions{Count: count, Temperature: 0.7, Antithetic: true, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	p, err := m.Predict(context.Background(), x, PredictOptions{Samples: count, Temperature: 0.7, Antithetic: true, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 3 || p.Mean.N != 3 || s[0].N != count {
		t.Fatalf("%d sets of samples, %d predictions, %d samples in a set; want 3, 3, %d", len(s), p.Mean.N, s[0].N, count)
	}
	for i := range s {
		for j := range c.Y.Len() {
			mean, shown, square := 0.0, 0.0, 0.0
			for k := range count {
				v := float64(s[i].Row(k)[j])
				mean += v / count
				r := c.nearest(v) // a mask: the spread is that of 0 and 1
				shown += r / count
				square += r * r / count
			}
			if got := float64(p.Mean.Row(i)[j]); math.Abs(got-mean) > 1e-5 {
				t.Fatalf("image %d pixel %d: mean %v, of the samples %v", i, j, got, mean)
			}
			if got, want := float64(p.Std.Row(i)[j]), math.Sqrt(math.Max(0, square-shown*shown)); math.Abs(got-want) > 1e-3 {
				t.Fatalf("image %d pixel %d: spread %v, of the samples %v", i, j, got, want)
			}
			if r := p.Rounded.Row(i)[j]; r != 0 && r != 1 {
				t.Fatalf("image %d pixel %d: rounded to %v", i, j, r)
			}
		}
	}
}

// The samples of one x do not depend on the other images of the call.
func TestSamplesDoNotDependOnBatch(t *testing.T) {
	c := small()
	m := mustNew(t, c, 23)
	scatterParameters(m, 0.1)
	x, _ := pictures(c, 11, 24)
	all, err := m.Sample(context.Background(), x, Sampling(3, 1))
	if err != nil {
		t.Fatal(err)
	}
	first, err := m.Sample(context.Background(), x.Select(0), Sampling(3, 1))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range first[0].Pix {
		if math.Abs(float64(v-all[0].Pix[i])) > 1e-6 {
			t.Fatalf("pixel %d: %v alone, %v with others", i, v, all[0].Pix[i])
		}
	}
}

func TestTemperatureAndPairs(t *testing.T) {
	c := small()
	m := mustNew(t, c, 25) // at its start the flow is linear: y = mean + A z
	x, y := pictures(c, 2, 26)
	if err := m.StartActNorm(y); err != nil {
		t.Fatal(err)
	}
	sample := func(o SampleOptions) []data.Images {
		s, err := m.Sample(context.Background(), x, o)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	cold := sample(SampleOptions{Count: 2, Temperature: 0})
	if d := difference(cold[0].Row(0), cold[0].Row(1)); d != 0 {
		t.Errorf("temperature 0: two samples differ by %g", d)
	}
	pair := sample(SampleOptions{Count: 2, Temperature: 1, Antithetic: true, Seed: 3})
	for j, v := range pair[0].Row(0) {
		mean := float64(v+pair[0].Row(1)[j]) / 2
		if math.Abs(mean-float64(cold[0].Row(0)[j])) > 1e-5 {
			t.Fatalf("pixel %d: a pair's mean is %v, the centre %v", j, mean, cold[0].Row(0)[j])
		}
	}
	if d := difference(pair[0].Row(0), pair[1].Row(0)); d == 0 {
		t.Error("two images got the same latents")
	}
	half := sample(SampleOptions{Count: 1, Temperature: 0.5, Seed: 3})
	full := sample(SampleOptions{Count: 1, Temperature: 1, Seed: 3})
	for j, v := range half[0].Row(0) {
		centre := cold[0].Row(0)[j]
		if math.Abs(2*float64(v-centre)-float64(full[0].Row(0)[j]-centre)) > 1e-5 {
			t.Fatalf("pixel %d: half the temperature does not halve the deviation", j)
		}
	}
}

func difference(a, b []float32) float64 {
	d := 0.0
	for i := range a {
		d = math.Max(d, math.Abs(float64(a[i]-b[i])))
	}
	return d
}

func TestLogProbInBatches(t *testing.T) {
	for _, name := range []string{"householder", "unconditional", "published"} {
		t.Run(name, func(t *testing.T) {
			c := variants()[name]
			m := mustNew(t, c, 27)
			scatterParameters(m, 0.1)
			x, y := pictures(c, evalBatch+3, 28)
			all, err := m.LogProb(context.Background(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			if len(all) != y.N {
				t.Fatalf("%d values for %d images", len(all), y.N)
			}
			first, err := m.LogProb(context.Background(), x.Select(0), y.Select(0))
			if err != nil {
				t.Fatal(err)
			}
			if math.Abs(first[0]-all[0]) > 1e-9*math.Abs(all[0]) {
				t.Errorf("log p %v alone, %v in a batch", first[0], all[0])
			}
		})
	}
}

func TestMAPClimbs(t *testing.T) {
	c := small()
	m := mustNew(t, c, 29)
	trainSteps(t, trainer(t, m, 4), 10)
	x, _ := pictures(c, 3, 30)
	r, err := m.MAP(context.Background(), x, Searching(60))
	if err != nil {
		t.Fatal(err)
	}
	if r.Y.N != 3 || len(r.Curves) != 3 {
		t.Fatalf("%d images, %d curves, want 3", r.Y.N, len(r.Curves))
	}
	for i, c := range r.Curves {
		best := c[0]
		for _, v := range c {
			best = math.Min(best, v)
		}
		if best >= c[0]-0.01 {
			t.Errorf("image %d: bits/dim from %v to %v: the search did not climb", i, c[0], best)
		}
	}
	o := Searching(60)
	o.Tolerance = 1e6
	r, err = m.MAP(context.Background(), x, o)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(r.Curves[0]); n != o.Patience+1 || !r.Stopped[0] {
		t.Errorf("with a tolerance that nothing reaches: %d steps, stopped %v, want %d, true", n, r.Stopped[0], o.Patience+1)
	}
}

func TestInterpolateEnds(t *testing.T) {
	c := small()
	m := mustNew(t, c, 31)
	scatterParameters(m, 0.1)
	x, y := pictures(c, 2, 32)
	got, err := m.Interpolate(context.Background(), x.Select(0), y.Select(0), y.Select(1), evalBatch+2)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Reconstruct(context.Background(), x.Select(0, 0), y)
	if err != nil {
		t.Fatal(err)
	}
	if got.N != evalBatch+2 {
		t.Fatalf("%d images", got.N)
	}
	for k, row := range []int{0, got.N - 1} {
		if d := difference(got.Row(row), r.Y.Row(k)); d > 1e-5 {
			t.Errorf("end %d differs from the reconstruction by %g", k, d)
		}
	}
	if difference(got.Row(1), got.Row(0)) == 0 {
		t.Error("nothing between the ends")
	}
}

func TestCancelled(t *testing.T) {
	c := small()
	m := mustNew(t, c, 33)
	x, y := pictures(c, 2, 34)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, f := range map[string]func() error{
		"LogProb":     func() error { _, err := m.LogProb(ctx, x, y); return err },
		"Sample":      func() error { _, err := m.Sample(ctx, x, Sampling(2, 1)); return err },
		"Predict":     func() error { _, err := m.Predict(ctx, x, Averaging(2)); return err },
		"MAP":         func() error { _, err := m.MAP(ctx, x, Searching(5)); return err },
		"Reconstruct": func() error { _, err := m.Reconstruct(ctx, x, y); return err },
		"Interpolate": func() error {
			_, err := m.Interpolate(ctx, x.Select(0), y.Select(0), y.Select(1), 3)
			return err
		},
	} {
		if err := f(); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, want %v", name, err, context.Canceled)
		}
	}
}

func TestBadInputs(t *testing.T) {
	c := small()
	m := mustNew(t, c, 35)
	x, y := pictures(c, 2, 36)
	ctx := context.Background()
	for name, f := range map[string]func() error{
		"wrong x":        func() error { _, err := m.Sample(ctx, y, Sampling(1, 1)); return err },
		"wrong y":        func() error { _, err := m.LogProb(ctx, x, x); return err },
		"numbers differ": func() error { _, err := m.LogProb(ctx, x.Select(0), y); return err },
		"no images":      func() error { _, err := m.LogProb(ctx, x.Select(), y.Select()); return err },
		"count":          func() error { _, err := m.Sample(ctx, x, Sampling(0, 1)); return err },
		"temperature":    func() error { _, err := m.Sample(ctx, x, SampleOptions{Count: 1, Temperature: -1}); return err },
		"samples":        func() error { _, err := m.Predict(ctx, x, Averaging(0)); return err },
		"MAP steps":      func() error { _, err := m.MAP(ctx, x, Searching(0)); return err },
		"short pixels": func() error {
			bad := x
			bad.Pix = bad.Pix[1:]
			_, err := m.LogProb(ctx, bad, y)
			return err
		},
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A flow without x takes empty images: one set of samples, one prediction.
func TestWithoutX(t *testing.T) {
	c := variants()["unconditional"]
	m := mustNew(t, c, 37)
	scatterParameters(m, 0.1)
	ctx, none := context.Background(), data.Images{}
	_, y := pictures(c, 2, 38)
	s, err := m.Sample(ctx, none, Sampling(11, 1))
	if err != nil {
		t.Fatal(err)
	}
	if len(s) != 1 || s[0].N != 11 || difference(s[0].Row(0), s[0].Row(10)) == 0 {
		t.Errorf("%d sets, %d samples", len(s), s[0].N)
	}
	p, err := m.Predict(ctx, none, Averaging(4))
	if err != nil || p.Mean.N != 1 {
		t.Errorf("prediction of %d images, %v", p.Mean.N, err)
	}
	r, err := m.MAP(ctx, none, Searching(3))
	if err != nil || r.Y.N != 1 {
		t.Errorf("MAP: %v", err)
	}
	walk, err := m.Interpolate(ctx, none, y.Select(0), y.Select(1), 3)
	if err != nil || walk.N != 3 {
		t.Errorf("interpolation: %v", err)
	}
	if nats, err := m.LogProb(ctx, none, y); err != nil || len(nats) != 2 {
		t.Errorf("likelihood: %v", err)
	}
}

package exec_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/cpu"
	"glownotes/cglow/data"
)

// BenchmarkPredict predicts 128 images at 32x32 by the mean of 10 samples, with the paper's
// architecture. It reports median and least time and processor time of the whole prediction, samples per second, the
// rate of the matrix products (cglow.FLOPs) and its share of the peak that an FMA loop reaches in
// the same run.
//
//	go test ./cglow/exec -run '^$' -bench Predict -benchtime 3x
func BenchmarkPredict(b *testing.B) {
	for _, c := range []struct {
		name string
		cfg  cglow.Config
	}{{"paper", cglow.Published(cglow.Horses32())}, {"live", cglow.Horses32()}, {"fast", cglow.Fast(cglow.Horses32())}} {
		b.Run("form="+c.name, func(b *testing.B) { benchmarkPredict(b, c.cfg) })
	}
}

func benchmarkPredict(b *testing.B, cfg cglow.Config) {
	const images, samples = 128, 10
	m, err := cglow.New(cfg, 1)
	if err != nil {
		b.Fatal(err)
	}
	set, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		b.Fatal(err)
	}
	x, _, err := data.First(set, images)
	if err != nil {
		b.Fatal(err)
	}
	predict := func(x data.Images) {
		if _, err := m.Predict(context.Background(), x, cglow.Averaging(samples)); err != nil {
			b.Fatal(err)
		}
	}
	predict(x.Select(0, 1, 2, 3, 4, 5, 6, 7)) // builds the graphs
	peak := cpu.Peak(100 * time.Millisecond)
	var took []float64 // seconds
	b.ReportAllocs()
	worked := cpuTime()
	for b.Loop() {
		began := time.Now()
		predict(x)
		took = append(took, time.Since(began).Seconds())
	}
	worked = cpuTime() - worked
	peak = max(peak, cpu.Peak(100*time.Millisecond))
	slices.Sort(took)
	median, f := took[len(took)/2], cfg.FLOPs()
	rate := images * (f.Condition + samples*f.Flow) / median
	b.ReportMetric(1e3*median, "median-ms")
	b.ReportMetric(1e3*took[0], "min-ms")
	b.ReportMetric(1e3*worked.Seconds()/float64(len(took)), "cpu-ms")
	b.ReportMetric(images*samples/median, "samples/s")
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(100*rate/peak, "%peak")
}

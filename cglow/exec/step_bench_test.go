package exec_test

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow"
	"glownotes/cglow/cpu"
	"glownotes/cglow/data"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
	"glownotes/cglow/optim"
)

// fast stands for cglow.Fast of the live form.
const fast cglow.Form = "fast"

// BenchmarkStep times whole training steps, all gradients and the optimizer included, of the
// paper's architecture (L 3, K 8, n_c 64, n_w 128, coupling width 256) at batch 2, and of the fast
// preset. It reports median and least time and processor time of a step, the rate of the matrix products by the
// median (cglow.FLOPs), its share of the peak that an FMA loop reaches in the same run, and,
// with -v, the shares of the parts of a step:
//
//	go test ./cglow/exec -run '^$' -bench Step -v
func BenchmarkStep(b *testing.B) {
	for _, size := range []int{32, 64, 128} {
		for _, form := range []cglow.Form{cglow.Paper, cglow.Live, fast} {
			b.Run(fmt.Sprintf("form=%s/size=%d", form, size), func(b *testing.B) { benchmarkStep(b, form, size) })
		}
	}
}

func benchmarkStep(b *testing.B, form cglow.Form, size int) {
	cfg := map[int]cglow.Config{32: cglow.Horses32(), 64: cglow.Horses64(), 128: cglow.Horses128()}[size]
	switch form {
	case cglow.Paper:
		cfg = cglow.Published(cfg)
	case fast:
		cfg = cglow.Fast(cfg)
	}
	const batch = 2
	tr, x, y := stepTrainer(b, cfg, size, batch)
	step := func() {
		if r, err := tr.Step(x, y); err != nil || r.Skipped {
			b.Fatal(err, r.Fault)
		}
	}
	step()
	peak := cpu.Peak(100 * time.Millisecond)
	var took []float64 // seconds
	b.ResetTimer()
	worked := cpuTime()
	for b.Loop() {
		began := time.Now()
		step()
		took = append(took, time.Since(began).Seconds())
	}
	b.StopTimer()
	worked = cpuTime() - worked
	peak = max(peak, cpu.Peak(100*time.Millisecond))
	slices.Sort(took)
	median, flops := took[len(took)/2], batch*cfg.FLOPs().Train
	b.ReportMetric(1e3*median, "median-ms")
	b.ReportMetric(1e3*took[0], "min-ms")
	b.ReportMetric(1e3*worked.Seconds()/float64(len(took)), "cpu-ms")
	b.ReportMetric(flops/median/1e9, "GFLOP/s")
	b.ReportMetric(100*flops/median/peak, "%peak")
	steps := min(40, max(5, int(2/median)))
	parts, err := tr.Profile(x, y, steps)
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%.2f GFLOP a step; peak %.0f GFLOP/s on %d cores (%s); shares over %d steps:", flops/1e9, peak/1e9, runtime.GOMAXPROCS(0), cpu.ISA(), steps)
	for _, p := range cglow.GroupParts(parts, cfg) {
		b.Logf("%5.1f %%  %8.3f ms  %4d x %s", 100*p.Share, p.Time.Seconds()*1e3, p.Steps, p.Part)
	}
}

// stepTrainer returns a trainer on drawn silhouettes and a batch for it.
func stepTrainer(b *testing.B, cfg cglow.Config, size, batch int) (tr *cglow.Trainer, x, y data.Images) {
	m, err := cglow.New(cfg, 1)
	if err != nil {
		b.Fatal(err)
	}
	set, err := data.Silhouettes(data.SilhouetteConfig{Size: size, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	if x, y, err = data.First(set, batch); err != nil {
		b.Fatal(err)
	}
	tr, err = m.NewTrainer(cglow.TrainerOptions{Batch: batch, Optim: optim.Defaults(), MaxSkips: 10})
	if err != nil {
		b.Fatal(err)
	}
	return tr, x, y
}

// BenchmarkOverhead runs a chain of a thousand ops on one element each: what is left is the
// executor's own time.
func BenchmarkOverhead(b *testing.B) {
	g := gorgonia.NewGraph()
	n := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(1), gorgonia.WithName("x"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{1}))))
	const ops = 1000
	for range ops {
		n = op.One(n)
	}
	vm, err := exec.Compile(exec.Program{Outputs: []*node{n}})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := vm.RunAll(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/ops, "ns/kernel")
}

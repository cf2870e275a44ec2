package exec_test

import (
	"fmt"
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

// BenchmarkStep times whole training steps, all gradients and the optimizer included, of the
// paper's architecture (L 3, K 8, n_c 64, n_w 128, coupling width 256) at batch 2.
func BenchmarkStep(b *testing.B) {
	for _, size := range []int{32, 64, 128} {
		for _, form := range []cglow.Form{cglow.Paper, cglow.Live} {
			b.Run(fmt.Sprintf("form=%s/size=%d", form, size), func(b *testing.B) { benchmarkStep(b, form, size) })
		}
	}
}

func benchmarkStep(b *testing.B, form cglow.Form, size int) {
	cfg := map[int]cglow.Config{32: cglow.Horses32(), 64: cglow.Horses64(), 128: cglow.Horses128()}[size]
	if form == cglow.Paper {
		cfg = cglow.Published(cfg)
	}
	const batch = 2
	m, err := cglow.New(cfg, 1)
	if err != nil {
		b.Fatal(err)
	}
	set, err := data.Silhouettes(data.SilhouetteConfig{Size: size, Seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	x, y, err := set.Load([]int{0, 1})
	if err != nil {
		b.Fatal(err)
	}
	tr, err := m.NewTrainer(cglow.TrainerOptions{Batch: batch, Optim: optim.Defaults(), MaxSkips: 10})
	if err != nil {
		b.Fatal(err)
	}
	step := func() {
		if r, err := tr.Step(x, y); err != nil || r.Skipped {
			b.Fatal(err, r.Fault)
		}
	}
	step()
	peak := cpu.Peak(100 * time.Millisecond)
	b.ResetTimer()
	for b.Loop() {
		step()
	}
	perStep := b.Elapsed().Seconds() / float64(b.N)
	flops := stepFLOPs(cfg, batch)
	b.ReportMetric(flops/perStep/1e9, "GFLOP/s")
	b.ReportMetric(100*flops/perStep/peak, "%peak")
	parts, err := tr.Profile(x, y, 3)
	if err != nil {
		b.Fatal(err)
	}
	for _, p := range parts {
		if p.Share >= 0.005 {
			b.Logf("%5.1f %%  %8.3f ms  %4d x %s", 100*p.Share, p.Time.Seconds()*1e3, p.Steps, p.Part)
		}
	}
}

// stepFLOPs counts the multiplications and additions of the matrix products in one step:
// forward, gradients of the weights, and gradients of the inputs where they are needed (not of x).
func stepFLOPs(c cglow.Config, batch int) float64 {
	total := 0.0
	add := func(passes, pixels, in, out int) {
		total += 2 * float64(passes) * float64(batch) * float64(pixels) * float64(in) * float64(out)
	}
	xp := c.X.H * c.X.W
	vector := func(out int) {
		add(2, xp/4, 4*c.X.C, c.CondChannels)
		add(3, xp/16, 4*c.CondChannels, c.CondChannels)
		add(3, xp/64, 4*c.CondChannels, c.CondChannels)
		add(3, 1, c.CondChannels*xp/64, c.CondWidth)
		add(3, 1, c.CondWidth, c.CondWidth)
		add(3, 1, c.CondWidth, out)
	}
	for l, s := range c.LevelShapes() {
		p, ratio := s.H*s.W, c.X.H/s.H
		for range c.Steps {
			vector(2 * s.C)
			if c.InvConv == cglow.Raw {
				vector(s.C * s.C)
			} else {
				vector((c.Reflections + 1) * s.C)
			}
			add(2, xp, 9*c.X.C, c.FeatureChannels)
			add(3, p, ratio*ratio*c.FeatureChannels, s.C/2)
			add(3, p, 9*s.C/2, s.C/2)
			add(3, p, 9*s.C, c.CouplingWidth)
			add(3, p, c.CouplingWidth, c.CouplingWidth)
			add(3, p, 9*c.CouplingWidth, s.C)
			add(3, p, s.C, s.C)
		}
		if l < c.Levels-1 {
			add(3, p, 9*s.C/2, s.C)
		}
	}
	return total
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

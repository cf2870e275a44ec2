package cpu

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// peakOf measures the peak of one core, once per run and instruction set.
var peakOf = func() func(isa) float64 {
	var mu sync.Mutex
	peaks := map[isa]float64{}
	return func(s isa) float64 {
		mu.Lock()
		defer mu.Unlock()
		if peaks[s] == 0 {
			peaks[s] = s.peak(200*time.Millisecond, 1)
		}
		return peaks[s]
	}
}()

// benchFlops times f, which does perOp operations, and reports GFLOP/s of the
// mean and of the fastest call (the figure to compare on a shared machine), and
// the share of one core's peak that the fastest call reaches.
func benchFlops(b *testing.B, s isa, perOp float64, f func()) {
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	b.ReportMetric(perOp*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
	b.ReportMetric(perOp/best.Seconds()/1e9, "best-GFLOP/s")
	b.ReportMetric(100*perOp/best.Seconds()/peakOf(s), "%peak")
}

// couplingProducts are the products of the three convolutions of a coupling
// network (c channels, hidden 256) over pixels positions: forward, gradient of
// the input, gradient of the weights.
func couplingProducts(pixels, c int) (names []string, cases []gemmCase) {
	const h = 256
	add := func(name string, m, n, k int, ta, tb bool) {
		names = append(names, name)
		cases = append(cases, gemmCase{m: m, n: n, k: k, transA: ta, transB: tb})
	}
	add("conv1/forward", pixels, h, 9*c, false, false)
	add("conv1/dweights", 9*c, h, pixels, true, false)
	add("conv1/dinput", pixels, 9*c, h, false, true)
	add("conv2/forward", pixels, h, h, false, false)
	add("conv2/dweights", h, h, pixels, true, false)
	add("conv2/dinput", pixels, h, h, false, true)
	add("conv3/forward", pixels, 9*c, h, false, false)
	add("conv3/dweights", h, 9*c, pixels, true, false)
	add("conv3/dinput", pixels, h, 9*c, false, true)
	return names, cases
}

func BenchmarkKernelGemm(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range available()[1:] {
		for _, level := range [][2]int{{512, 12}, {128, 24}, {32, 48}, {8192, 12}} {
			names, cases := couplingProducts(level[0], level[1])
			for i, g := range cases {
				b.Run(fmt.Sprintf("impl=%v/pixels=%d/c=%d/%s", s, level[0], level[1], names[i]), func(b *testing.B) {
					p, _, _, _ := g.product(rng)
					benchFlops(b, s, 2*float64(g.m)*float64(g.n)*float64(g.k), func() { s.gemm(&p) })
				})
			}
		}
	}
}

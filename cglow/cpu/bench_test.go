package cpu

import (
	"fmt"
	"math"
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

// agree stops the benchmark unless s computes the product like portable Go.
func (g gemmCase) agree(b *testing.B, s isa, p product) {
	want := p
	want.c = append([]float32(nil), p.c...)
	generic.gemm(&want)
	s.gemm(&p)
	for i := range g.m {
		for j := range g.n {
			got, w := p.c[i*p.ldc+j], want.c[i*p.ldc+j]
			if d := math.Abs(float64(got - w)); !(d <= 4*g.tolerance()) {
				b.Fatalf("c[%d][%d] = %g, portable Go %g", i, j, got, w)
			}
		}
	}
}

func BenchmarkKernelGemm(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, s := range available() {
		levels := [][2]int{{512, 12}, {128, 24}, {32, 48}, {8192, 12}}
		if s == generic {
			levels = levels[:1]
		}
		for _, level := range levels {
			names, cases := couplingProducts(level[0], level[1])
			for i, g := range cases {
				b.Run(fmt.Sprintf("impl=%v/pixels=%d/c=%d/%s", s, level[0], level[1], names[i]), func(b *testing.B) {
					p, _, _, _ := g.product(rng)
					g.agree(b, s, p)
					benchFlops(b, s, 2*float64(g.m)*float64(g.n)*float64(g.k), func() { s.gemm(&p) })
				})
			}
		}
	}
}

// benchBytes times f, which must move perOp bytes, and reports GB/s of the mean
// and of the fastest call.
func benchBytes(b *testing.B, perOp int, f func()) {
	best := time.Hour
	for b.Loop() {
		start := time.Now()
		f()
		best = min(best, time.Since(start))
	}
	b.ReportMetric(float64(perOp)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
	b.ReportMetric(float64(perOp)/best.Seconds()/1e9, "best-GB/s")
}

// BenchmarkKernelRows is a fully connected layer of 8192 -> 128 with a batch of
// 2: forward, gradient of the input, gradient of the weights. The weights are
// 4 MB; the bytes are those of one pass over them.
func BenchmarkKernelRows(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	const batch, in, out = 2, 8192, 128
	for _, s := range available() {
		for _, c := range []struct {
			name string
			gemmCase
		}{
			{"forward", gemmCase{m: batch, n: out, k: in, transB: true}},
			{"dinput", gemmCase{m: batch, n: in, k: out}},
			{"dweights", gemmCase{m: out, n: in, k: batch, transA: true}},
		} {
			b.Run(fmt.Sprintf("impl=%v/%s", s, c.name), func(b *testing.B) {
				p, _, _, _ := c.product(rng)
				c.agree(b, s, p)
				benchBytes(b, 4*in*out, func() { s.gemm(&p) })
			})
		}
	}
}

// BenchmarkKernelVector times the element-wise functions on 16k values (second
// level cache); best-ns is the fastest call per value.
func BenchmarkKernelVector(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n = 16384
	for _, c := range vectorCases {
		for _, s := range available() {
			b.Run(fmt.Sprintf("%s/impl=%v", c.name, s), func(b *testing.B) {
				arrays := make([][]float32, c.inputs)
				for i := range arrays {
					arrays[i] = guardedOf(n, func(int) float32 { return 0.5 + rng.Float32() }).v
				}
				dst := make([]float32, n)
				best := time.Hour
				for b.Loop() {
					start := time.Now()
					c.call(s, dst, arrays)
					best = min(best, time.Since(start))
				}
				b.ReportMetric(float64(best.Nanoseconds())/n, "best-ns/value")
			})
		}
	}
}

// BenchmarkKernelAdam is one step on a million parameters; it reads four arrays
// and writes three.
func BenchmarkKernelAdam(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	const n = 1 << 20
	p, g := newGuarded(rng, n).v, newGuarded(rng, n).v
	m, v := make([]float32, n), make([]float32, n)
	block := Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Clip: 1, Step: 10}.block()
	for _, s := range available() {
		b.Run(fmt.Sprintf("impl=%v", s), func(b *testing.B) {
			benchBytes(b, 7*4*n, func() { s.adam(p, g, m, v, &block) })
		})
	}
}

// BenchmarkKernelUnfold times the thin side of a coupling network.
func BenchmarkKernelUnfold(b *testing.B) {
	for _, size := range [][2]int{{12, 16}, {24, 8}, {48, 4}, {12, 64}} {
		w := Window{C: size[0], H: size[1], W: size[1], KH: 3, KW: 3, Stride: 1, Pad: 1}
		image, columns := make([]float32, w.Pixels()), make([]float32, w.Unfolded())
		for name, f := range map[string]func(){
			"Im2col":     func() { Im2col(w, columns, image) },
			"Col2im":     func() { Col2im(w, image, columns) },
			"Im2colNHWC": func() { Im2colNHWC(w, columns, image) },
			"Col2imNHWC": func() { Col2imNHWC(w, image, columns) },
		} {
			b.Run(fmt.Sprintf("%s/c=%d/side=%d", name, size[0], size[1]), func(b *testing.B) {
				benchBytes(b, 4*w.Unfolded(), f)
			})
		}
	}
}

// BenchmarkKernelTranspose turns an image of 64 channels and 16 x 16 pixels.
func BenchmarkKernelTranspose(b *testing.B) {
	const rows, cols = 64, 256
	src, dst := make([]float32, rows*cols), make([]float32, rows*cols)
	for _, s := range available() {
		b.Run(fmt.Sprintf("impl=%v", s), func(b *testing.B) {
			benchBytes(b, 2*4*rows*cols, func() { s.turn(dst, rows, src, cols, rows, cols) })
		})
	}
}

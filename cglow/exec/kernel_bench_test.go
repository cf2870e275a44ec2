package exec_test

import (
	"fmt"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// BenchmarkKernelCoupling times the coupling networks of the paper's architecture at 32x32, batch
// 2, forward and with all gradients, beside the plain loops.
func BenchmarkKernelCoupling(b *testing.B) {
	for _, c := range [][2]int{{12, 16}, {24, 8}, {48, 4}, {12, 32}, {12, 64}} {
		channels, side := c[0], c[1]
		l := coupling(2, channels, side, side, 256, channels)
		flops := 2.0 * 2 * float64(side*side) * 256 * float64(18*channels+256)
		for _, backend := range []exec.Backend{exec.CPU, exec.Reference} {
			if backend == exec.Reference && side > 8 {
				continue
			}
			_, outs := compileLarge(b, l, tensor.Float32, backend)
			for _, p := range []struct {
				name   string
				outs   []*node
				passes float64
			}{{"forward", outs[1:2], 1}, {"step", outs, 3}} {
				b.Run(fmt.Sprintf("c=%d/side=%d/%s/impl=%s", channels, side, p.name, backend.Name()), func(b *testing.B) {
					vm := compile(b, exec.Program{Outputs: p.outs, Backend: backend})
					run(b, vm)
					peak := cpu.Peak(50 * time.Millisecond)
					for b.Loop() {
						if err := vm.RunAll(); err != nil {
							b.Fatal(err)
						}
					}
					rate := p.passes * flops * float64(b.N) / b.Elapsed().Seconds()
					b.ReportMetric(rate/1e9, "GFLOP/s")
					b.ReportMetric(100*rate/peak, "%peak")
				})
			}
		}
	}
}

// BenchmarkKernelBank times the conditioning networks of the paper's architecture, 2LK on vectors
// and LK on features, batch 2, forward and with all gradients.
func BenchmarkKernelBank(b *testing.B) {
	for _, size := range []int{32, 64} {
		l := large{name: "bank", shapes: [][]int{{2, 3, size, size}}, scale: 0.1}
		add := func(shape ...int) int {
			l.shapes = append(l.shapes, shape)
			return len(l.shapes) - 1
		}
		two, same := op.Conv{Stride: 2}, op.Conv{Stride: 1, Pad: 1}
		type layer struct {
			w, b int
			c    op.Conv
			relu bool
		}
		var nets [][]layer
		for level := range 3 {
			channels, ratio := 12<<level, 2<<level
			for range 8 {
				for _, out := range []int{2 * channels, 9 * channels} {
					net := []layer{}
					in := 3
					for range 3 {
						net = append(net, layer{add(64, in, 2, 2), add(64), two, true})
						in = 64
					}
					in = 64 * size * size / 64
					for _, o := range []int{128, 128, out} {
						net = append(net, layer{add(o, in), add(o), op.Conv{}, o == 128})
						in = o
					}
					nets = append(nets, net)
				}
				half := channels / 2
				nets = append(nets, []layer{{add(16, 3, 3, 3), add(16), same, true},
					{add(half, 16, ratio, ratio), add(half), op.Conv{Stride: ratio}, true}, {add(half, half, 3, 3), add(half), same, true}})
			}
		}
		l.build = func(x []*node) *node {
			var all [][]op.Layer
			for _, net := range nets {
				var layers []op.Layer
				for _, n := range net {
					layers = append(layers, op.Layer{W: x[n.w], B: x[n.b], Conv: n.c, ReLU: n.relu})
				}
				all = append(all, layers)
			}
			var sums []*node
			for _, y := range op.NetBank(x[0], all...) {
				sums = append(sums, op.Reshape(y, 2, -1))
			}
			return op.Concat(sums...)
		}
		_, outs := compileLarge(b, l, tensor.Float32, exec.CPU)
		for _, p := range []struct {
			name string
			outs []*node
		}{{"forward", outs[1:2]}, {"step", outs}} {
			b.Run(fmt.Sprintf("size=%d/%s", size, p.name), func(b *testing.B) {
				vm := compile(b, exec.Program{Outputs: p.outs})
				run(b, vm)
				for b.Loop() {
					if err := vm.RunAll(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

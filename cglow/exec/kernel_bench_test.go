package exec_test

import (
	"fmt"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
	"glownotes/cglow/exec"
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

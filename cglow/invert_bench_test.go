package cglow

import (
	"fmt"
	"runtime"
	"testing"

	"glownotes/cglow/optim"
)

// BenchmarkTrainingMemory reports, for K = 8 and 32 steps a level, the memory of
// activations by the planner's figure and the heap beyond what parameters,
// gradients and moments need, with stored activations and by inversion.
func BenchmarkTrainingMemory(b *testing.B) {
	for _, invert := range []bool{false, true} {
		for _, steps := range []int{8, 32} {
			b.Run(fmt.Sprintf("invert=%v/K=%d", invert, steps), func(b *testing.B) {
				c := Horses32()
				c.Steps, c.CondChannels, c.CondWidth = steps, 8, 16 // activations, not parameters
				m, err := New(c, 1)
				if err != nil {
					b.Fatal(err)
				}
				tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults(), Invert: invert})
				if err != nil {
					b.Fatal(err)
				}
				x, y := pictures(c, 2, 1)
				for b.Loop() {
					if _, err := tr.Step(x, y); err != nil {
						b.Fatal(err)
					}
				}
				if tr.Inverting() != invert {
					b.Fatal("the trainer fell back to stored activations")
				}
				runtime.GC()
				var s runtime.MemStats
				runtime.ReadMemStats(&s)
				const mb = 1 << 20
				b.ReportMetric(float64(tr.ActivationBytes())/mb, "MB-activations")
				b.ReportMetric(float64(s.HeapInuse)/mb-4*4*float64(m.store.size)/mb, "MB-heap-beyond-parameters")
				runtime.KeepAlive(tr)
			})
		}
	}
}

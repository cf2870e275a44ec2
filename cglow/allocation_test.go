package cglow

import "testing"

// A run of the compiled training graph, loss and all gradients, allocates nothing, and neither
// does one of the sampler's.
func TestRunsAllocateNothing(t *testing.T) {
	for name, c := range map[string]Config{"live": small(), "paper": Published(small()), "fast": Fast(small())} {
		t.Run(name, func(t *testing.T) {
			c.Precision = "float32"
			m := mustNew(t, c, 5)
			loss, err := m.lossProgram(2, nil)
			if err != nil {
				t.Fatal(err)
			}
			dec, err := m.decodeProgram(2)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []*machine{loss.vm, dec.vm} {
				if n := testing.AllocsPerRun(3, func() {
					if err := p.vm.RunAll(); err != nil {
						t.Fatal(err)
					}
				}); n > 0 {
					t.Errorf("%s: %v allocations a run", p.task, n)
				}
			}
		})
	}
}

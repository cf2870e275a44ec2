package cglow

import (
	"runtime"
	"testing"

	"glownotes/cglow/optim"
)

// mostLaunches is what a training step of the published model at 64x64 may take: the kernels and
// copies of forward pass, gradients, clipping and Adam.
const mostLaunches = 700

// TestDeviceLaunches counts the kernels of a training step, and its memory against the plan of the
// CPU: what is joined and put off for a joint launch must not cost memory.
func TestDeviceLaunches(t *testing.T) {
	if testing.Short() {
		t.Skip("plans the published model")
	}
	d := fakeGPU(t, "cuda:0")
	for name, c := range map[string]Config{"live": Horses64(), "published": Published(Horses64())} {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 1)
			m.Use(d)
			tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults()})
			if err != nil {
				t.Fatal(err)
			}
			if tr.resident == nil {
				t.Fatal(d.Explain())
			}
			s := tr.graph.vm.vm.Stats()
			planned := int64(s.DeviceBytes + 4*m.store.size + tr.resident.opt.Bytes())
			allocated := d.use().Context().Allocated()
			t.Logf("%d kernels and copies, %d ops without a kernel; %d MB on the device, of which %d the plan's arena",
				s.Launches, s.RoundTrips, allocated>>20, s.ArenaBytes>>20)
			if s.Launches > mostLaunches || s.RoundTrips > 0 {
				t.Errorf("%d launches, want at most %d, and no round trips", s.Launches, mostLaunches)
			}
			if 5*allocated > 6*planned {
				t.Errorf("%d bytes of device memory, planned are %d", allocated, planned)
			}
			runtime.KeepAlive(tr)
		})
		awaitMemory(t, d.use().Context().Allocated, 0)
	}
}

package cglow

import (
	"errors"
	"math"
	"strings"
	"testing"

	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/optim"
)

// fakeGPU opens the GPU of a driver that runs the GPU's kernels on the CPU.
func fakeGPU(t *testing.T, name string) *Device {
	t.Helper()
	if err := cudatest.Use(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	d, err := OpenDevice(name)
	if err != nil {
		t.Fatal(err)
	}
	if d.Name() != "cuda:0" {
		t.Fatal(d.Explain())
	}
	return d
}

// trained takes three steps and returns the losses and the parameters.
func trained(t *testing.T, c Config, d *Device) (m *Model, nats, weights []float64) {
	t.Helper()
	m = mustNew(t, c, 3)
	scatterParameters(m, 0.05)
	m.Use(d)
	tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults()})
	if err != nil {
		t.Fatal(err)
	}
	x, y := pictures(c, 2, 5)
	for range 3 {
		r, err := tr.Step(x, y)
		if err != nil || r.Skipped {
			t.Fatal(err, r.Fault)
		}
		nats = append(nats, r.Nats)
	}
	return m, nats, m.store.all()
}

// TestDeviceTraining compares training steps on the GPU's kernels with those on
// the CPU's, over all forms of the model.
func TestDeviceTraining(t *testing.T) {
	d := fakeGPU(t, "cuda:0")
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			c.Precision = "float32"
			_, want, wantW := trained(t, c, nil)
			m, got, gotW := trained(t, c, d)
			if m.Device().Name() != "cuda:0" {
				t.Fatal(m.Device().Explain())
			}
			for i := range want {
				if diff := math.Abs(got[i] - want[i]); !(diff <= 2e-5*(1+math.Abs(want[i]))) {
					t.Errorf("step %d: %v nats, on the CPU %v", i, got[i], want[i])
				}
			}
			// A gradient near 0 may have either sign: Adam then moves by up to its rate each step.
			for i := range wantW {
				if diff := math.Abs(gotW[i] - wantW[i]); !(diff <= 3*2*2e-4+1e-6) {
					t.Fatalf("parameter %d: %v, on the CPU %v", i, gotW[i], wantW[i])
				}
			}
		})
	}
}

// TestDeviceArithmetic measures what less precise products do to the losses.
func TestDeviceArithmetic(t *testing.T) {
	c := small()
	c.Precision = "float32"
	_, want, _ := trained(t, c, nil)
	for _, r := range []struct {
		name      string
		tolerance float64
	}{{"cuda:0,fp32", 2e-5}, {"cuda:0,tf32", 5e-3}, {"cuda:0,bf16", 4e-2}} {
		_, got, _ := trained(t, c, fakeGPU(t, r.name))
		worst := 0.0
		for i := range want {
			worst = max(worst, math.Abs(got[i]-want[i])/(1+math.Abs(want[i])))
		}
		t.Logf("%s: largest relative error of three losses %.2g", r.name, worst)
		if !(worst <= r.tolerance) {
			t.Errorf("%s: relative error %v of the losses, want at most %v", r.name, worst, r.tolerance)
		}
	}
}

func TestOpenDevice(t *testing.T) {
	for _, name := range []string{"", "gpu", "cuda", "cuda:-1", "cuda:0,fp8"} {
		if _, err := OpenDevice(name); err == nil {
			t.Errorf("%q is no device", name)
		}
	}
	d, err := OpenDevice("cpu")
	if err != nil || d.Name() != "cpu" || !strings.Contains(d.Explain(), "asked for") {
		t.Errorf("%v, %v", d, err)
	}
	fakeGPU(t, "auto")
	d, err = OpenDevice("cuda:9")
	if err != nil || d.Name() != "cpu" || !strings.Contains(d.Explain(), "no device 9") {
		t.Errorf("a device that is not there: %v, %v", d, err)
	}
	if list, _ := Devices(); len(list) != 2 || list[1].Name != "cuda:0" {
		t.Errorf("devices: %v", list)
	}
}

// TestDeviceLost loses the GPU in the middle of training: it goes on on
// the CPU, and says so.
func TestDeviceLost(t *testing.T) {
	d := fakeGPU(t, "cuda:0")
	c := small()
	c.Precision = "float32"
	m := mustNew(t, c, 3)
	m.Use(d)
	tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults()})
	if err != nil {
		t.Fatal(err)
	}
	x, y := pictures(c, 2, 5)
	for i := range 3 {
		if i == 1 {
			if err := cudatest.Fail("cuGraphLaunch", 801, 0); err != nil { // not sticky: other tests follow
				t.Fatal(err)
			}
		}
		if r, err := tr.Step(x, y); err != nil || r.Skipped {
			t.Fatal(err, r.Fault)
		}
	}
	if d.Name() != "cpu" || !strings.Contains(d.Explain(), "cuGraphLaunch") {
		t.Error(d.Explain())
	}
}

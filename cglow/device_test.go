package cglow

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/optim"
)

// fakeGPU opens the GPU of a driver that runs the GPU's kernels on the CPU, or with
// GLOWNOTES_GPU=1 that of this machine: see OpenDevice.
func fakeGPU(t testing.TB, name string) *Device {
	t.Helper()
	if realGPU() {
	} else if err := cudatest.Use(); errors.Is(err, cudatest.ErrNoCompiler) {
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

func realGPU() bool { return os.Getenv("GLOWNOTES_GPU") != "" }

// BenchmarkDevice times training steps, the loss compared with the CPU's first: with GLOWNOTES_GPU=1
// the published model at 64x64 on the GPU of this machine, in the three kinds of arithmetic and
// beside the CPU; else a small one on the GPU of the tests, which shows that the benchmark works
// and says nothing about a GPU.
func BenchmarkDevice(b *testing.B) {
	c, batches, names := Horses64(), []int{2, 16}, []string{"cpu", "cuda:0,fp32", "cuda:0,tf32", "cuda:0,bf16"}
	label := "size=64"
	if !realGPU() {
		c, batches, label = small(), []int{2}, "fake"
		c.Precision = "float32"
		fakeGPU(b, "cuda:0")
	}
	for _, batch := range batches {
		want := 0.0
		for _, name := range names {
			b.Run(fmt.Sprintf("%s/n=%d/device=%s", label, batch, name), func(b *testing.B) {
				d, err := OpenDevice(name)
				if err != nil || !strings.HasPrefix(name, d.Name()) {
					b.Fatal(err, d)
				}
				defer d.Close()
				m, err := New(c, 1)
				if err != nil {
					b.Fatal(err)
				}
				m.Use(d)
				tr, err := m.NewTrainer(TrainerOptions{Batch: batch, Optim: optim.Defaults()})
				if err != nil {
					b.Fatal(err)
				}
				x, y := pictures(c, batch, 5)
				r, err := tr.Step(x, y)
				if name == "cpu" {
					want = r.Nats
				}
				if err != nil || !(math.Abs(r.Nats-want) <= 0.02*math.Abs(want)) {
					b.Fatalf("%v; the first loss is %v, on the CPU %v", err, r.Nats, want)
				}
				for b.Loop() {
					if _, err := tr.Step(x, y); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(tr.graph.vm.vm.Stats().Launches), "launches")
			})
		}
	}
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

// TestGoldenDevice compares the GPU's kernels with the golden vectors: float32 within the
// tolerances of the CPU's kernels; for less precise products it measures the effect on the loss and
// on the whole gradient, as the norm of the difference. The random matrices of the files are badly
// conditioned (their log-determinants are sums of many cancelling terms), more than trained ones.
func TestGoldenDevice(t *testing.T) {
	for _, path := range goldenFiles(t) {
		name := strings.TrimSuffix(filepath.Base(path), "_f64.npz")
		t.Run(name+"/fp32", func(t *testing.T) {
			g := readGolden(t, path, "float32")
			g.device = fakeGPU(t, "cuda:0")
			tol := goldenTolerances["float32"]
			t.Run("forward", func(t *testing.T) { g.testForward(t, tol) })
			t.Run("gradient", func(t *testing.T) { g.testGradient(t, tol) })
			t.Run("sample", func(t *testing.T) { g.testSample(t, tol) })
		})
		for arithmetic, limit := range map[string]float64{"tf32": 0.02, "bf16": 0.2} {
			t.Run(name+"/"+arithmetic, func(t *testing.T) {
				g := readGolden(t, path, "float32")
				g.device = fakeGPU(t, "cuda:0,"+arithmetic)
				loss, grad := g.effect(t)
				t.Logf("%s, %s: relative error of the loss %.1e, of the gradient %.1e", name, arithmetic, loss, grad)
				if !(loss <= limit) || math.IsNaN(grad) {
					t.Errorf("relative error %v of the loss, want at most %v", loss, limit)
				}
			})
		}
	}
}

// effect returns the relative errors of the loss and of the gradient of all parameters.
func (g *golden) effect(t *testing.T) (loss, grad float64) {
	r := g.lossGraph(t, g.model(t))
	run(t, r.b, append([]*gorgonia.Node{r.loss}, r.grads...))
	want := g.arrays["loss"].v[0]
	diff, norm := 0.0, 0.0
	for i, p := range r.params {
		w := g.arrays["grad/"+p.Name()].v
		for k, v := range values(r.grads[i]) {
			diff += (v - w[k]) * (v - w[k])
			norm += w[k] * w[k]
		}
	}
	return math.Abs(values(r.loss)[0]-want) / math.Abs(want), math.Sqrt(diff / norm)
}

func TestOpenDevice(t *testing.T) {
	if realGPU() {
		t.Skip("needs the driver of the tests")
	}
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
	if realGPU() {
		t.Skip("needs the driver of the tests")
	}
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

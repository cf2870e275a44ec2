package cglow

import (
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/data"
	"glownotes/cglow/op"
	"glownotes/cglow/optim"
)

// training is a model with a trainer and its batches.
type training struct {
	t    *testing.T
	m    *Model
	tr   *Trainer
	x, y data.Images
}

func newTraining(t *testing.T, d *Device, o TrainerOptions) *training {
	t.Helper()
	c := small()
	c.Precision = "float32"
	m := mustNew(t, c, 3)
	scatterParameters(m, 0.05)
	m.Use(d)
	o.Batch = 2
	tr, err := m.NewTrainer(o)
	if err != nil {
		t.Fatal(err)
	}
	x, y := pictures(c, 2, 5)
	return &training{t, m, tr, x, y}
}

// steps takes steps and returns the last result.
func (r *training) steps(n int) (last StepResult) {
	r.t.Helper()
	for range n {
		s, err := r.tr.Step(r.x, r.y)
		if err != nil || s.Skipped {
			r.t.Fatal(err, s.Fault)
		}
		last = s
	}
	return last
}

// resident checks that training is where it should be.
func (r *training) onGPU(want bool) {
	r.t.Helper()
	if got := r.tr.resident != nil; got != want {
		r.t.Fatalf("state on the GPU: %v, want %v", got, want)
	}
}

// near compares weights with those of another run, up to what rounding does to them through Adam.
func near(t *testing.T, what string, got, want []float64, steps int) {
	t.Helper()
	sum := 0.0
	for i := range want {
		diff := math.Abs(got[i] - want[i])
		sum += diff
		if !(diff <= float64(steps)*2*2e-4+1e-6) { // a gradient near 0 may have either sign
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
	if mean := sum / float64(len(want)); !(mean <= 1e-5) {
		t.Errorf("%s: mean difference %.2g", what, mean)
	}
}

var everything = TrainerOptions{EMA: 0.9, Optim: func() optim.Config {
	c := optim.Defaults()
	c.ClipValue, c.ClipNorm = 0.5, 1
	c.Schedule = optim.Schedule{Kind: "cosine", Warmup: 3, Total: 50, Floor: 0.1}
	return c
}()}

// TestResidentTraining compares everything that training carries with the CPU's: weights, moments,
// running mean, norm; while they are read, written and moved in between.
func TestResidentTraining(t *testing.T) {
	d := fakeGPU(t, "cuda:0")
	gpu, host := newTraining(t, d, everything), newTraining(t, nil, everything)
	gpu.onGPU(true)
	compare := func(what string) {
		t.Helper()
		near(t, what+": weights", gpu.m.store.all(), host.m.store.all(), 9)
		near(t, what+": running mean", gpu.tr.ema, host.tr.ema, 9)
		s, want := gpu.tr.opt.State(), host.tr.opt.State()
		if s.Step != want.Step {
			t.Errorf("%s: %d steps, want %d", what, s.Step, want.Step)
		}
		for i := range want.M32 {
			if math.Abs(float64(s.M32[i]-want.M32[i])) > 1e-3*(0.05+math.Abs(float64(want.M32[i]))) {
				t.Fatalf("%s: moment %d is %v, want %v", what, i, s.M32[i], want.M32[i])
			}
		}
		if got, want := gpu.tr.opt.GradNorm(), host.tr.opt.GradNorm(); math.Abs(got-want) > 1e-3*want {
			t.Errorf("%s: norm %v, want %v", what, got, want)
		}
	}
	gpu.steps(3)
	host.steps(3)
	compare("three steps")
	for name, want := range host.tr.GradNorms() {
		if got := gpu.tr.GradNorms()[name]; math.Abs(got-want) > 1e-3*(0.01+want) {
			t.Errorf("gradient of %s: norm %v, want %v", name, got, want)
		}
	}
	// A parameter that is written takes part in the next step.
	for _, r := range []*training{gpu, host} {
		name := r.m.Parameters()[3].Name
		v, err := r.m.Parameter(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range v {
			v[i] = 0.01 * float64(i%5)
		}
		if err := r.m.SetParameter(name, v); err != nil {
			t.Fatal(err)
		}
		r.steps(2)
	}
	compare("a parameter written")
	// To the CPU and back.
	gpu.m.Use(nil)
	gpu.steps(1)
	gpu.onGPU(false)
	host.steps(1)
	compare("on the CPU")
	gpu.m.Use(d)
	gpu.steps(2)
	gpu.onGPU(true)
	host.steps(2)
	compare("back on the GPU")
	// What is saved is what the GPU has.
	path := filepath.Join(t.TempDir(), "t.safetensors")
	if err := gpu.tr.Save(path, nil); err != nil {
		t.Fatal(err)
	}
	loaded, _, err := LoadTrainer(path)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "saved", loaded.m.store.all(), gpu.m.store.all(), 0)
	loaded.m.Use(d)
	gpu.tr, gpu.m = loaded, loaded.m
	gpu.steps(1)
	host.steps(1)
	compare("saved and loaded")
}

// TestResidentSkip checks that a step with a value that is not finite changes nothing.
func TestResidentSkip(t *testing.T) {
	o := everything
	o.MaxSkips = 3
	r := newTraining(t, fakeGPU(t, "cuda:0"), o)
	r.steps(2)
	before := r.m.store.all()
	bad := r.y.Pix[7]
	r.y.Pix[7] = float32(math.NaN())
	s, err := r.tr.Step(r.x, r.y)
	if err != nil || !s.Skipped || s.Fault == nil {
		t.Fatalf("%+v, %v", s, err)
	}
	near(t, "skipped", r.m.store.all(), before, 0)
	if r.tr.opt.Steps() != 2 || r.tr.Skipped() != 1 {
		t.Errorf("%d steps, %d skipped", r.tr.opt.Steps(), r.tr.Skipped())
	}
	r.y.Pix[7] = bad
	r.steps(1)
	r.onGPU(true)
}

// TestResidentInference reads the weights where training left them.
func TestResidentInference(t *testing.T) {
	d := fakeGPU(t, "cuda:0")
	r := newTraining(t, d, TrainerOptions{Optim: optim.Defaults()})
	r.steps(2)
	got, err := r.m.LogProb(t.Context(), r.x, r.y)
	if err != nil {
		t.Fatal(err)
	}
	if !r.m.store.home.mirror.IsAhead() {
		t.Error("inference on the GPU took the weights to the host")
	}
	onCPU := r.m.Clone()
	onCPU.Use(nil)
	want, err := onCPU.LogProb(t.Context(), r.x, r.y)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 2e-5*(1+math.Abs(want[i])) {
			t.Errorf("log p of %d: %v, on the CPU %v", i, got[i], want[i])
		}
	}
}

// TestResidentFailure ends the GPU in the middle of training, in both ways.
func TestResidentFailure(t *testing.T) {
	if realGPU() {
		t.Skip("needs the driver of the tests")
	}
	host := newTraining(t, nil, everything)
	host.steps(5)
	t.Run("memory stays readable", func(t *testing.T) {
		d := fakeGPU(t, "cuda:0")
		r := newTraining(t, d, everything)
		r.steps(3)
		if err := cudatest.Fail("cuGraphLaunch", 801, 0); err != nil {
			t.Fatal(err)
		}
		if s := r.steps(1); s.Lost != 0 || s.Step != 4 {
			t.Errorf("%+v: nothing should be lost", s)
		}
		r.onGPU(false)
		r.steps(1)
		near(t, "weights", r.m.store.all(), host.m.store.all(), 5)
		near(t, "running mean", r.tr.ema, host.tr.ema, 5)
		if d.Name() != "cpu" || !strings.Contains(d.Explain(), "cuGraphLaunch") {
			t.Error(d.Explain())
		}
	})
	for _, call := range []string{"cuGraphLaunch", "cuStreamSynchronize"} {
		t.Run("lost at "+call, func(t *testing.T) {
			d := fakeGPU(t, "cuda:0")
			defer cudatest.Reset()
			r := newTraining(t, d, everything)
			r.steps(2)
			copied := r.m.store.all() // somebody looks: this is the last copy
			mean, state := append([]float64(nil), r.tr.ema...), *r.tr.opt.State()
			moments := append([]float32(nil), state.M32...)
			r.steps(3)
			if err := cudatest.Fail(call, 700, 0); err != nil {
				t.Fatal(err)
			}
			// The failed step is taken again, by the CPU, from the last copy.
			want := newTraining(t, nil, everything)
			for _, p := range want.m.store.list {
				want.m.store.set(p, copied[p.offset:p.offset+p.size])
			}
			want.m.trained, want.tr.ema = 5, mean
			state.M32, state.V32 = moments, append([]float32(nil), state.V32...)
			want.tr.opt.SetState(state)
			s := r.steps(1)
			want.steps(1)
			if s.Lost != 3 || s.Step != 6 || r.tr.opt.Steps() != 3 {
				t.Errorf("%d lost, step %d, %d of the optimizer; want 3, 6, 3", s.Lost, s.Step, r.tr.opt.Steps())
			}
			near(t, "weights", r.m.store.all(), want.m.store.all(), 0)
			near(t, "running mean", r.tr.ema, want.tr.ema, 0)
			if d.Name() != "cpu" || !strings.Contains(d.Explain(), call) {
				t.Error(d.Explain())
			}
			if s := r.steps(1); s.Lost != 0 {
				t.Errorf("%d lost again", s.Lost)
			}
		})
	}
	t.Run("out of memory", func(t *testing.T) {
		d := fakeGPU(t, "cuda:0")
		r := newTraining(t, d, everything)
		r.steps(2)
		if err := cudatest.Fail("cuMemHostAlloc", 2, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := r.m.LogProb(t.Context(), r.x, r.y); err != nil {
			t.Fatal(err)
		}
		r.steps(3)
		r.onGPU(false)
		near(t, "weights", r.m.store.all(), host.m.store.all(), 5)
		if !strings.Contains(d.Explain(), "batch") {
			t.Errorf("%s: does not say what to do", d.Explain())
		}
	})
	t.Run("copied now and then", func(t *testing.T) {
		d := fakeGPU(t, "cuda:0")
		defer cudatest.Reset()
		r := newTraining(t, d, TrainerOptions{Optim: optim.Defaults()})
		r.tr.mirrorEvery = 4
		r.steps(4 + 3)
		if err := cudatest.Fail("cuGraphLaunch", 700, 0); err != nil {
			t.Fatal(err)
		}
		if s := r.steps(1); s.Lost != 3 {
			t.Errorf("%d steps lost, want 3", s.Lost)
		}
	})
}

// TestDeviceMemory checks that device memory stays within 1.2 of the plan, and that it goes when
// models and trainers are dropped, or the device is closed.
func TestDeviceMemory(t *testing.T) {
	if realGPU() {
		t.Skip("needs the driver of the tests")
	}
	d := fakeGPU(t, "cuda:0")
	gpu := d.use()
	use := func() (planned int) {
		r := newTraining(t, d, everything)
		r.steps(1)
		if _, err := r.m.LogProb(t.Context(), r.x, r.y); err != nil {
			t.Fatal(err)
		}
		if _, err := r.tr.Telemetry(r.x, r.y); err != nil {
			t.Fatal(err)
		}
		planned = 4*r.m.store.size + r.tr.resident.opt.Bytes() + r.tr.graph.vm.vm.Stats().DeviceBytes
		one := int(gpu.Context().Allocated())
		others := 0
		for key := range r.m.graphs {
			others += programOf(t, r.m.graphs[key]).vm.Stats().DeviceBytes
		}
		if limit := 6 * (planned + others) / 5; one > limit {
			t.Errorf("%d bytes of device memory, planned are %d", one, planned+others)
		}
		runtime.KeepAlive(r)
		return planned
	}
	use()
	awaitMemory(t, gpu.Context().Allocated, 0)
	r := newTraining(t, d, everything)
	r.steps(2)
	want := newTraining(t, nil, everything)
	want.steps(3)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	r.steps(1)
	r.onGPU(false)
	near(t, "after Close", r.m.store.all(), want.m.store.all(), 3)
	if d.Name() != "cpu" || !strings.Contains(d.Explain(), "closed") {
		t.Error(d.Explain())
	}
	if err := d.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// programOf returns the machine of a cached graph.
func programOf(t *testing.T, p any) *machine {
	switch p := p.(type) {
	case *logProbProgram:
		return p.vm
	case *telemetryProgram:
		return p.vm
	case *conditionProgram:
		return p.vm
	case *decodeProgram:
		return p.vm
	}
	t.Fatalf("%T", p)
	return nil
}

// awaitMemory waits until the collector has freed what was dropped.
func awaitMemory(t *testing.T, allocated func() int64, want int64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		runtime.GC()
		if allocated() <= want {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d bytes of device memory are left of what was dropped, want %d", allocated(), want)
		}
	}
}

// TestDeviceBLAS trains with cuBLASLt in every product that it can take, and tells so.
func TestDeviceBLAS(t *testing.T) {
	if realGPU() {
		t.Skip("needs the libraries of the tests")
	}
	if err := cudatest.UseBLAS(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer cudatest.Use()
	d, err := OpenDevice("cuda:0")
	if err != nil || d.use() == nil {
		t.Fatal(err, d)
	}
	for _, want := range []string{"cuBLASLt 12.8.5", "cuDNN 9.10.2 found, not needed"} {
		if !strings.Contains(d.Explain(), want) {
			t.Errorf("%q does not say %q", d.Explain(), want)
		}
	}
	d.use().BLASFrom(1)
	before, _ := cudatest.Products()
	got, want := newTraining(t, d, everything), newTraining(t, nil, everything)
	got.steps(3)
	want.steps(3)
	if after, err := cudatest.Products(); err != nil || after-before < 3 {
		t.Errorf("%d products by cuBLASLt, %v", after-before, err)
	}
	near(t, "weights", got.m.store.all(), want.m.store.all(), 3)
}

// TestDeviceExplain checks that ops without a kernel on the GPU are told.
func TestDeviceExplain(t *testing.T) {
	d := fakeGPU(t, "cuda:0")
	if strings.Contains(d.Explain(), "run on the CPU") || !strings.Contains(d.Explain(), "our own kernels (cuBLASLt:") && !realGPU() {
		t.Errorf("%s", d.Explain())
	}
	// A chain of reflections that does not fit the kernel's shared memory.
	c := small()
	c.Precision = "float32"
	m := mustNew(t, c, 1)
	m.Use(d)
	b := m.builder()
	w := op.Householder(b.input("w0", 128, 128), b.input("v", 1, 64, 128), b.input("d", 1, 128))
	p, err := b.compile("reflections", op.Scale(w, 2))
	if err != nil {
		t.Fatal(err)
	}
	if err := p.run(); err != nil {
		t.Fatal(err)
	}
	if want := "of the graph for reflections 1 op has no kernel on the GPU and runs on the CPU"; !strings.Contains(d.Explain(), want) {
		t.Errorf("%q does not say %q", d.Explain(), want)
	}
}

// TestDeviceInvert trains by inversion, whose optimizer stays on the CPU, with its programs on the
// GPU, and moves it.
func TestDeviceInvert(t *testing.T) {
	d := fakeGPU(t, "cuda:0")
	o := everything
	o.Invert = true
	gpu, host := newTraining(t, d, o), newTraining(t, nil, o)
	for _, device := range []*Device{d, nil, d} {
		gpu.m.Use(device)
		gpu.steps(2)
		host.steps(2)
		if !gpu.tr.Inverting() || !host.tr.Inverting() {
			t.Fatal("inversion was given up")
		}
		near(t, "weights", gpu.m.store.all(), host.m.store.all(), 6)
		near(t, "running mean", gpu.tr.ema, host.tr.ema, 6)
	}
}

// TestTwoTrainers shares the weights on the GPU between two trainers.
func TestTwoTrainers(t *testing.T) {
	run := func(d *Device) []float64 {
		r := newTraining(t, d, everything)
		other, err := r.m.NewTrainer(TrainerOptions{Batch: 2, Optim: optim.Defaults()})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			r.steps(1)
			if s, err := other.Step(r.x, r.y); err != nil || s.Skipped {
				t.Fatal(err, s.Fault)
			}
		}
		return r.m.store.all()
	}
	near(t, "weights", run(fakeGPU(t, "cuda:0")), run(nil), 4)
}

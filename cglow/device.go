package cglow

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"weak"

	"glownotes/cglow/cpu"
	"glownotes/cglow/cuda"
	"glownotes/cglow/cuda/device"
)

// Device is where models compute: the CPU or an NVIDIA GPU. Graphs in float64
// always run on the CPU.
//
// On a GPU a whole training step is one recording: forward pass, gradients,
// clipping, Adam and the running mean. Weights, gradients and moments stay
// there; what goes in at a step is the batch, what comes back its loss. They
// come to the host when something asks for them: [Model.Parameter], Save,
// Clone, Averaged, Telemetry, another device by [Model.Use]. Training by
// inversion computes on the GPU too, but keeps its optimizer on the CPU.
//
// When a GPU fails, the model goes to the CPU for good and [Device.Explain] says
// why. An error that leaves the GPU's memory readable (out of memory) loses
// nothing. A GPU that is lost (an illegal address, a fallen bus) takes the steps
// since the last copy with it: weights, moments and running mean are copied
// every 256 steps and whenever they are asked for, training goes on from there,
// and [StepResult] says how many steps were lost.
//
// Nothing of this has run on a GPU yet. What computes what is checked with the
// GPU's kernels compiled for the CPU. To check and time a real one, build the
// test programs where Go is, and run them where the GPU is:
//
//	CGO_ENABLED=0 go test -c -o op.test ./cglow/op
//	CGO_ENABLED=0 go test -c -o cglow.test ./cglow
//
//	export GLOWNOTES_GPU=1 GLOWNOTES_GOLDEN=folder/of/golden/vectors
//	./op.test -test.run Float32
//	./cglow.test -test.v -test.run 'Device|Resident' -test.bench Device -test.benchtime 20x
type Device struct {
	wanted string

	mu     sync.Mutex
	gpu    *device.Device // nil: the CPU
	reason string         // why it is not a GPU, or no longer
	stores []weak.Pointer[store]
	trips  map[string]int // ops that run on the host, by task
}

// DeviceInfo describes a device of this machine.
type DeviceInfo struct {
	Name        string // for OpenDevice: cpu, cuda:0 ...
	Description string
}

// Devices lists the CPU and every GPU; the text says what was found, or why
// there is no GPU.
func Devices() (list []DeviceInfo, found string) {
	list = []DeviceInfo{{"cpu", "CPU, " + cpu.ISA()}}
	gpus, err := cuda.Devices()
	if err != nil {
		return list, fmt.Sprintf("no GPU: %v", err)
	}
	for _, g := range gpus {
		list = append(list, DeviceInfo{fmt.Sprintf("cuda:%d", g.Index), describeGPU(g)})
	}
	return list, fmt.Sprintf("%d GPU found through %s", len(gpus), gpus[0].Library)
}

func describeGPU(g cuda.Info) string {
	return fmt.Sprintf("%s, compute capability %d.%d, %.0f GiB, driver for CUDA %s",
		g.Name, g.Major, g.Minor, float64(g.Memory)/(1<<30), g.Version())
}

// OpenDevice takes a device into use. The name is "cpu", "cuda:0", "cuda:1" ...,
// or "auto": the first GPU, or the CPU when there is none; behind a comma stands
// the arithmetic of matrix products on a GPU, as in "cuda:0,tf32": fp32 (if
// nothing is said), tf32 or bf16. A GPU that cannot be used is no error: the
// device is then the CPU and [Device.Explain] says why. Only a name that means
// nothing is an error.
func OpenDevice(name string) (*Device, error) {
	base, arithmetic, _ := strings.Cut(name, ",")
	if arithmetic == "" {
		arithmetic = "fp32"
	}
	math, err := device.ParseMath(arithmetic)
	if err != nil {
		return nil, fmt.Errorf("cglow: device %q: arithmetic %q: want fp32, tf32 or bf16", name, arithmetic)
	}
	d := &Device{wanted: name}
	index := 0
	switch {
	case base == "cpu":
		d.reason = "asked for"
		return d, nil
	case base == "auto":
	default:
		text, ok := strings.CutPrefix(base, "cuda:")
		if index, err = strconv.Atoi(text); !ok || err != nil || index < 0 {
			return nil, fmt.Errorf("cglow: device %q: want auto, cpu or cuda:0", name)
		}
	}
	if d.gpu, err = device.Open(index, math); err != nil {
		d.gpu, d.reason = nil, err.Error()
	}
	return d, nil
}

// Name returns the device in use: "cpu" or such as "cuda:0".
func (d *Device) Name() string {
	if gpu := d.use(); gpu != nil {
		return gpu.Name()
	}
	return "cpu"
}

// Explain says in a line or two what is used, and why not more.
func (d *Device) Explain() string {
	gpu := d.use()
	if gpu == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		return fmt.Sprintf("computing on the CPU (%s); device %q: %s", cpu.ISA(), d.wanted, d.reason)
	}
	c := gpu.Context()
	text := fmt.Sprintf("computing on %s: %s; kernels for sm_%d from PTX, matrix products in %s by ",
		gpu.Name(), describeGPU(c.Info()), c.Arch(), gpu.Math())
	if version, err := c.BLAS(); err == nil {
		text += version + " where they are large, else by our own kernels"
	} else {
		text += fmt.Sprintf("our own kernels (cuBLASLt: %v)", err)
	}
	if version, err := c.DNN(); err == nil {
		text += "; " + version + " found, not needed: convolutions are matrix products here"
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, task := range slices.Sorted(maps.Keys(d.trips)) {
		ops, has, run := "ops", "have", "run"
		if d.trips[task] == 1 {
			ops, has, run = "op", "has", "runs"
		}
		text += fmt.Sprintf("; of the graph for %s %d %s %s no kernel on the GPU and %s on the CPU", task, d.trips[task], ops, has, run)
	}
	return text
}

// note remembers how many ops of a graph have to go through the host.
func (d *Device) note(task string, trips int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.trips == nil {
		d.trips = map[string]int{}
	}
	if delete(d.trips, task); trips > 0 {
		d.trips[task] = trips
	}
}

func (d *Device) String() string { return d.Explain() }

// use returns the GPU, or nil.
func (d *Device) use() *device.Device {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.gpu
}

// giveUp goes to the CPU for good.
func (d *Device) giveUp(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gpu, d.reason = nil, err.Error()
}

// know remembers whose weights are on the device.
func (d *Device) know(s *store) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stores = append(slices.DeleteFunc(d.stores, func(w weak.Pointer[store]) bool { return w.Value() == nil }), weak.Make(s))
}

// Close gives the GPU back. Models that compute on it take their weights, and trainers their
// state, to the CPU first and go on there. Memory of models and trainers that were dropped is
// freed without it, when the garbage collector finds them.
func (d *Device) Close() error {
	gpu := d.use()
	if gpu == nil {
		return nil
	}
	d.mu.Lock()
	stores := slices.Clone(d.stores)
	d.mu.Unlock()
	for _, w := range stores {
		if s := w.Value(); s != nil {
			s.mu.Lock()
			if s.home != nil && s.home.device == d {
				s.moveHome()
			}
			s.mu.Unlock()
		}
	}
	d.giveUp(errors.New("closed"))
	return gpu.Close()
}

// Use makes the model compute on a device. The weights go there, graphs compiled
// before are compiled again when they are next needed, and trainers follow with
// their next step.
func (m *Model) Use(d *Device) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d.use() != m.device.use() {
		m.store.moveHome()
	}
	m.device = d
	m.graphs = map[graphKey]any{}
}

// Device returns the device that the model computes on; nil is the CPU.
func (m *Model) Device() *Device {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.device
}

package cglow

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/cuda"
	"glownotes/cglow/cuda/device"
	"glownotes/cglow/exec"
)

// A LayerError says in which layer of the model a computation failed: a matrix
// that is singular, a value that is not a number.
type LayerError struct {
	Task  string // what was computed: likelihood, sample ...
	Layer string // such as l1.s3.conditioning; "" when it is not known
	Err   error
}

func (e *LayerError) Error() string {
	if e.Layer == "" {
		return fmt.Sprintf("cglow: %s: %v", e.Task, e.Err)
	}
	return fmt.Sprintf("cglow: %s: layer %s: %v", e.Task, e.Layer, e.Err)
}

func (e *LayerError) Unwrap() error { return e.Err }

// machine is a compiled graph that names layers in its errors.
type machine struct {
	task  string
	vm    *exec.VM
	scope *scope
	again func() (*exec.VM, error) // compiles for the CPU when the GPU is lost; nil on the CPU
	gave  *Device
	gpu   *device.Device // nil: the CPU
	store *store
	takes bool // takes the weights of the host along with every run
}

// compile compiles the part of the graph that the outputs need.
func (b *builder) compile(task string, outputs ...*gorgonia.Node) (*machine, error) {
	return b.compileWith(task, nil, outputs...)
}

// compileWith is compile for a program of which more than the weights stays on the GPU.
func (b *builder) compileWith(task string, attach func(*device.Device, *exec.Mirror) (*exec.Resident, error), outputs ...*gorgonia.Node) (*machine, error) {
	outputs = unique(outputs)
	cpu := func() (*exec.VM, error) { return exec.Compile(exec.Program{Outputs: outputs}) }
	m := &machine{task: task, scope: &b.scope, store: b.store, takes: b.rebinds}
	var err error
	if gpu := b.device.use(); gpu != nil {
		m.again, m.gave, m.gpu = cpu, b.device, gpu
		if m.vm, err = b.onGPU(gpu, attach, outputs); isDevice(err) {
			err = m.leave(err)
		}
		if err == nil {
			b.device.note(task, m.vm.Stats().RoundTrips)
		}
	} else {
		m.vm, err = cpu()
	}
	if err != nil {
		return nil, fmt.Errorf("cglow: %s: %w", task, err)
	}
	return m, nil
}

// onGPU compiles for a GPU, where the weights stay.
func (b *builder) onGPU(gpu *device.Device, attach func(*device.Device, *exec.Mirror) (*exec.Resident, error), outputs []*gorgonia.Node) (*exec.VM, error) {
	p := exec.Program{Outputs: outputs, Backend: gpu}
	if b.rebinds {
		b.store.host()
		return exec.Compile(p)
	}
	mirror, err := b.store.mirror(b.device, gpu)
	switch {
	case err != nil:
		return nil, err
	case mirror == nil:
	case attach != nil:
		if p.Resident, err = attach(gpu, mirror); err != nil {
			return nil, err
		}
	default:
		p.Resident = &exec.Resident{Mirrors: []*exec.Mirror{mirror}}
	}
	return exec.Compile(p)
}

// ready makes sure that the program reads the weights that count.
func (m *machine) ready() error {
	switch {
	case m.takes:
		m.store.host()
		if m.gpu != nil && m.gave.use() != m.gpu {
			return m.toCPU()
		}
	case m.gpu != nil && (m.store.home == nil || m.store.home.gpu != m.gpu) && m.store.f32 != nil:
		return m.toCPU() // the model has left that GPU
	case !m.vm.OnDevice():
		m.store.host()
	}
	return nil
}

// run computes the outputs. The error is a *LayerError.
func (m *machine) run() error {
	if err := m.ready(); err != nil {
		return m.explain(err)
	}
	err := m.vm.RunAll()
	if m.again != nil && isDevice(err) {
		if err = m.leave(err); err == nil {
			err = m.vm.RunAll()
		}
	}
	return m.explain(err)
}

// leave goes from the GPU to the CPU: the values of the other nodes are on the host.
func (m *machine) leave(cause error) error {
	m.store.abandon(m.gave, cause)
	return m.toCPU()
}

func (m *machine) toCPU() error {
	m.store.host()
	vm, err := m.again()
	if err == nil {
		m.vm, m.again, m.gpu = vm, nil, nil
	}
	return err
}

// isDevice reports whether an error is the GPU's and not the computation's.
func isDevice(err error) bool {
	var e *cuda.Error
	return errors.As(err, &e)
}

// diagnose is run that stops at the first result that is not finite.
func (m *machine) diagnose() error {
	if err := m.ready(); err != nil {
		return m.explain(err)
	}
	return m.explain(m.vm.Diagnose())
}

func (m *machine) explain(err error) error {
	if err == nil {
		return nil
	}
	out := &LayerError{Task: m.task, Err: err}
	var node *exec.NodeError
	var value *exec.NonFiniteError
	switch {
	case errors.As(err, &node):
		out.Layer = m.scope.layer(node.Node)
	case errors.As(err, &value):
		out.Layer = m.scope.layer(value.Node)
	}
	return out
}

// write copies v into the memory behind an input node.
func write[T real](n *gorgonia.Node, v []T) {
	switch dst := n.Value().Data().(type) {
	case []float32:
		convert(dst, v)
	case []float64:
		convert(dst, v)
	default:
		panic(fmt.Sprintf("cglow: input %s has type %T", n.Name(), dst))
	}
}

// writeRow copies v into row r of the memory behind an input node.
func writeRow[T real](n *gorgonia.Node, r int, v []T) {
	switch dst := n.Value().Data().(type) {
	case []float32:
		convert(dst[r*len(v):(r+1)*len(v)], v)
	case []float64:
		convert(dst[r*len(v):(r+1)*len(v)], v)
	}
}

// values returns the memory behind a node's value converted to float64: a copy.
func values(n *gorgonia.Node) []float64 {
	switch v := n.Value().(type) {
	case *gorgonia.F32:
		return []float64{float64(*v)}
	case *gorgonia.F64:
		return []float64{float64(*v)}
	case *tensor.Dense:
		switch src := v.Data().(type) {
		case []float32:
			out := make([]float64, len(src))
			convert(out, src)
			return out
		case []float64:
			return append([]float64(nil), src...)
		}
	}
	panic(fmt.Sprintf("cglow: node %s has no value that can be read (%T)", n.Name(), n.Value()))
}

// convert copies src into dst, which must have the same length.
func convert[A, B real](dst []A, src []B) {
	if len(dst) != len(src) {
		panic(fmt.Sprintf("cglow: %d values for %d", len(src), len(dst)))
	}
	for i, v := range src {
		dst[i] = A(v)
	}
}

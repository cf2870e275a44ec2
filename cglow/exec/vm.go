package exec

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"

	"glownotes/cglow/cpu"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Program says what to compute.
type Program struct {
	Outputs []*gorgonia.Node // computed by every run and readable afterwards
	Keep    []*gorgonia.Node // further nodes to make readable
	Backend Backend          // of float32 kernels; nil means CPU

	// Resident is what stays on the device, for a backend that is a [Device]; may be nil.
	Resident *Resident

	// CheckFinite makes every run stop at the first result with a NaN or an infinity, see
	// [NonFiniteError]. It costs a pass over every result.
	CheckFinite bool
	// Poison fills all planned memory with NaN before every run, to show a result that is read
	// before it is written. For tests.
	Poison bool
}

// VM is a compiled program. It implements gorgonia.VM.
type VM struct {
	plan    *plan
	buffers []buffer
	inputs  []inputSlot
	scalars []scalarSlot
	keeps   []keepSlot
	steps   []step
	arena32 []float32
	arena64 []float64
	stats   Stats
	device  *deviceRun // nil on the host
	outputs []*gorgonia.Node

	checkFinite, poison, closed bool

	at   int // step that runs, to name it after a panic
	runs int // completed
}

var _ gorgonia.VM = (*VM)(nil)

// Stats are figures of a compiled program.
type Stats struct {
	Backend    string
	Steps      int // kernels that one run calls
	Fallback   int // of these, ops of others than package op
	Reference  int // of these, float32 ops without a kernel of the backend
	ArenaBytes int // memory of intermediate results
	NaiveBytes int // what it would be with memory of its own for each
	KeptBytes  int // memory of outputs and kept nodes

	// On a device:
	DeviceBytes int // memory there, parameters and what stays there apart
	Launches    int // kernels and copies that one run issues
	RoundTrips  int // steps that ran on the host for want of a kernel
}

// step is one kernel call.
type step struct {
	node int
	outs []int // nodes written
	run  func() error
}

// NodeError says which node's op failed, and why.
type NodeError struct {
	Node *gorgonia.Node
	Err  error
}

func (e *NodeError) Error() string { return fmt.Sprintf("exec: %s: %v", label(e.Node), e.Err) }

func (e *NodeError) Unwrap() error { return e.Err }

// NonFiniteError says which result was the first with a NaN or an infinity.
type NonFiniteError struct {
	Node  *gorgonia.Node
	Index int // of the first such element
	Value float64
	Count int // of such elements
	Size  int
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("exec: %s is not finite: %g at element %d, %d of %d elements",
		label(e.Node), e.Value, e.Index, e.Count, e.Size)
}

// Compile plans a program. Every input that the outputs depend on must be bound.
func Compile(p Program) (*VM, error) {
	outputs := append(append([]*gorgonia.Node(nil), p.Outputs...), p.Keep...)
	if p.Backend == nil {
		p.Backend = CPU
	}
	if p.Backend == CPU {
		if err := cpu.Check(); err != nil {
			return nil, fmt.Errorf("exec: %w", err)
		}
	}
	pl, err := newPlan(outputs, p.Backend)
	if _, device := p.Backend.(Device); device && err == nil && !onDevice(pl) {
		p.Backend = CPU
		pl, err = newPlan(outputs, p.Backend)
	}
	if err != nil {
		return nil, err
	}
	vm := &VM{plan: pl, checkFinite: p.CheckFinite, poison: p.Poison, outputs: outputs}
	vm.stats.Backend = p.Backend.Name()
	if dev, ok := p.Backend.(Device); ok {
		vm.device = newDeviceRun(vm, dev, p.Resident)
	}
	if err := vm.bind(); err != nil {
		return nil, err
	}
	if vm.device != nil { // what is on the device does not know when the collector takes the program
		runtime.AddCleanup(vm, func(h *holdings) { h.close() }, vm.device.held)
	}
	return vm, nil
}

// OnDevice reports whether the program runs on a device.
func (vm *VM) OnDevice() bool { return vm.device != nil }

// Stats returns figures of the program.
func (vm *VM) Stats() Stats { return vm.stats }

// Reset does nothing: a VM can run again at once.
func (vm *VM) Reset() {}

// Close gives up the memory of intermediate results; without it they go when nothing refers to the
// program any more, on a device too. Values of outputs stay.
func (vm *VM) Close() error {
	var err error
	if vm.device != nil {
		err = vm.device.close()
	}
	*vm = VM{closed: true, stats: vm.stats}
	return err
}

// RunAll computes the outputs from the current values of the inputs.
func (vm *VM) RunAll() error { return vm.run(vm.checkFinite) }

// Diagnose runs the program like RunAll and stops at the first result that is not finite, with a
// [*NonFiniteError].
func (vm *VM) Diagnose() error { return vm.run(true) }

func (vm *VM) run(check bool) (err error) {
	if vm.closed {
		return errors.New("exec: the program is closed")
	}
	vm.at = -1
	defer vm.recoverStep(&err)
	if err := vm.refresh(); err != nil {
		return err
	}
	if vm.poison {
		fill(vm.arena32, float32(math.NaN()))
		fill(vm.arena64, math.NaN())
		for _, k := range vm.keeps {
			fill(vm.buffers[k.item].f32, float32(math.NaN()))
			fill(vm.buffers[k.item].f64, math.NaN())
		}
	}
	if vm.device != nil {
		run := vm.device.run
		if check {
			run = vm.device.diagnose
		}
		if err := run(); err != nil {
			return err
		}
		vm.runs++
		return vm.publish()
	}
	for i := range vm.steps {
		vm.at = i
		if err := vm.steps[i].run(); err != nil {
			return &NodeError{Node: vm.plan.items[vm.steps[i].node].node, Err: err}
		}
		if check {
			if err := vm.finite(&vm.steps[i]); err != nil {
				return err
			}
		}
	}
	vm.at = -1
	vm.runs++
	return vm.publish()
}

// recoverStep turns a panic into an error that names the node.
func (vm *VM) recoverStep(err *error) {
	r := recover()
	if r == nil {
		return
	}
	if vm.at < 0 {
		panic(r) // not in an op: a bug of this package
	}
	cause, ok := r.(error)
	if !ok {
		cause = fmt.Errorf("%v", r)
	}
	*err = &NodeError{Node: vm.plan.items[vm.steps[vm.at].node].node, Err: fmt.Errorf("panic: %w", cause)}
}

// label is the name that a node was given, or else its op: Gorgonia would list its inputs, which
// can be hundreds.
func label(n *gorgonia.Node) string {
	name := n.Name()
	if o := n.Op(); o != nil && strings.HasPrefix(name, o.String()+"(") {
		return o.String()
	}
	return name
}

// finite checks what a step wrote.
func (vm *VM) finite(s *step) error {
	for _, i := range s.outs {
		b := &vm.buffers[i]
		e := firstNonFinite(b.f32)
		if e == nil {
			e = firstNonFinite(b.f64)
		}
		if e != nil {
			e.Node = vm.plan.items[i].node
			return e
		}
	}
	return nil
}

func firstNonFinite[T float32 | float64](x []T) *NonFiniteError {
	var e *NonFiniteError
	for i, v := range x {
		if v-v == 0 {
			continue
		}
		if e == nil {
			e = &NonFiniteError{Index: i, Value: float64(v), Size: len(x)}
		}
		e.Count++
	}
	return e
}

func fill[T float32 | float64](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

// bytes returns the memory of n elements.
func bytes(dt tensor.Dtype, n int) int { return n * int(dt.Size()) }

package exec

import (
	"fmt"
	"sort"
	"time"

	"glownotes/cglow/op"
)

// OpTime is what the steps of one kind of op took in a [VM.Profile].
type OpTime struct {
	Op     string // such as "conv2d.dx", or the Go type of an op of others
	Kernel string // backend, "reference" or "foreign"
	Steps  int    // in one run
	Time   time.Duration
}

// Profile runs the program runs times and returns the mean time of a run that each kind of op
// took, the longest first. Reading the clock adds about 0.1 µs a step.
func (vm *VM) Profile(runs int) ([]OpTime, error) {
	if runs < 1 {
		return nil, fmt.Errorf("exec: profile of %d runs", runs)
	}
	stop := vm.StartProfile()
	for range runs {
		if err := vm.RunAll(); err != nil {
			stop()
			return nil, err
		}
	}
	return stop(), nil
}

// StartProfile times every run from now on, until stop is called, which returns what Profile
// does.
func (vm *VM) StartProfile() (stop func() []OpTime) {
	total := make([]time.Duration, len(vm.steps))
	plain, runs := vm.steps, vm.runs
	vm.steps = timed(plain, total)
	return func() []OpTime {
		vm.steps = plain
		return vm.byKind(total, max(1, vm.runs-runs))
	}
}

// byKind adds up the times of the steps of each kind and divides them by runs.
func (vm *VM) byKind(total []time.Duration, runs int) (times []OpTime) {
	kinds := map[[2]string]*OpTime{}
	for i, s := range vm.steps {
		op, kernel := vm.kind(s.node)
		k := kinds[[2]string{op, kernel}]
		if k == nil {
			k = &OpTime{Op: op, Kernel: kernel}
			kinds[[2]string{op, kernel}] = k
		}
		k.Steps++
		k.Time += total[i] / time.Duration(runs)
	}
	for _, k := range kinds {
		times = append(times, *k)
	}
	sort.Slice(times, func(i, j int) bool {
		if times[i].Time != times[j].Time {
			return times[i].Time > times[j].Time
		}
		return times[i].Op+times[i].Kernel < times[j].Op+times[j].Kernel
	})
	return times
}

// timed returns steps that add their time to total.
func timed(steps []step, total []time.Duration) []step {
	out := append([]step(nil), steps...)
	for i := range out {
		run := out[i].run
		out[i].run = func() error {
			start := time.Now()
			err := run()
			total[i] += time.Since(start)
			return err
		}
	}
	return out
}

// kind returns the op of a node and who computes it.
func (vm *VM) kind(i int) (name, kernel string) {
	it := &vm.plan.items[i]
	o, ok := it.node.Op().(*op.Op)
	switch {
	case !ok:
		return fmt.Sprintf("%T", it.node.Op()), "foreign"
	case it.kernel != nil:
		return o.Name(), vm.stats.Backend
	}
	return o.Name(), "reference"
}

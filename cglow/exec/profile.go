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
func (vm *VM) Profile(runs int) (times []OpTime, err error) {
	if runs < 1 {
		return nil, fmt.Errorf("exec: profile of %d runs", runs)
	}
	kinds := map[[2]string]*OpTime{}
	total := make([]time.Duration, len(vm.steps))
	timed := vm.timed(total)
	for range runs {
		if err := timed.RunAll(); err != nil {
			return nil, err
		}
	}
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
	return times, nil
}

// timed returns a VM with the same memory whose steps add their time to total.
func (vm *VM) timed(total []time.Duration) *VM {
	t := *vm
	t.steps = append([]step(nil), vm.steps...)
	for i := range t.steps {
		run := t.steps[i].run
		t.steps[i].run = func() error {
			start := time.Now()
			err := run()
			total[i] += time.Since(start)
			return err
		}
	}
	return &t
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

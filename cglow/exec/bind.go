package exec

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// bind makes the memory and the steps.
func (vm *VM) bind() error {
	if err := vm.allocate(); err != nil {
		return err
	}
	if vm.device != nil {
		return vm.device.bind()
	}
	follow := map[int]*inputSlot{}
	for i := range vm.inputs {
		follow[vm.inputs[i].item] = &vm.inputs[i]
	}
	for i := range vm.plan.items {
		it := &vm.plan.items[i]
		if it.place == unused || it.place == input || it.place == alias {
			continue
		}
		switch o := it.node.Op().(type) {
		case *op.Pick: // written by the step of its child
		case *op.Op:
			vm.stats.Steps++
			if it.node.Dtype() == tensor.Float64 {
				vm.steps = append(vm.steps, bindOp(vm, i, o, o.Bind64(), follow))
				break
			}
			vm.steps = append(vm.steps, bindOp(vm, i, o, vm.kernel32(it, o), follow))
		default:
			vm.stats.Steps++
			vm.stats.Fallback++
			s, err := vm.bindForeign(i)
			if err != nil {
				return err
			}
			vm.steps = append(vm.steps, s)
		}
	}
	return nil
}

// kernel32 returns the float32 kernel of an op with its scratch memory.
func (vm *VM) kernel32(it *item, o *op.Op) op.Kernel[float32] {
	if it.kernel == nil {
		vm.stats.Reference++
		return o.Bind32()
	}
	to := it.scratch + it.kernel.Scratch
	return it.kernel.Bind(vm.arena32[it.scratch:to:to])
}

// bindOp makes the step of an op of package op.
func bindOp[T float32 | float64](vm *VM, i int, o *op.Op, k op.Kernel[T], follow map[int]*inputSlot) step {
	it := &vm.plan.items[i]
	s := step{node: i, outs: []int{i}}
	outs := [][]T{*elements[T](&vm.buffers[i])}
	for j := range o.Extra() {
		outs = append(outs, nil)
		if picks := vm.plan.picks[o]; picks != nil && picks[j] >= 0 {
			outs[j+1] = *elements[T](&vm.buffers[picks[j]])
			s.outs = append(s.outs, picks[j])
		}
	}
	ins := make([][]T, len(it.kids))
	for j, c := range it.kids {
		ins[j] = *elements[T](&vm.buffers[c])
		if in := follow[vm.plan.items[c].root]; in != nil {
			in.uses = append(in.uses, useOf(&ins[j]))
		}
	}
	s.run = func() error { return k(outs, ins) }
	return s
}

func useOf[T float32 | float64](p *[]T) use {
	if q, ok := any(p).(*[]float32); ok {
		return use{f32: q}
	}
	return use{f64: any(p).(*[]float64)}
}

// bindForeign makes the step of any other op: its Do runs on values over the planned memory, and
// its result is copied into its own. Values are made anew for every run, since such an op may
// reshape or keep what it is given.
func (vm *VM) bindForeign(i int) (step, error) {
	it := &vm.plan.items[i]
	o := it.node.Op()
	if o == nil {
		return step{}, fmt.Errorf("exec: %s has no op", it.node.Name())
	}
	ins := make([]gorgonia.Value, len(it.kids))
	run := func() error {
		for j, c := range it.kids {
			ins[j] = vm.valueOf(c)
		}
		v, err := o.Do(ins...)
		if err != nil {
			return err
		}
		return vm.store(i, v)
	}
	return step{node: i, outs: []int{i}, run: run}, nil
}

// valueOf wraps the memory of a node for a foreign op.
func (vm *VM) valueOf(i int) gorgonia.Value {
	b, n := &vm.buffers[vm.plan.items[i].root], vm.plan.items[i].node
	switch {
	case b.f32 != nil:
		return wrap(n.Shape(), b.f32)
	case b.f64 != nil:
		return wrap(n.Shape(), b.f64)
	}
	return b.box
}

// store copies the result of a foreign op to the memory of its node.
func (vm *VM) store(i int, v gorgonia.Value) error {
	it, b := &vm.plan.items[i], &vm.buffers[i]
	if it.place == boxed {
		b.box = v
		return nil
	}
	if it.node.Dtype() == tensor.Float32 {
		return copyValue(b.f32, v)
	}
	return copyValue(b.f64, v)
}

func copyValue[T float32 | float64](dst []T, v gorgonia.Value) error {
	src, err := op.Floats[T](v)
	if err != nil {
		return err
	}
	if len(src) != len(dst) {
		return fmt.Errorf("the result has %d elements, want %d", len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

package exec

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
)

// buffer is the memory of one node: one of the three.
type buffer struct {
	f32 []float32
	f64 []float64
	box gorgonia.Value
}

// elements returns the memory of element type T.
func elements[T float32 | float64](b *buffer) *[]T {
	if p, ok := any(&b.f32).(*[]T); ok {
		return p
	}
	return any(&b.f64).(*[]T)
}

// inputSlot follows the value bound to an input node.
type inputSlot struct {
	item  int
	value gorgonia.Value // whose memory the kernels have now
	dense *tensor.Dense  // the same, if it is a tensor that kernels read
	uses  []use
}

// use is a place where a kernel finds the memory of an input.
type use struct {
	f32 *[]float32
	f64 *[]float64
}

// scalarSlot follows a scalar input, which is read before every run.
type scalarSlot struct {
	item int
}

// keepSlot publishes the result of a kept node.
type keepSlot struct {
	item  int
	value gorgonia.Value
}

// allocate makes the memory of all nodes.
func (vm *VM) allocate() error {
	p := vm.plan
	vm.buffers = make([]buffer, len(p.items))
	if vm.device == nil {
		vm.arena32 = cpu.Alloc[float32](p.arena[tensor.Float32])
	}
	vm.arena64 = cpu.Alloc[float64](p.arena[tensor.Float64])
	kept32, kept64 := carveKept[float32](p, tensor.Float32), carveKept[float64](p, tensor.Float64)
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		vm.stats.ArenaBytes += bytes(dt, p.arena[dt])
		vm.stats.NaiveBytes += bytes(dt, p.naive[dt])
	}
	for i := range p.items {
		it, b := &p.items[i], &vm.buffers[i]
		switch it.place {
		case input:
			if err := vm.addInput(i); err != nil {
				return err
			}
		case kept:
			if err := vm.addKept(i, kept32, kept64); err != nil {
				return err
			}
		case boxed:
			if it.keep {
				vm.keeps = append(vm.keeps, keepSlot{item: i})
			}
		case planned:
			if vm.device != nil {
				if vm.device.host[i] {
					b.f32 = make([]float32, it.size)
				}
				break
			}
			if it.node.Dtype() == tensor.Float32 {
				b.f32 = vm.arena32[it.off : it.off+it.size : it.off+it.size]
			} else {
				b.f64 = vm.arena64[it.off : it.off+it.size : it.off+it.size]
			}
		case alias:
			*b = vm.buffers[it.root]
		}
	}
	return nil
}

// addInput takes the memory of the value bound to an input.
func (vm *VM) addInput(i int) error {
	n := vm.plan.items[i].node
	v := n.Value()
	if v == nil {
		return fmt.Errorf("exec: no value is bound to the input %s", n.Name())
	}
	b := &vm.buffers[i]
	switch v.(type) {
	case *gorgonia.F32:
		b.f32 = make([]float32, 1)
		vm.scalars = append(vm.scalars, scalarSlot{i})
		return nil
	case *gorgonia.F64:
		b.f64 = make([]float64, 1)
		vm.scalars = append(vm.scalars, scalarSlot{i})
		return nil
	}
	vm.inputs = append(vm.inputs, inputSlot{item: i})
	return vm.take(&vm.inputs[len(vm.inputs)-1], v)
}

// take makes v the value of an input.
func (vm *VM) take(in *inputSlot, v gorgonia.Value) error {
	it, b := &vm.plan.items[in.item], &vm.buffers[in.item]
	d, ok := v.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 && d.Dtype() != tensor.Float64 {
		in.value, in.dense, b.box = v, nil, v
		return nil
	}
	if d.Dtype() != it.node.Dtype() || d.Size() != it.size {
		return fmt.Errorf("exec: the value of %s is %v %v, want %v %v",
			it.node.Name(), d.Dtype(), d.Shape(), it.node.Dtype(), it.node.Shape())
	}
	if d.RequiresIterator() {
		return fmt.Errorf("exec: the value of %s is a view that is not row-major without gaps: bind a copy", it.node.Name())
	}
	var err error
	if d.Dtype() == tensor.Float32 {
		b.f32, err = op.Floats[float32](d)
	} else {
		b.f64, err = op.Floats[float64](d)
	}
	if err != nil {
		return fmt.Errorf("exec: the value of %s: %w", it.node.Name(), err)
	}
	in.value, in.dense = v, d
	for _, u := range in.uses {
		if u.f32 != nil {
			*u.f32 = b.f32
		} else {
			*u.f64 = b.f64
		}
	}
	return nil
}

// refresh reads scalars and follows inputs that were bound to another value.
func (vm *VM) refresh() error {
	for i := range vm.inputs {
		in := &vm.inputs[i]
		v := vm.plan.items[in.item].node.Value()
		if v == in.value && (in.dense == nil || !in.dense.RequiresIterator()) {
			continue
		}
		if v == nil {
			return fmt.Errorf("exec: no value is bound to the input %s", vm.plan.items[in.item].node.Name())
		}
		if err := vm.take(in, v); err != nil {
			return err
		}
	}
	for _, s := range vm.scalars {
		n, b := vm.plan.items[s.item].node, &vm.buffers[s.item]
		switch v := n.Value().(type) {
		case *gorgonia.F32:
			b.f32[0] = float32(*v)
		case *gorgonia.F64:
			b.f64[0] = float64(*v)
		default:
			return fmt.Errorf("exec: the value of the scalar %s is now a %T", n.Name(), v)
		}
	}
	return nil
}

// carveKept makes one piece of memory for all results of one type that stay readable, and returns
// a function that cuts them out of it, on cache lines.
func carveKept[T float32 | float64](p *plan, dt tensor.Dtype) func(n int) []T {
	line := cpu.LineBytes / int(dt.Size())
	round := func(n int) int { return (n + line - 1) / line * line }
	total := 0
	for i := range p.items {
		if it := &p.items[i]; it.place == kept && it.node.Dtype() == dt {
			total += round(it.size)
		}
	}
	memory := cpu.Alloc[T](total)
	return func(n int) []T {
		piece := memory[:n:n]
		memory = memory[round(n):]
		return piece
	}
}

// addKept makes memory for an output and shows it as the value of the node.
func (vm *VM) addKept(i int, kept32 func(int) []float32, kept64 func(int) []float64) error {
	it, b := &vm.plan.items[i], &vm.buffers[i]
	n := it.node
	k := keepSlot{item: i}
	vm.stats.KeptBytes += bytes(n.Dtype(), it.size)
	if n.Dtype() == tensor.Float32 {
		b.f32 = kept32(it.size)
		k.value = wrap(n.Shape(), b.f32)
	} else {
		b.f64 = kept64(it.size)
		k.value = wrap(n.Shape(), b.f64)
	}
	vm.keeps = append(vm.keeps, k)
	if err := gorgonia.UnsafeLet(n, k.value); err != nil {
		return fmt.Errorf("exec: output %s: %w", n.Name(), err)
	}
	return nil
}

// wrap returns a value over data: a tensor that shares it, or a scalar.
func wrap[T float32 | float64](s tensor.Shape, data []T) gorgonia.Value {
	if len(s) > 0 {
		return tensor.New(tensor.WithShape(s...), tensor.WithBacking(data))
	}
	if v, ok := any(data[0]).(float32); ok {
		return gorgonia.NewF32(v)
	}
	return gorgonia.NewF64(float64(data[0]))
}

// publish sets scalar results and binds the results to their nodes again where someone has
// bound something else since.
func (vm *VM) publish() error {
	for i := range vm.keeps {
		k := &vm.keeps[i]
		n, b := vm.plan.items[k.item].node, &vm.buffers[k.item]
		switch v := k.value.(type) {
		case *gorgonia.F32:
			*v = gorgonia.F32(b.f32[0])
		case *gorgonia.F64:
			*v = gorgonia.F64(b.f64[0])
		case nil:
			k.value = b.box
		}
		if b.box != nil {
			k.value = b.box
		}
		if n.Value() == k.value {
			continue
		}
		if err := gorgonia.UnsafeLet(n, k.value); err != nil {
			return fmt.Errorf("exec: output %s: %w", n.Name(), err)
		}
	}
	return nil
}

package exec

import (
	"fmt"
	"math"

	"gorgonia.org/tensor"
)

// run computes the outputs.
func (d *deviceRun) run() error {
	if err := d.prepare(); err != nil {
		return err
	}
	err := d.dev.Do(func() error {
		for k := range d.segments {
			s := &d.segments[k]
			if s.recording != nil {
				if err := s.recording.Issue(); err != nil {
					return err
				}
			}
			if err := d.hostPart(s); err != nil {
				return err
			}
		}
		if err := d.dev.Wait(); err != nil {
			return err
		}
		return d.check()
	})
	if err != nil {
		return err
	}
	d.deliver()
	return nil
}

// prepare stages the inputs.
func (d *deviceRun) prepare() error {
	for i, had := range d.mirrored {
		if b := d.vm.buffers[i].f32; len(b) == 0 || &b[0] != &had[0] {
			return fmt.Errorf("exec: %s is bound to another value since the program was put on the device: compile it again",
				label(d.vm.plan.items[i].node))
		}
	}
	for _, m := range d.resident.Mirrors {
		if err := m.Push(); err != nil {
			return err
		}
		if d.hostReads {
			if err := m.Fetch(); err != nil {
				return err
			}
		}
	}
	for _, s := range d.inItems {
		copy(d.inHost[s.off:], d.vm.buffers[s.item].f32)
	}
	if d.vm.poison && d.vm.plan.arena[tensor.Float32] > 0 {
		if d.poison == nil {
			d.poison = make([]float32, d.vm.plan.arena[tensor.Float32])
			fill(d.poison, float32(math.NaN()))
		}
		return d.dev.Do(func() error { return d.dev.Upload(d.arena, d.poison) })
	}
	return nil
}

// hostPart runs the step of a segment that is the host's.
func (d *deviceRun) hostPart(s *segment) error {
	if s.host == nil {
		return nil
	}
	for _, i := range s.fetch {
		if err := d.dev.Download(d.vm.buffers[i].f32, d.at[i]); err != nil {
			return err
		}
	}
	if err := d.dev.Wait(); err != nil {
		return err
	}
	if err := d.vm.guarded(s.host); err != nil {
		return err
	}
	for _, i := range s.host.outs {
		if b := d.vm.buffers[i].f32; b != nil {
			for _, to := range d.places(i) {
				if err := d.dev.Upload(to, b); err != nil {
					return err
				}
			}
		}
	}
	return d.dev.Wait()
}

// places are all addresses of an item.
func (d *deviceRun) places(i int) []Address {
	if p := d.resident.Outputs[d.vm.plan.items[i].node]; len(p) > 0 && d.vm.plan.items[i].place == kept {
		return p
	}
	return []Address{d.at[i]}
}

// guarded runs a host step; a panic becomes an error, for this is not the caller's goroutine.
func (vm *VM) guarded(s *step) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			err = &NodeError{Node: vm.plan.items[s.node].node, Err: err}
		}
	}()
	return s.run()
}

func (d *deviceRun) check() error {
	k := 0
	for _, s := range d.segments {
		for _, step := range s.steps {
			if check := d.kernels[k].Check; check != nil {
				if part, err := check(); err != nil {
					return &NodeError{Node: d.vm.plan.items[step.nodes[part]].node, Err: err}
				}
			}
			k++
		}
	}
	return nil
}

// deliver hands the results to the host's memory.
func (d *deviceRun) deliver() {
	for _, s := range d.outItems {
		b := d.vm.buffers[s.item].f32
		copy(b, d.outHost[s.off:s.off+len(b)])
	}
}

// diagnose runs step by step and looks at every result. The host does it first: there every op has a
// result of its own.
func (d *deviceRun) diagnose() error {
	for _, m := range d.resident.Mirrors {
		if err := m.Fetch(); err != nil {
			return err
		}
	}
	host, err := Compile(Program{Outputs: d.vm.outputs})
	if err != nil {
		return err
	}
	if err := host.Diagnose(); err != nil {
		return err
	}
	if err := d.prepare(); err != nil {
		return err
	}
	err = d.dev.Do(func() error {
		if len(d.inHost) > 0 {
			if err := d.dev.Upload(d.ins, d.inHost); err != nil {
				return err
			}
		}
		for k := range d.segments {
			for _, s := range d.segments[k].steps {
				if err := d.lookAt(s); err != nil {
					return err
				}
			}
			if err := d.hostPart(&d.segments[k]); err != nil {
				return err
			}
			if h := d.segments[k].host; h != nil {
				if err := d.vm.finite(h); err != nil {
					return err
				}
			}
		}
		if len(d.outHost) == 0 {
			return nil
		}
		if err := d.dev.Download(d.outHost, d.outs); err != nil {
			return err
		}
		return d.dev.Wait()
	})
	if err == nil {
		d.deliver()
	}
	return err
}

// lookAt runs a step and checks that its results are finite.
func (d *deviceRun) lookAt(s deviceStep) error {
	if err := s.launch(); err != nil {
		return err
	}
	for _, i := range s.outs {
		got := make([]float32, d.vm.plan.items[i].size)
		if err := d.dev.Download(got, d.at[i]); err != nil {
			return err
		}
		if err := d.dev.Wait(); err != nil {
			return err
		}
		if e := firstNonFinite(got); e != nil {
			e.Node = d.vm.plan.items[i].node
			return e
		}
	}
	return nil
}

package exec

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// deviceRun is a program on a device.
type deviceRun struct {
	vm       *VM
	dev      Device
	resident Resident
	arena    Address

	ins, outs         Address // blocks of all inputs, of all results for the host
	inHost, outHost   []float32
	inItems, outItems []stagedItem
	mirrored          map[int][]float32 // inputs inside a mirror: the memory that they had
	host              map[int]bool      // planned items that host steps touch
	at                []Address         // by item
	segments          []segment
	kernels           []DeviceKernel
	poison            []float32
	held              *holdings
	hostReads         bool // a step on the host reads a mirrored input
}

// stagedItem is an item with its place in a block.
type stagedItem struct{ item, off int }

// segment is what runs without the host, and then a step on the host.
type segment struct {
	recording Recording
	steps     []deviceStep
	host      *step
	fetch     []int // items that the host step reads
}

type deviceStep struct {
	nodes  []int // of a wave
	outs   []int
	launch func() error
}

// onDevice reports whether a program can run on a device: float32 only.
func onDevice(p *plan) bool {
	for i := range p.items {
		if it := &p.items[i]; it.place != unused && it.node.Dtype() == tensor.Float64 {
			return false
		}
	}
	return true
}

// deviceKernel reports whether the device computes an item.
func (it *item) deviceKernel() bool {
	return it.kernel != nil && (it.kernel.Device != nil || it.kernel.Class != "")
}

// newDeviceRun finds out which items the host touches.
func newDeviceRun(vm *VM, dev Device, r *Resident) *deviceRun {
	d := &deviceRun{vm: vm, dev: dev, host: map[int]bool{}, mirrored: map[int][]float32{}, held: &holdings{dev: dev}}
	if r != nil {
		d.resident = *r
	}
	for i := range vm.plan.items {
		it := &vm.plan.items[i]
		if !it.isStep() || it.deviceKernel() {
			continue
		}
		for _, k := range it.kids {
			d.host[vm.plan.items[k].root] = true
		}
		d.host[i] = true
		if o, ok := it.node.Op().(*op.Op); ok {
			for _, p := range vm.plan.picks[o] {
				if p >= 0 {
					d.host[p] = true
				}
			}
		}
	}
	return d
}

// isStep reports whether an item is computed by a step of its own.
func (it *item) isStep() bool {
	_, pick := it.node.Op().(*op.Pick)
	return it.place != unused && it.place != input && it.place != alias && !pick
}

// bind makes memory and recordings.
func (d *deviceRun) bind() (err error) {
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	if err := d.place(); err != nil {
		return err
	}
	open := segment{}
	for _, wave := range d.vm.plan.waves {
		d.vm.stats.Steps += len(wave)
		i := wave[0]
		it := &d.vm.plan.items[i]
		if it.deviceKernel() {
			s, err := d.bindWave(wave)
			if err != nil {
				return fmt.Errorf("exec: %s: %w", label(it.node), err)
			}
			open.steps = append(open.steps, s)
			continue
		}
		s, err := d.vm.hostStep(i)
		if err != nil {
			return err
		}
		d.vm.stats.RoundTrips++
		open.host = &s
		for _, k := range it.kids {
			root := d.vm.plan.items[k].root
			d.hostReads = d.hostReads || d.mirrored[root] != nil
			if p := d.vm.plan.items[root].place; p == planned || p == kept {
				open.fetch = append(open.fetch, root)
			}
		}
		d.segments = append(d.segments, open)
		open = segment{}
	}
	d.segments = append(d.segments, open)
	return d.record()
}

// hostStep makes the step of an op that the device has no kernel for.
func (vm *VM) hostStep(i int) (step, error) {
	it := &vm.plan.items[i]
	if o, ok := it.node.Op().(*op.Op); ok {
		follow := map[int]*inputSlot{}
		for k := range vm.inputs {
			follow[vm.inputs[k].item] = &vm.inputs[k]
		}
		vm.stats.Reference++
		return bindOp(vm, i, o, o.Bind32(), follow), nil
	}
	vm.stats.Fallback++
	return vm.bindForeign(i)
}

// place gives every item its address.
func (d *deviceRun) place() error {
	p := d.vm.plan
	d.at = make([]Address, len(p.items))
	arena := p.arena[tensor.Float32]
	var err error
	if arena > 0 {
		if d.arena, err = d.held.alloc(arena); err != nil {
			return fmt.Errorf("exec: memory for intermediate results: %w", err)
		}
	}
	in, out := 0, 0
	round := func(n int) int { return (n + 63) / 64 * 64 }
	for i := range p.items {
		it, b := &p.items[i], &d.vm.buffers[i]
		switch {
		case it.place == input && b.f32 != nil:
			if a, ok := d.findMirror(b.f32); ok {
				d.at[i], d.mirrored[i] = a, b.f32
				continue
			}
			d.inItems = append(d.inItems, stagedItem{i, in})
			in += round(it.size)
		case it.place == kept && it.node.Dtype() == tensor.Float32:
			if places := d.resident.Outputs[it.node]; len(places) > 0 {
				d.at[i] = places[0]
				continue
			}
			d.outItems = append(d.outItems, stagedItem{i, out})
			out += round(it.size)
		case it.place == planned:
			d.at[i] = d.arena + Address(4*it.off)
		}
	}
	if d.ins, d.inHost, err = d.block(in); err != nil {
		return err
	}
	if d.outs, d.outHost, err = d.block(out); err != nil {
		return err
	}
	for _, s := range d.inItems {
		d.at[s.item] = d.ins + Address(4*s.off)
	}
	for _, s := range d.outItems {
		d.at[s.item] = d.outs + Address(4*s.off)
	}
	for i := range p.items {
		if p.items[i].place == alias {
			d.at[i] = d.at[p.items[i].root]
		}
	}
	d.vm.stats.DeviceBytes += 4 * (arena + in + out)
	return nil
}

func (d *deviceRun) block(n int) (Address, []float32, error) {
	if n == 0 {
		return 0, nil, nil
	}
	a, err := d.held.alloc(n)
	if err != nil {
		return 0, nil, fmt.Errorf("exec: memory for inputs and outputs: %w", err)
	}
	host, err := d.held.allocPinned(n)
	return a, host, err
}

func (d *deviceRun) findMirror(s []float32) (Address, bool) {
	for _, m := range d.resident.Mirrors {
		if a, ok := m.find(s); ok {
			return a, true
		}
	}
	return 0, false
}

// bindWave makes the launches of a wave.
func (d *deviceRun) bindWave(wave []int) (deviceStep, error) {
	s := deviceStep{nodes: wave}
	var parts []Part
	for _, i := range wave {
		it := &d.vm.plan.items[i]
		o := it.node.Op().(*op.Op)
		s.outs = append(s.outs, i)
		part := Part{Kernel: it.kernel, Outs: []Address{d.at[i]}, Scratch: d.arena + Address(4*it.scratch)}
		for j := range o.Extra() {
			part.Outs = append(part.Outs, 0)
			if picks := d.vm.plan.picks[o]; picks != nil && picks[j] >= 0 {
				part.Outs[j+1] = d.at[picks[j]]
				s.outs = append(s.outs, picks[j])
			}
		}
		for _, k := range it.kids {
			part.Ins = append(part.Ins, d.at[k])
		}
		parts = append(parts, part)
	}
	k, err := d.kernel(parts)
	if err != nil {
		return s, err
	}
	d.kernels = append(d.kernels, k)
	d.vm.stats.DeviceBytes += k.Bytes
	if k.Close != nil {
		d.held.kernels = append(d.held.kernels, k.Close)
	}
	s.launch = func() error {
		if err := k.Launch(); err != nil {
			return err
		}
		for _, out := range s.outs { // further places of results that stay
			n := d.vm.plan.items[out].node
			for _, to := range d.resident.Outputs[n][min(1, len(d.resident.Outputs[n])):] {
				if err := d.dev.Copy(to, d.at[out], d.vm.plan.items[out].size); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return s, nil
}

func (d *deviceRun) kernel(parts []Part) (DeviceKernel, error) {
	if p := parts[0]; p.Kernel.Class == "" {
		return p.Kernel.Device(p.Outs, p.Ins, p.Scratch)
	}
	return d.dev.Merge(parts)
}

// record records the segments; the first copies the inputs in, the last the outputs out.
func (d *deviceRun) record() error {
	for k := range d.segments {
		s := &d.segments[k]
		first, last := k == 0, k == len(d.segments)-1
		if len(s.steps) == 0 && !first && !last {
			continue
		}
		r, err := d.dev.Record(func() error {
			if first && len(d.inHost) > 0 {
				if err := d.dev.Upload(d.ins, d.inHost); err != nil {
					return err
				}
			}
			for _, step := range s.steps {
				if err := step.launch(); err != nil {
					return &NodeError{Node: d.vm.plan.items[step.nodes[0]].node, Err: err}
				}
			}
			if last {
				return d.finish()
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.recording = r
		d.held.recordings = append(d.held.recordings, r)
		d.vm.stats.Launches += r.Nodes()
	}
	return nil
}

func (d *deviceRun) finish() error {
	if d.resident.After != nil {
		if err := d.resident.After(d.addressOf); err != nil {
			return err
		}
	}
	if len(d.outHost) == 0 {
		return nil
	}
	return d.dev.Download(d.outHost, d.outs)
}

func (d *deviceRun) close() error { return d.held.close() }

// addressOf is where the result of an output is, 0 for another node.
func (d *deviceRun) addressOf(n *gorgonia.Node) Address {
	if i, ok := d.vm.plan.index[n]; ok {
		return d.at[i]
	}
	return 0
}

// Fetch brings results that stay on the device to the values of their nodes. On the host it does
// nothing.
func (vm *VM) Fetch(nodes ...*gorgonia.Node) error {
	if vm.device == nil {
		return nil
	}
	d := vm.device
	return d.dev.Do(func() error {
		for _, n := range nodes {
			i, ok := vm.plan.index[n]
			if !ok || vm.plan.items[i].place != kept || vm.buffers[i].f32 == nil {
				return fmt.Errorf("exec: %s is no output", label(n))
			}
			if err := d.dev.Download(vm.buffers[i].f32, d.at[i]); err != nil {
				return err
			}
		}
		return d.dev.Wait()
	})
}

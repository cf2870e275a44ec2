package cglow

import (
	"weak"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/cuda/device"
	"glownotes/cglow/data"
	"glownotes/cglow/exec"
)

// mirrorEvery is how many steps a trainer on a GPU takes before weights, moments and running mean
// are copied to the host, when nobody asks for them earlier: what a GPU that is lost can take with
// it. The copy of the published model is 0.4 GB, some tens of milliseconds.
const mirrorEvery = 256

// home is where the weights are while a model computes on a GPU.
type home struct {
	device *Device
	gpu    *device.Device
	mirror *exec.Mirror
}

// mirror returns the copy of the weights on a GPU, making it when it is missing.
func (s *store) mirror(d *Device, gpu *device.Device) (*exec.Mirror, error) {
	if s.f32 == nil {
		return nil, nil // float64 runs on the CPU
	}
	if s.home != nil && s.home.gpu == gpu {
		return s.home.mirror, nil
	}
	s.moveHome()
	m, err := exec.NewMirror(gpu, s.f32)
	if err != nil {
		return nil, err
	}
	s.home = &home{d, gpu, m}
	d.know(s)
	return m, nil
}

// host brings the weights on the host up to date, and with them the state of every trainer: what
// the host has is of one step. When the GPU is lost it is that of the last copy.
func (s *store) host() {
	if s.home == nil {
		return
	}
	ahead := s.home.mirror.IsAhead()
	trainers := s.trainersHere()
	for _, t := range trainers {
		ahead = ahead || t.resident.ahead
	}
	if !ahead {
		return
	}
	err := s.home.mirror.Fetch()
	for _, t := range trainers {
		if err == nil {
			err = t.resident.fetch(t)
		}
	}
	if err != nil {
		s.lose(err)
	}
}

// changed says that the weights on the host have been written.
func (s *store) changed() {
	if s.home != nil {
		s.home.mirror.Touch()
	}
}

// moveHome takes everything to the host; programs on the GPU are no longer up to date.
func (s *store) moveHome() {
	s.host()
	if s.home == nil { // it was lost on the way
		return
	}
	for _, t := range s.trainersHere() {
		t.leaveGPU()
	}
	s.home = nil
}

// lose ends a GPU: what was not copied is lost.
func (s *store) lose(cause error) {
	s.home.device.giveUp(cause)
	s.home.mirror.Abandon()
	for _, t := range s.trainersHere() {
		t.lost += t.opt.Steps() - t.resident.saved
		t.opt.State().Step = t.resident.saved
		if t.resident.saved == 0 {
			t.ema = nil
		}
		t.leaveGPU()
	}
	s.home = nil
}

// abandon goes to the CPU because of an error of the GPU, with all weights when they can still be
// read.
func (s *store) abandon(d *Device, cause error) {
	if s.home != nil && s.home.device == d {
		s.moveHome()
	}
	d.giveUp(cause)
}

// trainersHere returns the trainers that are in use with their state on the GPU.
func (s *store) trainersHere() (out []*Trainer) {
	kept := s.trainers[:0]
	for _, w := range s.trainers {
		t := w.Value()
		if t == nil {
			continue
		}
		kept = append(kept, w)
		if t.resident != nil {
			out = append(out, t)
		}
	}
	s.trainers = kept
	return out
}

// resident is the state of a trainer on a GPU: gradients, moments and running mean.
type resident struct {
	opt   *device.Optimizer
	parts []device.Part
	grads gorgonia.Nodes
	ahead bool // of what the host has
	saved int  // the optimizer's steps at the last copy
}

// attach makes the trainer's state on the GPU part of a training program: its gradients stay
// there and the update follows them.
func (t *Trainer) attach(p *lossProgram, grads gorgonia.Nodes) func(*device.Device, *exec.Mirror) (*exec.Resident, error) {
	return func(gpu *device.Device, mirror *exec.Mirror) (*exec.Resident, error) {
		opt, err := device.NewOptimizer(gpu, mirror.Address, len(mirror.Host), t.options.EMA > 0)
		if err != nil {
			return nil, err
		}
		r := &resident{opt: opt, grads: grads, saved: t.opt.Steps()}
		out := &exec.Resident{Mirrors: []*exec.Mirror{mirror}, Outputs: map[*gorgonia.Node][]exec.Address{}}
		at := 0
		for i, q := range t.m.store.trained() {
			out.Outputs[grads[i]] = append(out.Outputs[grads[i]], opt.Gradient(q.offset))
			r.parts = append(r.parts, device.Part{Device: q.offset, Host: at, Len: q.size})
			at += q.size
		}
		batch := t.options.Batch
		out.After = func(where func(*gorgonia.Node) exec.Address) error { return opt.Issue(where(p.logp), batch) }
		if m, v := t.opt.Moments(at); t.opt.Steps() > 0 {
			if err := opt.Put(r.parts, m, v, t.ema); err != nil {
				return nil, err
			}
		}
		t.resident = r
		return out, nil
	}
}

// fetch brings the trainer's state to the host.
func (r *resident) fetch(t *Trainer) error {
	if !r.ahead {
		return nil
	}
	if t.options.EMA > 0 && t.ema == nil {
		t.ema = make([]float64, t.m.store.size)
	}
	m, v := t.opt.Moments(0)
	if err := r.opt.Get(r.parts, m, v, t.ema); err != nil {
		return err
	}
	r.ahead, r.saved = false, t.opt.Steps()
	return nil
}

// leaveGPU drops the trainer's program and its state on the GPU.
func (t *Trainer) leaveGPU() { t.resident, t.graph, t.ran = nil, nil, false }

// follow takes the trainer to the device of its model.
func (t *Trainer) follow() error {
	now := t.m.device.use()
	switch {
	case t.Inverting():
		if t.inv != nil && t.invGPU == now {
			return nil
		}
		return t.makeInverter()
	case t.graph != nil && t.graph.gpu == now && (t.resident != nil || !t.graph.vm.vm.OnDevice()):
		return nil
	}
	t.m.store.host()
	t.leaveGPU()
	return t.makeGraph()
}

// stepOnGPU is the whole step as one recording. done is false when the GPU could not: the step is
// then the CPU's.
func (t *Trainer) stepOnGPU(r *StepResult, x, y data.Images) (done bool, err error) {
	plan := t.opt.Plan()
	decay := 0.0
	if n := float64(t.opt.Steps() + 1); t.opt.Steps() > 0 && t.options.EMA > 0 {
		decay = min(t.options.EMA, (1+n)/(10+n))
	}
	t.resident.opt.Set(device.Update{Rate: plan.Rate, Root: plan.Root, Beta1: plan.Beta1, Beta2: plan.Beta2, Epsilon: plan.Epsilon,
		Clip: plan.ClipValue, ClipNorm: plan.ClipNorm, Decay: decay})
	t.fill(x, y)
	err = t.graph.vm.vm.RunAll()
	if isDevice(err) {
		t.m.store.abandon(t.m.device, err)
		t.leaveGPU()
		return false, nil
	}
	if err != nil {
		*r, err = t.skip(*r, t.graph.vm.explain(err))
		return true, err
	}
	t.ran = true
	t.report(r, values(t.graph.logp))
	t.clock.lap("gradient")
	norm, finite := t.resident.opt.Result()
	if !finite {
		*r, err = t.skip(*r, t.diagnose(x, y))
		return true, err
	}
	t.inARow = 0
	t.m.store.home.mirror.Ahead()
	t.resident.ahead = true
	t.opt.Count(norm)
	if t.opt.Steps()-t.resident.saved >= t.mirrorEvery {
		t.m.store.host()
		r.Lost, t.lost = t.lost, 0 // when that found it lost
	}
	return true, nil
}

// remember makes the store know a trainer, as long as someone else does.
func (s *store) remember(t *Trainer) { s.trainers = append(s.trainers, weak.Make(t)) }

// trained lists the parameters that are trained.
func (s *store) trained() (out []*param) {
	for _, p := range s.list {
		if !p.Fixed {
			out = append(out, p)
		}
	}
	return out
}

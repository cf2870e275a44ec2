package cglow

import "errors"

// ErrNoAverage is returned by Averaged for a trainer without a running mean.
var ErrNoAverage = errors.New("cglow: the trainer keeps no running mean of the weights (TrainerOptions.EMA is 0, or no step was taken)")

// Averaged returns a new model with the running mean of the weights; the
// trained model is left as it is. It computes on the same device.
func (t *Trainer) Averaged() (*Model, error) {
	m := t.m
	m.mu.Lock()
	defer m.mu.Unlock()
	m.store.host()
	if t.ema == nil {
		return nil, ErrNoAverage
	}
	out := newModel(m.cfg)
	out.seed, out.started, out.trained, out.device = m.seed, m.started, m.trained, m.device
	for _, p := range out.store.list {
		out.store.set(p, t.ema[p.offset:p.offset+p.size])
	}
	return out, nil
}

// Clone returns a copy of the model that shares no memory with it, on the same
// device.
func (m *Model) Clone() *Model {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := newModel(m.cfg)
	out.seed, out.started, out.trained, out.device = m.seed, m.started, m.trained, m.device
	m.store.host()
	copy(out.store.f32, m.store.f32)
	copy(out.store.f64, m.store.f64)
	return out
}

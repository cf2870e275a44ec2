package cglow

import (
	"fmt"
	"slices"

	"glownotes/cglow/data"
)

// Resized returns a model of the same weights for images of another size: a
// flow that was trained on patches takes whole pictures. That is possible when
// no weight belongs to a place, as with a trunk (Config.Trunk), whose vector is
// a mean over the picture; the networks of the paper flatten x, and the first
// of their parameters that does not fit is the error. The models share no
// memory.
func (m *Model) Resized(x, y data.Shape) (*Model, error) {
	cfg := m.cfg
	if cfg.Conditional() && x.C != cfg.X.C || y.C != cfg.Y.C {
		return nil, fmt.Errorf("cglow: resize: x %v and y %v have other channels than %v and %v", x, y, cfg.X, cfg.Y)
	}
	cfg.X, cfg.Y = x, y
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	out := newModel(cfg)
	out.seed, out.started, out.trained, out.device = m.seed, m.started, m.trained, m.device
	for _, p := range out.store.list {
		q := m.store.byName[p.Name]
		if q == nil || !slices.Equal(q.Shape, p.Shape) {
			return nil, fmt.Errorf("cglow: resize to x %v, y %v: parameter %s needs shape %v: its weights belong to one size (a model with a Trunk has none such)", x, y, p.Name, p.Shape)
		}
		out.store.set(p, m.store.get(q))
	}
	return out, nil
}

package exp

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"glownotes/cglow"
	"glownotes/cglow/data"
	"glownotes/cglow/train"
)

// Liveness says which weights of a model learn: how many have moved after some
// steps, and how strong their gradient is.
type Liveness struct {
	Form  cglow.Form
	Steps int
	Parts []PartLiveness
	// Spread is the largest difference of an entry of a 1x1 matrix W between two
	// pictures x: 0 where x does not reach W.
	Spread float64
}

// PartLiveness is one kind of network, over all steps of the flow.
type PartLiveness struct {
	Part           string
	Weights, Moved int
	GradNorm       float64 // of the last step
}

// partNames are the networks of a step by the third part of a parameter's name.
var partNames = []struct{ key, name string }{
	{"act", "actnorm's networks on x"}, {"inv", "1x1 convolutions' networks on x"},
	{"cn", "couplings' features of x"}, {"nn", "couplings"}, {"", "priors and the rest"},
}

// partOf returns the place in partNames of a parameter.
func partOf(name string) int {
	words := strings.Split(name, ".")
	for i, p := range partNames {
		if len(words) > 3 && words[2] == p.key {
			return i
		}
	}
	return len(partNames) - 1
}

// MeasureLiveness trains a new model for some steps and compares its weights
// with those that it began with.
func MeasureLiveness(ctx context.Context, cfg cglow.Config, d data.Dataset, run train.Config, seed uint64) (*Liveness, error) {
	m, err := cglow.New(cfg, seed)
	if err != nil {
		return nil, err
	}
	before := map[string][]float64{}
	for _, p := range m.Parameters() {
		if !p.Fixed {
			if before[p.Name], err = m.Parameter(p.Name); err != nil {
				return nil, err
			}
		}
	}
	r, err := train.Run(ctx, m, d, run, nil)
	if err != nil {
		return nil, err
	}
	l := &Liveness{Form: cfg.Form, Steps: r.Steps, Parts: make([]PartLiveness, len(partNames))}
	for i, p := range partNames {
		l.Parts[i].Part = p.name
	}
	for name, was := range before {
		now, err := m.Parameter(name)
		if err != nil {
			return nil, err
		}
		p := &l.Parts[partOf(name)]
		p.Weights += len(now)
		for i := range now {
			if now[i] != was[i] {
				p.Moved++
			}
		}
	}
	for name, g := range r.Trainer.GradNorms() {
		p := &l.Parts[partOf(name)]
		p.GradNorm = math.Hypot(p.GradNorm, g)
	}
	l.Parts = slices.DeleteFunc(l.Parts, func(p PartLiveness) bool { return p.Weights == 0 })
	x, y, err := data.First(d, 8)
	if err != nil {
		return nil, fmt.Errorf("exp: %w", err)
	}
	t, err := m.Telemetry(x, y)
	if err != nil {
		return nil, err
	}
	for _, layer := range t.Layers {
		l.Spread = max(l.Spread, layer.Spread)
	}
	return l, nil
}

// LivenessTable puts several models beside each other.
func LivenessTable(models ...*Liveness) *Table {
	t := &Table{
		Title:   "Which weights learn",
		Columns: []Column{{Name: "weights"}, {Name: "moved"}, {Name: "moved (%)", Digits: 1}, {Name: "gradient norm", Digits: 6}},
	}
	for _, l := range models {
		for _, p := range l.Parts {
			t.Rows = append(t.Rows, Row{Name: fmt.Sprintf("%s form: %s", l.Form, p.Part), Kind: Flow, Runs: 1, Params: p.Weights, Steps: l.Steps,
				Values: numbers(float64(p.Weights), float64(p.Moved), 100*float64(p.Moved)/float64(p.Weights), p.GradNorm)})
		}
		t.Notes = append(t.Notes, fmt.Sprintf("%s form: largest difference of an entry of W between two pictures x: %.3g.", l.Form, l.Spread))
	}
	return t
}

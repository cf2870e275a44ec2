package cglow

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"glownotes/cglow/optim"
)

func TestTelemetry(t *testing.T) {
	c := small()
	m := mustNew(t, c, 71)
	tr := trainer(t, m, 4)
	x, y := pictures(c, 3, 72)
	before, err := tr.Telemetry(x, y)
	if err != nil {
		t.Fatal(err)
	}
	trainSteps(t, tr, 3)
	after, err := tr.Telemetry(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if len(after.Layers) != len(m.steps) || after.Step != 3 || after.RoundTrip <= 0 || after.RoundTrip > 1e-9 {
		t.Fatalf("%d layers, step %d, round trip %g", len(after.Layers), after.Step, after.RoundTrip)
	}
	for i, l := range after.Layers {
		b := before.Layers[i]
		if l.Layer+"." != m.steps[i].prefix {
			t.Errorf("layer %d is called %s", i, l.Layer)
		}
		if b.Spread != 0 || b.GradNorm != nil || math.Abs(b.Condition-1) > 1e-9 || b.CouplingScale != [2]float64{1, 1} {
			t.Errorf("%s before training: %+v", l.Layer, b)
		}
		if l.Spread <= 0 || l.GradNorm == nil || *l.GradNorm <= 0 || l.Condition <= 1 || l.CouplingScale[0] >= l.CouplingScale[1] {
			t.Errorf("%s after training: %+v", l.Layer, l)
		}
		if l.OutputStd < 0.1 || l.OutputStd > 10 || l.NormScale[0] <= 0 || l.NormScale[1] < l.NormScale[0] {
			t.Errorf("%s: %+v", l.Layer, l)
		}
	}
	if _, err := json.Marshal(after); err != nil {
		t.Error(err)
	}
}

func TestAveragedWeights(t *testing.T) {
	m := mustNew(t, small(), 73)
	plain := trainer(t, m, 2)
	if _, err := plain.Averaged(); !errors.Is(err, ErrNoAverage) {
		t.Errorf("without EMA: %v", err)
	}
	o := optim.Defaults()
	o.LearnRate = 1e-2
	tr, err := m.NewTrainer(TrainerOptions{Batch: 2, Optim: o, EMA: 0.99})
	if err != nil {
		t.Fatal(err)
	}
	trainSteps(t, tr, 1)
	first := weights(m)
	trainSteps(t, tr, 1)
	second := weights(m)
	avg, err := tr.Averaged()
	if err != nil {
		t.Fatal(err)
	}
	decay := 3. / 12 // (1+t)/(10+t) at t = 2
	for i, v := range weights(avg) {
		if want := decay*first[i] + (1-decay)*second[i]; math.Abs(v-want) > 1e-15 {
			t.Fatalf("value %d: got %v, want %v", i, v, want)
		}
	}
	clone := m.Clone()
	trainSteps(t, tr, 1)
	sameBits(t, "clone", weights(clone), second)
}

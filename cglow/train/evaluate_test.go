package train

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

func TestEvaluate(t *testing.T) {
	m := small(t)
	if _, err := Run(context.Background(), m, boxes{}, quick(150), nil); err != nil {
		t.Fatal(err)
	}
	e, err := Evaluate(context.Background(), m, boxes{}, 12, cglow.Averaging(10))
	if err != nil {
		t.Fatal(err)
	}
	logp, err := m.LogProb(context.Background(), e.X, e.Y)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range logp {
		sum += m.Config().BitsPerDim(v) / 12
	}
	if e.Examples != 12 || e.BitsPerDim != sum || e.PSNR <= 0 {
		t.Errorf("got %+v, bits/dim %v", e, sum)
	}
	// x all but shows the box: even a short run beats predicting nothing.
	if iou := e.Segmentation.SetIoU(1); iou < 0.5 {
		t.Errorf("foreground IoU %v", iou)
	}
	if s := e.String(); !strings.HasPrefix(s, "12 examples: ") || !strings.Contains(s, "IoU") {
		t.Errorf("reads %q", s)
	}
}

func TestTelemetryFile(t *testing.T) {
	cfg := quick(7)
	cfg.Telemetry, cfg.TelemetryEvery = filepath.Join(t.TempDir(), "states.jsonl"), 3
	if _, err := Run(context.Background(), small(t), boxes{}, cfg, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(cfg.Telemetry)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines, want 2", len(lines))
	}
	for i, line := range lines {
		var s cglow.Telemetry
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		if s.Step != 3*(i+1) || len(s.Layers) != 2 || s.Layers[0].GradNorm == nil {
			t.Errorf("line %d: %+v", i, s)
		}
	}
}

// By inversion a run learns what a run with stored activations learns.
func TestRunByInversion(t *testing.T) {
	cfg := quick(30)
	stored, err := Run(context.Background(), small(t), boxes{}, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Invert = true
	inverted, err := Run(context.Background(), small(t), boxes{}, cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !inverted.Trainer.Inverting() {
		t.Error("the run fell back to stored activations")
	}
	a, b := stored.Mean(21, 30), inverted.Mean(21, 30)
	if d := a - b; d > 0.02 || d < -0.02 {
		t.Errorf("bits/dim %v stored, %v by inversion", a, b)
	}
}

// The quick settings are harsh on a small model: after some dozens of steps x
// must still reach the 1x1 matrices of every layer.
func TestQuickKeepsConditioning(t *testing.T) {
	set, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	m, err := cglow.New(cglow.Quick32(), 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(context.Background(), m, set, Quick(60), nil)
	if err != nil {
		t.Fatal(err)
	}
	if first, last := r.Mean(1, 10), r.Mean(51, 60); !(last < first-0.2) {
		t.Errorf("bits/dim from %v to %v", first, last)
	}
	x, y, err := data.First(set, 4)
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Telemetry(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Layers {
		if l.Spread == 0 {
			t.Errorf("%s: W is the same for every x", l.Layer)
		}
	}
}

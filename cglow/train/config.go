package train

import (
	"fmt"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/optim"
)

// Config describes a run. Start from Defaults.
type Config struct {
	Steps int    // training steps to take
	Batch int    // examples per step
	Seed  uint64 // of the order of the examples
	Optim optim.Config
	EMA   float64 // decay of the running mean of the weights; 0: none
	// Invert recomputes activations instead of storing them, in memory that
	// does not grow with the steps K (cglow.TrainerOptions).
	Invert bool

	// StartExamples is how many examples the data-dependent start of actnorm
	// looks at.
	StartExamples int
	// MaxSkips is how many steps in a row may be skipped because a value was
	// not finite before the run ends with an error.
	MaxSkips int

	// Log is the path of a file that receives one line of JSON per step; ""
	// for none. An existing file is continued.
	Log string
	// Telemetry is the path of a file that receives one line of JSON, a
	// cglow.Telemetry of the batch, every TelemetryEvery steps; "" for none. It
	// costs about two forward passes each time.
	Telemetry      string
	TelemetryEvery int
	// Checkpoints is a folder that receives checkpoints; "" for none. One is
	// written every CheckpointEvery steps, when the run ends and when it is
	// cancelled; the last KeepLast are kept.
	Checkpoints     string
	CheckpointEvery int
	KeepLast        int
	// Device is where a model that Resume reads computes, nil: the CPU. Run
	// leaves the model where it is. It is no part of a saved configuration.
	Device *cglow.Device `json:"-"`
	// Continue makes Run go on with an earlier run of the same model,
	// configuration and data whose checkpoint lies in Checkpoints: one that
	// was stopped takes the steps that are left, one that was finished takes
	// none. The model and the result are then as if the run had not been
	// interrupted, bit for bit. Without such a checkpoint it is a run as any
	// other. See also ReplayVariable.
	Continue bool `json:",omitempty"`
	// ProgressEvery is the least time between two reports.
	ProgressEvery time.Duration
}

// Defaults returns the paper's settings for a number of steps: batch 2, Adam at
// 2e-4 with value clipping; reports ten times a second, neither log nor
// checkpoints.
func Defaults(steps int) Config {
	return Config{
		Steps: steps, Batch: 2, Seed: 1, Optim: optim.Defaults(),
		StartExamples: 64, MaxSkips: 10,
		TelemetryEvery: 100, CheckpointEvery: 1000, KeepLast: 3, ProgressEvery: 100 * time.Millisecond,
	}
}

// Quick returns settings for a short interactive run of a small model such as
// cglow.Quick32: batch 4, Adam at 3e-3 with 20 steps of warm-up, falling to a
// twentieth along a cosine.
func Quick(steps int) Config {
	c := Defaults(steps)
	c.Batch, c.Optim.LearnRate = 4, 3e-3
	if steps > 20 {
		c.Optim.Schedule = optim.Schedule{Kind: "cosine", Warmup: 20, Total: steps, Floor: 0.05}
	}
	return c
}

// Validate returns an error that names the wrong field.
func (c Config) Validate() error {
	for _, r := range []struct {
		ok    bool
		field string
		value any
		want  string
	}{
		{c.Steps >= 1, "Steps", c.Steps, "at least 1"},
		{c.Batch >= 1, "Batch", c.Batch, "at least 1"},
		{c.EMA >= 0 && c.EMA < 1, "EMA", c.EMA, "in [0,1)"},
		{c.StartExamples >= 1, "StartExamples", c.StartExamples, "at least 1"},
		{c.MaxSkips >= 0, "MaxSkips", c.MaxSkips, "at least 0"},
		{c.Telemetry == "" || c.TelemetryEvery >= 1, "TelemetryEvery", c.TelemetryEvery, "at least 1"},
		{c.Checkpoints == "" || c.CheckpointEvery >= 1, "CheckpointEvery", c.CheckpointEvery, "at least 1"},
		{c.Checkpoints == "" || c.KeepLast >= 1, "KeepLast", c.KeepLast, "at least 1"},
		{c.ProgressEvery >= 0, "ProgressEvery", c.ProgressEvery, "at least 0"},
	} {
		if !r.ok {
			return fmt.Errorf("train: config field %s: is %v, must be %s", r.field, r.value, r.want)
		}
	}
	return c.Optim.Validate()
}

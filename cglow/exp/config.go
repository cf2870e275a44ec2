package exp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"glownotes/cglow"
	"glownotes/cglow/baseline"
	"glownotes/cglow/data"
	"glownotes/cglow/train"
)

// Task names one of the five experiments.
type Task string

// The tasks.
const (
	Horses  Task = "horses"
	Faces   Task = "faces"
	Denoise Task = "denoise"
	Depth   Task = "depth"
	Inpaint Task = "inpaint"
)

// Tasks lists the tasks in the order of the paper's tables.
func Tasks() []Task { return []Task{Horses, Faces, Denoise, Depth, Inpaint} }

// Source says where pictures come from.
type Source string

const (
	// Drawn pictures are made by a program: nothing is downloaded.
	Drawn Source = "drawn"
	// Real pictures are the published data set's, read from a folder.
	Real Source = "real"
)

// Config describes an experiment completely: it is printed, kept beside a
// run's results and compared when a run is resumed. Start from a preset.
type Config struct {
	Task   Task
	Source Source
	Size   int // side of the pictures; depth maps are 96x128 and have 96
	// Patch is the side of what training sees: Size, or less for Denoise and
	// Depth, where a model with a trunk learns from patches and then takes whole
	// pictures.
	Patch int
	Seed  uint64 // of weights, order, noise and samples

	// TrainPairs and TestPairs are how many pairs are used; 0 is all of them,
	// and the endless drawn sets need a number for TestPairs.
	TrainPairs int
	TestPairs  int
	// Augment are random changes of the training pairs; Draws 0: none, as in
	// the paper.
	Augment data.AugmentConfig
	// AugmentSize is the side of the larger versions of the pictures that Augment
	// changes before they are shrunk to Size (see data.AugmentFrom); 0: Size. For
	// Horses and Faces.
	AugmentSize int

	// Mean is the estimate that is taken from y before the flow sees it, and added
	// to what the flow predicts: the name of one of Baselines; of a filter, which
	// needs no training ("input", x itself, and "median", of 5x5 pixels, of Depth;
	// "non-local means" of Denoise); "A+B+...", several of both with the weights of
	// sum 1 that suit training pairs best; or "" for the paper's protocol, in which
	// the flow models y alone. Only for tasks whose y is a picture.
	Mean string
	// Guide names, in the same way, what the flow sees beside x, as further
	// channels; "" for nothing, as in the paper. It is how classes, from which
	// nothing can be subtracted, begin where regression ends. The estimate must
	// have x's height and width.
	Guide string
	// HeldOut cuts the training pairs into so many parts and trains, beside each
	// network that Mean and Guide name, one without each part: of a training pair
	// the flow then sees what a network says that does not know it, as it will see
	// it of a new picture (cross-fitting). Of new pictures the network that knows
	// all pairs counts as one half, the others as the other half: a Mean is that
	// mean, and a flow with a Guide is the mixture of what it says beside each
	// (see Predict). 0: the baselines alone.
	HeldOut int
	// Scale multiplies y (less the mean) for the flow: errors of millimetres in
	// a depth of metres become numbers near 1. 1 where y is a mask.
	Scale float64

	Model   cglow.Config
	Train   train.Config // Checkpoints and Log are set by the run's folder
	Predict cglow.PredictOptions
	// Average predicts with the running mean of the weights (Train.EMA).
	Average bool
	// Mirror also predicts the mirrored picture and takes the mean of both, for
	// the flow and the baselines alike.
	Mirror bool

	// Search is the gradient-based inference (paper, Eq. 3) of the first
	// SearchPairs test pairs; 0 pairs: none.
	Search      cglow.MAPOptions
	SearchPairs int

	Baselines []Baseline
}

// Baseline is a network that the flow is compared with: trained on the same
// pairs, tested on the same pairs with the same measure.
type Baseline struct {
	Name  string
	Net   baseline.Config
	Train baseline.TrainConfig
}

// A ConfigError names the field that is wrong.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("exp: config field %s: %s", e.Field, e.Reason)
}

// Validate returns an error that names the first field that is wrong.
func (c Config) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &ConfigError{Field: field, Reason: fmt.Sprintf(format, args...)}
	}
	t, err := c.Task.protocol()
	switch {
	case err != nil:
		return bad("Task", "%v", err)
	case c.Source != Drawn && c.Source != Real:
		return bad("Source", "is %q, must be %q or %q", c.Source, Drawn, Real)
	case !slices.Contains(t.sizes, c.Size):
		return bad("Size", "is %d, %s has %v", c.Size, c.Task, t.sizes)
	case c.Patch != c.Size && c.Task != Denoise && c.Task != Depth:
		return bad("Patch", "is %d, must be the size %d: only %s and %s learn from patches", c.Patch, c.Size, Denoise, Depth)
	case c.Patch < 8 || c.Patch > c.Size:
		return bad("Patch", "is %d, must be 8 to the size %d", c.Patch, c.Size)
	case c.TrainPairs < 0:
		return bad("TrainPairs", "is %d, must not be negative", c.TrainPairs)
	case c.TestPairs < 0 || c.TestPairs == 0 && c.Source == Drawn:
		return bad("TestPairs", "is %d, must be positive with drawn data, which is endless", c.TestPairs)
	case c.Augment.Draws > 0 && c.Source == Drawn && c.TrainPairs == 0:
		return bad("Augment", "has no use for endless data: set TrainPairs, or Draws to 0")
	case c.AugmentSize != 0 && (c.AugmentSize <= c.Size || c.AugmentSize%c.Size != 0):
		return bad("AugmentSize", "is %d, must be 0 or a multiple of the size %d", c.AugmentSize, c.Size)
	case c.AugmentSize != 0 && (c.Augment.Draws == 0 || c.Source != Real || c.Task != Horses && c.Task != Faces):
		return bad("AugmentSize", "is %d, but there are no larger versions of these pairs to change: must be 0", c.AugmentSize)
	case c.Mean != "" && !t.picture:
		return bad("Mean", "is %q, but y of %s is discrete: there is nothing to subtract from", c.Mean, c.Task)
	case c.unknownTeacher(c.Mean):
		return bad("Mean", "is %q: a name there is none of the baselines%s", c.Mean, t.filterNames())
	case c.unknownTeacher(c.Guide):
		return bad("Guide", "is %q: a name there is none of the baselines%s", c.Guide, t.filterNames())
	case c.Guide != "" && (c.Model.X.H != c.Model.Y.H || c.Model.X.W != c.Model.Y.W):
		return bad("Guide", "is %q, but x %v and y %v have different sizes", c.Guide, c.Model.X, c.Model.Y)
	case c.Mean != "" && c.Model.Bins != 0:
		return bad("Model.Bins", "is %d, but with a Mean y is continuous: must be 0", c.Model.Bins)
	case c.HeldOut < 0 || c.HeldOut == 1:
		return bad("HeldOut", "is %d, must be 0, or 2 parts or more", c.HeldOut)
	case c.HeldOut > 0 && len(c.teachers()) == 0:
		return bad("HeldOut", "is %d, but neither Mean nor Guide names a network", c.HeldOut)
	case c.HeldOut > 0 && c.Source == Drawn && c.TrainPairs < c.HeldOut:
		return bad("HeldOut", "is %d, but TrainPairs is %d (0: endless): there are no parts to leave out", c.HeldOut, c.TrainPairs)
	case !(c.Scale > 0) || c.Scale != 1 && c.Model.Bins != 0:
		return bad("Scale", "is %v, must be positive, and 1 for discrete y", c.Scale)
	case c.Average && c.Train.EMA == 0:
		return bad("Average", "is set, but Train.EMA is 0: there is no running mean")
	case c.SearchPairs < 0:
		return bad("SearchPairs", "is %d, must not be negative", c.SearchPairs)
	}
	for i, b := range c.Baselines {
		if b.Name == "" || c.filter(b.Name) != nil || c.baseline(b.Name) != &c.Baselines[i] {
			return bad("Baselines", "number %d: the name %q is empty or taken", i+1, b.Name)
		}
		if err := b.Net.Validate(); err != nil {
			return fmt.Errorf("exp: baseline %s: %w", b.Name, err)
		}
	}
	if err := c.Model.Validate(); err != nil {
		return fmt.Errorf("exp: model: %w", err)
	}
	if err := c.Train.Validate(); err != nil {
		return fmt.Errorf("exp: training: %w", err)
	}
	return nil
}

// baseline returns the first baseline of a name, nil if there is none.
func (c *Config) baseline(name string) *Baseline {
	for i := range c.Baselines {
		if c.Baselines[i].Name == name {
			return &c.Baselines[i]
		}
	}
	return nil
}

// unknownTeacher reports whether names has one that is no baseline.
func (c *Config) unknownTeacher(names string) bool {
	return slices.ContainsFunc(c.networks(names), func(n string) bool { return c.baseline(n) == nil })
}

// JSON returns the configuration as indented JSON.
func (c Config) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("exp: %w", err)
	}
	return append(b, '\n'), nil
}

// ParseConfig reads a Config from JSON: unknown fields are errors, and the
// result is validated.
func ParseConfig(b []byte) (Config, error) {
	var c Config
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("exp: config: %w", err)
	}
	return c, c.Validate()
}

// String describes the experiment in a few lines.
func (c Config) String() string {
	m := c.Model
	s := fmt.Sprintf("%s (%s), %d pixels, seed %d: L=%d, K=%d, coupling %d, trunk %d, %s form; %d steps of %d at %g",
		c.Task, c.Source, c.Size, c.Seed, m.Levels, m.Steps, m.CouplingWidth, m.Trunk, m.Form, c.Train.Steps, c.Train.Batch, c.Train.Optim.LearnRate)
	if c.Mean != "" {
		s += "; the flow models what " + c.teacherName(c.Mean) + " leaves"
	}
	if c.Guide != "" {
		s += "; the flow sees what " + c.teacherName(c.Guide) + " says"
	}
	return s
}

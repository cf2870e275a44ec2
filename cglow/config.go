package cglow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"

	"glownotes/cglow/data"
)

// Form is the parametrisation of the flow.
type Form string

const (
	// Live is the form that learns: hidden layers of the conditioning networks
	// start He-initialised and only their last layers start at zero, the 1x1
	// matrix cannot become singular, scales are bounded on both sides, actnorm
	// starts from the data.
	Live Form = "live"
	// Paper is the published form (Lu & Huang, AAAI 2020) with the
	// initialisation of the authors' released code, kept for fidelity: its
	// actnorm and 1x1 networks never receive a gradient (zero weights behind a
	// ReLU).
	Paper Form = "paper"
)

// InvConv is the parametrisation of the invertible 1x1 convolution's matrix W.
type InvConv string

const (
	// Householder is W = W0 H(v1)...H(vk) diag(exp(d)): condition number at
	// most e^(2 DiagBound), log-determinant a plain sum, inverse without a
	// solve.
	Householder InvConv = "householder"
	// LU is W = W0 L U with unit-diagonal L, entries bounded by 1/C and the
	// diagonal of U equal to exp(d).
	LU InvConv = "lu"
	// Cayley is W = W0 (I-A)(I+A)^-1 diag(exp(d)) with skew-symmetric A.
	Cayley InvConv = "cayley"
	// Raw is the network's output itself, as published: nothing keeps it from
	// being singular.
	Raw InvConv = "raw"
)

// Dequant is how a discrete y becomes continuous.
type Dequant string

const (
	// UniformDequant adds noise that is uniform over the bin.
	UniformDequant Dequant = "uniform"
	// VariationalDequant draws the noise from a small conditional flow
	// q(u | x, y), which is trained with the model (Ho et al., "Flow++", 2019).
	VariationalDequant Dequant = "variational"
)

// Config describes a model completely: it is printed, stored in checkpoints
// and compared. Every field counts; there are no hidden defaults. Start from a
// preset such as Horses32.
type Config struct {
	Form      Form
	Precision string // "float32", or "float64" for reference runs

	X data.Shape // shape of the given image; the zero Shape: a flow without x
	Y data.Shape // shape of the modelled image as the data set gives it

	// Tile repeats a one-channel y this many times, each copy with its own
	// noise: 3 for masks in the released code, else 1.
	Tile int
	// Bins is the number of values of one element of y: 2 for masks (bin width
	// 1, as in the released code), 256 for 8-bit images (bin width 1/256), 0
	// for continuous data (no dequantization).
	Bins    int
	Dequant Dequant
	// DequantSteps is the number of couplings in the noise's flow of
	// variational dequantization; 0 with uniform noise.
	DequantSteps int

	Levels int // L, levels of the multi-scale architecture
	Steps  int // K, flow steps per level

	CondChannels    int // n_c, channels of the actnorm and 1x1 networks
	CondWidth       int // n_w, width of their fully connected layers
	FeatureChannels int // channels of the first convolution of the coupling's feature network (16)
	CouplingWidth   int // hidden channels of the coupling network (256)
	// FeatureOut is how many channels of features on x the coupling network
	// sees; 0: half of the level's channels, as in the paper.
	FeatureOut int
	// Trunk is the number of channels of a network on x that all steps share,
	// see condnet.Trunk; 0: every conditioner has its own, as in the paper.
	Trunk int

	InvConv     InvConv
	Reflections int  // k, Householder reflections; even, because pairs cancel at the start
	LearnBase   bool // W0 of the 1x1 matrix is learnt (k more reflections that do not see x)

	DiagBound  float64 // a in d = a tanh(./a), the log-diagonal of W (live)
	ScaleBound float64 // a in log s = a tanh(./a), the coupling's scale (live)
	NormBound  float64 // a in log s = a tanh(./a), actnorm's scale (live)

	Tanh      bool // tanh on the networks' outputs, as the released code (paper)
	BiasFirst bool // (v + b) s instead of v s + b, as the released code (paper)

	// CondPrior lets x speak in the priors too: mean and log-scale of the top
	// latent and of the split halves see features of x. The published priors do
	// not (live).
	CondPrior bool

	LearnTop bool    // the top prior's mean and log-scale are learnt
	XNoise   float64 // width of uniform noise on x in training (released code: 1/256)
}

// A ConfigError names the field that is wrong.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("cglow: config field %s: %s", e.Field, e.Reason)
}

// Conditional reports whether the model has an x.
func (c Config) Conditional() bool { return c.X != data.Shape{} }

// Target returns the shape of the tensor that the flow maps: Y with its
// channels tiled.
func (c Config) Target() data.Shape {
	return data.Shape{C: c.Y.C * c.Tile, H: c.Y.H, W: c.Y.W}
}

// BinWidth returns the width of one bin of y in the flow's units: 1 for masks,
// 1/Bins for images, 1 for continuous data (densities are then reported as
// they are).
func (c Config) BinWidth() float64 {
	if c.Bins > 2 {
		return 1 / float64(c.Bins)
	}
	return 1
}

// LevelShapes returns the shapes of the tensors that the steps of level 0..L-1
// work on. Squeeze makes (C, H, W) into (4C, H/2, W/2); the split after every
// level but the last keeps half of the channels.
func (c Config) LevelShapes() []data.Shape {
	s := c.Target()
	out := make([]data.Shape, c.Levels)
	for l := range out {
		s = data.Shape{C: 4 * s.C, H: s.H / 2, W: s.W / 2}
		out[l] = s
		s.C /= 2
	}
	return out
}

// LatentShapes returns the shapes of the latents: the halves that are split off
// after level 1..L-1, then the top.
func (c Config) LatentShapes() []data.Shape {
	out := c.LevelShapes()
	for l := range c.Levels - 1 {
		out[l].C /= 2
	}
	return out
}

// Validate returns a *ConfigError for the first field that is wrong.
func (c Config) Validate() error {
	for _, r := range c.rules() {
		if !r.ok {
			return &ConfigError{Field: r.field, Reason: r.reason}
		}
	}
	return c.validateSizes()
}

// rule is one condition on a field.
type rule struct {
	ok            bool
	field, reason string
}

// rules returns the conditions on single fields, in the order of the struct.
func (c Config) rules() []rule {
	pos := func(v int, field string) rule {
		return rule{v >= 1, field, fmt.Sprintf("is %d, must be at least 1", v)}
	}
	bound := func(v float64, field string) rule {
		return rule{v > 0 && !math.IsInf(v, 0), field, fmt.Sprintf("is %v, must be positive and finite", v)}
	}
	live := c.Form == Live
	return []rule{
		{live || c.Form == Paper, "Form", fmt.Sprintf("is %q, must be %q or %q", c.Form, Live, Paper)},
		{c.Precision == "float32" || c.Precision == "float64", "Precision", fmt.Sprintf("is %q, must be float32 or float64", c.Precision)},
		{!c.Conditional() || c.X.C > 0 && c.X.H >= 8 && c.X.W >= 8, "X", fmt.Sprintf("is %v, must be at least 1x8x8 (three stride-2 convolutions), or zero for a flow without x", c.X)},
		{c.Y.C > 0 && c.Y.H > 0 && c.Y.W > 0, "Y", fmt.Sprintf("is %v, must be positive", c.Y)},
		pos(c.Tile, "Tile"),
		{c.Tile <= 1 || c.Y.C == 1, "Tile", fmt.Sprintf("is %d, but Y has %d channels: only one channel can be tiled", c.Tile, c.Y.C)},
		{c.Bins == 0 || c.Bins >= 2 && c.Bins <= 1<<16, "Bins", fmt.Sprintf("is %d, must be 0 (continuous) or 2..65536", c.Bins)},
		{c.Dequant == UniformDequant || c.Dequant == VariationalDequant, "Dequant", fmt.Sprintf("is %q, must be %q or %q", c.Dequant, UniformDequant, VariationalDequant)},
		{c.Dequant != VariationalDequant || c.Bins > 0, "Dequant", "is variational, but Bins is 0 (continuous data)"},
		{(c.DequantSteps > 0) == (c.Dequant == VariationalDequant) && c.DequantSteps >= 0, "DequantSteps",
			fmt.Sprintf("is %d, must be positive with variational and 0 with uniform noise", c.DequantSteps)},
		pos(c.Levels, "Levels"), pos(c.Steps, "Steps"),
		pos(c.CondChannels, "CondChannels"), pos(c.CondWidth, "CondWidth"),
		pos(c.FeatureChannels, "FeatureChannels"), pos(c.CouplingWidth, "CouplingWidth"),
		{c.FeatureOut >= 0, "FeatureOut", fmt.Sprintf("is %d, must not be negative", c.FeatureOut)},
		{live || c.FeatureOut == 0, "FeatureOut", "belongs to the live form"},
		{c.Trunk >= 0, "Trunk", fmt.Sprintf("is %d, must not be negative", c.Trunk)},
		{c.Trunk == 0 || live && c.Conditional(), "Trunk", "needs the live form and an x"},
		{c.InvConv == Householder || c.InvConv == LU || c.InvConv == Cayley || c.InvConv == Raw, "InvConv", fmt.Sprintf("is %q, must be householder, lu, cayley or raw", c.InvConv)},
		{live || c.InvConv == Raw, "InvConv", fmt.Sprintf("is %q, the paper form has only %q", c.InvConv, Raw)},
		{c.Reflections >= 2 && c.Reflections%2 == 0, "Reflections", fmt.Sprintf("is %d, must be even and at least 2", c.Reflections)},
		{!c.LearnBase || live && c.InvConv != Raw, "LearnBase", "needs the live form and an InvConv other than raw"},
		bound(c.DiagBound, "DiagBound"), bound(c.ScaleBound, "ScaleBound"), bound(c.NormBound, "NormBound"),
		{!live || !c.Tanh, "Tanh", "belongs to the paper form"},
		{!c.CondPrior || live && c.Conditional(), "CondPrior", "needs the live form and an x"},
		{!c.CondPrior || !c.LearnTop, "LearnTop", "is a prior that does not see x, CondPrior is set"},
		{c.XNoise >= 0 && c.XNoise <= 1, "XNoise", fmt.Sprintf("is %v, must be in [0,1]", c.XNoise)},
	}
}

// validateSizes checks what depends on several sizes at once.
func (c Config) validateSizes() error {
	if c.Levels > 16 {
		return &ConfigError{"Levels", fmt.Sprintf("is %d, more than an image can be halved", c.Levels)}
	}
	if f := 1 << c.Levels; c.Y.H%f != 0 || c.Y.W%f != 0 {
		return &ConfigError{"Y", fmt.Sprintf("is %v: height and width must be multiples of 2^Levels = %d", c.Y, f)}
	}
	if first := c.LevelShapes()[0]; c.Conditional() && (c.X.H < first.H || c.X.W < first.W) {
		return &ConfigError{"X", fmt.Sprintf("is %v, smaller than the first level %v: features cannot be enlarged", c.X, first)}
	}
	return nil
}

// ParseConfig reads a Config from JSON: unknown fields and data after the
// object are errors, and the result is validated.
func ParseConfig(b []byte) (Config, error) {
	var c Config
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("cglow: config: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return Config{}, fmt.Errorf("cglow: config: data after the JSON object")
	}
	return c, c.Validate()
}

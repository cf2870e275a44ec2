package baseline

import (
	"fmt"

	"glownotes/cglow/data"
)

// Kind names an architecture.
type Kind string

// The architectures; see the package comment.
const (
	FCN     Kind = "fcn"
	UNet    Kind = "unet"
	DnCNN   Kind = "dncnn"
	Context Kind = "context"
)

// Loss is what training minimises.
type Loss string

const (
	// CrossEntropy is the mean over all values of
	// -y log s(l) - (1-y) log(1 - s(l)), for y in [0,1] with logits l and the
	// logistic function s. Several channels are independent (one against the
	// rest). Predictions are s(l).
	CrossEntropy Loss = "cross-entropy"
	// SquaredError is the mean over all values of (l - y)^2; predictions are l.
	SquaredError Loss = "squared-error"
	// LogSquaredError is the mean over the examples of log(e + logFloor), e an
	// example's mean of (l - y)^2: a PSNR in nats, less a constant. The squared
	// error of a batch is ruled by its worst examples, which may be those that
	// nothing can be learnt from; here each counts by the part of its own error
	// that is removed, as in a mean of PSNRs. Predictions are l.
	LogSquaredError Loss = "log-squared-error"
)

// logFloor keeps an example without error from counting without limit: it is
// the square of an error of 1 % where targets are near 1.
const logFloor = 1e-4

// regression reports whether predictions are values, not probabilities.
func (l Loss) regression() bool { return l == SquaredError || l == LogSquaredError }

// Config describes a network completely.
type Config struct {
	Kind  Kind
	X, Y  data.Shape
	Width int // channels of the first layer; FCN, UNet and Context double them at each level
	Depth int // levels of halved resolution (FCN, UNet, Context) or number of layers (DnCNN)
	Loss  Loss
	// StartAtZero starts the last layer at zero in place of small random weights:
	// the untrained network predicts 0 (CrossEntropy: 1/2), which, where it learns
	// what is to be added to x, is x itself. Not for FCN, which has several last
	// layers.
	StartAtZero bool
}

// A ConfigError names the field that is wrong.
type ConfigError struct {
	Field  string
	Reason string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("baseline: config field %s: %s", e.Field, e.Reason)
}

// Validate returns a *ConfigError for the first field that cannot work.
func (c Config) Validate() error {
	bad := func(field, format string, args ...any) error {
		return &ConfigError{Field: field, Reason: fmt.Sprintf(format, args...)}
	}
	if c.X.Len() <= 0 || c.Y.Len() <= 0 {
		return bad("X, Y", "shapes %v and %v must be positive", c.X, c.Y)
	}
	if c.Width < 1 {
		return bad("Width", "is %d, must be positive", c.Width)
	}
	if c.Loss != CrossEntropy && !c.Loss.regression() {
		return bad("Loss", "%q is none of %q, %q, %q", c.Loss, CrossEntropy, SquaredError, LogSquaredError)
	}
	if c.StartAtZero && c.Kind == FCN {
		return bad("StartAtZero", "%q adds up several last layers", FCN)
	}
	switch c.Kind {
	case DnCNN:
		if c.Depth < 2 {
			return bad("Depth", "is %d layers, dncnn needs 2 or more", c.Depth)
		}
	case FCN, UNet, Context:
		if c.Depth < 1 || c.X.H%(1<<c.Depth) != 0 || c.X.W%(1<<c.Depth) != 0 {
			return bad("Depth", "%d halvings of %dx%d do not come out even", c.Depth, c.X.H, c.X.W)
		}
	default:
		return bad("Kind", "%q is none of %q, %q, %q, %q", c.Kind, FCN, UNet, DnCNN, Context)
	}
	if c.Kind == Context {
		if _, err := c.contextUps(); err != nil {
			return err
		}
		return nil
	}
	if c.Y.H != c.X.H || c.Y.W != c.X.W {
		return bad("Y", "%v has another size than X %v, which only %q allows", c.Y, c.X, Context)
	}
	return nil
}

// contextUps returns how often the smallest map of a Context net is doubled to
// reach Y.
func (c Config) contextUps() (int, error) {
	h, w := c.X.H>>c.Depth, c.X.W>>c.Depth
	for n := 0; n <= 16; n++ {
		if h<<n == c.Y.H && w<<n == c.Y.W {
			return n, nil
		}
	}
	return 0, &ConfigError{Field: "Y", Reason: fmt.Sprintf("%dx%d is not a doubling of the smallest map %dx%d", c.Y.H, c.Y.W, h, w)}
}

// FCNFor returns the settings used beside the flow for masks and classes.
func FCNFor(x, y data.Shape) Config {
	return Config{Kind: FCN, X: x, Y: y, Width: 32, Depth: 3, Loss: CrossEntropy}
}

// UNetFor returns the settings used beside the flow for masks and classes.
func UNetFor(x, y data.Shape) Config {
	return Config{Kind: UNet, X: x, Y: y, Width: 32, Depth: 3, Loss: CrossEntropy}
}

// DnCNNFor returns the settings used beside the flow for denoising: 17 layers
// of 64 channels, as published for a known noise level.
func DnCNNFor(x, y data.Shape) Config {
	return Config{Kind: DnCNN, X: x, Y: y, Width: 64, Depth: 17, Loss: SquaredError}
}

// ContextFor returns the settings used beside the flow for inpainting.
func ContextFor(x, y data.Shape) Config {
	return Config{Kind: Context, X: x, Y: y, Width: 32, Depth: 4, Loss: SquaredError}
}

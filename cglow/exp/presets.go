package exp

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"glownotes/cglow"
	"glownotes/cglow/baseline"
	"glownotes/cglow/data"
	"glownotes/cglow/optim"
	"glownotes/cglow/train"
)

// Horses32 is the paper's Table 1 at 32x32: its architecture in the live form,
// batch 2, Adam at 2e-4, 50,000 steps, no augmentation, the mean of ten samples.
func Horses32() Config { return Paper(Horses, Real, 32) }

// Horses64 is Table 1 at 64x64.
func Horses64() Config { return Paper(Horses, Real, 64) }

// Horses128 is Table 1 at 128x128.
func Horses128() Config { return Paper(Horses, Real, 128) }

// Faces32 is the paper's Table 2 at 32x32.
func Faces32() Config { return Paper(Faces, Real, 32) }

// Denoise128 is the paper's Table 3.
func Denoise128() Config { return Paper(Denoise, Real, 128) }

// Depth96 is the paper's Table 4.
func Depth96() Config { return Paper(Depth, Real, 96) }

// Inpaint64 is the paper's Table 5.
func Inpaint64() Config { return Paper(Inpaint, Real, 64) }

// shapes returns the shapes of x and y of a task.
func shapes(t Task, size int) (x, y data.Shape) {
	s := func(c, n int) data.Shape { return data.Shape{C: c, H: n, W: n} }
	switch t {
	case Horses:
		return s(3, size), s(1, size)
	case Inpaint:
		return s(3, size), s(3, size/2)
	case Depth:
		if size == 96 {
			return data.Shape{C: 1, H: 96, W: 128}, data.Shape{C: 1, H: 96, W: 128}
		}
		return s(1, size), s(1, size)
	}
	return s(3, size), s(3, size)
}

// bins returns the levels of a task's y.
func bins(t Task) int {
	switch t {
	case Horses, Faces:
		return 2
	case Inpaint:
		return 256
	}
	return 0
}

// Paper returns the paper's protocol for a task (section 5 and appendix A): its
// architecture in the live form (cglow.Published gives the released code's), all
// training pairs without augmentation, batch 2, Adam at 2e-4, 50,000 steps
// (inpainting 300,000), the mean of ten samples.
//
// NOTE(paper): the sizes of networks for denoising are not printed; they are
// those of the segmentation tasks.
func Paper(t Task, s Source, size int) Config {
	m := cglow.Horses32()
	m.X, m.Y = shapes(t, size)
	m.Bins, m.Tile = bins(t), 1
	steps := 50_000
	switch t {
	case Horses:
		m.Tile = 3
	case Faces:
		m.Levels = 4
	case Depth:
		m.CondChannels, m.CondWidth = 8, 32
	case Inpaint:
		steps = 300_000
	}
	c := Config{
		Task: t, Source: s, Size: size, Patch: size, Seed: 1, Scale: 1,
		Model: m, Train: train.Defaults(steps), Predict: cglow.Averaging(10),
		Search: cglow.Searching(100), SearchPairs: 8,
	}
	if s == Drawn {
		c.TestPairs = 64
	}
	return c
}

// Capacity is the size of a compact model.
type Capacity struct {
	Levels, Steps            int // L, K
	Trunk, Width, Coupling   int // channels of the trunk, of its vector, of the couplings
	FeatureOut               int // channels of features that a coupling sees
	Batch, BatchBaseline     int
	LearnRate, LearnBaseline float64
	Net                      int // channels of the baselines' first layer
}

// Small trains in a minute or two on two cores.
func Small() Capacity {
	return Capacity{Levels: 2, Steps: 2, Trunk: 16, Width: 64, Coupling: 32, FeatureOut: 16, Batch: 4, LearnRate: 3e-3,
		BatchBaseline: 8, LearnBaseline: 2e-3, Net: 8}
}

// Medium trains 20,000 steps at 32x32 in about a quarter of an hour on two cores.
func Medium() Capacity {
	return Capacity{Levels: 3, Steps: 3, Trunk: 32, Width: 64, Coupling: 48, FeatureOut: 32, Batch: 4, LearnRate: 2e-3,
		BatchBaseline: 8, LearnBaseline: 2e-3, Net: 16}
}

// Compact returns what reaches more than the paper's protocol in a hundredth
// of its arithmetic: one trunk for all networks on x, a prior that sees x, a
// learning rate that falls along a cosine, the running mean of the weights, and
// for the real sets augmentation. In the tasks whose y is a picture the flow
// models what a network leaves (denoising: DnCNN and U-Net together,
// inpainting: the context encoder; depth: these two, a median filter and the
// sensor's depth itself), so that its prediction begins where regression ends.
func Compact(t Task, s Source, size, steps int, k Capacity) Config {
	c := Paper(t, s, size)
	m := &c.Model
	m.Levels, m.Steps, m.Tile = k.Levels, k.Steps, 1
	m.Trunk, m.CondPrior, m.CondChannels, m.CondWidth = k.Trunk, true, 16, k.Width
	m.CouplingWidth, m.FeatureOut = k.Coupling, k.FeatureOut
	c.Train = train.Defaults(steps)
	c.Train.Batch, c.Train.EMA, c.Average = k.Batch, emaDecay(steps), true
	c.Train.Optim.LearnRate, c.Train.Optim.Schedule = k.LearnRate, cosine(steps)
	c.Predict = cglow.Averaging(32)
	if s == Real {
		c.Augment = augmentation(t, size)
		if large := 128; size < large && (t == Horses || t == Faces) {
			c.AugmentSize = large
		}
	}
	switch t {
	case Denoise:
		c = c.OnPatches(32)
		c.Mean, c.Scale = "DnCNN+U-Net", 12
	case Depth:
		c = c.OnPatches(32)
		c.Mean, c.Scale = "DnCNN+U-Net+median+input", 100
		// The error at edges has long tails: a few samples far out spoil a mean
		// of 32 at temperature 1.
		c.Predict.Temperature = .5
	case Inpaint:
		c.Mean, c.Scale, m.Bins = "context encoder", 3, 0
	}
	return c.WithBaselines(k.Net, steps, k.BatchBaseline, k.LearnBaseline)
}

// emaDecay is the decay of the running mean of the weights: it looks back on
// about the last twentieth of a run, at most on a thousand steps.
func emaDecay(steps int) float64 { return 1 - 1/float64(max(10, min(1000, steps/20))) }

// cosine is the learning rate's way down.
func cosine(steps int) optim.Schedule {
	if steps <= 20 {
		return optim.Constant()
	}
	return optim.Schedule{Kind: "cosine", Warmup: 20, Total: steps, Floor: .02}
}

// augmentation returns what leaves the meaning of a task's pairs as it is.
func augmentation(t Task, size int) data.AugmentConfig {
	a := data.AugmentConfig{Draws: 1000, Mirror: true, Seed: 1}
	switch t {
	case Horses:
		a.Shift, a.Zoom, a.Turn, a.Light = size/16, .2, 10, .3
	case Faces:
		a.Shift, a.Zoom, a.Turn, a.Light = size/32, .1, 5, .2
	case Inpaint:
		a.Draws = 2 // mirrored or not
	case Denoise, Depth:
		a.Draws = 2 // of patches that are drawn anew anyway
	}
	return a
}

// OnPatches lets training see patches of a side in place of whole pictures.
func (c Config) OnPatches(side int) Config {
	c.Patch = min(side, c.Size)
	if c.Patch < c.Size || c.Task == Denoise {
		c.Model.X, c.Model.Y = shapes(c.Task, c.Patch)
	}
	return c
}

// Guided lets the flow see what a baseline predicts, beside x.
func (c Config) Guided(name string) Config {
	c.Guide = name
	c.Model.X.C += c.Model.Y.C
	return c
}

// HoldingOut lets Mean and Guide be networks that do not know the pair they
// speak of, one for each of so many parts of the training pairs.
func (c Config) HoldingOut(parts int) Config {
	c.HeldOut = parts
	return c
}

// WithBaselines sets the regression networks of a task: FCN and U-Net for
// classes, DnCNN and U-Net for denoising and depth, the context encoder for
// inpainting; width is the number of channels of their first layer.
func (c Config) WithBaselines(width, steps, batch int, rate float64) Config {
	x, y := shapes(c.Task, c.Patch)
	tc := baseline.Defaults(steps)
	tc.Batch, tc.Adam.LearnRate, tc.Adam.Schedule = batch, rate, cosine(steps)
	add := func(name string, n baseline.Config, w int) {
		n.Width = w
		c.Baselines = append(c.Baselines, Baseline{Name: name, Net: n, Train: tc})
	}
	c.Baselines = nil
	switch c.Task {
	case Horses, Faces:
		add("FCN", baseline.FCNFor(x, y), width)
		add("U-Net", baseline.UNetFor(x, y), width)
	case Denoise, Depth:
		d := baseline.DnCNNFor(x, y)
		d.Depth = 8 // of 17 in the original, and fewer channels: two cores
		u := baseline.UNetFor(x, y)
		u.Depth, u.Loss = 2, baseline.SquaredError
		// Depth: what is added to the sensor's depth begins at nothing.
		d.StartAtZero, u.StartAtZero = c.Task == Depth, c.Task == Depth
		add("DnCNN", d, 2*width)
		add("U-Net", u, width)
	case Inpaint:
		add("context encoder", baseline.ContextFor(x, y), width)
	}
	return c
}

// WithSeed sets the seed of everything random.
func (c Config) WithSeed(seed uint64) Config {
	c.Seed, c.Predict.Seed = seed, seed
	return c
}

// Hash returns the first 12 digits of the SHA-256 of the configuration.
func (c Config) Hash() string {
	b, err := json.Marshal(c)
	if err != nil { // a NaN in a field
		return fmt.Sprintf("invalid: %v", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:12]
}

// Named returns a configuration by the name of its model, as notebooks ask for
// it: "small" or "medium" (see [Compact]), "paper" (the paper's architecture in
// the live form) or "published" (the same with the released code's start, whose
// conditioning networks never move). steps are those of the flow, netSteps
// those of each baseline; 0 takes the preset's.
func Named(model string, t Task, s Source, size, steps, netSteps int) (Config, error) {
	k := Small()
	switch model {
	case "small", "paper", "published":
	case "medium":
		k = Medium()
	default:
		return Config{}, &ConfigError{"Model", fmt.Sprintf("%q is none of small, medium, paper and published", model)}
	}
	if steps < 0 || netSteps < 0 {
		return Config{}, &ConfigError{"Train.Steps", fmt.Sprintf("%d and %d, must not be negative", steps, netSteps)}
	}
	usual := map[string]int{"small": 3000, "medium": 20_000}[model]
	var c Config
	if usual > 0 {
		c = Compact(t, s, size, pick(steps, usual), k)
	} else {
		c = Paper(t, s, size)
		c.Train.Steps = pick(steps, c.Train.Steps)
		if model == "published" {
			c.Model = cglow.Published(c.Model)
		}
		usual = 3000
	}
	return c.WithBaselines(k.Net, pick(netSteps, usual), k.BatchBaseline, k.LearnBaseline), c.Validate()
}

// pick returns n, or the usual number when n is 0.
func pick(n, usual int) int {
	if n == 0 {
		return usual
	}
	return n
}

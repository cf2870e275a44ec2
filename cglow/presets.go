package cglow

import "glownotes/cglow/data"

// live returns the settings that all live presets share.
func live(x, y data.Shape, tile, bins int) Config {
	return Config{
		Form: Live, Precision: "float32",
		X: x, Y: y, Tile: tile, Bins: bins, Dequant: UniformDequant,
		FeatureChannels: 16, CouplingWidth: 256,
		InvConv: Householder, Reflections: 8,
		DiagBound: 1, ScaleBound: 2, NormBound: 3,
	}
}

// horses returns the paper's architecture for binary segmentation (L 3, K 8,
// n_c 64, n_w 128, coupling 256; appendix A) at one size, in the live form.
func horses(size int) Config {
	c := live(data.Shape{C: 3, H: size, W: size}, data.Shape{C: 1, H: size, W: size}, 3, 2)
	c.Levels, c.Steps = 3, 8
	c.CondChannels, c.CondWidth = 64, 128
	return c
}

// Horses32 is the paper's model for the Weizmann horses at 32x32.
func Horses32() Config { return horses(32) }

// Horses64 is the paper's model for the Weizmann horses at 64x64.
func Horses64() Config { return horses(64) }

// Horses128 is the paper's model for the Weizmann horses at 128x128.
func Horses128() Config { return horses(128) }

// Published returns c in the paper form as the released code has it: raw 1x1
// matrices, tanh on the networks' outputs, bias before scale.
func Published(c Config) Config {
	c.Form, c.InvConv, c.LearnBase = Paper, Raw, false
	c.Tanh, c.BiasFirst = true, true
	return c
}

// Fast returns c, a model in the live form, with what that form may choose for
// speed: one shared trunk on x whose last map is pooled (condnet.Trunk) in place
// of 3 L K networks with a fully connected layer on all pixels each, coupling
// networks of half the width, priors that see x. Horses32 takes 98 ms of one core
// a step, Fast(Horses32()) 36 ms (exec's BenchmarkStep, GOMAXPROCS=1, AVX-512);
// bits/dim of 64 pairs not trained on, batch 2, Adam 2e-4, mean of seeds 1 and 2
// (two seeds differ by up to 0.016 from step 200 on):
//
//	steps                100    200    300    400
//	silhouettes  live   0.459  0.432  0.419  0.408
//	             fast   0.449  0.424  0.413  0.406
//	horses       live   0.468  0.439  0.425  0.417
//	             fast   0.459  0.438  0.425  0.415
//
// To see it: go test ./cglow/train -run '^$' -bench Fast -benchtime 1x -v -timeout 1h
func Fast(c Config) Config {
	c.Trunk, c.CondWidth, c.FeatureOut = 16, 64, 16
	c.CouplingWidth /= 2
	c.CondPrior = true
	return c
}

// Quick32 is a small model for interactive use: binary segmentation at 32x32 in
// the live form, with what a small model needs to learn fast on two cores: two
// levels of two steps, one shared trunk for all networks on x (condnet.Trunk),
// priors that see x, one copy of the mask. It is not the paper's architecture.
// On the procedural silhouettes, 3,000 steps of train.Quick (49 s of processor
// time) reach 0.304 bits/dim and a foreground IoU of 0.73 over 100 pairs not
// trained on; the mean mask has 0.36. On the Weizmann horses at 32x32 with
// data.Augment (mirror, shift 2, light 0.2), 4,000 steps reach, on the 128 test
// images, 1.305 bits/dim in the released code's unit, a foreground IoU of 0.729
// over the set and 0.813 by the released code's measure (one seed).
func Quick32() Config {
	c := live(data.Shape{C: 3, H: 32, W: 32}, data.Shape{C: 1, H: 32, W: 32}, 1, 2)
	c.Levels, c.Steps = 2, 2
	c.CondChannels, c.CondWidth = 16, 64
	c.CouplingWidth, c.FeatureOut = 32, 16
	c.Trunk, c.CondPrior = 16, true
	return c
}

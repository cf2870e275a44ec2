package data

import (
	"fmt"
	"slices"
	"sync"
)

const bsdsRemedy = "the BSDS500 pictures need bsds/train128/*.png, test128/*.png, train.txt and test.txt in the folder that GLOWNOTES_DATA names"

// DenoiseConfig describes pictures with added noise.
type DenoiseConfig struct {
	Size  int     // height and width: 128 is the whole picture, less a patch of it
	Sigma float64 // standard deviation of the noise, in 8-bit steps (of 255)
	Seed  uint64  // of noise and patches
	// Draws is how many pairs are made of each picture, each with noise (and a
	// patch) of its own.
	Draws int
	// Residual makes y the noise, as in the c-Glow paper; else y is the clean
	// picture.
	Residual bool
}

// Denoise128 is the protocol of the c-Glow paper: whole pictures of 128x128,
// noise of 25 steps, which is also what is predicted.
func Denoise128() DenoiseConfig {
	return DenoiseConfig{Size: 128, Sigma: 25, Seed: 1, Draws: 1, Residual: true}
}

// Denoise32 is for quick trials: patches of 32x32, 100 of each picture.
func Denoise32() DenoiseConfig {
	return DenoiseConfig{Size: 32, Sigma: 25, Seed: 1, Draws: 100, Residual: true}
}

// Validate names the field that is out of its range.
func (c DenoiseConfig) Validate() error {
	switch {
	case c.Size < 8 || c.Size > 128:
		return fmt.Errorf("data: denoise: Size is %d, want 8 to 128", c.Size)
	case !(c.Sigma > 0 && c.Sigma <= 255):
		return fmt.Errorf("data: denoise: Sigma is %v, want more than 0 and at most 255", c.Sigma)
	case c.Draws < 1:
		return fmt.Errorf("data: denoise: Draws is %d, want 1 or more", c.Draws)
	}
	return nil
}

// BSDS reads the Berkeley segmentation pictures (Arbelaez et al. 2011) for
// colour denoising: 400 for training and, for testing, the 68 of Roth & Black.
// x is the picture plus Gaussian noise, not clipped to [0,1]; y is the noise or
// the clean picture, 3xSxS both. Pair i is draw i/n of picture i%n, n the number
// of pictures. dir is the folder that holds bsds/, or that folder itself.
// Layout: train128/ID.png, test128/ID.png (128x128), train.txt, test.txt.
func BSDS(dir string, cfg DenoiseConfig, split Split) (Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	f, err := locate("bsds", dir, "bsds", bsdsRemedy, "train128")
	if err != nil {
		return nil, err
	}
	if split != Train && split != Test {
		return nil, errNoPart("bsds", split, "train and test")
	}
	names, err := f.lines(split.String() + ".txt")
	if err != nil {
		return nil, err
	}
	const side = 128
	kept := &cache{}
	clean := func(i int) (pixels, error) {
		file := fmt.Sprintf("%v128/%s.png", split, names[i])
		pix, err := kept.get(i, func() ([]uint8, error) {
			m, err := f.picture(file)
			if err != nil {
				return nil, err
			}
			if s := m.Bounds().Size(); s.X != side || s.Y != side {
				return nil, f.fail(file, fmt.Errorf("is %v pixels, want (%d,%d)", s, side, side))
			}
			return rgbPixels(m).pix, nil
		})
		return pixels{w: side, h: side, c: 3, pix: pix}, err
	}
	for i := range names { // a missing file is an error now, not in the middle of a run
		if name := fmt.Sprintf("%v128/%s.png", split, names[i]); !f.has(name) {
			_, err := f.picture(name)
			return nil, err
		}
	}
	name := fmt.Sprintf("bsds %dx%d sigma %g %v", cfg.Size, cfg.Size, cfg.Sigma, split)
	return noisy(name, len(names)*cfg.Draws, cfg, func(i int, x []float32) error {
		p, err := clean(i % len(names))
		if err != nil {
			return err
		}
		r := stream(cfg.Seed^0x7061746368, i) // a stream for patches
		x0, y0 := r.IntN(side-cfg.Size+1), r.IntN(side-cfg.Size+1)
		p.crop(x0, y0, cfg.Size, cfg.Size).planes(x)
		return nil
	}), nil
}

// noisy returns the dataset of pictures with noise.
func noisy(name string, n int, cfg DenoiseConfig, draw func(i int, x []float32) error) Dataset {
	s := Shape{3, cfg.Size, cfg.Size}
	return &pairs{name: name, n: n, sx: s, sy: s, pair: func(i int, x, y []float32) error {
		if err := draw(i, x); err != nil {
			return err
		}
		if !cfg.Residual {
			copy(y, x)
		}
		r := stream(cfg.Seed, i)
		for k := range x {
			e := float32(r.NormFloat64() * cfg.Sigma / 255)
			x[k] += e
			if cfg.Residual {
				y[k] = e
			}
		}
		return nil
	}}
}

// Textures returns an endless set like BSDS with drawn pictures: country,
// walls, plants and animals, as in Silhouettes, without camera noise. Size must
// be 32, 64 or 128; Draws is not used.
func Textures(cfg DenoiseConfig) (Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	scene := Silhouettes32()
	scene.Size, scene.Seed, scene.Noise = cfg.Size, cfg.Seed, false
	if err := scene.Validate(); err != nil {
		return nil, fmt.Errorf("data: textures: %w", err)
	}
	canvases := sync.Pool{New: func() any { return newCanvas(cfg.Size) }}
	name := fmt.Sprintf("textures %dx%d sigma %g seed %d", cfg.Size, cfg.Size, cfg.Sigma, cfg.Seed)
	return noisy(name, 0, cfg, func(i int, x []float32) error {
		c := canvases.Get().(*canvas)
		defer canvases.Put(c)
		silhouette(c, scene, i, x, make([]float32, cfg.Size*cfg.Size))
		return nil
	}), nil
}

// Denoised returns noisy minus noise, the picture that a prediction of the
// noise stands for.
func Denoised(noisy, noise Images) (Images, error) {
	if noisy.N != noise.N || noisy.Shape() != noise.Shape() {
		return Images{}, fmt.Errorf("data: denoised: %d pictures %v, noise for %d of %v", noisy.N, noisy.Shape(), noise.N, noise.Shape())
	}
	out := noisy
	out.Pix = slices.Clone(noisy.Pix)
	for i, e := range noise.Pix {
		out.Pix[i] -= e
	}
	return out, nil
}

package exp

import (
	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

// testNoise is added to the seed of the noise of test pictures, so that
// training never sees the same noise.
const testNoise = 1_000_003

var denoiseProtocol = protocol{
	table: 3, title: "colour denoising, sigma 25", sizes: []int{32, 64, 128}, picture: true, netScale: 10,
	columns: []Column{{Name: "PSNR (dB)", Digits: 2}, {Name: "SSIM", Digits: 3}},
	notes: []string{
		"x is the picture with noise, y the noise; the restored picture is x less the predicted y, limited to [0,1]. PSNR: peak 1, mean over the pictures.",
	},
	paper: func(size int) []Row {
		if size != 128 {
			return nil
		}
		return []Row{
			paperRow("c-Glow (paper)", 27.61, 0, 2), paperRow("McWNNM (paper)", 25.58, 0, 2),
			paperRow("BM3D (paper)", 28.21, 0, 2), paperRow("DnCNN (paper)", 28.53, 0, 2),
		}
	},
	open:    openDenoise,
	score:   scoreDenoise,
	trivial: trivialDenoise,
	filters: map[string]filter{"non-local means": func(x data.Images) (data.Images, error) {
		y, err := nonLocalMeans(x, denoiseSigma)
		return combined(x, 1, y, -1), err
	}},
}

// denoiseDraws is how many patches with their own noise training sees of each
// picture before it sees one again.
const denoiseDraws = 10_000

func openDenoise(c Config, dir string) (*sets, error) {
	whole := data.Denoise128()
	whole.Size, whole.Seed = c.Size, c.Seed+testNoise
	patch := whole
	patch.Size, patch.Seed, patch.Draws = c.Patch, c.Seed, denoiseDraws
	if c.Source == Real {
		train, err := data.BSDS(dir, patch, data.Train)
		if err != nil {
			return nil, err
		}
		test, err := data.BSDS(dir, whole, data.Test)
		if err != nil {
			return nil, err
		}
		if c.TestPairs > 0 && c.TestPairs < test.Len() {
			test, err = data.Range(test, 0, c.TestPairs)
		}
		if err != nil {
			return nil, err
		}
		whole.Seed = c.Seed
		all, err := data.BSDS(dir, whole, data.Train)
		return &sets{train: train, whole: all, test: test, pairs: train.Len() / denoiseDraws}, err
	}
	draw := whole
	draw.Seed = c.Seed
	d, err := data.Textures(draw)
	if err != nil {
		return nil, err
	}
	s, err := drawnSets(c, d)
	if err == nil {
		s.whole = d
	}
	if err == nil && c.Patch < c.Size {
		s.train, err = data.Crops(d, c.Patch, 1, c.Seed)
	}
	return s, err
}

// restored returns the pictures that predicted noise stands for.
func restored(x, noise data.Images) (data.Images, error) {
	p, err := data.Denoised(x, noise)
	return clipped(p), err
}

func scoreDenoise(e *Experiment, predicted data.Images) ([]Number, error) {
	clean, err := restored(e.X, e.Y)
	if err != nil {
		return nil, err
	}
	got, err := restored(e.X, predicted)
	if err != nil {
		return nil, err
	}
	psnr, err := metric.ImagePSNR(clean.Pix, got.Pix, clean.Shape().Len(), 1)
	if err != nil {
		return nil, err
	}
	ssim, err := meanSSIM(clean, got)
	return numbers(meanOf(psnr), ssim), err
}

// meanSSIM is the mean over pictures and channels.
func meanSSIM(a, b data.Images) (float64, error) {
	plane := a.H * a.W
	var all []float64
	for at := 0; at < len(a.Pix); at += plane {
		s, err := metric.SSIM(a.Pix[at:at+plane], b.Pix[at:at+plane], a.H, a.W, 1)
		if err != nil {
			return 0, err
		}
		all = append(all, s)
	}
	return meanOf(all), nil
}

// trivialDenoise scores the noisy picture itself and the classical filters.
func trivialDenoise(e *Experiment) ([]Row, error) {
	none := data.NewImages(e.Y.N, e.Y.Shape()) // no noise is predicted
	filtered, err := e.p.filters["non-local means"](e.X)
	if err != nil {
		return nil, err
	}
	return scored(e, named{"the noisy picture", none}, named{"non-local means", filtered})
}

// denoiseSigma is the standard deviation of the noise in [0,1].
const denoiseSigma = 25. / 255

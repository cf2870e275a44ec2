package exp

import (
	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

var inpaintProtocol = protocol{
	table: 5, title: "inpainting, the central quarter hidden", sizes: []int{32, 64}, picture: true, center: .5, netScale: 1,
	columns: []Column{{Name: "PSNR of the block (dB)", Digits: 2}, {Name: "PSNR of the picture (dB)", Digits: 2}, {Name: "SSIM of the block", Digits: 3}},
	notes: []string{
		"PSNR: peak 1, mean over the pictures. The paper does not say whether its figures are of the hidden block or of the whole picture " +
			"(which is 6 dB more, since three quarters are given); they stand in the column of the block.",
	},
	paper: func(size int) []Row {
		if size != 64 {
			return nil
		}
		return []Row{
			paperRow("c-Glow (paper)", 24.88, 0, 3), paperRow("DCGANi-b (paper)", 23.65, 0, 3), paperRow("DCGANi (paper)", 22.73, 0, 3),
		}
	},
	open:    openInpaint,
	score:   scoreInpaint,
	trivial: trivialInpaint,
}

func openInpaint(c Config, dir string) (*sets, error) {
	if c.Source == Real {
		return realSets(c, func(s data.Split) (data.Dataset, error) { return data.CelebA(dir, c.Size, s) })
	}
	cfg := data.Portraits64()
	cfg.Size, cfg.Seed = c.Size, c.Seed
	d, err := data.OccludedPortraits(cfg)
	if err != nil {
		return nil, err
	}
	return drawnSets(c, d)
}

func scoreInpaint(e *Experiment, predicted data.Images) ([]Number, error) {
	p := clipped(predicted)
	block, err := metric.ImagePSNR(e.Y.Pix, p.Pix, e.Y.Shape().Len(), 1)
	if err != nil {
		return nil, err
	}
	truth, err := data.Complete(e.X, e.Y)
	if err != nil {
		return nil, err
	}
	guess, err := data.Complete(e.X, p)
	if err != nil {
		return nil, err
	}
	whole, err := metric.ImagePSNR(truth.Pix, guess.Pix, truth.Shape().Len(), 1)
	if err != nil {
		return nil, err
	}
	ssim, err := meanSSIM(e.Y, p)
	return numbers(meanOf(block), meanOf(whole), ssim), err
}

// trivialInpaint scores the mean block of (up to 512) training pairs and the
// smooth surface that joins the visible pixels around the block.
func trivialInpaint(e *Experiment) ([]Row, error) {
	same, err := meanTarget(e)
	if err != nil {
		return nil, err
	}
	return scored(e, named{"the mean block", same}, named{"harmonic surface from the edge", harmonic(e.X, e.Y.Shape())})
}

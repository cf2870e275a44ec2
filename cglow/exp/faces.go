package exp

import (
	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

var facesProtocol = protocol{
	table: 2, title: "multi-class segmentation (face, hair, background)", sizes: []int{32, 64, 128}, netScale: 1,
	columns: []Column{{Name: "superpixel accuracy", Digits: 3}, {Name: "pixel accuracy", Digits: 3}, {Name: "mean IoU", Digits: 3}},
	notes: []string{
		"Superpixel accuracy: the part of the superpixels whose most frequent class is right. The official superpixels of LFW are not public any more; real data uses SLIC ones " +
			"of the same number (about 227 a picture, see the data folder's README), drawn data blocks of a sixteenth of the side: figures are comparable within this table, " +
			"and with the paper's only roughly.",
	},
	paper: func(size int) []Row {
		k := map[int]int{32: 0, 64: 1, 128: 2}[size]
		rows := []Row{
			paperRow("c-Glow (paper)", []float64{.914, .931, .945}[k], 0, 3),
			paperRow("FCN (paper)", []float64{.745, .792, .951}[k], 0, 3),
		}
		if size == 32 {
			rows = append(rows, paperRow("DVN (paper)", .924, 0, 3))
		}
		return rows
	},
	open:    openFaces,
	score:   scoreFaces,
	trivial: trivialFaces,
}

func openFaces(c Config, dir string) (*sets, error) {
	if c.Source == Real {
		var test *data.Parts
		s, err := realSets(c, func(s data.Split) (p *data.Parts, err error) {
			if p, err = data.LFW(dir, c.Size, s); s == data.Test {
				test = p
			}
			return p, err
		})
		if err != nil {
			return nil, err
		}
		s.larger = func(side int) (data.Dataset, error) { return data.LFW(dir, side, data.Train) }
		const side = 250
		s.superpixels = func(i int) (superpixel, class []uint8, n int, err error) {
			superpixel, class, err = test.Superpixels(i)
			return superpixel, class, side, err
		}
		return s, nil
	}
	cfg := data.Portraits32()
	cfg.Size, cfg.Seed = c.Size, c.Seed
	d, err := data.Portraits(cfg)
	if err != nil {
		return nil, err
	}
	s, err := drawnSets(c, d)
	if err != nil {
		return nil, err
	}
	s.superpixels = func(i int) (superpixel, class []uint8, side int, err error) {
		_, y, err := s.test.Load([]int{i})
		if err != nil {
			return nil, nil, 0, err
		}
		class, err = metric.ArgMax(y.Pix, y.C, y.H*y.W)
		return blocks(c.Size), class, c.Size, err
	}
	return s, nil
}

// blocks numbers 16x16 square blocks of a picture.
func blocks(side int) []uint8 {
	out := make([]uint8, side*side)
	for i := range out {
		out[i] = uint8(i/side*16/side*16 + i%side*16/side)
	}
	return out
}

func scoreFaces(e *Experiment, predicted data.Images) ([]Number, error) {
	pixels := e.Y.H * e.Y.W
	truth, err := metric.ArgMax(e.Y.Pix, e.Y.C, pixels)
	if err != nil {
		return nil, err
	}
	guess, err := metric.ArgMax(predicted.Pix, e.Y.C, pixels)
	if err != nil {
		return nil, err
	}
	s, err := metric.Segment(truth, guess, e.Y.C, pixels)
	if err != nil {
		return nil, err
	}
	accuracy := 0.
	for i := range e.Y.N {
		superpixel, class, side, err := e.sets.superpixels(i)
		if err != nil {
			return nil, err
		}
		large, err := metric.Enlarge(guess[i*pixels:(i+1)*pixels], e.Y.H, e.Y.W, side, side)
		if err != nil {
			return nil, err
		}
		a, err := metric.SuperpixelAccuracy(class, large, superpixel)
		if err != nil {
			return nil, err
		}
		accuracy += a / float64(e.Y.N)
	}
	return numbers(accuracy, s.PixelAccuracy(), s.SetMeanIoU()), nil
}

// trivialFaces scores the mean of (up to 512) training pairs, and y itself,
// which shows what enlarging a small map to the superpixels costs.
func trivialFaces(e *Experiment) ([]Row, error) {
	same, err := meanTarget(e)
	if err != nil {
		return nil, err
	}
	rows, err := scored(e, named{"the mean of the training labels", same}, named{"the true labels at this size", e.Y})
	if err == nil {
		rows[1].Kind = Oracle
	}
	return rows, err
}

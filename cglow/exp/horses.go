package exp

import (
	"fmt"

	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

var horsesProtocol = protocol{
	table: 1, title: "binary segmentation", sizes: []int{32, 64, 128}, netScale: 1,
	columns: []Column{{Name: "IoU, foreground", Digits: 3}, {Name: "IoU, released code", Digits: 3}},
	notes: []string{
		"IoU, foreground: the animal, all test pixels pooled. IoU, released code: mean over animal and background in batches of 10 pictures, then over the batches, " +
			"as the authors' program computes it. The paper does not say which its figures are; they stand in the column of the authors' program.",
	},
	paper: func(size int) []Row {
		k := map[int]int{32: 0, 64: 1, 128: 2}[size]
		rows := []Row{
			paperRow("c-Glow (paper)", []float64{.812, .852, .858}[k], 1, 2),
			paperRow("FCN (paper)", []float64{.558, .701, .795}[k], 1, 2),
		}
		switch size {
		case 32:
			rows = append(rows, paperRow("DVN (paper)", .840, 1, 2))
		case 64:
			rows = append(rows, paperRow("NLStruct (paper)", .752, 1, 2))
		}
		return rows
	},
	open:    openHorses,
	score:   scoreHorses,
	trivial: trivialHorses,
}

func openHorses(c Config, dir string) (*sets, error) {
	if c.Source == Real {
		s, err := realSets(c, func(s data.Split) (data.Dataset, error) { return data.Horses(dir, c.Size, s) })
		if err == nil {
			s.larger = func(side int) (data.Dataset, error) { return data.Horses(dir, side, data.Train) }
		}
		return s, err
	}
	cfg := data.Silhouettes32()
	cfg.Size, cfg.Seed = c.Size, c.Seed
	d, err := data.Silhouettes(cfg)
	if err != nil {
		return nil, err
	}
	return drawnSets(c, d)
}

func scoreHorses(e *Experiment, predicted data.Images) ([]Number, error) {
	s, err := metric.SegmentMasks(e.Y.Pix, predicted.Pix, e.Y.Shape().Len())
	if err != nil {
		return nil, err
	}
	return numbers(s.SetIoU(1), s.ReleasedIoU()), nil
}

// trivialHorses scores the mean mask of (up to 512) training pairs.
func trivialHorses(e *Experiment) ([]Row, error) {
	_, masks, err := data.First(e.Train, 512)
	if err != nil {
		return nil, fmt.Errorf("exp: %w", err)
	}
	t, err := metric.TrivialMasks(masks.Pix, e.Y.Pix, e.Y.Shape().Len())
	if err != nil {
		return nil, fmt.Errorf("exp: %w", err)
	}
	return []Row{{Name: "the mean mask", Kind: Trivial, Runs: 1, Values: numbers(t.MeanMask.SetIoU(1), t.MeanMask.ReleasedIoU())}}, nil
}

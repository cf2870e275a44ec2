package exp

import (
	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

var depthProtocol = protocol{
	table: 4, title: "depth refinement", sizes: []int{96}, picture: true, inputIsMean: true, center: .5, netScale: 50, offsetFree: true,
	columns: []Column{{Name: "PSNR, peak of the crop (dB)", Digits: 2}, {Name: "PSNR, peak 4 m (dB)", Digits: 2}, {Name: "mean error (mm)", Digits: 1, Lower: true}},
	notes: []string{
		"Pixels without a depth in x or y do not count. The paper trains on one scene of 7-Scenes and tests on 5,500 frames of the others, and does not say what the peak is; " +
			"the real data here is one scene (training and test frames apart) with a ground truth made anew: its figures are comparable within this table, not with the paper's.",
		"What networks and the flow add has the median 0 in each crop: the ground truth of a frame may be off as a whole (by its pose), of which the sensor's depth says nothing.",
	},
	paper: func(int) []Row {
		return []Row{
			paperRow("c-Glow (paper)", 36.53, 0, 3), paperRow("ProximalNet (paper)", 36.31, 0, 3),
			paperRow("FilterForest (paper)", 35.63, 0, 3), paperRow("BM3D (paper)", 35.46, 0, 3),
		}
	},
	open:    openDepth,
	score:   scoreDepth,
	trivial: trivialDepth,
	filters: map[string]filter{"input": input, "median": func(x data.Images) (data.Images, error) { return median(x, 2), nil }},
}

// depthCrops is how many patches training takes of each crop before it sees one
// again.
const depthCrops = 1000

func openDepth(c Config, dir string) (*sets, error) {
	var s *sets
	var err error
	if c.Source == Real {
		s, err = realDepth(c, dir)
	} else {
		d := data.DepthScenes(c.Seed)
		if s, err = drawnSets(c, d); err == nil {
			s.valid = func(i int) ([]bool, error) { return d.Valid(firstDrawnTest + i) }
		}
	}
	if err != nil {
		return nil, err
	}
	s.whole = s.train
	if c.Patch < c.Size {
		s.pairs = s.train.Len()
		s.train, err = data.Crops(s.train, c.Patch, depthCrops, c.Seed)
	}
	return s, err
}

// realDepth reads 7-Scenes. Fewer test pairs than there are are spread over the
// film: the error of its first frames is not that of the others.
func realDepth(c Config, dir string) (*sets, error) {
	train, err := data.SevenScenes(dir, data.Train)
	if err != nil {
		return nil, err
	}
	test, err := data.SevenScenes(dir, data.Test)
	if err != nil {
		return nil, err
	}
	s := &sets{train: train, test: test, valid: test.Valid}
	if n := c.TestPairs; n > 0 && n < test.Len() {
		s.valid = func(i int) ([]bool, error) { return test.Valid(data.SpreadIndex(i, n, test.Len())) }
		s.test, err = data.Spread(test, n)
	}
	return s, err
}

func scoreDepth(e *Experiment, predicted data.Images) ([]Number, error) {
	var crop, fixed, off []float64
	for i := range e.Y.N {
		valid, err := e.sets.valid(i)
		if err != nil {
			return nil, err
		}
		truth, guess := e.Y.Row(i), predicted.Row(i)
		peak, sum, n := float32(0), 0., 0
		for k, ok := range valid {
			if ok {
				peak = max(peak, truth[k])
				sum += max(float64(truth[k]-guess[k]), float64(guess[k]-truth[k]))
				n++
			}
		}
		if n == 0 {
			continue // a crop without any depth
		}
		a, err := metric.MaskedPSNR(truth, guess, valid, float64(peak))
		if err != nil {
			return nil, err
		}
		b, err := metric.MaskedPSNR(truth, guess, valid, 1)
		if err != nil {
			return nil, err
		}
		crop, fixed, off = append(crop, a), append(fixed, b), append(off, sum/float64(n)*data.DepthPeak)
	}
	return numbers(meanOf(crop), meanOf(fixed), meanOf(off)), nil
}

// trivialDepth scores the sensor's depth itself and a median filter.
func trivialDepth(e *Experiment) ([]Row, error) {
	return scored(e, named{"the sensor's depth", e.X}, named{"median of 5x5 pixels", median(e.X, 2)})
}

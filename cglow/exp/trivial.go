package exp

import (
	"fmt"

	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

// named is a prediction of the test pairs that needs no training.
type named struct {
	name string
	y    data.Images
}

// scored measures such predictions.
func scored(e *Experiment, predictions ...named) ([]Row, error) {
	var rows []Row
	for _, p := range predictions {
		v, err := e.p.score(e, p.y)
		if err != nil {
			return nil, fmt.Errorf("exp: %s: %w", p.name, err)
		}
		rows = append(rows, Row{Name: p.name, Kind: Trivial, Runs: 1, Values: v})
	}
	return rows, nil
}

// meanTarget predicts the mean of (up to 512) training targets for every image.
func meanTarget(e *Experiment) (data.Images, error) {
	_, y, err := data.First(e.Train, 512)
	if err != nil {
		return data.Images{}, fmt.Errorf("exp: %w", err)
	}
	mean, err := metric.MeanMask(y.Pix, y.Shape().Len())
	if err != nil {
		return data.Images{}, fmt.Errorf("exp: %w", err)
	}
	same := data.NewImages(e.Y.N, e.Y.Shape())
	for i := range e.Y.N {
		copy(same.Row(i), mean)
	}
	return same, nil
}

package cglow

import (
	"context"
	"math"

	"glownotes/cglow/data"
)

// PredictOptions says how to predict y from x.
type PredictOptions struct {
	Samples     int // M, samples per x (paper: 10)
	Temperature float64
	Antithetic  bool // draw in pairs with opposite latents
	Seed        uint64
}

// Averaging returns the paper's inference: the mean of m samples at temperature
// 1, here in antithetic pairs.
func Averaging(m int) PredictOptions {
	return PredictOptions{Samples: m, Temperature: 1, Antithetic: true}
}

// Prediction is the sample mean and its spread.
type Prediction struct {
	Mean data.Images // mean over the samples, per pixel, on the scale of y
	// Std is the standard deviation over the samples, per pixel. Of discrete y
	// it is that of the rounded samples: the noise that made y continuous would
	// be everywhere and say nothing.
	Std     data.Images
	Rounded data.Images // Mean moved to the nearest level: for masks exactly 0 or 1
	Samples int         // M
}

// Predict approximates the expectation of y given x by the mean of M samples
// (paper, Eq. 4). The networks on x run once per x whatever M is. For a
// calibrated model the mean squared error is 1 + 1/M times the least possible.
// When ctx is done, the images that are finished are returned with ctx.Err().
func (m *Model) Predict(ctx context.Context, x data.Images, o PredictOptions) (*Prediction, error) {
	var mean, std []float32
	n := 0
	y := make([]float32, m.cfg.Y.Len())
	s := SampleOptions{Count: o.Samples, Temperature: o.Temperature, Antithetic: o.Antithetic, Seed: o.Seed}
	err := m.sampleEach(ctx, x, s, func(_ int, v [][]float64) {
		sum, shown, squares := make([]float64, len(y)), make([]float64, len(y)), make([]float64, len(y))
		for _, one := range v {
			m.cfg.quantize(y, one)
			for i, p := range y {
				r := m.cfg.nearest(float64(p))
				sum[i] += float64(p)
				shown[i] += r
				squares[i] += r * r
			}
		}
		count := float64(len(v))
		for i := range sum {
			e := shown[i] / count
			mean = append(mean, float32(sum[i]/count))
			std = append(std, float32(math.Sqrt(max(0, squares[i]/count-e*e))))
		}
		n++
	})
	batch := func(pix []float32) data.Images {
		return data.Images{N: n, C: m.cfg.Y.C, H: m.cfg.Y.H, W: m.cfg.Y.W, Pix: pix}
	}
	p := &Prediction{Mean: batch(mean), Std: batch(std), Samples: o.Samples}
	p.Rounded = m.cfg.Round(p.Mean)
	return p, err
}

package train

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

// Evaluation is how a model does on examples.
type Evaluation struct {
	Examples   int
	BitsPerDim float64 // bin-width aware, mean over the examples
	Prediction *cglow.Prediction
	X, Y       data.Images // the examples
	// Segmentation scores the rounded prediction; nil unless y is a mask.
	Segmentation *metric.Segmentation
	// PSNR is that of the mean prediction, peak 1, in dB; the mean over the
	// images. Masks have one too, but it says little.
	PSNR    float64
	Elapsed time.Duration
}

// Evaluate predicts the first n examples of d and scores likelihood and
// prediction. When ctx is done it returns ctx.Err().
func Evaluate(ctx context.Context, m *cglow.Model, d data.Dataset, n int, o cglow.PredictOptions) (*Evaluation, error) {
	began := time.Now()
	x, y, err := data.First(d, n)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	e := &Evaluation{Examples: y.N, X: x, Y: y}
	logp, err := m.LogProb(ctx, x, y)
	if err != nil {
		return nil, err
	}
	for _, v := range logp {
		e.BitsPerDim += m.Config().BitsPerDim(v) / float64(len(logp))
	}
	if e.Prediction, err = m.Predict(ctx, x, o); err != nil {
		return nil, err
	}
	pixels := y.Shape().Len()
	if m.Config().Bins == 2 && y.C == 1 {
		if e.Segmentation, err = metric.SegmentMasks(y.Pix, e.Prediction.Rounded.Pix, pixels); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
	}
	psnr, err := metric.ImagePSNR(y.Pix, e.Prediction.Mean.Pix, pixels, 1)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	e.PSNR = meanOf(psnr)
	e.Elapsed = time.Since(began)
	return e, nil
}

// String is one line of text.
func (e *Evaluation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d examples: %.3f bits/dim", e.Examples, e.BitsPerDim)
	if e.Segmentation != nil {
		fmt.Fprintf(&b, ", foreground IoU %.3f", e.Segmentation.SetIoU(1))
	} else if !math.IsInf(e.PSNR, 0) {
		fmt.Fprintf(&b, ", PSNR %.2f dB", e.PSNR)
	}
	fmt.Fprintf(&b, ", mean of %d samples, %v", e.Prediction.Samples, e.Elapsed.Round(100*time.Millisecond))
	return b.String()
}

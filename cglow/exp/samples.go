package exp

import (
	"context"
	"fmt"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// SampleLaw shows how the error of a sample mean falls with the number of
// samples. For samples y_k of p(y|x) that are independent,
//
//	E |mean_M - y|^2 = B + V/M,
//
// V the variance of a sample and B the error of the exact mean. If the model is
// calibrated, y itself is such a sample, B = V, and the error is B (1 + 1/M):
// ten samples cost 10 %.
type SampleLaw struct {
	M        []int
	Measured []float64 // mean squared error of the mean of M samples
	Variance float64   // V, measured from the samples
	Limit    float64   // B, from V and the largest M
}

// Calibration returns V/B: 1 for a calibrated model, less for one that is too
// sure of itself.
func (l *SampleLaw) Calibration() float64 { return l.Variance / l.Limit }

// Law returns B + V/M for each M.
func (l *SampleLaw) Law() []float64 {
	out := make([]float64, len(l.M))
	for i, m := range l.M {
		out[i] = l.Limit + l.Variance/float64(m)
	}
	return out
}

// String is one line.
func (l *SampleLaw) String() string {
	return fmt.Sprintf("error of the exact mean %.4g, variance of a sample %.4g, their ratio %.2f (1: calibrated); 10 samples cost %.0f %% more than the mean itself",
		l.Limit, l.Variance, l.Calibration(), 100*l.Variance/l.Limit/10)
}

// MeasureSampleLaw draws up to the largest of ms independent samples (not in
// antithetic pairs) for the first pairs test pairs. Samples of discrete y are
// rounded: the noise that made them continuous is no part of y.
func (e *Experiment) MeasureSampleLaw(ctx context.Context, ms []int, pairs int) (*SampleLaw, error) {
	most := 0
	for _, m := range ms {
		most = max(most, m)
	}
	n := min(pairs, e.X.N)
	if most < 2 || n < 1 {
		return nil, fmt.Errorf("exp: sample law: %d samples of %d pairs: 2 and 1 are the least", most, n)
	}
	idx := numbered(0, n)
	x, y := e.X.Select(idx...), e.Y.Select(idx...)
	m, err := e.wholeModel()
	if err != nil {
		return nil, err
	}
	v, err := e.first(ctx, x)
	if err != nil {
		return nil, err
	}
	drawn, err := m.Sample(ctx, v.x, cglow.SampleOptions{Count: most, Temperature: 1, Round: m.Config().Bins > 0, Seed: e.Config.Seed})
	if err != nil {
		return nil, err
	}
	law := &SampleLaw{M: ms, Measured: make([]float64, len(ms))}
	target := e.toFlow(y, v.base)
	for i := range n {
		law.add(drawn[i], target.Row(i), n)
	}
	back := 1 / (e.Config.Scale * e.Config.Scale) // to the task's units
	for k := range law.Measured {
		law.Measured[k] *= back
	}
	law.Variance *= back
	for k, m := range ms {
		if m == most {
			law.Limit = law.Measured[k] - law.Variance/float64(m)
		}
	}
	return law, nil
}

// add adds one picture of n to the means.
func (l *SampleLaw) add(samples data.Images, y []float32, n int) {
	sum, squares := make([]float64, len(y)), make([]float64, len(y))
	weight := 1 / float64(n*len(y))
	for k := range samples.N {
		for j, v := range samples.Row(k) {
			sum[j] += float64(v)
			squares[j] += float64(v) * float64(v)
		}
		for i, m := range l.M {
			if m != k+1 {
				continue
			}
			for j := range y {
				d := sum[j]/float64(m) - float64(y[j])
				l.Measured[i] += d * d * weight
			}
		}
	}
	count := float64(samples.N)
	for j := range y {
		l.Variance += (squares[j] - sum[j]*sum[j]/count) / (count - 1) * weight
	}
}

// Samples draws count samples for each of the test pairs idx, in the task's
// units: element k holds sample k of every pair. Of a mixture (see Predict) they
// are of the part beside the guide that knows all training pairs, as are those
// of MeasureSampleLaw.
func (e *Experiment) Samples(ctx context.Context, idx []int, count int) ([]data.Images, error) {
	m, err := e.wholeModel()
	if err != nil {
		return nil, err
	}
	v, err := e.first(ctx, e.X.Select(idx...))
	if err != nil {
		return nil, err
	}
	drawn, err := m.Sample(ctx, v.x, cglow.SampleOptions{Count: count, Temperature: e.Config.Predict.Temperature, Round: true, Seed: e.Config.Seed})
	if err != nil {
		return nil, err
	}
	out := make([]data.Images, count)
	for k := range out {
		y := data.NewImages(len(idx), e.Y.Shape())
		for i, d := range drawn {
			copy(y.Row(i), d.Row(k))
		}
		out[k] = e.fromFlow(y, v.base)
	}
	return out, nil
}

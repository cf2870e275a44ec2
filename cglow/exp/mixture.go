package exp

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// view is one of the ways in which the flow sees new pictures, and its weight
// among them.
type view struct {
	weight float64
	x      data.Images // with what a guide says beside it
	base   data.Images // what is added to the flow's y
}

// views returns the flow's ways to see pictures of the test's size: one, or,
// with a guide of which there are held-out networks, one beside each. The first
// is that beside the network that knows all training pairs.
func (e *Experiment) views(ctx context.Context, x data.Images) ([]view, error) {
	weights := []float64{1}
	if k := e.Config.HeldOut; k > 0 && len(e.Config.networks(e.Config.Guide)) > 0 {
		weights[0] = .5
		for range k {
			weights = append(weights, .5/float64(k))
		}
	}
	return e.weighted(ctx, x, weights)
}

// first returns the first view as the only one.
func (e *Experiment) first(ctx context.Context, x data.Images) (view, error) {
	v, err := e.weighted(ctx, x, []float64{1})
	if err != nil {
		return view{}, err
	}
	return v[0], nil
}

// weighted returns as many views, from the first on, as there are weights.
func (e *Experiment) weighted(ctx context.Context, x data.Images, weights []float64) ([]view, error) {
	mean, err := e.mean(true)
	if err != nil {
		return nil, err
	}
	base, err := mean(ctx, nil, x)
	if err != nil {
		return nil, err
	}
	out := make([]view, len(weights))
	for k, w := range weights {
		guided, err := e.guided(true, whole+speaker(k))
		if err != nil {
			return nil, err
		}
		fx, err := guided(ctx, nil, x)
		if err != nil {
			return nil, err
		}
		out[k] = view{weight: w, x: fx, base: base}
	}
	return out, nil
}

// samplesOf returns how many of o.Samples samples a view gets.
func (v view) samplesOf(o cglow.PredictOptions) int {
	n, least := int(math.Round(v.weight*float64(o.Samples))), 1
	if o.Antithetic && v.weight < 1 {
		n, least = n+n%2, 2
	}
	return max(n, least)
}

// mixture predicts from several views: the mean is that of their means, the
// variance the mean of their variances and that between them.
func mixture(ctx context.Context, m *cglow.Model, views []view, o cglow.PredictOptions) (*cglow.Prediction, error) {
	var out *cglow.Prediction
	var squares data.Images
	for k, v := range views {
		each := o
		each.Samples, each.Seed = v.samplesOf(o), o.Seed+uint64(k)<<32
		p, err := m.Predict(ctx, v.x, each)
		if err != nil || len(views) == 1 {
			return p, err
		}
		if k == 0 {
			zero := data.NewImages(p.Mean.N, p.Mean.Shape())
			out, squares = &cglow.Prediction{Mean: zero, Std: zero.Clone()}, zero.Clone()
		}
		w := float32(v.weight)
		out.Samples += p.Samples
		out.Mean = combined(out.Mean, 1, p.Mean, w)
		for i, s := range p.Std.Pix {
			squares.Pix[i] += w * (s*s + p.Mean.Pix[i]*p.Mean.Pix[i])
		}
	}
	for i, s := range squares.Pix {
		a := out.Mean.Pix[i]
		out.Std.Pix[i] = float32(math.Sqrt(float64(max(0, s-a*a))))
	}
	out.Rounded = m.Config().Round(out.Mean)
	return out, nil
}

// bitsPerDim returns the mean bits per dimension of y under the mixture of
// views.
func (e *Experiment) bitsPerDim(ctx context.Context, views []view, y data.Images) (float64, error) {
	m, err := e.wholeModel()
	if err != nil {
		return 0, err
	}
	each := make([][]float64, y.N) // log of weight and density, by picture and view
	for _, v := range views {
		logp, err := m.LogProb(ctx, v.x, e.toFlow(y, v.base))
		if err != nil {
			return 0, err
		}
		for i, l := range logp {
			each[i] = append(each[i], math.Log(v.weight)+l)
		}
	}
	sum := 0.
	for _, l := range each {
		sum += m.Config().BitsPerDim(floats.LogSumExp(l)) / float64(y.N)
	}
	return sum - math.Log2(e.Config.Scale), nil
}

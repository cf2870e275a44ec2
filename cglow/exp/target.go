package exp

import (
	"context"

	"glownotes/cglow/data"
)

// mapped is a dataset whose pairs are computed anew from x and y.
type mapped struct {
	data.Dataset
	name string
	x    data.Shape // of the new x
	pair func(idx []int, x, y data.Images) (data.Images, data.Images, error)
}

func (m *mapped) Name() string { return m.name }

func (m *mapped) Shapes() (x, y data.Shape) {
	_, y = m.Dataset.Shapes()
	return m.x, y
}

func (m *mapped) Load(idx []int) (x, y data.Images, err error) {
	if x, y, err = m.Dataset.Load(idx); err != nil {
		return x, y, err
	}
	return m.pair(idx, x, y)
}

// direct reports whether the flow models y as the task gives it.
func (e *Experiment) direct() bool {
	return e.Config.Mean == "" && e.Config.Scale == 1 && e.Config.Model.Bins > 0 || !e.p.picture
}

// flowData returns the pairs as the flow sees them: y' = 1/2 + Scale (y - m(x)),
// m the mean's prediction, or the task's centre without one; x with the guide's
// prediction.
func (e *Experiment) flowData() (data.Dataset, error) {
	if e.direct() && e.Config.Guide == "" {
		return e.Train, nil
	}
	mean, err := e.mean(false)
	if err != nil {
		return nil, err
	}
	guided, err := e.guided(false, everyNetwork)
	if err != nil {
		return nil, err
	}
	name := e.Train.Name()
	if e.Config.Mean != "" {
		name += ", less " + e.Config.teacherName(e.Config.Mean)
	}
	if e.Config.Guide != "" {
		name += ", beside " + e.Config.teacherName(e.Config.Guide)
	}
	return &mapped{Dataset: e.Train, name: name, x: e.Config.Model.X, pair: func(idx []int, x, y data.Images) (data.Images, data.Images, error) {
		m, err := mean(context.Background(), idx, x)
		if err != nil {
			return x, y, err
		}
		fx, err := guided(context.Background(), idx, x)
		return fx, e.toFlow(y, m), err
	}}, nil
}

// guided returns the function that puts the guide's prediction beside x, as
// further channels.
func (e *Experiment) guided(test bool, who speaker) (estimator, error) {
	if e.Config.Guide == "" {
		return func(_ context.Context, _ []int, x data.Images) (data.Images, error) { return x, nil }, nil
	}
	estimate, err := e.estimate(e.Config.Guide, test, who)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, idx []int, x data.Images) (data.Images, error) {
		g, err := estimate(ctx, idx, x)
		if err != nil {
			return x, err
		}
		out := data.NewImages(x.N, data.Shape{C: x.C + g.C, H: x.H, W: x.W})
		for i := range x.N {
			copy(out.Row(i), x.Row(i))
			copy(out.Row(i)[x.Shape().Len():], g.Row(i))
		}
		return out, nil
	}, nil
}

// toFlow and fromFlow convert y of the test pairs.
func (e *Experiment) toFlow(y, mean data.Images) data.Images {
	if e.direct() {
		return y
	}
	s := float32(e.Config.Scale)
	out := combined(y, s, mean, -s)
	for i := range out.Pix {
		out.Pix[i] += .5
	}
	return out
}

func (e *Experiment) fromFlow(y, mean data.Images) data.Images {
	if e.direct() {
		return y
	}
	out := y.Clone()
	for i := range out.Pix {
		out.Pix[i] = (out.Pix[i]-.5)/float32(e.Config.Scale) + mean.Pix[i]
	}
	return out
}

// answer is fromFlow for a sample mean: where pictures have offsets that x says
// nothing of, what is added to the mean is centred.
func (e *Experiment) answer(y, mean data.Images) data.Images {
	out := e.fromFlow(y, mean)
	if !e.p.offsetFree || e.Config.Mean == "" {
		return out
	}
	return combined(mean, 1, centred(combined(out, 1, mean, -1)), 1)
}

// mean returns the function m(x), for pictures of the training's or of the
// test's size. It may be called by several goroutines.
func (e *Experiment) mean(test bool) (estimator, error) {
	if e.Config.Mean == "" {
		return func(_ context.Context, _ []int, x data.Images) (data.Images, error) {
			return e.constant(x, float32(e.p.center)), nil
		}, nil
	}
	return e.estimate(e.Config.Mean, test, everyNetwork)
}

// constant returns images of y's channels and, in the tasks where y is a part
// of x, of its part of x's size, all of one value.
func (e *Experiment) constant(x data.Images, v float32) data.Images {
	sx, sy := e.Config.Model.X, e.Config.Model.Y
	out := data.NewImages(x.N, data.Shape{C: sy.C, H: x.H * sy.H / sx.H, W: x.W * sy.W / sx.W})
	for i := range out.Pix {
		out.Pix[i] = v
	}
	return out
}

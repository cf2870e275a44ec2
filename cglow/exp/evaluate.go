package exp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// bitsColumn is the last column of every table: only flows have a likelihood.
var bitsColumn = Column{Name: "bits/dim", Digits: 3, Lower: true}

// wholeModel returns the flow for pictures of the test's size.
func (e *Experiment) wholeModel() (*cglow.Model, error) {
	if e.Config.Patch == e.Config.Size {
		return e.Model, nil
	}
	if e.whole == nil {
		m, err := e.Model.Resized(e.X.Shape(), e.Y.Shape())
		if err != nil {
			return nil, err
		}
		e.whole = m
	}
	return e.whole, nil
}

// inParts calls f for a few pictures of x after the other and reports how far it
// is: predictions of large pictures take minutes.
func (e *Experiment) inParts(ctx context.Context, stage string, x data.Images, f func(from, to int) error) error {
	const pixels = 32 << 10 // of one part
	each := max(1, pixels/(x.H*x.W))
	start := time.Now()
	for from := 0; from < x.N; from += each {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(x.N, from+each)
		if err := f(from, to); err != nil {
			return err
		}
		took := time.Since(start)
		e.options.Report(Progress{Stage: stage, Step: to, Steps: x.N, Note: "test pairs", Elapsed: took, ETA: took / time.Duration(to) * time.Duration(x.N-to), Done: to == x.N})
	}
	return nil
}

// predictTests predicts all test pairs, part by part; f also gets the number of
// the part's first pair.
func (e *Experiment) predictTests(ctx context.Context, stage string, f func(x data.Images, first int) (data.Images, error)) (data.Images, error) {
	out := data.NewImages(e.Y.N, e.Y.Shape())
	err := e.inParts(ctx, stage, e.X, func(from, to int) error {
		y, err := f(e.X.Select(numbered(from, to)...), from)
		if err == nil {
			copy(out.Pix[from*out.Shape().Len():], y.Pix)
		}
		return err
	})
	return out, err
}

// Predict returns the sample mean for pictures of the test's size (paper, Eq.
// 4), in the task's own units: with the mean added where there is one, and with
// the mirrored picture where Config.Mirror asks for it. With a guide of which
// there are held-out networks the flow is the mixture
//
//	p(y|x) = 1/2 p(y|x, g(x)) + 1/(2K) sum over k of p(y|x, g_k(x)),
//
// g the guide that knows all training pairs and g_1..g_K the held-out ones, and
// the samples are shared out in these parts, at least one to each (two in
// antithetic pairs). Rounded holds the nearest levels of discrete y; where
// classes have a channel each, take the largest.
func (e *Experiment) Predict(ctx context.Context, x data.Images) (*cglow.Prediction, error) {
	return e.predict(ctx, x, e.Config.Predict)
}

func (e *Experiment) predict(ctx context.Context, x data.Images, o cglow.PredictOptions) (*cglow.Prediction, error) {
	m, err := e.wholeModel()
	if err != nil {
		return nil, err
	}
	var first *cglow.Prediction
	y, err := e.mirroring(x, func(x data.Images) (data.Images, error) {
		views, err := e.views(ctx, x)
		if err != nil {
			return x, err
		}
		p, err := mixture(ctx, m, views, o)
		if err != nil {
			return x, err
		}
		if first == nil {
			first = p
		}
		return e.answer(p.Mean, views[0].base), nil
	})
	if err != nil {
		return nil, err
	}
	out := &cglow.Prediction{Mean: y, Std: first.Std, Rounded: m.Config().Round(y), Samples: first.Samples}
	if !e.direct() {
		out.Rounded = y
		out.Std = combined(first.Std, 1/float32(e.Config.Scale), first.Std, 0)
	}
	return out, nil
}

// BitsPerDim returns the mean bits per dimension of pairs of the test's size:
// of classes the bound of uniform dequantization, of pictures the density of y
// in [0,1] units, which may be negative. With a guide of which there are
// held-out networks the density is the mixture's (see Predict).
func (e *Experiment) BitsPerDim(ctx context.Context, x, y data.Images) (float64, error) {
	views, err := e.views(ctx, x)
	if err != nil {
		return 0, err
	}
	return e.bitsPerDim(ctx, views, y)
}

// Evaluate predicts the test pairs with everything that is trained and returns
// the table: the paper's rows, this run's flow, its baselines, and what needs no
// training.
func (e *Experiment) Evaluate(ctx context.Context) (*Table, error) {
	c := e.Config
	t := &Table{
		Title: fmt.Sprintf("Table %d, %s: %s, %d test pairs", e.p.table, e.p.title, e.Test.Name(), e.Y.N),
		Notes: append([]string(nil), e.p.notes...), Columns: append(append([]Column(nil), e.p.columns...), bitsColumn),
	}
	if c.Source == Drawn {
		t.Notes = append(t.Notes, "The pictures are drawn by a program: the published rows are of other pictures and stand here for orientation only.")
	}
	add := func(r Row) {
		for len(r.Values) < len(t.Columns) {
			r.Values = append(r.Values, missing)
		}
		t.Rows = append(t.Rows, r)
	}
	for _, r := range e.p.paper(c.Size) {
		add(r)
	}
	r, err := e.flowRow(ctx)
	if err != nil {
		return nil, err
	}
	add(r)
	for _, b := range c.Baselines {
		f := e.Networks[b.Name]
		if f == nil {
			continue
		}
		y, err := e.predictTests(ctx, b.Name+" predicts", func(x data.Images, _ int) (data.Images, error) { return e.PredictBaseline(ctx, b.Name, x) })
		if err != nil {
			return nil, err
		}
		v, err := e.p.score(e, y)
		if err != nil {
			return nil, fmt.Errorf("exp: %s: %w", b.Name, err)
		}
		add(Row{Name: b.Name, Kind: Network, Values: v, Runs: 1, Params: f.Params, Steps: f.Steps, Seconds: f.Seconds})
	}
	for _, names := range []string{c.Mean, c.Guide} {
		r, own, err := e.teacherRow(ctx, names)
		if err != nil {
			return nil, err
		}
		if own {
			add(r)
		}
	}
	rows, err := e.p.trivial(e)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		add(r)
	}
	return t, nil
}

// flowRow measures the flow.
func (e *Experiment) flowRow(ctx context.Context) (Row, error) {
	y, err := e.predictTests(ctx, "c-Glow predicts", func(x data.Images, first int) (data.Images, error) {
		o := e.Config.Predict
		o.Seed += uint64(first) * variantSeed // other noise in every part
		p, err := e.predict(ctx, x, o)
		if err != nil {
			return data.Images{}, err
		}
		return p.Mean, nil
	})
	if err != nil {
		return Row{}, err
	}
	v, err := e.p.score(e, y)
	if err != nil {
		return Row{}, fmt.Errorf("exp: c-Glow: %w", err)
	}
	bits := 0.
	err = e.inParts(ctx, "c-Glow's likelihood", e.X, func(from, to int) error {
		b, err := e.BitsPerDim(ctx, e.X.Select(numbered(from, to)...), e.Y.Select(numbered(from, to)...))
		bits += b * float64(to-from) / float64(e.X.N)
		return err
	})
	if err != nil {
		return Row{}, err
	}
	r := Row{Name: e.flowName(), Kind: Flow, Values: append(v, Number(bits)), Runs: 1, Params: e.Model.ParameterCount()}
	if e.Flow != nil {
		r.Steps, r.Seconds = e.Flow.Steps, e.Flow.Seconds
	}
	return r, nil
}

// flowName says how the flow predicts.
func (e *Experiment) flowName() string {
	name := fmt.Sprintf("c-Glow, mean of %d samples", e.Config.Predict.Samples)
	if t := e.Config.Predict.Temperature; t != 1 {
		name += fmt.Sprintf(" at temperature %g", t)
	}
	if e.Config.Mean != "" {
		name = fmt.Sprintf("%s + %s", e.Config.teacherName(e.Config.Mean), name)
	}
	if e.Config.Guide != "" {
		name += ", sees the " + e.Config.teacherName(e.Config.Guide)
	}
	return name
}

// spent adds to the seconds that a stage has cost in this folder.
func (e *Experiment) spent(stage string, took time.Duration) (float64, error) {
	if e.options.Out == "" {
		return took.Seconds(), nil
	}
	all := map[string]float64{}
	path := e.path("seconds.json")
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, fmt.Errorf("exp: %s: %w", path, err)
	}
	all[stage] += took.Seconds()
	if b, err = json.MarshalIndent(all, "", "  "); err != nil {
		return 0, fmt.Errorf("exp: %w", err)
	}
	return all[stage], replaceFile(path, append(b, '\n'))
}

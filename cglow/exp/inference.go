package exp

import (
	"context"
	"fmt"
	"math"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// Inference compares the two ways to predict with a flow (paper, Fig. 2): the
// mean of samples and the search for the y of highest density.
type Inference struct {
	Table  *Table
	X, Y   data.Images // the pairs that were used
	Mean   data.Images // mean of samples, in the task's units
	Found  data.Images // the y of highest density
	Curves [][]float64 // bits/dim of the density at every step of each search
}

// CompareInference predicts the first Config.SearchPairs test pairs both ways.
// The density of the sample mean is that of the point itself, without noise;
// the true y has its dequantization noise. Of a mixture (see Predict) both ways
// use the part beside the guide that knows all training pairs.
func (e *Experiment) CompareInference(ctx context.Context) (*Inference, error) {
	n := min(e.Config.SearchPairs, e.X.N)
	if n == 0 {
		return nil, &ConfigError{"SearchPairs", "is 0: there is nothing to compare"}
	}
	few := *e
	idx := numbered(0, n)
	few.X, few.Y = e.X.Select(idx...), e.Y.Select(idx...)
	m, err := e.wholeModel()
	if err != nil {
		return nil, err
	}
	v, err := e.first(ctx, few.X)
	if err != nil {
		return nil, err
	}
	search := e.Config.Search
	search.StartSamples, search.Seed = max(e.Config.Predict.Samples, 1), e.Config.Predict.Seed
	found, err := m.MAP(ctx, v.x, search)
	if err != nil {
		return nil, err
	}
	p, err := m.Predict(ctx, v.x, e.Config.Predict)
	if err != nil {
		return nil, err
	}
	in := &Inference{X: few.X, Y: few.Y, Mean: e.answer(p.Mean, v.base), Found: e.fromFlow(found.Y, v.base), Curves: found.Curves}
	truth, err := few.bitsPerDim(ctx, []view{v}, few.Y)
	if err != nil {
		return nil, err
	}
	first, last := 0., 0.
	for _, c := range found.Curves {
		first += c[0] / float64(n)
		last += best(c) / float64(n)
	}
	return in, in.fill(&few, m, truth, first, last)
}

// best returns the least value.
func best(c []float64) float64 {
	b := c[0]
	for _, v := range c {
		b = min(b, v)
	}
	return b
}

// fill makes the table.
func (in *Inference) fill(e *Experiment, m *cglow.Model, truth, first, last float64) error {
	in.Table = &Table{
		Title:   fmt.Sprintf("Two ways to predict, the first %d test pairs", in.X.N),
		Columns: append(append([]Column(nil), e.p.columns...), Column{Name: "bits/dim of y", Digits: 3, Lower: true}),
		Notes: []string{"bits/dim of y: of the density at that very point (the flow's own units; for the true y with its dequantization noise). " +
			"The search ends where the density is highest, which is not where the expected error is least."},
	}
	// The search reports the density in the flow's units: so does the truth.
	truth += math.Log2(e.Config.Scale)
	for _, r := range []struct {
		name string
		y    data.Images
		bits float64
	}{
		{fmt.Sprintf("mean of %d samples (Eq. 4)", e.Config.Predict.Samples), in.Mean, first},
		{"gradient-based (Eq. 3), from there", in.Found, last},
	} {
		v, err := e.p.score(e, r.y)
		if err != nil {
			return fmt.Errorf("exp: %w", err)
		}
		in.Table.Rows = append(in.Table.Rows, Row{Name: r.name, Kind: Flow, Values: append(v, Number(r.bits)), Runs: 1, Params: m.ParameterCount()})
	}
	row := paperRow("the true y", truth, len(in.Table.Columns)-1, len(in.Table.Columns))
	row.Kind, row.Runs = Oracle, 1
	in.Table.Rows = append(in.Table.Rows, row)
	return nil
}

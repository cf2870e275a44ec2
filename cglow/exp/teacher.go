package exp

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"gonum.org/v1/gonum/mat"

	"glownotes/cglow/baseline"
	"glownotes/cglow/data"
)

// An estimator says what networks estimate y to be. idx are the numbers of the
// training pairs that x belongs to; nil for pictures that no network has seen.
type estimator func(ctx context.Context, idx []int, x data.Images) (data.Images, error)

// teachers returns the baselines that Config.Mean or Config.Guide names: one, or
// several joined by "+".
func teachers(names string) []string {
	if names == "" || names == "input" {
		return nil
	}
	return strings.Split(names, "+")
}

// estimators is how many networks stand behind a name of Config.Mean or
// Config.Guide when pictures are predicted.
func (c Config) estimators(names string) int { return len(teachers(names)) * max(1, c.HeldOut) }

// teacherName names the networks behind Config.Mean or Config.Guide.
func (c Config) teacherName(names string) string {
	name := strings.Join(teachers(names), " and ")
	switch {
	case c.HeldOut > 0 && len(teachers(names)) == 1:
		return fmt.Sprintf("%d held-out %ss", c.HeldOut, name)
	case c.HeldOut > 0:
		return fmt.Sprintf("stacked %s, %d held-out of each", name, c.HeldOut)
	case len(teachers(names)) > 1:
		return "stacked " + name
	}
	return names
}

// fitTeachers trains what the flow's targets and inputs are made with.
func (e *Experiment) fitTeachers(ctx context.Context) error {
	for _, name := range slices.Concat(teachers(e.Config.Mean), teachers(e.Config.Guide)) {
		b := e.Config.baseline(name)
		if e.Config.HeldOut == 0 {
			if err := e.fitBaseline(ctx, *b); err != nil {
				return err
			}
			continue
		}
		for part := range e.Config.HeldOut {
			if err := e.fitHeldOut(ctx, *b, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// fitHeldOut trains one of the networks that do not see a part of the training
// pairs.
func (e *Experiment) fitHeldOut(ctx context.Context, b Baseline, part int) error {
	if len(e.heldOut[b.Name]) > part {
		return nil
	}
	set, err := data.Without(e.netData(), e.pairs, e.Config.HeldOut, part)
	if err != nil {
		return err
	}
	net, f, err := e.fitNet(ctx, b, set, fmt.Sprintf("%s without part %d of %d", b.Name, part+1, e.Config.HeldOut), uint64(part+1))
	if err != nil {
		return err
	}
	e.heldOut[b.Name] = append(e.heldOut[b.Name], net)
	sum := e.teaching[b.Name]
	if sum == nil {
		sum = &Fitted{}
		e.teaching[b.Name] = sum
	}
	sum.Steps, sum.Seconds, sum.Params = f.Steps, sum.Seconds+f.Seconds, sum.Params+f.Params
	return nil
}

// estimate returns what the networks of a name say: at training, of each pair
// those that have not seen it where there are such; otherwise the mean over the
// parts. Several names are weighted as stack does it. The result may be called
// by several goroutines.
func (e *Experiment) estimate(names string, test bool) (estimator, error) {
	each, err := e.alone(teachers(names), test)
	if err != nil || len(each) == 1 {
		return each[0], err
	}
	w, err := e.stack(names)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, idx []int, x data.Images) (data.Images, error) {
		var sum data.Images
		for k, f := range each {
			y, err := f(ctx, idx, x)
			if err != nil {
				return y, err
			}
			if k == 0 {
				sum = combined(y, w[0], y, 0)
			} else {
				sum = combined(sum, 1, y, w[k])
			}
		}
		return sum, nil
	}, nil
}

// alone returns an estimator for each of some names.
func (e *Experiment) alone(names []string, test bool) ([]estimator, error) {
	out := make([]estimator, len(names))
	for k, name := range names {
		var err error
		if out[k], err = e.estimateOf(name, test); err != nil {
			return out, err
		}
	}
	return out, nil
}

// stackPairs is the number of training pairs that weights are fitted to.
const stackPairs = 64

// stack returns the weights, whose sum is 1, with which the estimates of several
// networks come nearest to y of training pairs (stacked regression, Breiman
// 1996): with g_k the errors of the networks, w = G^-1 1 / (1' G^-1 1), G the
// matrix of their products. Networks that err apart gain from each other, and
// one that adds nothing gets next to no weight.
func (e *Experiment) stack(names string) ([]float32, error) {
	if w := e.weights[names]; w != nil {
		return w, nil
	}
	each, err := e.alone(teachers(names), false)
	if err != nil {
		return nil, err
	}
	idx := numbered(0, stackPairs)
	if n := e.Train.Len(); n > 0 {
		idx = numbered(0, min(n, stackPairs))
		for k := range idx {
			idx[k] = k * (n / len(idx))
		}
	}
	k := len(each)
	g := mat.NewSymDense(k, nil)
	for at := 0; at < len(idx); at += 16 {
		some := idx[at:min(len(idx), at+16)]
		x, y, err := e.Train.Load(some)
		if err != nil {
			return nil, err
		}
		off := make([]data.Images, k)
		for i, f := range each {
			p, err := f(context.Background(), some, x)
			if err != nil {
				return nil, err
			}
			off[i] = combined(p, 1, y, -1)
		}
		for i := range k {
			for j := range i + 1 {
				sum := 0.
				for v, a := range off[i].Pix {
					sum += float64(a) * float64(off[j].Pix[v])
				}
				g.SetSym(i, j, g.At(i, j)+sum)
			}
		}
	}
	w, err := leastSum(g)
	if err != nil {
		return nil, fmt.Errorf("exp: the weights of %s: %w", names, err)
	}
	e.weights[names] = w
	return w, nil
}

// leastSum returns the w of sum 1 with the least w'Gw. A part in a million of
// the diagonal is added, so that networks that say the same share their weight.
func leastSum(g *mat.SymDense) ([]float32, error) {
	k := g.SymmetricDim()
	ones := mat.NewVecDense(k, nil)
	for i := range k {
		ones.SetVec(i, 1)
		g.SetSym(i, i, g.At(i, i)*(1+1e-6)+1e-12)
	}
	var c mat.Cholesky
	if !c.Factorize(g) {
		return nil, fmt.Errorf("the products of the errors are %v", mat.Formatted(g))
	}
	var v mat.VecDense
	if err := c.SolveVecTo(&v, ones); err != nil {
		return nil, err
	}
	sum := mat.Sum(&v)
	w := make([]float32, k)
	for i := range w {
		w[i] = float32(v.AtVec(i) / sum)
	}
	return w, nil
}

// estimateOf is estimate for one name.
func (e *Experiment) estimateOf(name string, test bool) (estimator, error) {
	var parts []predictor
	for part := range max(1, e.Config.HeldOut) {
		net := e.nets[name]
		if e.Config.HeldOut > 0 {
			if part >= len(e.heldOut[name]) {
				return nil, fmt.Errorf("exp: %s without part %d is not trained", name, part+1)
			}
			net = e.heldOut[name][part]
		}
		f, err := e.network(name, net, test)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
	}
	var mu sync.Mutex // networks are for one goroutine at a time
	return func(ctx context.Context, idx []int, x data.Images) (data.Images, error) {
		mu.Lock()
		defer mu.Unlock()
		if idx == nil || len(parts) == 1 {
			return meanOfAll(ctx, parts, x)
		}
		_, sy := e.Train.Shapes()
		out := data.NewImages(x.N, sy)
		for part, f := range parts {
			var rows []int
			for row, i := range idx {
				if data.Part(i, e.pairs, len(parts)) == part {
					rows = append(rows, row)
				}
			}
			if len(rows) == 0 {
				continue
			}
			y, err := f(ctx, x.Select(rows...))
			if err != nil {
				return y, err
			}
			for k, row := range rows {
				copy(out.Row(row), y.Row(k))
			}
		}
		return out, nil
	}, nil
}

// predictor is a network at work.
type predictor func(ctx context.Context, x data.Images) (data.Images, error)

// meanOfAll returns the mean of what several networks say.
func meanOfAll(ctx context.Context, fs []predictor, x data.Images) (data.Images, error) {
	sum, err := fs[0](ctx, x)
	for k := 1; k < len(fs) && err == nil; k++ {
		var y data.Images
		if y, err = fs[k](ctx, x); err == nil {
			sum = combined(sum, 1, y, 1)
		}
	}
	if err != nil || len(fs) == 1 {
		return sum, err
	}
	return combined(sum, 1/float32(len(fs)), sum, 0), nil
}

// teacherRow measures the estimate that the flow starts from, where it is not
// one of the baselines' own.
func (e *Experiment) teacherRow(ctx context.Context, names string) (Row, bool, error) {
	if e.Config.estimators(names) < 2 {
		return Row{}, false, nil
	}
	estimate, err := e.estimate(names, true)
	if err != nil {
		return Row{}, false, err
	}
	y, err := e.predictTests(ctx, e.Config.teacherName(names)+" predicts", func(x data.Images, _ int) (data.Images, error) {
		return e.mirroring(x, func(x data.Images) (data.Images, error) { return estimate(ctx, nil, x) })
	})
	if err != nil {
		return Row{}, false, err
	}
	v, err := e.p.score(e, y)
	if err != nil {
		return Row{}, false, fmt.Errorf("exp: %s: %w", e.Config.teacherName(names), err)
	}
	r := Row{Name: e.Config.teacherName(names), Kind: Network, Values: v, Runs: 1}
	for _, name := range teachers(names) {
		f := e.Networks[name]
		if e.Config.HeldOut > 0 {
			f = e.teaching[name]
		}
		if f != nil {
			r.Steps, r.Seconds, r.Params = f.Steps, r.Seconds+f.Seconds, r.Params+f.Params
		}
	}
	return r, true, nil
}

// network returns a trained network as a function of x that estimates y, at
// the training's size or the test's.
func (e *Experiment) network(name string, net *baseline.Net, test bool) (predictor, error) {
	if net == nil {
		return nil, fmt.Errorf("exp: baseline %s is not trained", name)
	}
	if test && e.Config.Patch < e.Config.Size {
		large := e.large[net]
		if large == nil {
			var err error
			if large, err = net.At(e.X.Shape(), e.Y.Shape()); err != nil {
				return nil, err
			}
			e.large[net] = large
		}
		net = large
	}
	return func(ctx context.Context, x data.Images) (data.Images, error) {
		y, err := net.Predict(ctx, x)
		k := 1 / float32(e.p.netScale)
		switch {
		case err != nil || k == 1 && !e.p.inputIsMean:
			return y, err
		case e.p.inputIsMean:
			return combined(x, 1, y, k), nil
		}
		return combined(y, k, y, 0), nil
	}, nil
}

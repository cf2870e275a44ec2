package exp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"glownotes/cglow/baseline"
	"glownotes/cglow/data"
)

// An estimator says what networks estimate y to be. idx are the numbers of the
// training pairs that x belongs to; nil for pictures that no network has seen.
type estimator func(ctx context.Context, idx []int, x data.Images) (data.Images, error)

// A filter estimates y from x alone, without training.
type filter func(x data.Images) (data.Images, error)

// members returns the parts of Config.Mean or Config.Guide: one, or several
// joined by "+".
func members(names string) []string {
	if names == "" {
		return nil
	}
	return strings.Split(names, "+")
}

// filter returns the task's estimate of y of a name that needs no training; nil
// if there is none.
func (c Config) filter(name string) filter {
	p, err := c.Task.protocol()
	if err != nil {
		return nil
	}
	return p.filters[name]
}

// networks returns the baselines among the members of Config.Mean or
// Config.Guide.
func (c Config) networks(names string) []string {
	return slices.DeleteFunc(members(names), func(n string) bool { return c.filter(n) != nil })
}

// teachers returns the baselines that the flow's targets and inputs are made
// with.
func (c Config) teachers() []string { return slices.Concat(c.networks(c.Mean), c.networks(c.Guide)) }

// estimators is how many estimates stand behind Config.Mean or Config.Guide
// when pictures are predicted.
func (c Config) estimators(names string) int {
	n := len(c.networks(names))
	return len(members(names)) - n + n*(1+c.HeldOut)
}

// teacherName names what is behind Config.Mean or Config.Guide.
func (c Config) teacherName(names string) string {
	all, nets := members(names), c.networks(names)
	name := strings.Join(all, " and ")
	if n := len(all); n > 2 {
		name = strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	}
	switch {
	case c.HeldOut > 0 && len(all) == 1 && len(nets) == 1:
		return fmt.Sprintf("%s and %d held-out ones", name, c.HeldOut)
	case c.HeldOut > 0 && len(nets) > 0:
		return fmt.Sprintf("stacked %s, with %d held-out of each network", name, c.HeldOut)
	case len(all) > 1:
		return "stacked " + name
	}
	return name
}

// A speaker says which of the networks of one name speaks of new pictures:
// the one that knows all training pairs, number k of the held-out ones, or all
// of them, the first of which counts as much as the others together. Of
// training pairs it is always the one that does not know the pair.
type speaker int

const (
	everyNetwork speaker = -1
	whole        speaker = 0 // and k is held-out network k-1
)

// estimate returns what the members of a name say; several are weighted as
// stack does it. The result may be called by several goroutines.
func (e *Experiment) estimate(names string, test bool, who speaker) (estimator, error) {
	each, err := e.alone(members(names), test, who)
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
func (e *Experiment) alone(names []string, test bool, who speaker) ([]estimator, error) {
	out := make([]estimator, len(names))
	for k, name := range names {
		var err error
		if out[k], err = e.estimateOf(name, test, who); err != nil {
			return out, err
		}
	}
	return out, nil
}

// estimateOf is estimate for one member.
func (e *Experiment) estimateOf(name string, test bool, who speaker) (estimator, error) {
	if f := e.Config.filter(name); f != nil {
		return func(_ context.Context, _ []int, x data.Images) (data.Images, error) { return f(x) }, nil
	}
	all, err := e.network(name, e.nets[name], test)
	if err != nil {
		return nil, err
	}
	var parts []predictor
	for part := range e.Config.HeldOut {
		if part >= len(e.heldOut[name]) {
			return nil, fmt.Errorf("exp: %s without part %d is not trained", name, part+1)
		}
		f, err := e.network(name, e.heldOut[name][part], test)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
	}
	return func(ctx context.Context, idx []int, x data.Images) (data.Images, error) {
		switch {
		case len(parts) == 0 || idx == nil && who == whole:
			return all(ctx, x)
		case idx == nil && who > whole:
			return parts[who-1](ctx, x)
		case idx == nil:
			y, err := all(ctx, x)
			if err != nil {
				return y, err
			}
			others, err := meanOfAll(ctx, parts, x)
			if err != nil {
				return y, err
			}
			return combined(y, .5, others, .5), nil
		}
		return e.unaware(ctx, parts, idx, x)
	}, nil
}

// unaware returns of each training pair what the network says that does not
// know it.
func (e *Experiment) unaware(ctx context.Context, parts []predictor, idx []int, x data.Images) (data.Images, error) {
	var out data.Images
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
		if out.N == 0 {
			out = data.NewImages(x.N, y.Shape())
		}
		for k, row := range rows {
			copy(out.Row(row), y.Row(k))
		}
	}
	return out, nil
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
		case e.p.offsetFree:
			return combined(x, 1, centred(y), k), nil
		case e.p.inputIsMean:
			return combined(x, 1, y, k), nil
		}
		return combined(y, k, y, 0), nil
	}, nil
}

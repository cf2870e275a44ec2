package exp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"glownotes/cglow/baseline"
	"glownotes/cglow/data"
)

// FitBaselines trains the baselines that are not trained yet, or continues
// them from the folder.
func (e *Experiment) FitBaselines(ctx context.Context) error {
	for _, b := range e.Config.Baselines {
		if err := e.fitBaseline(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// fitBaseline trains one network once.
func (e *Experiment) fitBaseline(ctx context.Context, b Baseline) error {
	if e.Networks[b.Name] != nil {
		return nil
	}
	net, err := baseline.New(b.Net, e.Config.Seed)
	if err != nil {
		return fmt.Errorf("exp: %s: %w", b.Name, err)
	}
	cfg := b.Train
	if e.options.Out != "" {
		cfg.Checkpoint = e.path("baseline-" + fileName(b.Name) + ".safetensors")
	}
	began, last := time.Now(), time.Time{}
	losses, err := net.Train(ctx, e.netData(), cfg, func(p baseline.Progress) {
		if done := p.Step == p.Steps; done || time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			e.options.Report(Progress{Stage: b.Name, Step: p.Step, Steps: p.Steps, Note: fmt.Sprintf("loss %.4f", p.Mean), Elapsed: p.Elapsed, ETA: p.ETA, Done: done})
		}
	})
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return fmt.Errorf("exp: %s: %w", b.Name, err)
	}
	f := &Fitted{Steps: len(losses), Curve: losses, Params: net.ParameterCount()}
	if f.Seconds, err = e.spent(b.Name, time.Since(began)); err != nil {
		return err
	}
	e.nets[b.Name], e.Networks[b.Name] = net, f
	return nil
}

// fileName makes a name fit for a file.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}

// netData returns the pairs as regression networks see them: where x is an
// estimate of y they learn the difference, and all on a scale near 1.
func (e *Experiment) netData() data.Dataset {
	k := float32(e.p.netScale)
	if k == 1 && !e.p.inputIsMean {
		return e.Train
	}
	sx, _ := e.Train.Shapes()
	return &mapped{Dataset: e.Train, name: e.Train.Name(), x: sx, pair: func(x, y data.Images) (data.Images, data.Images, error) {
		if e.p.inputIsMean {
			return x, combined(y, k, x, -k), nil
		}
		return x, combined(y, k, y, 0), nil
	}}
}

// network returns a trained baseline as a function of x that estimates y, at
// the training's size or the test's.
func (e *Experiment) network(name string, test bool) (func(ctx context.Context, x data.Images) (data.Images, error), error) {
	net := e.nets[name]
	if net == nil {
		return nil, fmt.Errorf("exp: baseline %s is not trained", name)
	}
	if test && e.Config.Patch < e.Config.Size {
		var err error
		if net, err = net.At(e.X.Shape(), e.Y.Shape()); err != nil {
			return nil, err
		}
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

// PredictBaseline returns what a trained baseline predicts for pictures of the
// test's size, with the mirrored picture where Config.Mirror asks for it.
func (e *Experiment) PredictBaseline(ctx context.Context, name string, x data.Images) (data.Images, error) {
	predict, err := e.network(name, true)
	if err != nil {
		return data.Images{}, err
	}
	return e.mirroring(x, func(x data.Images) (data.Images, error) { return predict(ctx, x) })
}

// mirroring returns f(x), or its mean with what f says of the mirrored picture.
func (e *Experiment) mirroring(x data.Images, f func(data.Images) (data.Images, error)) (data.Images, error) {
	y, err := f(x)
	if err != nil || !e.Config.Mirror {
		return y, err
	}
	m, err := f(mirrored(x))
	if err != nil {
		return y, err
	}
	return combined(y, .5, mirrored(m), .5), nil
}

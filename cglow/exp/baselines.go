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
	net, f, err := e.fitNet(ctx, b, e.netData(), b.Name, 0)
	if err != nil {
		return err
	}
	e.nets[b.Name], e.Networks[b.Name] = net, f
	return nil
}

// fitNet trains a network under a name; another variant begins with other
// weights.
func (e *Experiment) fitNet(ctx context.Context, b Baseline, set data.Dataset, name string, variant uint64) (*baseline.Net, *Fitted, error) {
	net, err := baseline.New(b.Net, e.Config.Seed+variant*variantSeed)
	if err != nil {
		return nil, nil, fmt.Errorf("exp: %s: %w", name, err)
	}
	cfg := b.Train
	if e.options.Out != "" {
		cfg.Checkpoint = e.path(netFile + fileName(name) + ".safetensors")
	}
	began, last := time.Now(), time.Time{}
	losses, err := net.Train(ctx, set, cfg, func(p baseline.Progress) {
		if done := p.Step == p.Steps; done || time.Since(last) > 100*time.Millisecond {
			last = time.Now()
			e.options.Report(Progress{Stage: name, Step: p.Step, Steps: p.Steps, Resumed: p.Resumed, Note: fmt.Sprintf("loss %.4f", p.Mean), Elapsed: p.Elapsed, ETA: p.ETA, Done: done})
		}
	})
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return nil, nil, err
		}
		return nil, nil, fmt.Errorf("exp: %s: %w", name, err)
	}
	f := &Fitted{Steps: len(losses), Curve: losses, Params: net.ParameterCount()}
	f.Seconds, err = e.spent(name, time.Since(began))
	return net, f, err
}

// netFile begins the names of the files that keep regression networks.
const netFile = "baseline-"

// variantSeed keeps the seeds of a run's networks apart from those of the runs
// with the next seeds.
const variantSeed = 1_000_003

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
	return &mapped{Dataset: e.Train, name: e.Train.Name(), x: sx, pair: func(_ []int, x, y data.Images) (data.Images, data.Images, error) {
		if !e.p.inputIsMean {
			return x, combined(y, k, y, 0), nil
		}
		d := combined(y, k, x, -k)
		if e.p.offsetFree {
			d = centred(d)
		}
		return x, d, nil
	}}
}

// PredictBaseline returns what a trained baseline predicts for pictures of the
// test's size, with the mirrored picture where Config.Mirror asks for it.
func (e *Experiment) PredictBaseline(ctx context.Context, name string, x data.Images) (data.Images, error) {
	predict, err := e.network(name, e.nets[name], true)
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

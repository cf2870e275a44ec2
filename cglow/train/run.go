package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// meanWindow is the number of steps that Progress.Mean looks back on.
const meanWindow = 100

// run is a run under way.
type run struct {
	cfg     Config
	trainer *cglow.Trainer
	batches *data.Prefetcher
	log     *recorder
	states  *recorder // telemetry
	report  func(Progress)
	result  *Result

	key  string // names the run in its checkpoints
	from int    // steps that the model had seen before it
	// before is what Resume found of the run: its result counts only the steps
	// since.
	before savedRun
	spent  time.Duration // before it was continued

	began    time.Time
	reported time.Time
	rate     rate
}

// Run trains a model for cfg.Steps steps. report, which may be nil, is called
// now and then from the same goroutine, and once at the end.
//
// When ctx is done the run writes a checkpoint if there is a folder for it, and
// returns what it did with ctx.Err(); the model keeps what it has learnt. A
// later Run on the same model sees new examples and new noise, but starts with
// a fresh optimizer: Resume continues a run exactly.
func Run(ctx context.Context, m *cglow.Model, d data.Dataset, cfg Config, report func(Progress)) (*Result, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	key, err := runKey(m, d, cfg)
	if err != nil {
		return nil, err
	}
	if cfg.continues() {
		if path, saved := findRun(cfg.Checkpoints, key); saved != nil {
			t, _, err := m.Restore(path)
			if err != nil {
				return nil, err
			}
			return steps(ctx, saved.run(t, path), d, cfg, report)
		}
	}
	t, err := m.NewTrainer(cglow.TrainerOptions{Batch: cfg.Batch, Optim: cfg.Optim, EMA: cfg.EMA, Invert: cfg.Invert, MaxSkips: cfg.MaxSkips})
	if err != nil {
		return nil, err
	}
	if err := start(m, d, cfg.StartExamples); err != nil {
		return nil, err
	}
	return steps(ctx, &run{trainer: t, key: key, from: m.Trained()}, d, cfg, report)
}

// Resume continues the run of a checkpoint (a file, or the newest in a folder)
// until its model has seen cfg.Steps steps in all. Batch, optimizer, EMA and
// Invert are those of the checkpoint, whatever cfg says. The result's Model is the
// checkpoint's.
func Resume(ctx context.Context, path string, d data.Dataset, cfg Config, report func(Progress)) (*Result, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t, saved, err := load(path)
	if err != nil {
		return nil, err
	}
	t.Model().Use(cfg.Device)
	cfg.Batch = t.Options().Batch
	done := t.Model().Trained()
	if done >= cfg.Steps {
		return nil, fmt.Errorf("train: the model of %s has seen %d steps, %d are asked for", path, done, cfg.Steps)
	}
	cfg.Steps -= done
	return steps(ctx, &run{trainer: t, key: saved.Key, from: saved.From, before: saved}, d, cfg, report)
}

// start gives actnorm its data-dependent start from the first examples.
func start(m *cglow.Model, d data.Dataset, n int) error {
	if m.Trained() > 0 {
		return nil
	}
	_, y, err := data.First(d, n)
	if err != nil {
		return err
	}
	return m.StartActNorm(y)
}

// steps takes the steps of a run and closes the log.
func steps(ctx context.Context, r *run, d data.Dataset, cfg Config, report func(Progress)) (*Result, error) {
	log, err := newRecorder(cfg.Log)
	if err != nil {
		return nil, err
	}
	states, err := newRecorder(cfg.Telemetry)
	if err != nil {
		return nil, errors.Join(err, log.close())
	}
	if report == nil {
		report = func(Progress) {}
	}
	if r.result == nil {
		r.result = &Result{Model: r.trainer.Model(), Trainer: r.trainer}
	}
	r.cfg, r.log, r.states, r.report = cfg, log, states, report
	r.began = time.Now().Add(-r.spent)
	trained := r.trainer.Model().Trained()
	if r.batches, err = Batches(d, cfg.Seed, cfg.Batch, trained+1, trained+cfg.Steps-r.result.Steps); err == nil {
		defer r.batches.Close()
		err = r.loop(ctx)
	}
	for _, rec := range []*recorder{log, states} {
		if cerr := rec.close(); err == nil {
			err = cerr
		}
	}
	return r.result, err
}

// loop takes the steps.
func (r *run) loop(ctx context.Context) error {
	r.rate.update(time.Now(), r.result.Steps)
	for r.result.Steps < r.cfg.Steps {
		if err := ctx.Err(); err != nil {
			r.finish()
			if serr := r.save(); serr != nil {
				return errors.Join(err, serr)
			}
			return err
		}
		if err := r.step(); err != nil {
			r.finish()
			return err
		}
		if r.cfg.Checkpoints != "" && r.trainer.Model().Trained()%r.cfg.CheckpointEvery == 0 {
			if err := r.save(); err != nil {
				return err
			}
		}
		if now := time.Now(); now.Sub(r.reported) >= r.cfg.ProgressEvery && r.result.Steps < r.cfg.Steps {
			r.reported = now
			r.report(r.progress(now, false))
		}
	}
	r.finish()
	return r.save()
}

// finish makes the last report.
func (r *run) finish() {
	now := time.Now()
	r.result.Elapsed = now.Sub(r.began)
	r.report(r.progress(now, true))
}

// step takes one step and records it.
func (r *run) step() error {
	began := time.Now()
	rate := r.trainer.LearnRate()
	x, y, err := r.batches.Next(context.Background())
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	s, err := r.trainer.Step(x, y)
	if s.Step == 0 {
		return err
	}
	res := r.result
	res.Steps++
	line := Line{Step: s.Step, BitsPerDim: s.BitsPerDim, Nats: s.Nats, LearnRate: rate, Lost: s.Lost,
		Millis: float64(time.Since(began).Microseconds()) / 1000}
	value := s.BitsPerDim
	if s.Skipped {
		res.Skipped++
		value, line.BitsPerDim, line.Nats, line.Skipped = math.NaN(), 0, 0, s.Fault.Error()
		if len(res.Faults) < 10 {
			res.Faults = append(res.Faults, s.Fault)
		}
	}
	res.Curve = append(res.Curve, value)
	if err := errors.Join(err, r.log.write(line)); err != nil || r.states == nil || s.Step%r.cfg.TelemetryEvery != 0 {
		return err
	}
	state, err := r.trainer.Telemetry(x, y)
	if err != nil {
		return err
	}
	return r.states.write(state)
}

// progress describes the run now.
func (r *run) progress(now time.Time, done bool) Progress {
	c := r.result.Curve
	p := Progress{Step: r.result.Steps, Steps: r.cfg.Steps, Curve: c[:len(c):len(c)], Elapsed: now.Sub(r.began),
		Rate: r.rate.update(now, r.result.Steps), LearnRate: r.trainer.LearnRate(), Skipped: r.result.Skipped, Done: done}
	if done && r.result.Elapsed > 0 {
		p.Rate = float64(r.result.Steps) / r.result.Elapsed.Seconds()
	}
	if len(c) > 0 {
		p.BitsPerDim = c[len(c)-1]
		p.Mean = meanOf(c[max(0, len(c)-meanWindow):])
	}
	if p.Rate > 0 {
		p.ETA = time.Duration(float64(p.Steps-p.Step) / p.Rate * float64(time.Second))
	}
	return p
}

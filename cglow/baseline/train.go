package baseline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"glownotes/cglow/data"
	"glownotes/cglow/optim"
	"glownotes/cglow/train"
)

// TrainConfig says how to train.
type TrainConfig struct {
	Steps int
	Batch int
	Adam  optim.Config
	// Checkpoint is the path of a file that the run is kept in, and continued
	// from when it is there, bit for bit; "" for none. It is written every
	// CheckpointEvery steps and when the run ends or is cancelled.
	Checkpoint      string
	CheckpointEvery int
}

// Defaults returns batches of 8 and a constant learning rate of 5e-4, which
// all the networks here bear; nothing is tuned per task.
func Defaults(steps int) TrainConfig {
	cfg := optim.Defaults()
	cfg.LearnRate = 5e-4
	return TrainConfig{Steps: steps, Batch: 8, Adam: cfg, CheckpointEvery: 1000}
}

// Progress is the state of a training run after a step.
type Progress struct {
	Step, Steps int
	Resumed     int     // of Step: taken by the run that this one continues
	Loss        float64 // of this step
	Mean        float64 // over the last 50 steps
	Elapsed     time.Duration
	ETA         time.Duration
}

// String is one line for a person.
func (p Progress) String() string {
	return fmt.Sprintf("step %d/%d, loss %.4f, %v, %v to go", p.Step, p.Steps, p.Mean, p.Elapsed.Round(time.Second), p.ETA.Round(time.Second))
}

// window is the number of steps that Progress.Mean covers.
const window = 50

// Train runs cfg.Steps steps on ds, in an order that depends on the network's
// seed only, and calls report, which may be nil, after each. When ctx ends it
// returns ctx.Err(); the network keeps what it has learnt. It returns the loss
// of every step.
func (n *Net) Train(ctx context.Context, ds data.Dataset, cfg TrainConfig, report func(Progress)) ([]float64, error) {
	if cfg.Steps < 1 || cfg.Batch < 1 {
		return nil, fmt.Errorf("baseline: %d steps of %d examples: both must be positive", cfg.Steps, cfg.Batch)
	}
	if x, y := ds.Shapes(); x != n.cfg.X || y != n.cfg.Y {
		return nil, fmt.Errorf("baseline: %s has pairs of %v and %v, the network needs %v and %v", ds.Name(), x, y, n.cfg.X, n.cfg.Y)
	}
	adam, err := optim.NewAdam(cfg.Adam)
	if err != nil {
		return nil, err
	}
	n.adam = adam
	losses, err := n.resume(cfg)
	if err != nil {
		return nil, err
	}
	start, first := time.Now(), len(losses)
	batches, err := train.Batches(ds, n.seed, cfg.Batch, first+1, cfg.Steps)
	if err != nil {
		return losses, fmt.Errorf("baseline: %w", err)
	}
	defer batches.Close()
	for s := first; s < cfg.Steps; s++ {
		if err := ctx.Err(); err != nil {
			return losses, errors.Join(err, n.keep(cfg, losses))
		}
		loss, err := n.step(batches, s, cfg.Batch)
		if err != nil {
			return losses, err
		}
		losses = append(losses, loss)
		if cfg.CheckpointEvery > 0 && len(losses)%cfg.CheckpointEvery == 0 {
			if err := n.keep(cfg, losses); err != nil {
				return losses, err
			}
		}
		if report != nil {
			report(progress(losses, cfg.Steps, first, time.Since(start)))
		}
	}
	return losses, n.keep(cfg, losses)
}

// keep writes the run's checkpoint, if it has one.
func (n *Net) keep(cfg TrainConfig, losses []float64) error {
	if cfg.Checkpoint == "" || len(losses) == 0 {
		return nil
	}
	return n.save(cfg.Checkpoint, cfg, losses)
}

// progress describes a run that began at step first, took so long.
func progress(losses []float64, steps, first int, took time.Duration) Progress {
	done := len(losses)
	recent := losses[max(0, done-window):]
	mean := 0.0
	for _, l := range recent {
		mean += l / float64(len(recent))
	}
	return Progress{Step: done, Steps: steps, Resumed: first, Loss: losses[done-1], Mean: mean, Elapsed: took,
		ETA: took / time.Duration(done-first) * time.Duration(steps-done)}
}

// step trains on one batch and returns its loss before the update.
func (n *Net) step(batches *data.Prefetcher, s, batch int) (float64, error) {
	x, y, err := batches.Next(context.Background())
	if err != nil {
		return 0, fmt.Errorf("baseline: %w", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	gr, err := n.graph(batch, true)
	if err != nil {
		return 0, err
	}
	copy(floats(gr.x), x.Pix)
	copy(floats(gr.y), y.Pix)
	if err := gr.vm.RunAll(); err != nil {
		return 0, fmt.Errorf("baseline: step %d: %w", s, err)
	}
	loss := scalar(gr.loss)
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, fmt.Errorf("baseline: the loss is %v at step %d: a smaller learning rate may help", loss, s)
	}
	if err := n.adam.Step(gr.model); err != nil {
		return loss, fmt.Errorf("baseline: %w", err)
	}
	return loss, nil
}

package train

import (
	"context"
	"fmt"
	"testing"
	"time"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// BenchmarkFast trains the paper's architecture in the live form and its fast
// preset side by side: the same pairs, batches, noise and settings (Defaults:
// batch 2, Adam 2e-4, clip 5). Every 100 steps a line tells the mean bits/dim of
// these steps, of 64 pairs not trained on, and the time of the steps. Silhouettes
// are drawn; horses need $GLOWNOTES_DATA.
//
//	go test ./cglow/train -run '^$' -bench Fast -benchtime 1x -v -timeout 1h
func BenchmarkFast(b *testing.B) {
	for _, set := range []string{"silhouettes", "horses"} {
		for _, model := range []string{"live", "fast"} {
			for seed := range uint64(3) {
				b.Run(fmt.Sprintf("data=%s/model=%s/seed=%d", set, model, seed+1), func(b *testing.B) {
					benchmarkFast(b, set, model, seed+1)
				})
			}
		}
	}
}

const fastSteps = 400

func benchmarkFast(b *testing.B, set, model string, seed uint64) {
	train, test := fastData(b, set, seed)
	c := cglow.Horses32()
	if model == "fast" {
		c = cglow.Fast(c)
	}
	for b.Loop() {
		m, err := cglow.New(c, seed)
		if err != nil {
			b.Fatal(err)
		}
		cfg := Defaults(fastSteps)
		cfg.Seed = seed
		t, err := m.NewTrainer(cglow.TrainerOptions{Batch: cfg.Batch, Optim: cfg.Optim, MaxSkips: cfg.MaxSkips})
		if err != nil {
			b.Fatal(err)
		}
		if err := start(m, train, cfg.StartExamples); err != nil {
			b.Fatal(err)
		}
		x, y, err := data.First(test, 64)
		if err != nil {
			b.Fatal(err)
		}
		order := NewOrder(train, seed, cfg.Batch)
		for from := 1; from < cfg.Steps; from += 100 {
			bits, took := fastLeg(b, t, train, order, from, from+99)
			logp, err := m.LogProb(context.Background(), x, y)
			if err != nil {
				b.Fatal(err)
			}
			held := 0.0
			for _, v := range logp {
				held += c.BitsPerDim(v) / float64(len(logp))
			}
			b.Logf("%s %s seed %d step %d: %.3f bits/dim, held out %.3f, %.1f ms a step", set, model, seed, from+99, bits, held, took)
			b.ReportMetric(held, "bits/dim")
			b.ReportMetric(took, "ms/step")
		}
	}
}

// fastLeg trains and returns the mean bits/dim and the mean time of a step in ms.
func fastLeg(b *testing.B, t *cglow.Trainer, d data.Dataset, order *Order, from, to int) (bits, ms float64) {
	var spent time.Duration
	for s := from; s <= to; s++ {
		x, y, err := d.Load(order.Examples(s))
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		r, err := t.Step(x, y)
		if err != nil {
			b.Fatal(err)
		}
		spent += time.Since(began)
		bits += r.BitsPerDim / float64(to-from+1)
	}
	return bits, spent.Seconds() * 1e3 / float64(to-from+1)
}

// fastData returns the pairs to train on and others.
func fastData(b *testing.B, set string, seed uint64) (train, test data.Dataset) {
	var err, err2 error
	if set == "silhouettes" {
		c := data.Silhouettes32()
		train, err = data.Silhouettes(c)
		c.Seed = 2
		test, err2 = data.Silhouettes(c)
	} else {
		if data.Dir() == "" {
			b.Skip("GLOWNOTES_DATA is not set: no horses")
		}
		train, err = data.Horses(data.Dir(), 32, data.Train)
		test, err2 = data.Horses(data.Dir(), 32, data.Test)
	}
	if err != nil || err2 != nil {
		b.Fatal(err, err2)
	}
	return train, test
}

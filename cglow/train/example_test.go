package train_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"glownotes/cglow"
	"glownotes/cglow/data"
	"glownotes/cglow/train"
)

// small returns a small model and the drawn data that it learns from.
func small() (*cglow.Model, data.Dataset) {
	set, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		log.Fatal(err)
	}
	cfg := cglow.Quick32()
	cfg.Steps, cfg.CouplingWidth, cfg.Trunk = 1, 8, 4
	m, err := cglow.New(cfg, 1)
	if err != nil {
		log.Fatal(err)
	}
	return m, set
}

func ExampleRun() {
	m, set := small()
	r, err := train.Run(context.Background(), m, set, train.Quick(60), func(p train.Progress) {
		if p.Done {
			fmt.Printf("%d of %d steps\n", p.Step, p.Steps)
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("learnt:", r.Mean(51, 60) < r.Mean(1, 10))
	// Output:
	// 60 of 60 steps
	// learnt: true
}

func ExampleResume() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	cfg := train.Quick(10)
	cfg.Checkpoints = dir
	ctx, cancel := context.WithCancel(context.Background())
	m, set := small()
	part, err := train.Run(ctx, m, set, cfg, func(p train.Progress) {
		cancel() // as an interrupted cell does
	})
	fmt.Println(err, part.Steps < 10)
	rest, err := train.Resume(context.Background(), dir, set, cfg, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(part.Steps+rest.Steps, rest.Model.Trained())
	// Output:
	// context canceled true
	// 10 10
}

func ExampleEvaluate() {
	m, set := small()
	e, err := train.Evaluate(context.Background(), m, set, 2, cglow.Averaging(4))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Examples, e.Prediction.Samples, e.Segmentation.Images())
	// Output: 2 4 2
}

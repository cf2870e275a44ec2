package cglow_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"glownotes/cglow"
	"glownotes/cglow/data"
)

// tiny returns a model small enough for an example, with two pairs for it.
func tiny() (m *cglow.Model, x, y data.Images) {
	cfg := cglow.Quick32()
	cfg.Levels, cfg.Steps, cfg.Trunk, cfg.CouplingWidth = 2, 1, 4, 8
	m, err := cglow.New(cfg, 1)
	if err != nil {
		log.Fatal(err)
	}
	set, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		log.Fatal(err)
	}
	if x, y, err = data.First(set, 2); err != nil {
		log.Fatal(err)
	}
	if err := m.StartActNorm(y); err != nil {
		log.Fatal(err)
	}
	return m, x, y
}

func ExampleNew() {
	m, err := cglow.New(cglow.Quick32(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m)
	cfg := m.Config()
	cfg.Levels = 9
	_, err = cglow.New(cfg, 1)
	fmt.Println(err)
	// Output:
	// c-Glow (live, householder): x 3x32x32, y 1x32x32, L=2, K=2, n_c=16, n_w=64, coupling 32, 98428 parameters
	// cglow: config field Y: is 1x32x32: height and width must be multiples of 2^Levels = 512
}

func ExampleModel_LogProb() {
	m, x, y := tiny()
	nats, err := m.LogProb(context.Background(), x, y)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range nats {
		fmt.Printf("%.1f bits/dim, %.1f in the released code's unit\n", m.Config().BitsPerDim(v), m.Config().ReleasedBitsPerDim(v))
	}
	// Output:
	// 1.2 bits/dim, 2.2 in the released code's unit
	// 1.0 bits/dim, 2.0 in the released code's unit
}

func ExampleModel_Sample() {
	m, x, _ := tiny()
	samples, err := m.Sample(context.Background(), x, cglow.Sampling(3, 7))
	if err != nil {
		log.Fatal(err)
	}
	for i, s := range samples {
		fmt.Printf("image %d: %d samples %v\n", i, s.N, s.Shape())
	}
	// Output:
	// image 0: 3 samples 1x32x32
	// image 1: 3 samples 1x32x32
}

func ExampleModel_Predict() {
	m, x, _ := tiny()
	p, err := m.Predict(context.Background(), x, cglow.Averaging(10))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Samples, p.Mean.N, p.Mean.Shape(), p.Std.Shape(), p.Rounded.Shape())
	// Output: 10 2 1x32x32 1x32x32 1x32x32
}

func ExampleModel_MAP() {
	m, x, _ := tiny()
	search := cglow.Searching(30)
	search.StartSamples = 1 // from one sample, not from the mean of ten
	r, err := m.MAP(context.Background(), x, search)
	if err != nil {
		log.Fatal(err)
	}
	curve := r.Curves[0]
	fmt.Println(len(curve), curve[len(curve)-1] < curve[0])
	// Output: 31 true
}

func ExampleModel_Reconstruct() {
	m, x, y := tiny()
	r, err := m.Reconstruct(context.Background(), x, y)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(r.Y.N, r.MaxError[0] < 1e-3)
	// Output: 2 true
}

func ExampleModel_Interpolate() {
	m, x, y := tiny()
	walk, err := m.Interpolate(context.Background(), x.Select(0), y.Select(0), y.Select(1), 5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(walk.N, walk.Shape())
	// Output: 5 1x32x32
}

func ExampleModel_Save() {
	m, _, _ := tiny()
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := m.Save(path); err != nil {
		log.Fatal(err)
	}
	again, err := cglow.Load(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Config() == m.Config(), again.ParameterCount() == m.ParameterCount())
	// Output: true true
}

func ExampleParseConfig() {
	_, err := cglow.ParseConfig([]byte(`{"Form": "live", "Depth": 3}`))
	fmt.Println(err)
	// Output: cglow: config: json: unknown field "Depth"
}

func ExampleConfig_LevelShapes() {
	cfg := cglow.Horses32() // the mask is tiled to three channels
	fmt.Println(cfg.Target(), cfg.LevelShapes(), cfg.LatentShapes())
	// Output: 3x32x32 [12x16x16 24x8x8 48x4x4] [6x16x16 12x8x8 48x4x4]
}

func ExampleNormal() {
	a, b := make([]float64, 3), make([]float64, 3)
	key := cglow.Key{Seed: 1, Stream: cglow.StreamSample, Step: 5}
	cglow.Normal(key, a)
	cglow.Normal(key, b) // the same key: the same numbers
	fmt.Println(a[0] == b[0], a[1] == b[1])
	key.Step = 6
	cglow.Normal(key, b)
	fmt.Println(a[0] == b[0])
	// Output:
	// true true
	// false
}

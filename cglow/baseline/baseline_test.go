package baseline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"glownotes/cglow/data"
	"glownotes/cglow/metric"
)

func shape(c, h, w int) data.Shape { return data.Shape{C: c, H: h, W: w} }

func small(k Kind) Config {
	c := Config{Kind: k, X: shape(3, 8, 16), Y: shape(1, 8, 16), Width: 4, Depth: 2, Loss: CrossEntropy}
	if k == Context {
		c.Y, c.Loss = shape(2, 4, 8), SquaredError
	}
	return c
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name, field string
		change      func(*Config)
	}{
		{"good", "", func(*Config) {}},
		{"kind", "Kind", func(c *Config) { c.Kind = "resnet" }},
		{"loss", "Loss", func(c *Config) { c.Loss = "" }},
		{"width", "Width", func(c *Config) { c.Width = 0 }},
		{"uneven", "Depth", func(c *Config) { c.Depth = 4 }},
		{"size", "Y", func(c *Config) { c.Y.H = 4 }},
		{"shape", "X, Y", func(c *Config) { c.X.C = 0 }},
		{"log loss at zero", "", func(c *Config) { c.Loss, c.StartAtZero = LogSquaredError, true }},
		{"several last layers", "StartAtZero", func(c *Config) { c.Kind, c.StartAtZero = FCN, true }},
		{"context size", "Y", func(c *Config) { c.Kind = Context; c.Y.H = 6 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := small(UNet)
			c.change(&cfg)
			err := cfg.Validate()
			var ce *ConfigError
			switch {
			case c.field == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.field != "" && (!errors.As(err, &ce) || ce.Field != c.field):
				t.Errorf("error %v, want one that names %s", err, c.field)
			}
		})
	}
}

// TestGradients compares the gradient of every parameter's largest entry with
// a difference of the loss.
func TestGradients(t *testing.T) {
	logs := small(UNet)
	logs.Loss = LogSquaredError
	for _, cfg := range []Config{small(FCN), small(UNet), small(DnCNN), small(Context), logs} {
		t.Run(fmt.Sprint(cfg.Kind, ", ", cfg.Loss), func(t *testing.T) {
			n, err := New(cfg, 1)
			if err != nil {
				t.Fatal(err)
			}
			gr, err := n.graph(2, true)
			if err != nil {
				t.Fatal(err)
			}
			if n.cfg.Loss.regression() { // the small start of the last layer makes all gradients small
				for i := range n.params["out.w"].Float32s() {
					n.params["out.w"].Float32s()[i] *= 10
				}
			}
			for i, v := 0, floats(gr.x); i < len(v); i++ {
				v[i] = float32(math.Sin(float64(i)))
			}
			for i, v := 0, floats(gr.y); i < len(v); i++ {
				v[i] = float32(i % 2)
			}
			loss := func() float64 {
				if err := gr.vm.RunAll(); err != nil {
					t.Fatal(err)
				}
				return scalar(gr.loss)
			}
			loss()
			for i, vg := range gr.model {
				g, err := vg.Grad()
				if err != nil {
					t.Fatal(err)
				}
				gs := slices.Clone(g.Data().([]float32))
				at := 0
				for j := range gs {
					if math.Abs(float64(gs[j])) > math.Abs(float64(gs[at])) {
						at = j
					}
				}
				if gs[at] == 0 {
					t.Errorf("%s receives no gradient", n.names[i])
					continue
				}
				w := n.params[n.names[i]].Float32s()
				const h = 2e-3
				old := w[at]
				w[at] = old + h
				up := loss()
				w[at] = old - h
				down := loss()
				w[at] = old
				diff := (up - down) / (2 * h)
				if math.Abs(diff-float64(gs[at])) > 0.05*math.Abs(diff)+2e-4 {
					t.Errorf("%s[%d]: gradient %g, difference %g", n.names[i], at, gs[at], diff)
				}
			}
		})
	}
}

// TestLogSquaredError compares loss and gradient of a batch whose examples err
// by very different amounts with plain loops in float64.
func TestLogSquaredError(t *testing.T) {
	cfg := Config{Kind: DnCNN, X: shape(2, 6, 10), Y: shape(3, 6, 10), Width: 3, Depth: 2, Loss: LogSquaredError}
	n, err := New(cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	const batch = 3
	gr, err := n.graph(batch, true)
	if err != nil {
		t.Fatal(err)
	}
	x := data.NewImages(batch, cfg.X)
	for i := range x.Pix {
		x.Pix[i] = float32(math.Sin(float64(i)))
	}
	raw, err := n.Predict(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	y := floats(gr.y)
	size, plane := cfg.Y.Len(), cfg.Y.H*cfg.Y.W
	off := []float64{1e-3, .1, 30} // the first is below the floor
	for i := range y {
		y[i] = raw.Pix[i] + float32(off[i/size]*math.Cos(float64(i)))
	}
	copy(floats(gr.x), x.Pix)
	if err := gr.vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	loss, bias := 0., make([]float64, cfg.Y.C)
	for e := range batch {
		sum := 0.
		for i := e * size; i < (e+1)*size; i++ {
			d := float64(raw.Pix[i]) - float64(y[i])
			sum += d * d
		}
		mean := sum/float64(size) + logFloor
		loss += math.Log(mean) / batch
		for i := range size {
			bias[i/plane] += 2 * (float64(raw.Pix[e*size+i]) - float64(y[e*size+i])) / float64(size) / mean / batch
		}
	}
	if got := scalar(gr.loss); math.Abs(got-loss) > 1e-5*math.Abs(loss) {
		t.Errorf("loss %v, want %v", got, loss)
	}
	for i, vg := range gr.model {
		if n.names[i] != "out.b" {
			continue
		}
		g, err := vg.Grad()
		if err != nil {
			t.Fatal(err)
		}
		for c, v := range g.Data().([]float32) {
			if math.Abs(float64(v)-bias[c]) > 1e-4*math.Abs(bias[c])+1e-6 {
				t.Errorf("gradient of channel %d's bias: %v, want %v", c, v, bias[c])
			}
		}
	}
}

// TestStartAtZero checks that such a network predicts 0, and learns.
func TestStartAtZero(t *testing.T) {
	ds, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := ds.Shapes()
	for _, k := range []Kind{UNet, DnCNN} {
		n, err := New(Config{Kind: k, X: xs, Y: ys, Width: 4, Depth: 2, Loss: LogSquaredError, StartAtZero: true}, 1)
		if err != nil {
			t.Fatal(err)
		}
		x, _, err := data.First(ds, 2)
		if err != nil {
			t.Fatal(err)
		}
		p, err := n.Predict(context.Background(), x)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range p.Pix {
			if v != 0 {
				t.Fatalf("%s: value %d is %v before training", k, i, v)
			}
		}
		losses, err := n.Train(context.Background(), ds, Defaults(40), nil)
		if err != nil {
			t.Fatal(err)
		}
		if first, last := losses[0], losses[len(losses)-1]; last >= first {
			t.Errorf("%s: the loss is %v after 40 steps, %v before", k, last, first)
		}
	}
}

// TestLearns trains for a moment and compares with the trivial predictors.
func TestLearns(t *testing.T) {
	ds, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := ds.Shapes()
	cfg := UNetFor(xs, ys)
	cfg.Width = 8
	n, err := New(cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	tc := Defaults(120)
	tc.Adam.LearnRate = 2e-3
	losses, err := n.Train(context.Background(), ds, tc, nil)
	if err != nil {
		t.Fatal(err)
	}
	idx := make([]int, 32)
	for i := range idx {
		idx[i] = 1_000_000 + i
	}
	x, y, err := ds.Load(idx)
	if err != nil {
		t.Fatal(err)
	}
	p, err := n.Predict(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	seg, err := metric.SegmentMasks(y.Pix, p.Pix, ys.Len())
	if err != nil {
		t.Fatal(err)
	}
	trivial, err := metric.TrivialMasks(y.Pix, y.Pix, ys.Len())
	if err != nil {
		t.Fatal(err)
	}
	if got, floor := seg.SetIoU(1), trivial.MeanMask.SetIoU(1); got < floor {
		t.Errorf("foreground IoU %.3f, below the mean mask's %.3f; loss %.3f to %.3f", got, floor, losses[0], losses[len(losses)-1])
	}
}

func TestTrainStopsAndKeeps(t *testing.T) {
	ds, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := ds.Shapes()
	n, err := New(Config{Kind: DnCNN, X: xs, Y: ys, Width: 2, Depth: 2, Loss: CrossEntropy}, 1)
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(n.params["out.w"].Float32s())
	ctx, cancel := context.WithCancel(context.Background())
	losses, err := n.Train(ctx, ds, Defaults(100), func(p Progress) {
		if p.Step == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || len(losses) != 3 {
		t.Errorf("%d losses, error %v; want 3 and context.Canceled", len(losses), err)
	}
	if slices.Equal(before, n.params["out.w"].Float32s()) {
		t.Error("the parameters are as at the start")
	}
}

// TestSeedDecides checks that equal seeds give equal runs.
func TestSeedDecides(t *testing.T) {
	ds, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := ds.Shapes()
	run := func(seed uint64) []float64 {
		n, err := New(Config{Kind: FCN, X: xs, Y: ys, Width: 2, Depth: 2, Loss: CrossEntropy}, seed)
		if err != nil {
			t.Fatal(err)
		}
		l, err := n.Train(context.Background(), ds, Defaults(3), nil)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	if a, b := run(1), run(1); !slices.Equal(a, b) {
		t.Errorf("same seed: %v and %v", a, b)
	}
	if a, b := run(1), run(2); slices.Equal(a, b) {
		t.Errorf("other seed, same losses %v", a)
	}
}

// TestPredictWhileTraining checks that predictions beside a training run, also
// of the network for larger pictures, leave the run as it is.
func TestPredictWhileTraining(t *testing.T) {
	ds, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := ds.Shapes()
	var want []float64
	for _, watched := range []bool{false, true} {
		n, err := New(Config{Kind: UNet, X: xs, Y: ys, Width: 2, Depth: 2, Loss: CrossEntropy}, 1)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		var watching sync.WaitGroup
		large, err := n.At(shape(3, 64, 64), shape(1, 64, 64))
		if err != nil {
			t.Fatal(err)
		}
		for _, net := range []*Net{n, n, large} {
			if !watched {
				break
			}
			x := data.NewImages(2, net.Config().X)
			watching.Go(func() {
				for ctx.Err() == nil {
					if _, err := net.Predict(ctx, x); err != nil && ctx.Err() == nil {
						t.Error(err)
						return
					}
				}
			})
		}
		losses, err := n.Train(ctx, ds, Defaults(12), nil)
		stop()
		watching.Wait()
		if err != nil {
			t.Fatal(err)
		}
		if watched && !slices.Equal(losses, want) {
			t.Errorf("with predictions beside it the losses are %v, without %v", losses, want)
		}
		want = losses
	}
}

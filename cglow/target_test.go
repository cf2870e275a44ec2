package cglow

import (
	"math"
	"testing"

	"glownotes/cglow/data"
)

// Dequantized values lie in the bin of their level, uniformly.
func TestDequantize(t *testing.T) {
	for _, c := range []struct {
		name      string
		bins      int
		y         float32
		low, high float64
	}{
		{"mask background", 2, 0, -1, 0},
		{"mask foreground", 2, 1, 0, 1},
		{"8 bits, black", 256, 0, -0.5, -0.5 + 1./256},
		{"8 bits, level 128", 256, 128. / 255, 0, 1. / 256},
		{"8 bits, white", 256, 1, 0.5 - 1./256, 0.5},
		{"continuous", 0, 0.75, 0.25, 0.25},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := small()
			cfg.Y, cfg.Bins, cfg.Tile = data.Shape{C: 1, H: 4, W: 256}, c.bins, 2
			m := &Model{cfg: cfg}
			y := make([]float32, cfg.Y.Len())
			for i := range y {
				y[i] = c.y
			}
			v := make([]float64, 2*len(y))
			m.dequantize(v, y, Key{Seed: 1})
			low, high, mean := math.Inf(1), math.Inf(-1), 0.0
			for _, x := range v {
				low, high, mean = math.Min(low, x), math.Max(high, x), mean+x/float64(len(v))
			}
			if low < c.low || high > c.high || math.Abs(mean-(c.low+c.high)/2) > 0.05*(c.high-c.low) {
				t.Errorf("values in [%v, %v], mean %v; want [%v, %v]", low, high, mean, c.low, c.high)
			}
			if c.bins > 0 && v[0] == v[len(y)] {
				t.Error("the copies share their noise")
			}
			// Without noise, at the middle of the bin, quantize is the inverse.
			for i := range v {
				v[i] = (c.low + c.high) / 2
			}
			back := make([]float32, len(y))
			cfg.quantize(back, v)
			if math.Abs(float64(back[0]-c.y)) > 1e-6 {
				t.Errorf("back: %v, want %v", back[0], c.y)
			}
		})
	}
}

func TestBitsPerDim(t *testing.T) {
	mask := Horses32() // 3*32*32 = 3072 dimensions
	for _, c := range []struct {
		name           string
		cfg            Config
		nats           float64
		bits, released float64
	}{
		{"mask, density 1", mask, 0, 0, 1},
		{"mask, half a bit", mask, -3072 * 0.5 * math.Ln2, 0.5, 1.5},
		{"8 bits", Config{Y: data.Shape{C: 1, H: 1, W: 10}, Tile: 1, Bins: 256}, -10 * math.Ln2, 1, 9},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.cfg.BitsPerDim(c.nats); math.Abs(got-c.bits) > 1e-12 {
				t.Errorf("got %v, want %v", got, c.bits)
			}
			if got := c.cfg.ReleasedBitsPerDim(c.nats); math.Abs(got-c.released) > 1e-12 {
				t.Errorf("released unit: got %v, want %v", got, c.released)
			}
		})
	}
}

// A model of 8-bit images whose density is uniform over the range gives 8
// bits/dim: the bin width is accounted for.
func TestBinWidthOfImages(t *testing.T) {
	c := small()
	c.Bins = 256
	if got := c.BitsPerDim(0 + c.logBinWidth()); math.Abs(got-8) > 1e-12 {
		t.Errorf("density 1: %v bits/dim, want 8", got)
	}
}

func TestRound(t *testing.T) {
	y := data.Images{N: 1, C: 1, H: 1, W: 4, Pix: []float32{-3, 0.49, 0.51, 7}}
	got := Config{Bins: 2}.Round(y)
	for i, want := range []float32{0, 0, 1, 1} {
		if got.Pix[i] != want {
			t.Errorf("%d: got %v, want %v", i, got.Pix[i], want)
		}
	}
	if y.Pix[0] != -3 {
		t.Error("the argument was changed")
	}
}

package cglow

import (
	"fmt"
	"math"

	"glownotes/cglow/data"
)

// checkImages returns an error unless m is a batch of at least one image of
// shape want, with values that are numbers.
func (m *Model) checkImages(what string, v data.Images, want data.Shape) error {
	if err := v.Check(); err != nil {
		return fmt.Errorf("cglow: %s: %w", what, err)
	}
	if v.N == 0 || v.Shape() != want {
		return fmt.Errorf("cglow: %s is a batch of %d images %v, the model takes %v", what, v.N, v.Shape(), want)
	}
	return nil
}

// checkX is checkImages for x, which a flow without x does not look at; n is
// the number of examples that it must have, 0 for any.
func (m *Model) checkX(x data.Images, n int) error {
	if !m.cfg.Conditional() {
		return nil
	}
	if err := m.checkImages("x", x, m.cfg.X); err != nil {
		return err
	}
	if n > 0 && x.N != n {
		return fmt.Errorf("cglow: %d images x for %d images y", x.N, n)
	}
	return nil
}

// offset is the v of value 0 without noise: masks lie in [-1, 1] (y - 0.5 +
// U(-0.5, 0.5), the released code's preprocessing), images in [-0.5, 0.5].
func (c Config) offset() float64 {
	if c.Bins == 2 {
		return -1
	}
	return -0.5
}

// dequantize writes the continuous v of one discrete image y in [0,1]: with B
// bins of width w, v = (level + u) w + offset, level = round(y (B-1)), u
// uniform on [0, 1), each of the tiled copies with its own noise. Continuous
// data (B = 0) is v = y - 0.5.
func (m *Model) dequantize(dst []float64, y []float32, k Key) {
	c := m.cfg
	for t := range c.Tile {
		copyOf := dst[t*len(y) : (t+1)*len(y)]
		for i, v := range y {
			copyOf[i] = float64(v) - 0.5
		}
	}
	if c.Bins == 0 {
		return
	}
	u := make([]float64, len(dst))
	Uniform(k, u)
	width, offset := c.BinWidth(), c.offset()
	for i := range dst {
		dst[i] = (c.level(float64(y[i%len(y)]))+u[i])*width + offset
	}
}

// level returns the bin of a value in [0,1].
func (c Config) level(y float64) float64 {
	return math.Round(max(0, min(1, y)) * float64(c.Bins-1))
}

// quantize writes the expected image of one continuous v: the mean of the tiled
// copies, taken back to [0,1] (dequantize with u at its mean 1/2); not rounded
// and not limited, so that it stays an unbiased estimate.
func (c Config) quantize(dst []float32, v []float64) {
	n := len(dst)
	for i := range dst {
		sum := 0.0
		for t := range c.Tile {
			sum += v[t*n+i]
		}
		mean := sum / float64(c.Tile)
		if c.Bins == 0 {
			dst[i] = float32(mean + 0.5)
			continue
		}
		dst[i] = float32(((mean-c.offset())/c.BinWidth() - 0.5) / float64(c.Bins-1))
	}
}

// nearest returns the level of discrete data that is nearest to y, in [0,1];
// continuous values stay as they are.
func (c Config) nearest(y float64) float64 {
	if c.Bins == 0 {
		return y
	}
	return c.level(y) / float64(c.Bins-1)
}

// Round returns y limited to [0,1] and, for discrete data, moved to the nearest
// of the Bins levels: a mask becomes exactly 0 or 1.
func (c Config) Round(y data.Images) data.Images {
	out := y.Clone()
	for i, v := range out.Pix {
		out.Pix[i] = float32(c.nearest(float64(max(0, min(1, v)))))
	}
	return out
}

package data

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestCoverage compares with a plain count over the samples.
func TestCoverage(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	c := newCanvas(8)
	for i := range c.marks {
		c.marks[i] = uint8(r.Uint32()) & uint8(r.Uint32()) & uint8(r.Uint32())
	}
	for _, layers := range []uint8{1, 2, 1 | 4, brush, 255} {
		for y := range 8 {
			for x := range 8 {
				n := 0
				for k := range samples * samples {
					if c.marks[(y*samples+k/samples)*8*samples+x*samples+k%samples]&layers != 0 {
						n++
					}
				}
				if got, want := c.coverage(layers, x, y), float64(n)/16; got != want {
					t.Fatalf("layers %#x, pixel (%d,%d): got %v, want %v", layers, x, y, got, want)
				}
			}
		}
	}
}

func TestMarkedAreas(t *testing.T) {
	for _, c := range []struct {
		name string
		b    bone
		want float64 // area of the unit square
	}{
		{"disc", bone{point{.5, .5}, point{.5, .5}, .3, .3}, math.Pi * .09},
		{"half a disc", bone{point{0, .5}, point{0, .5}, .3, .3}, math.Pi * .045},
		{"level stroke", bone{point{.3, .5}, point{.7, .5}, .1, .1}, .4*.2 + math.Pi*.01},
		{"slanting stroke", bone{point{.3, .3}, point{.6, .7}, .1, .1}, .5*.2 + math.Pi*.01},
		// A trapezoid between two half discs.
		{"tapered stroke", bone{point{.3, .5}, point{.7, .5}, .2, .1}, .4*.3 + math.Pi*(.04+.01)/2},
		{"outside", bone{point{-1, .5}, point{-.5, .5}, .2, .2}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			canvas := newCanvas(64)
			b := canvas.mark(2, []bone{c.b})
			got := 0.
			for y := range 64 {
				for x := range 64 {
					v := canvas.coverage(2, x, y)
					got += v / (64 * 64)
					if inside := x >= b.x0 && x < b.x1 && y >= b.y0 && y < b.y1; v > 0 && !inside {
						t.Fatalf("pixel (%d,%d) is marked outside of %v", x, y, b)
					}
				}
			}
			if math.Abs(got-c.want) > .002 {
				t.Errorf("area: got %.4f, want %.4f", got, c.want)
			}
			canvas.clear(2, b)
			for i, m := range canvas.marks {
				if m != 0 {
					t.Fatalf("mark %d is left after clear", i)
				}
			}
		})
	}
}

func TestNoise(t *testing.T) {
	n := noise(42)
	sum := 0.
	for i := range 4000 {
		x, y := float64(i%63)*.37-9, float64(i/63)*.41-7
		v := n.at(x, y)
		if v < 0 || v > 1 {
			t.Fatalf("at (%v,%v): %v", x, y, v)
		}
		if d := math.Abs(v - n.at(x+1e-6, y-1e-6)); d > 1e-5 {
			t.Fatalf("a jump of %v at (%v,%v)", d, x, y)
		}
		sum += v
	}
	if mean := sum / 4000; math.Abs(mean-.5) > .03 {
		t.Errorf("mean %.3f, want 0.5", mean)
	}
	if n.at(.3, .4) == noise(43).at(.3, .4) {
		t.Error("two noises are the same")
	}
}

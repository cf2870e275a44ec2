package data

import (
	"math"
	"math/rand/v2"
)

// warp says where a pixel of an augmented picture comes from: turned, scaled
// and mirrored about the centre, then moved.
type warp struct {
	a, b, c, d float64 // source offset = (a dx + b dy, c dx + d dy)
	dx, dy     float64
}

// newWarp draws zoom and turn.
func newWarp(r *rand.Rand, cfg AugmentConfig, mirror bool, dx, dy int) warp {
	scale := math.Exp(uniform(r, -1, 1) * math.Log1p(cfg.Zoom))
	sin, cos := math.Sincos(uniform(r, -1, 1) * cfg.Turn * math.Pi / 180)
	w := warp{a: cos / scale, b: sin / scale, c: -sin / scale, d: cos / scale, dx: float64(dx), dy: float64(dy)}
	if mirror {
		w.a, w.b = -w.a, -w.b
	}
	return w
}

// apply writes the warped first image of m to out, interpolated between pixels
// or the nearest one; beyond the edge the edge is repeated.
func (w warp) apply(out []float32, m Images, interpolate bool) {
	mx, my := float64(m.W-1)/2, float64(m.H-1)/2
	size := m.H * m.W
	for y := range m.H {
		v := float64(y) - my - w.dy
		for x := range m.W {
			u := float64(x) - mx - w.dx
			sx, sy := within(mx+w.a*u+w.b*v, m.W), within(my+w.c*u+w.d*v, m.H)
			at := y*m.W + x
			if !interpolate {
				from := int(sy+.5)*m.W + int(sx+.5)
				for c := 0; c < len(out); c += size {
					out[c+at] = m.Pix[c+from]
				}
				continue
			}
			x0, y0 := int(sx), int(sy)
			fx, fy := float32(sx-float64(x0)), float32(sy-float64(y0))
			right, below := 1, m.W
			if x0 == m.W-1 {
				right = 0
			}
			if y0 == m.H-1 {
				below = 0
			}
			from := y0*m.W + x0
			for c := 0; c < len(out); c += size {
				p := m.Pix[c+from:]
				top := p[0]*(1-fx) + p[right]*fx
				low := p[below]*(1-fx) + p[below+right]*fx
				out[c+at] = top*(1-fy) + low*fy
			}
		}
	}
}

// within limits a place to the n pixels of a row or column.
func within(v float64, n int) float64 {
	if v < 0 {
		return 0
	}
	if last := float64(n - 1); v > last {
		return last
	}
	return v
}

// applied returns the warped first image of m.
func (w warp) applied(m Images, interpolate bool) Images {
	out := NewImages(1, m.Shape())
	w.apply(out.Pix, m, interpolate)
	return out
}

// shrink writes the means of the squares of kxk pixels of the first image of m
// to out.
func shrink(out []float32, m Images, k int) {
	w, scale := m.W/k, 1/float32(k*k)
	for row := range m.C * m.H {
		p, to := m.Pix[row*m.W:][:m.W], out[row/k*w:][:w] // H is a multiple of k: row/k counts on over the channels
		for x := range to {
			sum := float32(0)
			for _, v := range p[x*k : x*k+k] {
				sum += v
			}
			to[x] += scale * sum
		}
	}
}

// pure makes shares of classes to the class with the largest: of one channel 1
// from a half on, otherwise 1 in one channel, the first of equals.
func pure(y []float32, s Shape) {
	if s.C == 1 {
		for at, v := range y {
			y[at] = float32(math.Floor(float64(v) + .5))
		}
		return
	}
	best := make([]uint8, s.H*s.W)
	for at := range best {
		for c := range s.C {
			if y[c*len(best)+at] > y[int(best[at])*len(best)+at] {
				best[at] = uint8(c)
			}
		}
	}
	clear(y)
	oneHot(y, best)
}

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
	for y := range m.H {
		for x := range m.W {
			u, v := float64(x)-mx-w.dx, float64(y)-my-w.dy
			sx := min(float64(m.W-1), max(0, mx+w.a*u+w.b*v))
			sy := min(float64(m.H-1), max(0, my+w.c*u+w.d*v))
			if !interpolate {
				sx, sy = math.Round(sx), math.Round(sy)
			}
			x0, y0 := int(sx), int(sy)
			fx, fy := float32(sx-float64(x0)), float32(sy-float64(y0))
			x1, y1 := min(x0+1, m.W-1), min(y0+1, m.H-1)
			for c := range m.C {
				top := m.At(0, c, y0, x0)*(1-fx) + m.At(0, c, y0, x1)*fx
				low := m.At(0, c, y1, x0)*(1-fx) + m.At(0, c, y1, x1)*fx
				out[(c*m.H+y)*m.W+x] = top*(1-fy) + low*fy
			}
		}
	}
}

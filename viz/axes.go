package viz

import (
	"image/color"
	"math"
)

// axes is a rectangle with two scales.
type axes struct {
	theme      *Theme
	x, y, w, h float64 // the data area, y its upper edge
	sx, sy     scale
	xlabel     string // under the axis
	ylabel     string // above the axis, at its left
	square     bool   // draw vertical grid lines too
}

// axisRoom returns the room in CSS pixels that the tick labels of a vertical
// scale of the given height need, with their distance to the data.
func axisRoom(s scale, h float64) float64 {
	w := 0.
	for _, t := range s.ticks(yTicks(h)) {
		w = max(w, textWidth(t.label, tickSize, false))
	}
	return w + 8
}

func yTicks(h float64) int { return int(max(3, math.Round(h/44))) }
func xTicks(w float64) int { return int(max(2, math.Round(w/95))) }

// Room that axes need round the data area.
const (
	axisBelow = tickSize + labelSize + 16 // tick labels and the label of x
	axisAbove = labelSize + 10            // the label of y, and the legend
)

// px returns the place of a number on the horizontal axis.
func (a *axes) px(v float64) float64 { return a.x + a.w*a.sx.at(v) }

// py returns the place of a number on the vertical axis.
func (a *axes) py(v float64) float64 { return a.y + a.h*(1-a.sy.at(v)) }

// draw draws grid lines, tick labels and axis labels.
func (a *axes) draw(p pen) {
	rule := line{color: a.theme.Rule, width: 1}
	labels := lettering{color: a.theme.Soft, size: tickSize}
	labels.h, labels.v = right, middle
	for _, t := range a.sy.ticks(yTicks(a.h)) {
		y := a.py(t.v)
		if t.label != "" {
			p.polyline([]point{{a.x, y}, {a.x + a.w, y}}, rule)
			p.text(point{a.x - 8, y}, t.label, labels)
		}
	}
	labels.h, labels.v = centre, top
	wanted := xTicks(a.w)
	if a.square {
		wanted = max(wanted, 4)
	}
	for _, t := range a.sx.ticks(wanted) {
		x := a.px(t.v)
		size := 4.
		if t.label == "" {
			size = 2
		} else {
			if a.square {
				p.polyline([]point{{x, a.y}, {x, a.y + a.h}}, rule)
			}
			p.text(point{x, a.y + a.h + 8}, t.label, labels)
		}
		p.polyline([]point{{x, a.y + a.h}, {x, a.y + a.h + size}}, line{color: a.theme.Soft, width: 1})
	}
	p.polyline([]point{{a.x, a.y + a.h}, {a.x + a.w, a.y + a.h}}, line{color: a.theme.Soft, width: 1})
	names := lettering{color: a.theme.Soft, size: labelSize, h: centre, v: top}
	p.text(point{a.x + a.w/2, a.y + a.h + tickSize + 14}, a.xlabel, names)
	names.h = left
	p.text(point{a.x, a.y - axisAbove + 2}, a.ylabel, names)
}

// line draws a curve, cut at the edges of the data area and broken where a
// value has no place.
func (a *axes) line(p pen, xs, ys []float64, l line) {
	var run []point
	flush := func() {
		for _, part := range clip(thin(run), a.x, a.y, a.x+a.w, a.y+a.h) {
			p.polyline(part, l)
		}
		run = nil
	}
	for i := range xs {
		q := point{a.px(xs[i]), a.py(ys[i])}
		if !finite(q.x) || !finite(q.y) {
			flush()
			continue
		}
		run = append(run, q)
	}
	flush()
}

// band fills between two curves.
func (a *axes) band(p pen, xs, lo, hi []float64, fill color.NRGBA) {
	inside := func(y float64) float64 { return min(a.y+a.h, max(a.y, y)) }
	var upper, lower []point
	flush := func() {
		for i := len(lower) - 1; i >= 0; i-- {
			upper = append(upper, lower[i])
		}
		p.polygon(upper, fill)
		upper, lower = nil, nil
	}
	for i := range xs {
		x, l, h := a.px(xs[i]), a.py(lo[i]), a.py(hi[i])
		if !finite(x) || !finite(l) || !finite(h) || x < a.x-.5 || x > a.x+a.w+.5 {
			flush()
			continue
		}
		upper, lower = append(upper, point{x, inside(h)}), append(lower, point{x, inside(l)})
	}
	flush()
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// thin reduces a long run of points to the first, lowest, highest and last of
// each half pixel column: the drawing stays the same.
func thin(pts []point) []point {
	const column = .5
	if len(pts) < 2000 {
		return pts
	}
	var out []point
	for from := 0; from < len(pts); {
		to := from + 1
		for to < len(pts) && math.Floor(pts[to].x/column) == math.Floor(pts[from].x/column) {
			to++
		}
		lo, hi := from, from
		for i := from; i < to; i++ {
			if pts[i].y < pts[lo].y {
				lo = i
			}
			if pts[i].y > pts[hi].y {
				hi = i
			}
		}
		last := -1
		for _, i := range []int{from, min(lo, hi), max(lo, hi), to - 1} {
			if i > last {
				out = append(out, pts[i])
				last = i
			}
		}
		from = to
	}
	return out
}

// clip returns the parts of a polyline inside a rectangle (each segment cut by
// the method of Liang & Barsky, 1984).
func clip(pts []point, x0, y0, x1, y1 float64) [][]point {
	var out [][]point
	var run []point
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		dx, dy := b.x-a.x, b.y-a.y
		t0, t1 := 0., 1.
		for _, e := range [4][2]float64{{-dx, a.x - x0}, {dx, x1 - a.x}, {-dy, a.y - y0}, {dy, y1 - a.y}} {
			switch d, q := e[0], e[1]; {
			case d == 0 && q < 0:
				t0, t1 = 1, 0
			case d < 0:
				t0 = max(t0, q/d)
			case d > 0:
				t1 = min(t1, q/d)
			}
		}
		if t0 > t1 {
			if len(run) > 0 {
				out, run = append(out, run), nil
			}
			continue
		}
		if len(run) == 0 || t0 > 0 {
			if len(run) > 0 {
				out = append(out, run)
			}
			run = []point{{a.x + t0*dx, a.y + t0*dy}}
		}
		run = append(run, point{a.x + t1*dx, a.y + t1*dy})
		if t1 < 1 {
			out, run = append(out, run), nil
		}
	}
	if len(run) > 1 {
		out = append(out, run)
	}
	return out
}

// key is an entry of a legend.
type key struct {
	name  string
	color color.NRGBA
	dash  []float64
	block bool // a filled block instead of a line
}

// legend draws the keys in one row that ends at right x, centred on y, and
// returns its left end.
func legend(p pen, th *Theme, keys []key, x, y float64) float64 {
	for i := len(keys) - 1; i >= 0; i-- {
		k := keys[i]
		x -= textWidth(k.name, tickSize, false)
		p.text(point{x, y}, k.name, lettering{color: th.Ink, size: tickSize, h: left, v: middle})
		x -= 6
		if k.block {
			rectangle(p, x-12, y-5, 12, 10, k.color)
			x -= 12 + 16
			continue
		}
		p.polyline([]point{{x - 20, y}, {x, y}}, line{color: k.color, width: 2.5, dash: k.dash})
		x -= 20 + 16
	}
	return x
}

// legendWidth is the room that legend takes.
func legendWidth(keys []key) float64 {
	w := 0.
	for _, k := range keys {
		w += textWidth(k.name, tickSize, false) + 6 + 20 + 16
	}
	return w
}

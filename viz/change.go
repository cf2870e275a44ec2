package viz

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"
)

// Change shows the change of variables in one dimension: the density of z to
// the left of the curve y = f(z) turned by a quarter, the density of y below.
// Bands that hold equal parts of the probability run from one to the other:
// where f is steep a band becomes wide and low, and its area stays the same, on
// the sheet as well,
//
//	p(y) = p(z) / |f'(z)|.
type Change struct {
	Look
	ZLabel, YLabel string
	Bands          int // of equal probability

	zs, ys, density []float64
}

// NewChange returns the picture of an increasing map given at rising places
// zs: ys[i] = f(zs[i]), density[i] = p(zs[i]).
func NewChange(title string, zs, ys, density []float64) *Change {
	return &Change{
		Look: newLook(title), ZLabel: "z", YLabel: "y = f(z)", Bands: 9,
		zs: slices.Clone(zs), ys: slices.Clone(ys), density: slices.Clone(density),
	}
}

func (c *Change) compose() (*sheet, error) {
	if err := c.check("change"); err != nil {
		return nil, err
	}
	n := len(c.zs)
	switch {
	case n < 3 || len(c.ys) != n || len(c.density) != n:
		return nil, fmt.Errorf("viz: change: %d places, %d values, %d densities", n, len(c.ys), len(c.density))
	case c.Bands < 1 || c.Bands > 50:
		return nil, fmt.Errorf("viz: change: %d bands, want 1 to 50", c.Bands)
	}
	for i := range n {
		if !finite(c.zs[i]) || !finite(c.ys[i]) || !(c.density[i] >= 0) || math.IsInf(c.density[i], 0) {
			return nil, fmt.Errorf("viz: change: place %d is (%v, %v, %v)", i, c.zs[i], c.ys[i], c.density[i])
		}
		if i > 0 && (c.zs[i] <= c.zs[i-1] || c.ys[i] <= c.ys[i-1]) {
			return nil, fmt.Errorf("viz: change: the map does not rise at place %d", i)
		}
	}
	if c.total() <= 0 {
		return nil, errors.New("viz: change: the density is zero")
	}
	h := c.headingHeight() + changeSide*c.Width + axisBelow + margin
	return &sheet{name: c.Title, w: c.Width, h: math.Round(h), ground: c.Theme.Background, draw: c.draw}, nil
}

// changeSide is the height of the plots in parts of the width, and changeCut
// the part of that height, and of the width, that the densities take.
const (
	changeSide = .66
	changeCut  = .34
)

// total is the integral of the density, by trapezoids.
func (c *Change) total() float64 {
	cum := c.cumulative()
	return cum[len(cum)-1]
}

func (c *Change) cumulative() []float64 {
	out := make([]float64, len(c.zs))
	for i := 1; i < len(out); i++ {
		out[i] = out[i-1] + (c.density[i]+c.density[i-1])/2*(c.zs[i]-c.zs[i-1])
	}
	return out
}

// draw has z upwards, y to the right.
func (c *Change) draw(p pen) {
	top := c.heading(p) + labelSize
	side := changeSide*c.Width - labelSize
	sz, sy := scale{lo: c.zs[0], hi: c.zs[len(c.zs)-1]}, scale{lo: c.ys[0], hi: c.ys[len(c.ys)-1]}
	room := tickRoom(sz) + 8
	x0, x1 := margin+room+changeCut*(c.Width-2*margin-room), c.Width-margin-4
	mid := top + (1-changeCut)*side // lower edge of the map
	low := top + side + 8           // lower edge of p(y)
	place := func(z, y float64) point {
		return point{x0 + (x1-x0)*sy.at(y), mid - (mid-top)*sz.at(z)}
	}
	py := c.image()
	// Both densities are drawn so that the same probability has the same area:
	// their heights times the lengths of a unit of z and of y are equal.
	unitZ, unitY := (mid-top)/(sz.hi-sz.lo), (x1-x0)/(sy.hi-sy.lo)
	wide := min((x0-margin-room-14)/slices.Max(c.density), (low-mid-14)/slices.Max(py)*unitY/unitZ)
	deep := wide * unitZ / unitY
	for b := range c.Bands {
		c.band(p, b, place, x0, mid, low, wide, deep, py)
	}
	c.lines(p, place, x0, x1, top, mid, low)
	ink := line{color: c.Theme.Ink, width: 2}
	var curve, left, below []point
	for i, z := range c.zs {
		q := place(z, c.ys[i])
		curve = append(curve, q)
		left = append(left, point{x0 - 8 - wide*c.density[i], q.y})
		below = append(below, point{q.x, low - deep*py[i]})
	}
	p.polyline(curve, ink)
	p.polyline(left, ink)
	p.polyline(below, ink)
	c.names(p, sz, sy, place, x0, x1, top, mid, low)
}

// image returns the density of y at every place: p(z) / f'(z), the slope by
// differences.
func (c *Change) image() []float64 {
	out := make([]float64, len(c.zs))
	for i := range out {
		a, b := max(0, i-1), min(len(out)-1, i+1)
		out[i] = c.density[i] * (c.zs[b] - c.zs[a]) / (c.ys[b] - c.ys[a])
	}
	return out
}

// band draws one band: its piece of both densities and its way along the map.
func (c *Change) band(p pen, b int, place func(z, y float64) point, x0, mid, low, wide, deep float64, py []float64) {
	cum := c.cumulative()
	all := cum[len(cum)-1]
	from, to := all*float64(b)/float64(c.Bands), all*float64(b+1)/float64(c.Bands)
	zs := []float64{at(cum, c.zs, from)}
	for i, v := range cum {
		if v > from && v < to {
			zs = append(zs, c.zs[i])
		}
	}
	zs = append(zs, at(cum, c.zs, to))
	shade := c.shade(b)
	var left, below []point
	for _, z := range zs {
		q := place(z, at(c.zs, c.ys, z))
		left = append(left, point{x0 - 8 - wide*at(c.zs, c.density, z), q.y})
		below = append(below, point{q.x, low - deep*at(c.zs, py, z)})
	}
	first, last := place(zs[0], at(c.zs, c.ys, zs[0])), place(zs[len(zs)-1], at(c.zs, c.ys, zs[len(zs)-1]))
	p.polygon(append(left, point{x0 - 8, last.y}, point{x0 - 8, first.y}), shade)
	p.polygon(append(below, point{last.x, low}, point{first.x, low}), shade)
	p.polygon([]point{{x0, first.y}, first, last, {x0, last.y}}, fade(shade, .35))
	p.polygon([]point{{first.x, mid}, first, last, {last.x, mid}}, fade(shade, .35))
}

// shade returns the colour of band b.
func (c *Change) shade(b int) color.NRGBA {
	return Sequential()(.15 + .75*float64(b)/float64(max(1, c.Bands-1)))
}

// lines draws the axes.
func (c *Change) lines(p pen, place func(z, y float64) point, x0, x1, top, mid, low float64) {
	axis := line{color: c.Theme.Soft, width: 1}
	frame(p, x0, top, x1-x0, mid-top, line{color: c.Theme.Rule, width: 1})
	p.polyline([]point{{x0 - 8, top}, {x0 - 8, mid}}, axis)
	p.polyline([]point{{x0, low}, {x1, low}}, axis)
}

// names labels the axes.
func (c *Change) names(p pen, sz, sy scale, place func(z, y float64) point, x0, x1, top, mid, low float64) {
	style := lettering{color: c.Theme.Soft, size: tickSize, h: right, v: middle}
	for _, t := range sz.ticks(5) {
		p.text(point{margin + tickRoom(sz), place(t.v, sy.lo).y}, t.label, style)
	}
	style.h, style.v = centre, 0
	for _, t := range sy.ticks(6) {
		p.text(point{place(sz.lo, t.v).x, low + 8}, t.label, style)
	}
	style.size, style.h = labelSize, left
	p.text(point{margin, top - labelSize - 2}, c.ZLabel, style)
	style.h = centre
	p.text(point{(x0 + x1) / 2, low + tickSize + 14}, c.YLabel, style)
	style.h = right
	p.text(point{x0 - 14, top - labelSize - 2}, "p("+symbol(c.ZLabel)+")", style)
	p.text(point{x1, mid + 10}, "p("+symbol(c.YLabel)+")", style)
}

// tickRoom is the width of the labels of the vertical axis.
func tickRoom(s scale) float64 {
	w := 0.
	for _, t := range s.ticks(5) {
		w = max(w, textWidth(t.label, tickSize, false))
	}
	return w
}

// symbol returns the variable that a label such as "y = f(z)" names.
func symbol(label string) string {
	name, _, _ := strings.Cut(label, " = ")
	return name
}

// at interpolates ys at x; xs rise.
func at(xs, ys []float64, x float64) float64 {
	k, found := slices.BinarySearch(xs, x)
	if found {
		return ys[k]
	}
	switch k {
	case 0:
		return ys[0]
	case len(xs):
		return ys[len(ys)-1]
	}
	t := (x - xs[k-1]) / (xs[k] - xs[k-1])
	return ys[k-1] + t*(ys[k]-ys[k-1])
}

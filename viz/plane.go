package viz

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
)

// Plane shows what happens in two dimensions: a density in colours, grid lines
// that a map has bent, and points.
type Plane struct {
	Look
	XLabel, YLabel           string
	XLow, XHigh, YLow, YHigh float64

	levels []float64 // of the density, by pixels; nil: none
	grids  [][]point
	clouds []cloud
	err    error
}

// NewPlane returns the empty part of the plane from (low, low) to (high, high).
func NewPlane(title string, low, high float64) *Plane {
	look := newLook(title)
	look.Width = 440
	return &Plane{Look: look, XLow: low, XHigh: high, YLow: low, YHigh: high}
}

// planeLevels is the number of steps of the colours of a density: their edges
// are lines of equal density.
const planeLevels = 14

// planeCells is the number of pixels of a density along each side.
const planeCells = 400

// Density draws a density f in 14 steps of colour, from the ground where it is
// almost 0 to the first series' colour where it is largest.
func (q *Plane) Density(f func(x, y float64) float64) *Plane {
	values := make([]float64, planeCells*planeCells)
	most := 0.
	for i := range values {
		x := q.XLow + (float64(i%planeCells)+.5)/planeCells*(q.XHigh-q.XLow)
		y := q.YHigh - (float64(i/planeCells)+.5)/planeCells*(q.YHigh-q.YLow)
		values[i] = f(x, y)
		if finite(values[i]) {
			most = max(most, values[i])
		}
	}
	if most <= 0 {
		q.err = errors.New("the density is nowhere positive")
		return q
	}
	for i, v := range values {
		values[i] = math.Floor(planeLevels*v/most+.3) / planeLevels
	}
	q.levels = values
	return q
}

// field returns the density in colours of the theme.
func (q *Plane) field() image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, planeCells, planeCells))
	for i, v := range q.levels {
		m.SetNRGBA(i%planeCells, i/planeCells, q.Theme.depth(v))
	}
	return m
}

// Grid draws the image under f of a grid with lines from low to high, spacing
// apart: straight where f is linear, dense where it contracts.
func (q *Plane) Grid(f func(x, y float64) (u, v float64), low, high, spacing float64) *Plane {
	if !(spacing > 0) || !(low < high) || (high-low)/spacing > 400 {
		q.err = fmt.Errorf("a grid from %v to %v with spacing %v", low, high, spacing)
		return q
	}
	const fine = 200
	for k := 0.; low+k*spacing <= high+1e-9*spacing; k++ {
		c := low + k*spacing
		var across, up []point
		for i := range fine + 1 {
			t := low + (high-low)*float64(i)/fine
			u, v := f(t, c)
			across = append(across, point{u, v})
			u, v = f(c, t)
			up = append(up, point{u, v})
		}
		q.grids = append(q.grids, across, up)
	}
	return q
}

// Path draws a line of a grid whose bent points are known already.
func (q *Plane) Path(xs, ys []float64) *Plane {
	if len(xs) != len(ys) {
		q.err = fmt.Errorf("a path of %d and %d coordinates", len(xs), len(ys))
		return q
	}
	line := make([]point, len(xs))
	for i := range xs {
		line[i] = point{xs[i], ys[i]}
	}
	q.grids = append(q.grids, line)
	return q
}

// Points draws points.
func (q *Plane) Points(name string, xs, ys []float64) *Plane {
	q.clouds = append(q.clouds, cloud{name: name, xs: slices.Clone(xs), ys: slices.Clone(ys)})
	return q
}

func (q *Plane) compose() (*sheet, error) {
	if err := q.check("plane"); err != nil {
		return nil, err
	}
	if q.err != nil {
		return nil, fmt.Errorf("viz: plane: %w", q.err)
	}
	if !(q.XLow < q.XHigh) || !(q.YLow < q.YHigh) {
		return nil, fmt.Errorf("viz: plane: from (%v, %v) to (%v, %v)", q.XLow, q.YLow, q.XHigh, q.YHigh)
	}
	for _, c := range q.clouds {
		if len(c.xs) != len(c.ys) {
			return nil, fmt.Errorf("viz: plane: %q: %d and %d coordinates", c.name, len(c.xs), len(c.ys))
		}
	}
	a := q.axes()
	below := float64(axisBelow)
	if q.XLabel == "" {
		below -= labelSize
	}
	return &sheet{name: q.Title, w: q.Width, h: math.Ceil(a.y + a.h + below + 2), ground: q.Theme.Background, draw: q.draw}, nil
}

// axes lays out the data area with equal units along both sides.
func (q *Plane) axes() axes {
	sx, sy := scale{lo: q.XLow, hi: q.XHigh}, scale{lo: q.YLow, hi: q.YHigh}
	a := axes{theme: &q.Theme, sx: sx, sy: sy, xlabel: q.XLabel, ylabel: q.YLabel, square: true}
	a.y = q.headingHeight() + axisAbove
	if q.YLabel == "" && !slices.ContainsFunc(q.clouds, func(c cloud) bool { return c.name != "" }) {
		a.y = q.headingHeight() + 8 // nothing stands above the axes
	}
	a.x = margin + axisRoom(sy, q.Width)
	a.w = q.Width - margin - 6 - a.x
	a.h = a.w * (q.YHigh - q.YLow) / (q.XHigh - q.XLow)
	return a
}

func (q *Plane) draw(p pen) {
	q.heading(p)
	a := q.axes()
	a.draw(p)
	if q.levels != nil {
		p.image(point{a.x, a.y}, a.w, a.h, q.field())
	}
	for _, g := range q.grids {
		var xs, ys []float64
		for _, v := range g {
			xs, ys = append(xs, v.x), append(ys, v.y)
		}
		a.line(p, xs, ys, line{color: fade(q.Theme.Ink, .55), width: 1})
	}
	var keys []key
	for i, c := range q.clouds {
		col := q.Theme.series(i + 1)
		radius := max(1.2, min(4, 40/math.Sqrt(float64(len(c.xs)+1))))
		a.dots(p, c.xs, c.ys, radius, fade(col, .7))
		if c.name != "" {
			keys = append(keys, key{name: c.name, color: col, block: true})
		}
	}
	frame(p, a.x, a.y, a.w, a.h, line{color: q.Theme.Soft, width: 1})
	legend(p, &q.Theme, keys, a.x+a.w, a.y-axisAbove+2+capHeight*labelSize/2)
}

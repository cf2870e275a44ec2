package viz

import (
	"fmt"
	"image/color"
	"math"
	"slices"
)

// Curve shows numbers against a step or another number: likelihood in training,
// step sizes, quality against time.
type Curve struct {
	Look
	Height         float64 // in CSS pixels
	XLabel, YLabel string  // with units, such as "step" and "bits/dim"
	LogX, LogY     bool    // numbers that are not positive are left out
	// YLow and YHigh end the vertical axis; NaN lets the data decide. What lies
	// outside is cut off.
	YLow, YHigh float64

	series []series
}

// series is one line with its band, all slices of the same length.
type series struct {
	name      string
	xs, ys    []float64
	raw       []float64 // behind a smoothed line
	lo, hi    []float64 // a band
	reference bool      // a dashed line that does not stretch the scale sideways
	paint     paintOf   // nil: the theme's colour of the place in the list
	dashes    bool
	bare      bool // no dots, however few the points
	err       error
}

// paintOf chooses a colour of a theme.
type paintOf func(*Theme) color.NRGBA

// NewCurve returns a curve without lines.
func NewCurve(title, xlabel, ylabel string) *Curve {
	return &Curve{
		Look: newLook(title), Height: 340, XLabel: xlabel, YLabel: ylabel,
		YLow: math.NaN(), YHigh: math.NaN(),
	}
}

// Line adds a line through the points (xs[i], ys[i]); it breaks where a value
// is NaN or infinite. An empty name keeps it out of the legend.
func (c *Curve) Line(name string, xs, ys []float64) *Curve {
	return c.add(series{name: name, xs: xs, ys: ys})
}

// Smooth adds the mean of the window values about each place as a line, and the
// values themselves, pale, behind it. The line does not lag behind a curve that
// falls: the window is centred, and at both ends it follows the slope there.
func (c *Curve) Smooth(name string, xs, ys []float64, window int) *Curve {
	if window < 1 {
		return c.add(series{name: name, err: fmt.Errorf("a window of %d values", window)})
	}
	return c.add(series{name: name, xs: xs, ys: smoothed(ys, window), raw: ys})
}

// Band adds a line with the band from lo to hi about it.
func (c *Curve) Band(name string, xs, ys, lo, hi []float64) *Curve {
	return c.add(series{name: name, xs: xs, ys: ys, lo: lo, hi: hi})
}

// Reference adds a dashed level line.
func (c *Curve) Reference(name string, y float64) *Curve {
	return c.add(series{name: name, ys: []float64{y}, reference: true})
}

// add copies a series into the picture.
func (c *Curve) add(s series) *Curve {
	n := len(s.xs)
	for _, v := range [][]float64{s.ys, s.raw, s.lo, s.hi} {
		if v != nil && len(v) != n && !s.reference && s.err == nil {
			s.err = fmt.Errorf("%d values for %d places", len(v), n)
		}
	}
	s.xs, s.ys, s.raw = slices.Clone(s.xs), slices.Clone(s.ys), slices.Clone(s.raw)
	s.lo, s.hi = slices.Clone(s.lo), slices.Clone(s.hi)
	c.series = append(c.series, s)
	return c
}

// RunningMean returns the mean of each value and the window-1 before it (fewer
// at the start). Values that are NaN or infinite count as missing.
func RunningMean(v []float64, window int) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		sum, n := 0., 0
		for _, x := range v[max(0, i-window+1) : i+1] {
			if finite(x) {
				sum += x
				n++
			}
		}
		out[i] = sum / float64(n) // NaN without any
	}
	return out
}

// smoothed returns, at each place, the value of the straight line that fits the
// window values about it best (least squares). Where the place is in the middle of
// its window that is their mean; at the ends, where it is not, the line follows a
// curve that rises or falls, which a mean would lag behind. Values that are NaN or infinite count
// as missing.
func smoothed(v []float64, window int) []float64 {
	type sums struct{ n, x, xx, y, xy float64 }
	upTo := make([]sums, len(v)+1)
	for i, y := range v {
		s := upTo[i]
		if x := float64(i); finite(y) {
			s = sums{s.n + 1, s.x + x, s.xx + x*x, s.y + y, s.xy + x*y}
		}
		upTo[i+1] = s
	}
	out := make([]float64, len(v))
	whole := min(len(v), 2*(window/2)+1)
	for i := range v {
		first := min(max(0, i-window/2), len(v)-whole)
		from, to := upTo[first], upTo[first+whole]
		n, x, y := to.n-from.n, to.x-from.x, to.y-from.y
		out[i] = y / n // NaN without any
		if d := n*(to.xx-from.xx) - x*x; d > .5 {
			slope := (n*(to.xy-from.xy) - x*y) / d
			out[i] += slope * (float64(i) - x/n)
		}
	}
	return out
}

// Family adds lines that belong together in an order, such as one for each
// layer: their colours go from dark to light, and the legend names at most
// three of them.
func (c *Curve) Family(names []string, xs []float64, ys [][]float64) *Curve {
	if len(names) != len(ys) {
		return c.add(series{name: "family", err: fmt.Errorf("%d names for %d lines", len(names), len(ys))})
	}
	for i, line := range ys {
		t := 0.
		if len(ys) > 1 {
			t = float64(i) / float64(len(ys)-1)
		}
		name := names[i]
		if len(ys) > 6 && i != 0 && i != len(ys)/2 && i != len(ys)-1 {
			name = ""
		}
		c.add(series{name: name, xs: xs, ys: line, paint: ordered(t)})
	}
	return c
}

// ordered is the colour of a line in an ordered family.
func ordered(t float64) paintOf { return func(th *Theme) color.NRGBA { return th.order(t) } }

// likeSeries is the theme's colour of another series.
func likeSeries(i int) paintOf { return func(th *Theme) color.NRGBA { return th.series(i) } }

// colour returns the colour of series i.
func (c *Curve) colour(i int) color.NRGBA {
	if f := c.series[i].paint; f != nil {
		return f(&c.Theme)
	}
	return c.Theme.series(i)
}

func (c *Curve) compose() (*sheet, error) {
	if err := c.check("curve"); err != nil {
		return nil, err
	}
	if !(c.Height >= 120 && c.Height <= 4000) {
		return nil, fmt.Errorf("viz: curve: height is %v CSS pixels, want 120 to 4000", c.Height)
	}
	for _, s := range c.series {
		if s.err != nil {
			return nil, fmt.Errorf("viz: curve: line %q: %w", s.name, s.err)
		}
	}
	return &sheet{name: c.Title, w: c.Width, h: c.Height, ground: c.Theme.Background, draw: func(p pen) {
		c.panel(p, 0, c.heading(p), c.Width, c.Height)
	}}, nil
}

// panel draws the axes and lines into the part of the sheet from x0, y0 to x1,
// y1.
func (c *Curve) panel(p pen, x0, y0, x1, y1 float64) {
	sx, sy := c.scales()
	keys := c.keys()
	above := float64(axisAbove)
	wide := legendWidth(keys)+textWidth(c.YLabel, labelSize, false)+24 > x1-x0-2*margin
	if wide { // the legend gets a row of its own
		above += tickSize + 10
	}
	a := axes{theme: &c.Theme, sx: sx, sy: sy, xlabel: c.XLabel, ylabel: c.YLabel, y: y0 + above}
	a.h = y1 - a.y - axisBelow - 2
	a.x = x0 + margin + axisRoom(sy, a.h)
	a.w = x1 - margin - 6 - a.x
	a.draw(p)
	row := a.y - axisAbove + 2 + capHeight*labelSize/2
	if wide {
		row -= tickSize + 10
	}
	legend(p, &c.Theme, keys, a.x+a.w, row)
	c.lines(p, &a)
}

// lines draws the data.
func (c *Curve) lines(p pen, a *axes) {
	for i, s := range c.series {
		col := c.colour(i)
		if s.lo != nil {
			a.band(p, s.xs, s.lo, s.hi, fade(col, .18))
		}
		if s.raw != nil {
			a.line(p, s.xs, s.raw, line{color: fade(col, .32), width: 1})
		}
	}
	for i, s := range c.series {
		col := c.colour(i)
		if s.reference {
			y := s.ys[0]
			a.line(p, []float64{a.sx.lo, a.sx.hi}, []float64{y, y}, line{color: col, width: 1.5, dash: dashed()})
			continue
		}
		stroke := line{color: col, width: 2}
		if s.dashes {
			stroke.dash = dashed()
		}
		a.line(p, s.xs, s.ys, stroke)
		if len(s.xs) <= 40 && !s.bare {
			a.dots(p, s.xs, s.ys, 3, col)
		}
	}
}

// dots draws a disc at each point inside the data area.
func (a *axes) dots(p pen, xs, ys []float64, radius float64, col color.NRGBA) {
	for i := range xs {
		q := point{a.px(xs[i]), a.py(ys[i])}
		if q.x >= a.x-1 && q.x <= a.x+a.w+1 && q.y >= a.y-1 && q.y <= a.y+a.h+1 {
			p.disc(q, radius, col)
		}
	}
}

// dashed is the pattern of reference lines.
func dashed() []float64 { return []float64{6, 4} }

// keys returns the legend's entries.
func (c *Curve) keys() []key {
	var keys []key
	for i, s := range c.series {
		if s.name == "" {
			continue
		}
		k := key{name: s.name, color: c.colour(i)}
		if s.reference || s.dashes {
			k.dash = dashed()
		}
		keys = append(keys, k)
	}
	return keys
}

// scales returns the scales that hold all data, or what YLow and YHigh say.
// Raw values behind a running mean may stick out: their middle 98 % decide.
func (c *Curve) scales() (sx, sy scale) {
	var xs, ys [][]float64
	for _, s := range c.series {
		xs = append(xs, s.xs)
		ys = append(ys, s.ys, s.lo, s.hi, middleOf(s.raw, .98))
	}
	sx = spanOf(c.LogX, xs...)
	sy = spanOf(c.LogY, ys...).padded(.04)
	if !math.IsNaN(c.YLow) && c.YLow < sy.hi && !(c.LogY && c.YLow <= 0) {
		sy.lo = c.YLow
	}
	if !math.IsNaN(c.YHigh) && c.YHigh > sy.lo {
		sy.hi = c.YHigh
	}
	return sx, sy
}

// middleOf returns the lowest and highest of the given middle part of the
// values.
func middleOf(v []float64, part float64) []float64 {
	var f []float64
	for _, x := range v {
		if finite(x) {
			f = append(f, x)
		}
	}
	if len(f) == 0 {
		return nil
	}
	slices.Sort(f)
	cut := int(float64(len(f)) * (1 - part) / 2)
	return []float64{f[cut], f[len(f)-1-cut]}
}

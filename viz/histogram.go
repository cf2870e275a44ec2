package viz

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Histogram shows how numbers are distributed: the part of each series in bins
// that all series share, divided by the bin's width (a density).
type Histogram struct {
	Look
	Height float64
	XLabel string // with unit
	Bins   int
	// Low and High end the bins; NaN lets the data decide. Numbers outside count
	// for the total and are not drawn.
	Low, High float64

	series []series
	curves []densityLine
}

// densityLine is a density to compare with.
type densityLine struct {
	name string
	f    func(x float64) float64
}

// NewHistogram returns a histogram without numbers.
func NewHistogram(title, xlabel string) *Histogram {
	return &Histogram{Look: newLook(title), Height: 300, XLabel: xlabel, Bins: 40, Low: math.NaN(), High: math.NaN()}
}

// Add adds a series of numbers; those that are NaN or infinite are left out.
func (h *Histogram) Add(name string, values []float64) *Histogram {
	s := series{name: name}
	for _, v := range values {
		if finite(v) {
			s.xs = append(s.xs, v)
		}
	}
	if len(s.xs) == 0 {
		s.err = errors.New("has no numbers")
	}
	h.series = append(h.series, s)
	return h
}

// Density adds the line of a density f to compare with, which is called when the
// picture is drawn, at 201 places over the bins.
func (h *Histogram) Density(name string, f func(x float64) float64) *Histogram {
	h.curves = append(h.curves, densityLine{name, f})
	return h
}

// sampled returns the places and values of a density on a scale.
func (d densityLine) sampled(sx scale) (xs, ys []float64) {
	const n = 200
	for i := range n + 1 {
		x := sx.lo + (sx.hi-sx.lo)*float64(i)/n
		xs, ys = append(xs, x), append(ys, d.f(x))
	}
	return xs, ys
}

// span returns the scale of the bins.
func (h *Histogram) span() scale {
	var all [][]float64
	for _, s := range h.series {
		all = append(all, s.xs)
	}
	s := spanOf(false, all...)
	if finite(h.Low) && h.Low < s.hi {
		s.lo = h.Low
	}
	if finite(h.High) && h.High > s.lo {
		s.hi = h.High
	}
	return s
}

func (h *Histogram) compose() (*sheet, error) {
	if err := h.check("histogram"); err != nil {
		return nil, err
	}
	switch {
	case len(h.series) == 0:
		return nil, errors.New("viz: histogram: there are no numbers")
	case h.Bins < 1 || h.Bins > 1000:
		return nil, fmt.Errorf("viz: histogram: %d bins, want 1 to 1000", h.Bins)
	case !(h.Height >= 120 && h.Height <= 4000):
		return nil, fmt.Errorf("viz: histogram: height is %v CSS pixels, want 120 to 4000", h.Height)
	}
	for _, s := range h.series {
		if s.err != nil {
			return nil, fmt.Errorf("viz: histogram: %q %w", s.name, s.err)
		}
	}
	return &sheet{name: h.Title, w: h.Width, h: h.Height, ground: h.Theme.Background, draw: h.draw}, nil
}

func (h *Histogram) draw(p pen) {
	sx := h.span()
	heights := make([][]float64, len(h.series))
	ends := [][]float64{{0}}
	var keys []key
	for i, s := range h.series {
		heights[i] = bin(s.xs, sx, h.Bins)
		ends = append(ends, heights[i])
		keys = append(keys, key{name: s.name, color: h.Theme.series(i), block: true})
	}
	for i, c := range h.curves {
		_, ys := c.sampled(sx)
		ends = append(ends, ys)
		keys = append(keys, key{name: c.name, color: h.Theme.series(len(h.series) + i)})
	}
	keys = slices.DeleteFunc(keys, func(k key) bool { return k.name == "" })
	sy := spanOf(false, ends...)
	sy.hi += .05 * (sy.hi - sy.lo)
	a := axes{theme: &h.Theme, sx: sx, sy: sy, xlabel: h.XLabel, ylabel: "density", y: h.heading(p) + axisAbove}
	a.h = h.Height - a.y - axisBelow - 2
	a.x = margin + axisRoom(sy, a.h)
	a.w = h.Width - margin - 6 - a.x
	a.draw(p)
	legend(p, &h.Theme, keys, a.x+a.w, a.y-axisAbove+2+capHeight*labelSize/2)
	for i, v := range heights {
		outline := a.steps(v)
		c := h.Theme.series(i)
		p.polygon(append(slices.Clone(outline), point{a.x + a.w, a.y + a.h}, point{a.x, a.y + a.h}), fade(c, .30))
		p.polyline(outline, line{color: c, width: 1.5})
	}
	for i, c := range h.curves {
		xs, ys := c.sampled(sx)
		a.line(p, xs, ys, line{color: h.Theme.series(len(h.series) + i), width: 2})
	}
}

// steps returns the outline of bars that fill the width.
func (a *axes) steps(heights []float64) []point {
	var out []point
	w := a.w / float64(len(heights))
	for i, v := range heights {
		y := max(a.y, a.py(v))
		out = append(out, point{a.x + float64(i)*w, y}, point{a.x + float64(i+1)*w, y})
	}
	return out
}

// bin returns the density of the numbers in n equal bins of the scale: count
// over total and width.
func bin(values []float64, s scale, n int) []float64 {
	out := make([]float64, n)
	width := (s.hi - s.lo) / float64(n)
	for _, v := range values {
		k := int(math.Floor((v - s.lo) / width))
		if v == s.hi {
			k = n - 1
		}
		if k >= 0 && k < n {
			out[k] += 1 / (float64(len(values)) * width)
		}
	}
	return out
}

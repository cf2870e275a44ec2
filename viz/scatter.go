package viz

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Scatter shows measured points with their uncertainty: quality against the
// number of parameters or against time, one series for each kind.
type Scatter struct {
	Look
	Height         float64
	XLabel, YLabel string
	LogX, LogY     bool
	Joined         bool // joins the points of a series by a line

	series []cloud
}

// cloud is a series of points.
type cloud struct {
	name      string
	xs, ys    []float64
	plusMinus []float64 // nil: not known
	labels    []string  // nil: none
}

// NewScatter returns a scatter plot without points.
func NewScatter(title, xlabel, ylabel string) *Scatter {
	return &Scatter{Look: newLook(title), Height: 360, XLabel: xlabel, YLabel: ylabel}
}

// Points adds a series of points.
func (s *Scatter) Points(name string, xs, ys []float64) *Scatter {
	return s.add(cloud{name: name, xs: xs, ys: ys})
}

// Errors adds a series of points with lines from ys[i] - plusMinus[i] to ys[i] +
// plusMinus[i].
func (s *Scatter) Errors(name string, xs, ys, plusMinus []float64) *Scatter {
	return s.add(cloud{name: name, xs: xs, ys: ys, plusMinus: plusMinus})
}

// Labelled adds a series of points with a word beside each.
func (s *Scatter) Labelled(name string, xs, ys []float64, labels []string) *Scatter {
	return s.add(cloud{name: name, xs: xs, ys: ys, labels: labels})
}

func (s *Scatter) add(c cloud) *Scatter {
	c.xs, c.ys = slices.Clone(c.xs), slices.Clone(c.ys)
	c.plusMinus, c.labels = slices.Clone(c.plusMinus), slices.Clone(c.labels)
	s.series = append(s.series, c)
	return s
}

func (s *Scatter) compose() (*sheet, error) {
	if err := s.check("scatter"); err != nil {
		return nil, err
	}
	if !(s.Height >= 120 && s.Height <= 4000) {
		return nil, fmt.Errorf("viz: scatter: height is %v CSS pixels, want 120 to 4000", s.Height)
	}
	if len(s.series) == 0 {
		return nil, errors.New("viz: scatter: there are no points")
	}
	for _, c := range s.series {
		n := len(c.xs)
		if len(c.ys) != n || c.plusMinus != nil && len(c.plusMinus) != n || c.labels != nil && len(c.labels) != n {
			return nil, fmt.Errorf("viz: scatter: %q: slices of different lengths", c.name)
		}
	}
	return &sheet{name: s.Title, w: s.Width, h: s.Height, ground: s.Theme.Background, draw: s.draw}, nil
}

func (s *Scatter) draw(p pen) {
	var xs, ys [][]float64
	var keys []key
	for i, c := range s.series {
		xs, ys = append(xs, c.xs), append(ys, c.ys)
		for k, e := range c.plusMinus {
			ys = append(ys, []float64{c.ys[k] - e, c.ys[k] + e})
		}
		if c.name != "" {
			keys = append(keys, key{name: c.name, color: s.Theme.series(i), block: true})
		}
	}
	sy := spanOf(s.LogY, ys...).padded(.06)
	a := axes{theme: &s.Theme, sx: spanOf(s.LogX, xs...).padded(.04), sy: sy, xlabel: s.XLabel, ylabel: s.YLabel, square: true}
	a.y = s.heading(p) + axisAbove
	a.h = s.Height - a.y - axisBelow - 2
	a.x = margin + axisRoom(sy, a.h)
	a.w = s.Width - margin - 6 - a.x
	a.draw(p)
	legend(p, &s.Theme, keys, a.x+a.w, a.y-axisAbove+2+capHeight*labelSize/2)
	for i, c := range s.series {
		s.cloud(p, &a, i, c)
	}
}

func (s *Scatter) cloud(p pen, a *axes, i int, c cloud) {
	col := s.Theme.series(i)
	if s.Joined {
		a.line(p, c.xs, c.ys, line{color: fade(col, .6), width: 1.5})
	}
	for k, e := range c.plusMinus {
		x, lo, hi := a.px(c.xs[k]), a.py(c.ys[k]-e), a.py(c.ys[k]+e)
		if !finite(x) || !finite(lo) || !finite(hi) {
			continue
		}
		l := line{color: col, width: 1.5}
		p.polyline([]point{{x, lo}, {x, hi}}, l)
		p.polyline([]point{{x - 4, lo}, {x + 4, lo}}, l)
		p.polyline([]point{{x - 4, hi}, {x + 4, hi}}, l)
	}
	radius := 4.
	if len(c.xs) > 200 {
		radius = max(1, 4*math.Sqrt(200/float64(len(c.xs))))
		col = fade(col, .6)
	}
	a.dots(p, c.xs, c.ys, radius, col)
	for k, w := range c.labels {
		q := point{a.px(c.xs[k]) + 8, a.py(c.ys[k])}
		style := lettering{color: s.Theme.Ink, size: tickSize, h: left, v: middle}
		if q.x+textWidth(w, tickSize, false) > a.x+a.w {
			q.x -= 16
			style.h = right
		}
		if finite(q.x) && finite(q.y) {
			p.text(q, w, style)
		}
	}
}

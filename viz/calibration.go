package viz

import (
	"errors"
	"fmt"
	"slices"
)

// Calibration shows whether predicted probabilities are right: in each bin of
// the prediction, how often the event came. On the dashed diagonal a prediction
// of 70 % comes true in 70 % of the cases. Bars below show how many predictions
// each bin has.
type Calibration struct {
	Look
	Bins int

	series []cloud // xs: predictions, ys: 0 or 1
}

// NewCalibration returns a calibration plot without predictions.
func NewCalibration(title string) *Calibration {
	look := newLook(title)
	look.Width = 480
	return &Calibration{Look: look, Bins: 10}
}

// Add adds a series of predicted probabilities and whether the event came; a
// probability outside [0,1] is an error when the picture is drawn.
func (c *Calibration) Add(name string, predicted []float32, came []bool) *Calibration {
	s := cloud{name: name}
	for _, v := range predicted {
		s.xs = append(s.xs, float64(v))
	}
	for _, v := range came {
		y := 0.
		if v {
			y = 1
		}
		s.ys = append(s.ys, y)
	}
	c.series = append(c.series, s)
	return c
}

func (c *Calibration) compose() (*sheet, error) {
	if err := c.check("calibration"); err != nil {
		return nil, err
	}
	if len(c.series) == 0 {
		return nil, errors.New("viz: calibration: there are no predictions")
	}
	if c.Bins < 2 || c.Bins > 100 {
		return nil, fmt.Errorf("viz: calibration: %d bins, want 2 to 100", c.Bins)
	}
	for _, s := range c.series {
		if len(s.xs) != len(s.ys) || len(s.xs) == 0 {
			return nil, fmt.Errorf("viz: calibration: %q: %d predictions, %d outcomes", s.name, len(s.xs), len(s.ys))
		}
		for i, v := range s.xs {
			if !(v >= 0 && v <= 1) {
				return nil, fmt.Errorf("viz: calibration: %q: prediction %d is %v", s.name, i, v)
			}
		}
	}
	side := c.Width - 2*margin - 50
	h := c.headingHeight() + axisAbove + side + countsHeight + axisBelow + 8
	return &sheet{name: c.Title, w: c.Width, h: h, ground: c.Theme.Background, draw: c.draw}, nil
}

// countsHeight is the height of the bars that show how many predictions there
// are.
const countsHeight = 44

// binned returns, for each bin with predictions, their mean and the part that
// came true, and for every bin its share of the predictions.
func (c *Calibration) binned(s cloud) (mean, part, share []float64) {
	n, sum, came := make([]float64, c.Bins), make([]float64, c.Bins), make([]float64, c.Bins)
	for i, v := range s.xs {
		k := min(c.Bins-1, int(v*float64(c.Bins)))
		n[k]++
		sum[k] += v
		came[k] += s.ys[i]
	}
	for k := range n {
		share = append(share, n[k]/float64(len(s.xs)))
		if n[k] > 0 {
			mean, part = append(mean, sum[k]/n[k]), append(part, came[k]/n[k])
		}
	}
	return mean, part, share
}

func (c *Calibration) draw(p pen) {
	unit := scale{lo: 0, hi: 1}
	a := axes{theme: &c.Theme, sx: unit, sy: unit, ylabel: "part that came true", square: true}
	a.y = c.heading(p) + axisAbove
	a.w = c.Width - 2*margin - 50
	a.x, a.h = margin+44, a.w
	counts := a
	counts.y, counts.h, counts.ylabel = a.y+a.h+10, countsHeight, ""
	counts.xlabel = "predicted probability"
	c.rules(p, &a)
	a.line(p, []float64{0, 1}, []float64{0, 1}, line{color: c.Theme.Soft, width: 1.5, dash: dashed()})
	var shares [][]float64
	var keys []key
	for i, s := range c.series {
		mean, part, share := c.binned(s)
		a.line(p, mean, part, line{color: c.Theme.series(i), width: 2})
		a.dots(p, mean, part, 4, c.Theme.series(i))
		shares = append(shares, share)
		if s.name != "" {
			keys = append(keys, key{name: s.name, color: c.Theme.series(i)})
		}
	}
	legend(p, &c.Theme, keys, a.x+a.w, a.y-axisAbove+2+capHeight*labelSize/2)
	c.counts(p, &counts, shares)
}

// rules draws the square with its labels; those of the horizontal axis stand
// below the counts.
func (c *Calibration) rules(p pen, a *axes) {
	style := lettering{color: c.Theme.Soft, size: tickSize, h: right, v: middle}
	rule := line{color: c.Theme.Rule, width: 1}
	for _, t := range a.sy.ticks(5) {
		x, y := a.px(t.v), a.py(t.v)
		p.polyline([]point{{a.x, y}, {a.x + a.w, y}}, rule)
		p.polyline([]point{{x, a.y}, {x, a.y + a.h}}, rule)
		p.text(point{a.x - 8, y}, t.label, style)
	}
	style.size, style.h, style.v = labelSize, left, top
	p.text(point{a.x, a.y - axisAbove + 2}, a.ylabel, style)
}

// counts draws the share of the predictions in each bin, of all series beside
// each other.
func (c *Calibration) counts(p pen, a *axes, shares [][]float64) {
	most := 0.
	for _, s := range shares {
		most = max(most, slices.Max(s))
	}
	w := a.w / float64(c.Bins)
	bar := (w - 3) / float64(len(shares))
	for i, s := range shares {
		for k, v := range s {
			h := a.h * v / most
			rectangle(p, a.x+float64(k)*w+1.5+float64(i)*bar, a.y+a.h-h, bar, h, fade(c.Theme.series(i), .6))
		}
	}
	style := lettering{color: c.Theme.Soft, size: tickSize, h: centre, v: top}
	p.polyline([]point{{a.x, a.y + a.h}, {a.x + a.w, a.y + a.h}}, line{color: c.Theme.Soft, width: 1})
	for _, t := range a.sx.ticks(5) {
		p.text(point{a.px(t.v), a.y + a.h + 8}, t.label, style)
	}
	style.size = labelSize
	p.text(point{a.x + a.w/2, a.y + a.h + tickSize + 14}, a.xlabel, style)
	style.size, style.h, style.v = tickSize, right, middle
	p.text(point{a.x - 8, a.y + tickSize/2}, percent(most), style)
}

func percent(v float64) string { return fmt.Sprintf("%.0f %%", 100*v) }

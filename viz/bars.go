package viz

import (
	"errors"
	"fmt"
	"image/color"
	"math"
)

// Bars compares named figures, with their uncertainty when it is known: one
// horizontal bar for each, the name to the left, on two lines where it is long,
// the value to the right.
type Bars struct {
	Look
	XLabel string // what the figures are, with unit
	// Low and High end the axis; NaN lets the data decide (Low: 0 when no figure
	// is negative).
	Low, High float64

	bars       []bar
	references []bar
}

type bar struct {
	name      string
	value     float64
	plusMinus float64 // NaN: not known
	colour    int
}

// NewBars returns a bar chart without bars.
func NewBars(title, xlabel string) *Bars {
	return &Bars{Look: newLook(title), XLabel: xlabel, Low: math.NaN(), High: math.NaN()}
}

// Bar adds a bar. Bars of the same group have the same colour; groups count
// from 0.
func (b *Bars) Bar(name string, value float64, group int) *Bars {
	return b.BarError(name, value, math.NaN(), group)
}

// BarError adds a bar with a line from value - plusMinus to value + plusMinus.
func (b *Bars) BarError(name string, value, plusMinus float64, group int) *Bars {
	b.bars = append(b.bars, bar{name, value, plusMinus, max(0, group)})
	return b
}

// Reference adds a dashed line at a figure, such as one of another paper.
func (b *Bars) Reference(name string, value float64) *Bars {
	b.references = append(b.references, bar{name: name, value: value, colour: len(b.references)})
	return b
}

const (
	barHeight = 20
	barStep   = 30
)

func (b *Bars) compose() (*sheet, error) {
	if err := b.check("bars"); err != nil {
		return nil, err
	}
	if len(b.bars) == 0 {
		return nil, errors.New("viz: bars: there are no bars")
	}
	var ends []float64
	for _, v := range b.bars {
		if !finite(v.value) {
			return nil, fmt.Errorf("viz: bars: %q is %v", v.name, v.value)
		}
		ends = append(ends, v.value, v.value-v.plusMinus, v.value+v.plusMinus)
	}
	for _, v := range b.references {
		ends = append(ends, v.value)
	}
	height := b.headingHeight() + float64(len(b.bars))*barStep + axisBelow + margin
	if len(b.references) > 0 {
		height += tickSize + 12
	}
	return &sheet{name: b.Title, w: b.Width, h: height, ground: b.Theme.Background, draw: func(p pen) {
		b.draw(p, b.scale(ends), height)
	}}, nil
}

// scale returns the axis: from 0 when no figure is negative.
func (b *Bars) scale(ends []float64) scale {
	s := spanOf(false, ends, []float64{0})
	if s.hi > 0 {
		s.hi += .04 * (s.hi - s.lo)
	}
	if s.lo < 0 {
		s.lo -= .04 * (s.hi - s.lo)
	}
	if finite(b.Low) && b.Low < s.hi {
		s.lo = b.Low
	}
	if finite(b.High) && b.High > s.lo {
		s.hi = b.High
	}
	return s
}

func (b *Bars) draw(p pen, s scale, height float64) {
	names, values := 0., 0.
	for _, v := range b.bars {
		for _, l := range v.lines(b.Width) {
			names = max(names, textWidth(l, labelSize, false))
		}
		values = max(values, textWidth(v.label(), labelSize, false))
	}
	y := b.heading(p)
	a := axes{theme: &b.Theme, sx: s, sy: scale{lo: 0, hi: 1}, xlabel: b.XLabel, square: true}
	a.x = margin + names + 10
	a.w = b.Width - margin - values - 12 - a.x
	var keys []key
	for _, r := range b.references {
		keys = append(keys, key{name: r.name, color: b.referenceColor(r), dash: dashed()})
	}
	if len(keys) > 0 {
		legend(p, &b.Theme, keys, b.Width-margin, y+capHeight*tickSize/2)
		y += tickSize + 12
	}
	a.y = y
	a.h = height - margin - axisBelow - y
	b.axis(p, &a)
	for i, v := range b.bars {
		b.bar(p, &a, v, a.y+float64(i)*barStep+barStep/2)
	}
	for _, r := range b.references {
		x := a.px(r.value)
		if x >= a.x && x <= a.x+a.w {
			p.polyline([]point{{x, a.y}, {x, a.y + a.h}}, line{color: b.referenceColor(r), width: 1.5, dash: dashed()})
		}
	}
	for i, v := range b.bars {
		b.figure(p, &a, v, a.y+float64(i)*barStep+barStep/2)
	}
}

// referenceColor counts the theme's colours from behind, so that references do
// not look like bars.
func (b *Bars) referenceColor(r bar) color.NRGBA {
	n := len(b.Theme.Series)
	return b.Theme.Series[(n-1-r.colour%n+n)%n]
}

// axis draws the horizontal axis only.
func (b *Bars) axis(p pen, a *axes) {
	labels := lettering{color: b.Theme.Soft, size: tickSize, h: centre, v: top}
	for _, t := range a.sx.ticks(xTicks(a.w)) {
		x := a.px(t.v)
		p.polyline([]point{{x, a.y}, {x, a.y + a.h}}, line{color: b.Theme.Rule, width: 1})
		p.text(point{x, a.y + a.h + 8}, t.label, labels)
	}
	labels.size = labelSize
	p.text(point{a.x + a.w/2, a.y + a.h + tickSize + 14}, b.XLabel, labels)
}

// bar draws one bar about the height y.
func (b *Bars) bar(p pen, a *axes, v bar, y float64) {
	zero, x := a.inside(0), a.inside(v.value)
	rectangle(p, min(zero, x), y-barHeight/2, math.Abs(x-zero), barHeight, b.Theme.series(v.colour))
	if finite(v.plusMinus) {
		lo, hi := a.inside(v.value-v.plusMinus), a.inside(v.value+v.plusMinus)
		l := line{color: b.Theme.Ink, width: 1.5}
		p.polyline([]point{{lo, y}, {hi, y}}, l)
		p.polyline([]point{{lo, y - 4}, {lo, y + 4}}, l)
		p.polyline([]point{{hi, y - 4}, {hi, y + 4}}, l)
	}
}

// inside returns the place of a number on the horizontal axis, or the end of the
// axis that is nearest.
func (a *axes) inside(v float64) float64 { return min(a.x+a.w, max(a.x, a.px(v))) }

// figure writes a bar's name and value, on the ground where a reference's line
// would run through.
func (b *Bars) figure(p pen, a *axes, v bar, y float64) {
	end := max(a.inside(0), a.inside(v.value))
	if finite(v.plusMinus) {
		end = max(end, a.inside(v.value+v.plusMinus))
	}
	style := lettering{color: b.Theme.Ink, size: labelSize, h: right, v: middle}
	name := v.lines(b.Width)
	for i, l := range name {
		p.text(point{a.x - 10, y + (float64(i)-float64(len(name)-1)/2)*(labelSize+2)}, l, style)
	}
	style.h = left
	if len(b.references) > 0 {
		rectangle(p, end+5, y-labelSize/2-1, textWidth(v.label(), labelSize, false)+6, labelSize+2, b.Theme.Background)
	}
	p.text(point{end + 8, y}, v.label(), style)
}

// lines returns the name as one line or two, of less than half the chart's width.
func (v bar) lines(chart float64) []string { return inTwo(v.name, labelSize, false, .45*chart) }

// label returns the figure as it is written beside the bar.
func (v bar) label() string {
	if finite(v.plusMinus) {
		return short(v.value) + " ± " + round(v.plusMinus)
	}
	return short(v.value)
}

package viz

import (
	"errors"
	"fmt"
	"image/color"
	"math"
)

// Waterfall shows how a sum comes about: each term is a bar that starts where
// the sum before it ends, and the last bar is the sum. For a flow the terms of
//
//	log p(y|x) = log p(z) + sum of log|det|
//
// are the priors and the layers.
type Waterfall struct {
	Look
	XLabel string // what the terms are, with unit
	Total  string // name of the sum

	terms []bar
}

// NewWaterfall returns a waterfall without terms.
func NewWaterfall(title, xlabel string) *Waterfall {
	return &Waterfall{Look: newLook(title), XLabel: xlabel, Total: "sum"}
}

// Term adds a term. Terms of the same group have the same colour; groups count
// from 0.
func (w *Waterfall) Term(name string, value float64, group int) *Waterfall {
	w.terms = append(w.terms, bar{name: name, value: value, plusMinus: math.NaN(), colour: max(0, group)})
	return w
}

const (
	fallHeight = 16
	fallStep   = 24
)

func (w *Waterfall) compose() (*sheet, error) {
	if err := w.check("waterfall"); err != nil {
		return nil, err
	}
	if len(w.terms) == 0 {
		return nil, errors.New("viz: waterfall: there are no terms")
	}
	for _, t := range w.terms {
		if !finite(t.value) {
			return nil, fmt.Errorf("viz: waterfall: %q is %v", t.name, t.value)
		}
	}
	height := w.headingHeight() + float64(len(w.terms)+1)*fallStep + axisBelow + margin
	return &sheet{name: w.Title, w: w.Width, h: height, ground: w.Theme.Background, draw: func(p pen) { w.draw(p, height) }}, nil
}

// sums returns the sum before each term, and last the sum of all.
func (w *Waterfall) sums() []float64 {
	out := []float64{0}
	for _, t := range w.terms {
		out = append(out, out[len(out)-1]+t.value)
	}
	return out
}

func (w *Waterfall) draw(p pen, height float64) {
	sums := w.sums()
	names, values := textWidth(w.Total, labelSize, true), 0.
	for _, t := range w.terms {
		names = max(names, textWidth(t.name, labelSize, false))
		values = max(values, textWidth(signed(t.value), tickSize, false))
	}
	values = max(values, textWidth(short(sums[len(sums)-1]), tickSize, true))
	names = min(names, .45*w.Width)
	a := axes{theme: &w.Theme, sx: spanOf(false, sums), sy: scale{lo: 0, hi: 1}, xlabel: w.XLabel}
	a.x = margin + names + 10
	a.w = w.Width - margin - a.x - 6
	// Room for the figures beside the bars: at the right of the longest.
	a.w -= values + 8
	a.y = w.heading(p)
	a.h = height - margin - axisBelow - a.y
	(&Bars{Look: w.Look, XLabel: w.XLabel}).axis(p, &a)
	zero := a.px(0)
	p.polyline([]point{{zero, a.y}, {zero, a.y + a.h}}, line{color: w.Theme.Soft, width: 1})
	for i, t := range w.terms {
		y := a.y + (float64(i)+.5)*fallStep
		w.step(p, &a, y, t.name, sums[i], sums[i+1], w.Theme.series(t.colour), signed(t.value), false)
		x := a.px(sums[i+1]) // to the next bar
		p.polyline([]point{{x, y}, {x, y + fallStep - fallHeight/2}}, line{color: w.Theme.Soft, width: 1})
	}
	last := sums[len(sums)-1]
	w.step(p, &a, a.y+(float64(len(w.terms))+.5)*fallStep, w.Total, 0, last, w.Theme.Ink, short(last), true)
}

// step draws one bar with its name and figure.
func (w *Waterfall) step(p pen, a *axes, y float64, name string, from, to float64, c color.NRGBA, figure string, bold bool) {
	lo, hi := a.px(min(from, to)), a.px(max(from, to))
	rectangle(p, lo, y-fallHeight/2, max(1, hi-lo), fallHeight, c)
	style := lettering{color: w.Theme.Ink, size: labelSize, h: right, v: middle, bold: bold}
	p.text(point{a.x - 10, y}, fitted(name, labelSize, bold, a.x-10-margin+1), style)
	style.size, style.h = tickSize, left
	p.text(point{hi + 6, y}, figure, style)
}

// signed writes a value with its sign.
func signed(v float64) string {
	if v > 0 {
		return "+" + short(v)
	}
	return short(v)
}

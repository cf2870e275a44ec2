package viz

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
)

// HeatMap shows a table of numbers in colours, such as quality against two
// sizes of a network.
type HeatMap struct {
	Look
	XLabel, YLabel string // what columns and rows are
	Unit           string // of the numbers, at the colour scale
	Ramp           Ramp
	// Low and High end the colour scale; NaN lets the data decide.
	Low, High float64
	// Figures writes each number in its cell.
	Figures bool

	columns, rows []string
	values        [][]float64
}

// NewHeatMap returns a heat map of values[row][column]; NaN is left empty.
func NewHeatMap(title string, columns, rows []string, values [][]float64) *HeatMap {
	h := &HeatMap{
		Look: newLook(title), Ramp: Sequential(), Low: math.NaN(), High: math.NaN(), Figures: true,
		columns: slices.Clone(columns), rows: slices.Clone(rows),
	}
	for _, r := range values {
		h.values = append(h.values, slices.Clone(r))
	}
	return h
}

func (h *HeatMap) compose() (*sheet, error) {
	if err := h.check("heat map"); err != nil {
		return nil, err
	}
	if len(h.rows) == 0 || len(h.columns) == 0 || h.Ramp == nil {
		return nil, errors.New("viz: heat map: there are no rows, no columns or no colours")
	}
	if len(h.values) != len(h.rows) {
		return nil, fmt.Errorf("viz: heat map: %d rows of numbers, %d names", len(h.values), len(h.rows))
	}
	for i, r := range h.values {
		if len(r) != len(h.columns) {
			return nil, fmt.Errorf("viz: heat map: row %q has %d numbers, there are %d columns", h.rows[i], len(r), len(h.columns))
		}
	}
	s := spanOf(false, h.values...)
	if finite(h.Low) {
		s.lo = h.Low
	}
	if finite(h.High) {
		s.hi = h.High
	}
	if !(s.lo < s.hi) {
		return nil, fmt.Errorf("viz: heat map: a colour scale from %v to %v", s.lo, s.hi)
	}
	const barRoom = 84 // for the colour scale at the right
	names := 0.
	for _, r := range h.rows {
		names = max(names, textWidth(r, tickSize, false))
	}
	names = min(names, .3*h.Width)
	x0, y0 := margin+names+10, h.headingHeight()+axisAbove
	cellW := min(96, (h.Width-x0-barRoom-margin)/float64(len(h.columns)))
	cellH := min(44, max(14, cellW*.6))
	if cellW < 12 {
		cellH = cellW
	}
	w := x0 + cellW*float64(len(h.columns)) + barRoom + margin
	height := y0 + cellH*float64(len(h.rows)) + axisBelow + margin
	w = max(w, textWidth(h.Title, titleSize, true)+2*margin)
	return &sheet{name: h.Title, w: math.Ceil(w), h: math.Ceil(height), ground: h.Theme.Background, draw: func(p pen) {
		h.heading(p)
		h.cells(p, s, x0, y0, cellW, cellH)
		h.names(p, x0, y0, cellW, cellH)
		h.bar(p, s, x0+cellW*float64(len(h.columns))+20, y0, cellH*float64(len(h.rows)))
	}}, nil
}

// cells draws the colours and the figures in them.
func (h *HeatMap) cells(p pen, s scale, x0, y0, w, height float64) {
	if w < 12 { // a picture rather than a table
		m := image.NewNRGBA(image.Rect(0, 0, len(h.columns), len(h.rows)))
		for i, row := range h.values {
			for j, v := range row {
				m.SetNRGBA(j, i, h.Ramp(s.at(v)))
			}
		}
		p.image(point{x0, y0}, w*float64(len(h.columns)), height*float64(len(h.rows)), m)
		return
	}
	const pad = 1 // between cells
	for i, row := range h.values {
		for j, v := range row {
			c := h.Ramp(s.at(v))
			x, y := x0+float64(j)*w, y0+float64(i)*height
			if c.A > 0 {
				rectangle(p, x, y, w-pad, height-pad, c)
			} else {
				frame(p, x+.5, y+.5, w-pad-1, height-pad-1, line{color: h.Theme.Rule, width: 1})
			}
			text := short(v)
			if h.Figures && textWidth(text, tickSize, false) < w-6 && height > tickSize+2 {
				ink := readable(c)
				if c.A == 0 {
					ink = h.Theme.Soft
				}
				p.text(point{x + (w-pad)/2, y + (height-pad)/2}, text, lettering{color: ink, size: tickSize, h: centre, v: middle})
			}
		}
	}
}

// names labels rows, columns and both axes; labels that would run into each
// other are left out evenly.
func (h *HeatMap) names(p pen, x0, y0, w, height float64) {
	style := lettering{color: h.Theme.Soft, size: tickSize, h: centre, v: top}
	widest := 0.
	for _, c := range h.columns {
		widest = max(widest, textWidth(c, tickSize, false)+8)
	}
	bottom := y0 + height*float64(len(h.rows))
	for j := 0; j < len(h.columns); j += int(max(1, math.Ceil(widest/w))) {
		p.text(point{x0 + (float64(j)+.5)*w, bottom + 8}, h.columns[j], style)
	}
	style.h, style.v = right, middle
	for i := 0; i < len(h.rows); i += int(max(1, math.Ceil((tickSize+2)/height))) {
		p.text(point{x0 - 8, y0 + (float64(i)+.5)*height}, fitted(h.rows[i], tickSize, false, x0-8-margin+1), style)
	}
	style.size, style.h, style.v = labelSize, centre, top
	p.text(point{x0 + w*float64(len(h.columns))/2, bottom + tickSize + 14}, h.XLabel, style)
	style.h = left
	p.text(point{margin, y0 - axisAbove + 2}, h.YLabel, style)
}

// bar draws the upright colour scale.
func (h *HeatMap) bar(p pen, s scale, x, y, height float64) {
	const steps = 64
	strip := image.NewNRGBA(image.Rect(0, 0, 1, steps))
	for i := range steps {
		strip.SetNRGBA(0, i, h.Ramp(1-(float64(i)+.5)/steps))
	}
	p.image(point{x, y}, 12, height, strip)
	style := lettering{color: h.Theme.Soft, size: tickSize, h: left, v: middle}
	for _, t := range s.ticks(yTicks(height)) {
		ty := y + height*(1-s.at(t.v))
		p.polyline([]point{{x + 12, ty}, {x + 16, ty}}, line{color: h.Theme.Soft, width: 1})
		p.text(point{x + 20, ty}, t.label, style)
	}
	style.size, style.v = labelSize, top
	p.text(point{x, y - axisAbove + 2}, h.Unit, style)
}

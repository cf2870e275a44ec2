package viz

import (
	"image"
	"image/color"
)

// point is a place on the sheet in CSS pixels; x goes right and y down.
type point struct{ x, y float64 }

// line is how a line is drawn.
type line struct {
	color color.NRGBA
	width float64
	dash  []float64 // lengths of strokes and gaps; nil: solid
}

// Places of a text relative to its point.
const (
	left, top       = 0., 0.
	centre, middle  = .5, .5
	right, baseline = 1., 1.
)

// lettering is how a text is drawn.
type lettering struct {
	color  color.NRGBA
	size   float64 // of the font
	bold   bool
	h, v   float64 // left, centre or right; top (of a capital), middle or baseline
	upward bool    // reads from below to above
}

// A pen draws on a sheet.
type pen interface {
	polygon(pts []point, fill color.NRGBA)
	polyline(pts []point, l line)
	disc(at point, radius float64, fill color.NRGBA)
	text(at point, s string, l lettering)
	// image draws m with its pixels as sharp rectangles of w x h in all.
	image(at point, w, h float64, m image.Image)
}

// rectangle draws a filled rectangle.
func rectangle(p pen, x, y, w, h float64, fill color.NRGBA) {
	p.polygon([]point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}, fill)
}

// frame draws the outline of a rectangle.
func frame(p pen, x, y, w, h float64, l line) {
	p.polyline([]point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}, {x, y}}, l)
}

// pt is a CSS pixel (1/96 inch) in points (1/72 inch), the unit of gonum/plot.
const pt = 72. / 96

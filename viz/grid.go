package viz

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"
)

// Grid shows images side by side: a row for each example and a column for what
// is shown of it, such as input, truth, samples, prediction and spread. Images
// are enlarged with sharp pixels.
type Grid struct {
	Look
	// Across turns the grid: a column for each example.
	Across bool
	// Largest is the largest side of an image in CSS pixels.
	Largest float64

	columns []column
	names   []string // of the examples
}

// column is one thing shown of every example.
type column struct {
	title  string
	images []image.Image
	more   bool // belongs to the column before: no title of its own
	scale  *colorScale
	err    error
}

// colorScale explains the colours of a map.
type colorScale struct {
	ramp   Ramp
	lo, hi float64
}

// NewGrid returns a grid without columns.
func NewGrid(title string) *Grid {
	return &Grid{Look: newLook(title), Largest: 128}
}

// Images adds a column with one image for each example.
func (g *Grid) Images(title string, images []image.Image) *Grid {
	g.columns = append(g.columns, column{title: title, images: slices.Clone(images)})
	return g
}

// Samples adds several columns under one title: samples[k] holds sample k of
// each example.
func (g *Grid) Samples(title string, samples [][]image.Image) *Grid {
	for k, images := range samples {
		g.columns = append(g.columns, column{title: title, images: slices.Clone(images), more: k > 0})
	}
	return g
}

// Map adds a column of numbers in colours, such as the spread of samples:
// values holds h x w numbers for each example, row by row. lo and hi are the
// ends of the colour scale, which is shown below.
func (g *Grid) Map(title string, h, w int, values []float32, lo, hi float64) *Grid {
	c := column{title: title, scale: &colorScale{ramp: Sequential(), lo: lo, hi: hi}}
	switch {
	case h < 1 || w < 1 || len(values)%(h*w) != 0:
		c.err = fmt.Errorf("%d values for maps of %d x %d", len(values), h, w)
	case !(lo < hi):
		c.err = fmt.Errorf("a colour scale from %v to %v", lo, hi)
	default:
		for ; len(values) > 0; values = values[h*w:] {
			c.images = append(c.images, c.scale.paint(values[:h*w], w))
		}
	}
	g.columns = append(g.columns, c)
	return g
}

// Names names the examples, beside their rows.
func (g *Grid) Names(names ...string) *Grid {
	g.names = slices.Clone(names)
	return g
}

// paint returns the numbers as colours.
func (s *colorScale) paint(values []float32, w int) image.Image {
	out := image.NewNRGBA(image.Rect(0, 0, w, len(values)/w))
	for i, v := range values {
		out.SetNRGBA(i%w, i/w, s.ramp((float64(v)-s.lo)/(s.hi-s.lo)))
	}
	return out
}

// Spaces of a grid in CSS pixels.
const (
	gridGap   = 4  // between images
	gridSplit = 12 // between columns of different titles
)

func (g *Grid) compose() (*sheet, error) {
	if err := g.check("grid"); err != nil {
		return nil, err
	}
	examples, err := g.examples()
	if err != nil {
		return nil, err
	}
	l := g.layOut(examples)
	return &sheet{name: g.Title, w: l.w, h: l.h, ground: g.Theme.Background, draw: func(p pen) {
		g.heading(p)
		g.letter(p, l)
		for k, c := range g.columns {
			for i, m := range c.images {
				x, y := l.place(k, i)
				dx, dy := l.fit(m)
				p.image(point{x + (l.cellW-dx)/2, y + (l.cellH-dy)/2}, dx, dy, m)
			}
		}
	}}, nil
}

// examples returns the number of images that every column has.
func (g *Grid) examples() (int, error) {
	if len(g.columns) == 0 {
		return 0, errors.New("viz: grid: there are no images")
	}
	n := len(g.columns[0].images)
	for _, c := range g.columns {
		switch {
		case c.err != nil:
			return 0, fmt.Errorf("viz: grid: %q: %w", c.title, c.err)
		case len(c.images) != n:
			return 0, fmt.Errorf("viz: grid: %q has %d images, %q has %d", c.title, len(c.images), g.columns[0].title, n)
		}
		for i, m := range c.images {
			if m == nil || m.Bounds().Empty() {
				return 0, fmt.Errorf("viz: grid: %q: image %d is empty", c.title, i)
			}
		}
	}
	if n == 0 {
		return 0, errors.New("viz: grid: there are no images")
	}
	if len(g.names) > 0 && len(g.names) != n {
		return 0, fmt.Errorf("viz: grid: %d names for %d examples", len(g.names), n)
	}
	return n, nil
}

// gridLayout holds where everything is, in CSS pixels.
type gridLayout struct {
	w, h         float64
	cellW, cellH float64
	scale        float64   // CSS pixels for a pixel of the largest image
	along        []float64 // place of each column
	across       []float64 // place of each example
	turned       bool
	names        float64 // room for the names of the examples, or of the columns when turned
	top          float64 // of the first image
}

// place returns the corner of the cell of column k and example i.
func (l *gridLayout) place(k, i int) (x, y float64) {
	if l.turned {
		return l.across[i], l.along[k]
	}
	return l.along[k], l.across[i]
}

// fit returns the size at which an image is drawn in its cell.
func (l *gridLayout) fit(m image.Image) (w, h float64) {
	s := m.Bounds().Size()
	k := min(l.cellW/float64(s.X), l.cellH/float64(s.Y))
	if k > 1 { // a whole number of device pixels
		k = math.Floor(k*pngDots) / pngDots
	}
	return math.Round(k*float64(s.X)*pngDots) / pngDots, math.Round(k*float64(s.Y)*pngDots) / pngDots
}

// layOut finds the largest scale at which all columns fit in the width.
func (g *Grid) layOut(examples int) *gridLayout {
	l := &gridLayout{turned: g.Across, top: g.headingHeight()}
	var most image.Point
	titled := false
	for _, c := range g.columns {
		titled = titled || c.title != ""
		for _, m := range c.images {
			s := m.Bounds().Size()
			most = image.Pt(max(most.X, s.X), max(most.Y, s.Y))
		}
	}
	side := g.names
	if g.Across {
		side = nil
		for _, c := range g.columns {
			if !c.more {
				side = append(side, c.title)
			}
		}
	}
	for _, n := range side {
		l.names = min(.35*g.Width, max(l.names, textWidth(n, labelSize, false)+10))
	}
	if !g.Across && titled || g.Across && len(g.names) > 0 {
		l.top += labelSize + 8
	}
	wide, splits := examples, 0
	if !g.Across {
		wide = len(g.columns)
		for k, c := range g.columns {
			if k > 0 && !c.more {
				splits++
			}
		}
	}
	room := g.Width - 2*margin - l.names - gridGap*float64(wide-1) - (gridSplit-gridGap)*float64(splits)
	l.scale = min(room/float64(wide)/float64(most.X), g.Largest/float64(max(most.X, most.Y)))
	if l.scale > 1 {
		l.scale = math.Floor(l.scale*pngDots) / pngDots
	}
	l.cellW, l.cellH = l.scale*float64(most.X), l.scale*float64(most.Y)
	g.spread(l, examples)
	return l
}

// spread sets the places of columns and examples and the size of the sheet.
func (g *Grid) spread(l *gridLayout, examples int) {
	first, step := margin+l.names, l.cellW
	start, down := l.top, l.cellH
	if l.turned {
		first, step, start, down = l.top, l.cellH, margin+l.names, l.cellW
	}
	at := first
	for k, c := range g.columns {
		if k > 0 {
			at += gridGap
			if !c.more {
				at += gridSplit - gridGap
			}
		}
		l.along = append(l.along, at)
		at += step
	}
	for i := range examples {
		l.across = append(l.across, start+float64(i)*(down+gridGap))
	}
	end := start + float64(examples)*(down+gridGap) - gridGap
	l.w, l.h = at+margin, end+margin
	if l.turned {
		l.w, l.h = end+margin, at+margin
	}
	if g.scaled() {
		l.h += scaleHeight
	}
	l.w = max(l.w, min(g.Width, textWidth(g.Title, titleSize, true)+2*margin))
}

func (g *Grid) scaled() bool {
	return slices.ContainsFunc(g.columns, func(c column) bool { return c.scale != nil })
}

// letter writes the names of columns and examples and the colour scales.
func (g *Grid) letter(p pen, l *gridLayout) {
	for k, c := range g.columns {
		if c.scale != nil {
			g.explain(p, l, k)
		}
		if c.more {
			continue
		}
		last := k
		for last+1 < len(g.columns) && g.columns[last+1].more {
			last++
		}
		style := lettering{color: g.Theme.Ink, size: labelSize, h: centre, v: top}
		if l.turned {
			style.h, style.v = right, middle
			p.text(point{margin + l.names - 10, (l.along[k] + l.along[last] + l.cellH) / 2}, fitted(c.title, labelSize, false, l.names-9), style)
			continue
		}
		span := l.along[last] + l.cellW - l.along[k] + gridSplit - 2
		p.text(point{(l.along[k] + l.along[last] + l.cellW) / 2, l.top - labelSize - 4}, fitted(c.title, labelSize, false, span), style)
	}
	for i, n := range g.names {
		style := lettering{color: g.Theme.Soft, size: labelSize, h: right, v: middle}
		if l.turned {
			style.h, style.v = centre, top
			p.text(point{l.across[i] + l.cellW/2, l.top - labelSize - 4}, fitted(n, labelSize, false, l.cellW+gridGap-2), style)
			continue
		}
		p.text(point{margin + l.names - 10, l.across[i] + l.cellH/2}, fitted(n, labelSize, false, l.names-9), style)
	}
}

// scaleHeight is the room of a colour scale with its numbers.
const scaleHeight = 8 + 10 + 6 + tickSize

// explain draws the colour scale of column k below it, or below the grid when
// it is turned.
func (g *Grid) explain(p pen, l *gridLayout, k int) {
	s := g.columns[k].scale
	x, w := l.along[k], l.cellW
	if l.turned {
		x, w = margin+l.names, min(160, l.w-2*margin-l.names)
	}
	drawScale(p, &g.Theme, s, x, l.h-margin-scaleHeight+8, w)
}

// drawScale draws a colour scale of width w with its ends labelled.
func drawScale(p pen, th *Theme, s *colorScale, x, y, w float64) {
	const steps = 64
	strip := image.NewNRGBA(image.Rect(0, 0, steps, 1))
	for i := range steps {
		strip.SetNRGBA(i, 0, s.ramp((float64(i)+.5)/steps))
	}
	p.image(point{x, y}, w, 10, strip)
	style := lettering{color: th.Soft, size: tickSize, h: left, v: top}
	p.text(point{x, y + 16}, round(s.lo), style)
	style.h = right
	p.text(point{x + w, y + 16}, round(s.hi), style)
}

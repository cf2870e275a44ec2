package viz

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"slices"
)

// A Picture is any picture of this package.
type Picture interface {
	PNG() ([]byte, error)
	SVG() ([]byte, error)
	Save(path string) error
	picture
	// sized returns a copy of the picture of another width.
	sized(width float64) picture
}

// Panels puts pictures beside and below each other, such as the curves of a
// training dashboard. Each gets an equal part of the width and keeps its own
// height and theme.
type Panels struct {
	Look
	Columns int

	pictures []Picture
}

// NewPanels returns panels in so many columns, filled row by row.
func NewPanels(title string, columns int, pictures ...Picture) *Panels {
	return &Panels{Look: newLook(title), Columns: columns, pictures: slices.Clone(pictures)}
}

// shifted moves what is drawn.
type shifted struct {
	to     pen
	dx, dy float64
}

func (s *shifted) move(pts []point) []point {
	out := make([]point, len(pts))
	for i, q := range pts {
		out[i] = point{q.x + s.dx, q.y + s.dy}
	}
	return out
}

func (s *shifted) polygon(pts []point, fill color.NRGBA) { s.to.polygon(s.move(pts), fill) }

func (s *shifted) polyline(pts []point, l line) { s.to.polyline(s.move(pts), l) }

func (s *shifted) disc(at point, radius float64, fill color.NRGBA) {
	s.to.disc(point{at.x + s.dx, at.y + s.dy}, radius, fill)
}

func (s *shifted) text(at point, words string, l lettering) {
	s.to.text(point{at.x + s.dx, at.y + s.dy}, words, l)
}

func (s *shifted) image(at point, w, h float64, m image.Image) {
	s.to.image(point{at.x + s.dx, at.y + s.dy}, w, h, m)
}

func (d *Panels) compose() (*sheet, error) {
	if err := d.check("panels"); err != nil {
		return nil, err
	}
	if d.Columns < 1 {
		return nil, fmt.Errorf("viz: panels: %d columns", d.Columns)
	}
	if len(d.pictures) == 0 {
		return nil, errors.New("viz: panels: there are no pictures")
	}
	w := d.Width / float64(d.Columns)
	y := 0.
	if d.Title != "" {
		y = d.headingHeight()
	}
	type placed struct {
		*sheet
		x, y, high float64
	}
	var all []placed
	for from := 0; from < len(d.pictures); from += d.Columns {
		row := len(all)
		high := 0.
		for k, p := range d.pictures[from:min(from+d.Columns, len(d.pictures))] {
			s, err := p.sized(w).compose()
			if err != nil {
				return nil, fmt.Errorf("viz: panel %d: %w", from+k+1, err)
			}
			all = append(all, placed{sheet: s, x: float64(k) * w, y: y})
			high = max(high, s.h)
		}
		for k := range all[row:] {
			all[row+k].high = high
		}
		y += high
	}
	return &sheet{name: d.Title, w: d.Width, h: y, ground: d.Theme.Background, draw: func(p pen) {
		if d.Title != "" {
			d.heading(p)
		}
		for _, s := range all {
			if s.ground != d.Theme.Background {
				rectangle(p, s.x, s.y, w, s.high, s.ground)
			}
			s.draw(&shifted{p, s.x, s.y})
		}
	}}, nil
}

package viz

import (
	"fmt"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
)

// Look is what all pictures have in common. The New functions fill it in; it
// may be changed before the picture is drawn.
type Look struct {
	Title string  // above the picture; may be empty
	Width float64 // in CSS pixels
	Theme Theme
}

// newLook returns the look of a picture of its own in a notebook cell.
func newLook(title string) Look {
	return Look{Title: title, Width: 800, Theme: Light()}
}

// check rejects widths in which nothing can be drawn.
func (l *Look) check(kind string) error {
	if !(l.Width >= 120 && l.Width <= 4000) {
		return fmt.Errorf("viz: %s: width is %v CSS pixels, want 120 to 4000", kind, l.Width)
	}
	if len(l.Theme.Series) == 0 {
		return fmt.Errorf("viz: %s: the theme has no series colours", kind)
	}
	return nil
}

// Sizes of letters and spaces in CSS pixels.
const (
	titleSize = 15
	labelSize = 13
	tickSize  = 12
	margin    = 12 // round the sheet
)

// heading draws the title and returns the height that it takes.
func (l *Look) heading(p pen) float64 {
	if l.Title == "" {
		return margin
	}
	title := fitted(l.Title, titleSize, true, l.Width-2*margin)
	p.text(point{margin, margin}, title, lettering{color: l.Theme.Ink, size: titleSize, bold: true, h: left, v: top})
	return l.headingHeight()
}

// headingHeight is what heading will return.
func (l *Look) headingHeight() float64 {
	if l.Title == "" {
		return margin
	}
	return margin + titleSize + 9
}

// sheet is a picture that is ready to be drawn.
type sheet struct {
	name   string
	w, h   float64
	ground color.NRGBA
	draw   func(pen)
}

// A picture can lay itself out.
type picture interface {
	compose() (*sheet, error)
}

// encode draws a picture in the format of a file name's ending.
func encode(p picture, ending string) ([]byte, error) {
	s, err := p.compose()
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(ending) {
	case ".png":
		return s.encodePNG(png.DefaultCompression)
	case ".svg":
		return s.encodeSVG()
	case ".pdf":
		return s.encodePDF()
	}
	return nil, fmt.Errorf("viz: cannot write %q files, only .png, .svg and .pdf", ending)
}

// save writes a picture to a file, in the format that its ending names.
func save(p picture, path string) error {
	b, err := encode(p, filepath.Ext(path))
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		return fmt.Errorf("viz: %w", err)
	}
	return nil
}

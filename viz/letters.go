package viz

import (
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	_ "gonum.org/v1/plot" // registers the embedded fonts
	plotfont "gonum.org/v1/plot/font"
)

// capHeight is the height of capitals and figures in Liberation Sans, in units
// of the font's size (from its OS/2 table: 1409 of 2048).
const capHeight = 1409. / 2048

// face returns the embedded font, Liberation Sans.
func face(bold bool) *sfnt.Font {
	f := plotfont.Font{Typeface: "Liberation", Variant: "Sans"}
	if bold {
		f.Weight = font.WeightBold
	}
	return plotfont.DefaultCache.Lookup(f, 1).Face
}

// glyph is a placed letter.
type glyph struct {
	index sfnt.GlyphIndex
	x, up float64 // of its origin, from the start of the text
	size  float64
}

// The font lacks some raised and lowered figures, and others stand far apart; all
// are made from the plain ones.
const (
	raised  = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
	lowered = "₀₁₂₃₄₅₆₇₈₉₋"
	plain   = "0123456789−"
)

// glyphs places the letters of a text, with kerning, and returns its width.
func glyphs(f *sfnt.Font, s string, size float64) (out []glyph, width float64) {
	var buf sfnt.Buffer
	ppem := fixed.Int26_6(f.UnitsPerEm()) // metrics in units of the font
	before := sfnt.GlyphIndex(0)
	for _, r := range s {
		g := glyph{size: size}
		if i := strings.IndexRune(lowered, r); i >= 0 {
			r = []rune(plain)[len([]rune(lowered[:i]))]
			g.size, g.up = .66*size, -.14*size
		}
		if i := strings.IndexRune(raised, r); i >= 0 {
			r = []rune(plain)[len([]rune(raised[:i]))]
			g.size, g.up = .66*size, .36*size
		}
		var err error
		if g.index, err = f.GlyphIndex(&buf, r); err != nil {
			panic(err)
		}
		unit := g.size / float64(ppem)
		if kern, err := f.Kern(&buf, before, g.index, ppem, font.HintingNone); err == nil && len(out) > 0 && g.up == 0 {
			width += float64(kern) * unit
		}
		advance, err := f.GlyphAdvance(&buf, g.index, ppem, font.HintingNone)
		if err != nil {
			panic(err)
		}
		g.x = width
		width += float64(advance) * unit
		out = append(out, g)
		before = g.index
	}
	return out, width
}

// textWidth returns the width of a text in CSS pixels.
func textWidth(s string, size float64, bold bool) float64 {
	_, w := glyphs(face(bold), s, size)
	return w
}

// fitted returns the text, cut and ended by an ellipsis when it is wider than
// width.
func fitted(s string, size float64, bold bool, width float64) string {
	if textWidth(s, size, bold) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && textWidth(string(r)+"…", size, bold) > width {
		r = r[:len(r)-1]
	}
	return strings.TrimRight(string(r), " ") + "…"
}

// inTwo returns the text as one line, or, when it is wider than width, as two:
// cut between words where the longer one is shortest, or, if even that is wider
// than width, what fits and the rest, fitted.
func inTwo(s string, size float64, bold bool, width float64) []string {
	if textWidth(s, size, bold) <= width {
		return []string{s}
	}
	cut, least := 0, math.Inf(1)
	for i, r := range s {
		if r != ' ' {
			continue
		}
		first := textWidth(s[:i], size, bold)
		if longer := max(first, textWidth(s[i:], size, bold)); first <= width && longer <= least {
			cut, least = i, longer
		}
	}
	if cut == 0 { // one long word
		return []string{fitted(s, size, bold, width)}
	}
	return []string{s[:cut], fitted(s[cut+1:], size, bold, width)}
}

// stroke is a step of an outline: a move or a line to a point, a curve with one
// or two control points, or, without points, the end of a contour.
type stroke struct {
	at   []point
	move bool
}

// outlines returns the contours of a text's letters on the sheet.
func outlines(at point, s string, l lettering) []stroke {
	f := face(l.bold)
	letters, width := glyphs(f, s, l.size)
	ppem := fixed.Int26_6(f.UnitsPerEm()) // outlines in units of the font: no rounding
	var buf sfnt.Buffer
	var out []stroke
	for _, letter := range letters {
		segments, err := f.LoadGlyph(&buf, letter.index, ppem, nil)
		if err != nil {
			panic(err)
		}
		unit := letter.size / float64(ppem)
		x, y := letter.x-l.h*width, (1-l.v)*capHeight*l.size-letter.up
		for i, g := range segments {
			if g.Op == sfnt.SegmentOpMoveTo && i > 0 {
				out = append(out, stroke{})
			}
			step := stroke{move: g.Op == sfnt.SegmentOpMoveTo}
			for _, q := range g.Args[:segmentPoints(g.Op)] {
				dx, dy := x+float64(q.X)*unit, y+float64(q.Y)*unit
				if l.upward {
					dx, dy = dy, -dx
				}
				step.at = append(step.at, point{at.x + dx, at.y + dy})
			}
			out = append(out, step)
		}
		if len(segments) > 0 {
			out = append(out, stroke{})
		}
	}
	return out
}

// segmentPoints returns how many points a step of a glyph has.
func segmentPoints(op sfnt.SegmentOp) int {
	switch op {
	case sfnt.SegmentOpQuadTo:
		return 2
	case sfnt.SegmentOpCubeTo:
		return 3
	}
	return 1
}

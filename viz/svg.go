package viz

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strconv"
	"strings"
)

// svgPen writes SVG. Text is written as outlines, so that it looks the same
// without the font, with the text itself in a title element for readers and
// search.
type svgPen struct {
	b bytes.Buffer
}

// num writes a length with at most two decimals.
func num(v float64) string {
	v = math.Round(v*100) / 100
	return strconv.FormatFloat(v+0, 'f', -1, 64) // +0: no "-0"
}

// paint returns a colour as an attribute, with its opacity.
func paint(attribute string, c color.NRGBA) string {
	s := fmt.Sprintf(`%s="#%02x%02x%02x"`, attribute, c.R, c.G, c.B)
	if c.A < 255 {
		s += fmt.Sprintf(` %s-opacity="%s"`, attribute, num(float64(c.A)/255))
	}
	return s
}

// points writes a line's points to a tenth of a CSS pixel.
func (p *svgPen) points(pts []point) string {
	var b strings.Builder
	for i, q := range pts {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(strconv.FormatFloat(q.x, 'f', 1, 64) + "," + strconv.FormatFloat(q.y, 'f', 1, 64))
	}
	return b.String()
}

func (p *svgPen) polygon(pts []point, fill color.NRGBA) {
	if len(pts) < 3 {
		return
	}
	fmt.Fprintf(&p.b, "<polygon points=\"%s\" %s/>\n", p.points(pts), paint("fill", fill))
}

func (p *svgPen) polyline(pts []point, l line) {
	if len(pts) < 2 {
		return
	}
	dash := ""
	if len(l.dash) > 0 {
		var parts []string
		for _, d := range l.dash {
			parts = append(parts, num(d))
		}
		dash = ` stroke-dasharray="` + strings.Join(parts, " ") + `"`
	}
	fmt.Fprintf(&p.b, "<polyline points=\"%s\" fill=\"none\" %s stroke-width=\"%s\"%s stroke-linejoin=\"round\"/>\n",
		p.points(pts), paint("stroke", l.color), num(l.width), dash)
}

func (p *svgPen) disc(at point, radius float64, fill color.NRGBA) {
	fmt.Fprintf(&p.b, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" %s/>\n", num(at.x), num(at.y), num(radius), paint("fill", fill))
}

func (p *svgPen) text(at point, s string, l lettering) {
	if strings.TrimSpace(s) == "" {
		return
	}
	var d strings.Builder
	for _, g := range outlines(at, s, l) {
		switch {
		case len(g.at) == 0:
			d.WriteByte('Z')
			continue
		case g.move:
			d.WriteByte('M')
		default:
			d.WriteByte(" LQC"[len(g.at)])
		}
		for i, q := range g.at {
			if i > 0 {
				d.WriteByte(' ')
			}
			d.WriteString(num(q.x) + " " + num(q.y))
		}
	}
	fmt.Fprintf(&p.b, "<g><title>%s</title><path d=\"%s\" %s/></g>\n", escape(s), d.String(), paint("fill", l.color))
}

func (p *svgPen) image(at point, w, h float64, m image.Image) {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: png.BestCompression}
	if err := e.Encode(&b, m); err != nil {
		panic(err)
	}
	fmt.Fprintf(&p.b, "<image x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" href=\"data:image/png;base64,%s\"/>\n",
		num(at.x), num(at.y), num(w), num(h), base64.StdEncoding.EncodeToString(b.Bytes()))
}

// escape makes a text safe inside an element.
func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// encodeSVG draws a sheet as SVG.
func (s *sheet) encodeSVG() (out []byte, err error) {
	defer recovered(&err)
	p := &svgPen{}
	fmt.Fprintf(&p.b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%s\" height=\"%s\" viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"%s\">\n",
		num(s.w), num(s.h), num(s.w), num(s.h), strings.ReplaceAll(escape(s.name), `"`, "&quot;"))
	rectangle(p, 0, 0, s.w, s.h, s.ground)
	s.draw(p)
	p.b.WriteString("</svg>\n")
	return p.b.Bytes(), nil
}

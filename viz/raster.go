package viz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// vgPen draws on a canvas of gonum/plot, which has points as unit and y
// upwards.
type vgPen struct {
	c      vg.Canvas
	height float64    // of the sheet
	raster draw.Image // nil: c is not a raster
	dots   float64    // device pixels for one CSS pixel, of a raster
	images bool       // an image of many colours was drawn
}

func (p *vgPen) at(q point) vg.Point {
	return vg.Point{X: vg.Length(q.x * pt), Y: vg.Length((p.height - q.y) * pt)}
}

func (p *vgPen) path(pts []point) vg.Path {
	var path vg.Path
	for i, q := range pts {
		if i == 0 {
			path.Move(p.at(q))
		} else {
			path.Line(p.at(q))
		}
	}
	return path
}

func (p *vgPen) polygon(pts []point, fill color.NRGBA) {
	if len(pts) < 3 {
		return
	}
	p.c.SetColor(fill)
	path := p.path(pts)
	path.Close()
	p.c.Fill(path)
}

func (p *vgPen) polyline(pts []point, l line) {
	if len(pts) < 2 {
		return
	}
	p.c.SetColor(l.color)
	p.c.SetLineWidth(vg.Length(l.width * pt))
	dash := make([]vg.Length, len(l.dash))
	for i, d := range l.dash {
		dash[i] = vg.Length(d * pt)
	}
	p.c.SetLineDash(dash, 0)
	p.c.Stroke(p.path(pts))
}

func (p *vgPen) disc(at point, radius float64, fill color.NRGBA) {
	p.c.SetColor(fill)
	var path vg.Path
	c, r := p.at(at), vg.Length(radius*pt)
	path.Move(vg.Point{X: c.X + r, Y: c.Y})
	path.Arc(c, r, 0, 2*math.Pi)
	path.Close()
	p.c.Fill(path)
}

// text fills the outlines of the letters.
func (p *vgPen) text(at point, s string, l lettering) {
	var path vg.Path
	for _, g := range outlines(at, s, l) {
		switch a := g.at; len(a) {
		case 0:
			path.Close()
		case 1:
			if g.move {
				path.Move(p.at(a[0]))
			} else {
				path.Line(p.at(a[0]))
			}
		case 2:
			path.QuadTo(p.at(a[0]), p.at(a[1]))
		case 3:
			path.CubeTo(p.at(a[0]), p.at(a[1]), p.at(a[2]))
		}
	}
	p.c.SetColor(l.color)
	p.c.Fill(path)
}

func (p *vgPen) image(at point, w, h float64, m image.Image) {
	if p.raster == nil {
		low := p.at(point{at.x, at.y + h})
		p.c.DrawImage(vg.Rectangle{Min: low, Max: low.Add(vg.Point{X: vg.Length(w * pt), Y: vg.Length(h * pt)})}, m)
		return
	}
	p.images = p.images || colourful(m)
	r := image.Rect(
		int(math.Round(at.x*p.dots)), int(math.Round(at.y*p.dots)),
		int(math.Round((at.x+w)*p.dots)), int(math.Round((at.y+h)*p.dots)))
	draw.Draw(p.raster, r, scaled(m, r.Dx(), r.Dy()), image.Point{}, draw.Over)
}

// colourful reports whether an image has more than 32 colours.
func colourful(m image.Image) bool {
	seen := map[color.Color]bool{}
	b := m.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if seen[m.At(x, y)] = true; len(seen) > 32 {
				return true
			}
		}
	}
	return false
}

// scaled returns m in w x h pixels: by nearest neighbour where it grows, and
// the mean of the covered pixels where it shrinks.
func scaled(m image.Image, w, h int) *image.RGBA64 {
	out := image.NewRGBA64(image.Rect(0, 0, w, h))
	b := m.Bounds()
	for y := range h {
		y0, y1 := y*b.Dy()/h, (y+1)*b.Dy()/h
		for x := range w {
			x0, x1 := x*b.Dx()/w, (x+1)*b.Dx()/w
			out.SetRGBA64(x, y, meanColor(m, image.Rect(x0, y0, max(x1, x0+1), max(y1, y0+1)).Add(b.Min)))
		}
	}
	return out
}

// meanColor returns the mean of the pixels in r.
func meanColor(m image.Image, r image.Rectangle) color.RGBA64 {
	var sum [4]uint64
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			cr, cg, cb, ca := m.At(x, y).RGBA()
			for i, v := range [4]uint32{cr, cg, cb, ca} {
				sum[i] += uint64(v)
			}
		}
	}
	n := uint64(r.Dx() * r.Dy())
	return color.RGBA64{uint16(sum[0] / n), uint16(sum[1] / n), uint16(sum[2] / n), uint16(sum[3] / n)}
}

// pngDots is the number of device pixels in a PNG for one CSS pixel.
const pngDots = 2

// encodePNG draws a sheet as PNG.
func (s *sheet) encodePNG(level png.CompressionLevel) (out []byte, err error) {
	defer recovered(&err)
	c := vgimg.NewWith(
		vgimg.UseWH(vg.Length(s.w*pt), vg.Length(s.h*pt)),
		vgimg.UseDPI(96*pngDots), vgimg.UseBackgroundColor(s.ground))
	p := &vgPen{c: c, height: s.h, raster: c.Image(), dots: pngDots}
	s.draw(p)
	var b bytes.Buffer
	var m image.Image = c.Image()
	if full, ok := m.(*image.RGBA); ok {
		if small := paletted(full, p.images); small != nil {
			m = small
		}
	}
	e := png.Encoder{CompressionLevel: level}
	if err := e.Encode(&b, m); err != nil {
		return nil, fmt.Errorf("viz: %w", err)
	}
	return withDensity(b.Bytes()), nil
}

// withDensity adds the density to a PNG file, so that a viewer which knows it
// shows the picture at its size in CSS pixels: a pHYs chunk (PNG
// specification, 11.3.5.3) behind the header of 33 bytes.
func withDensity(file []byte) []byte {
	const header = 33
	const perMetre = 96 * pngDots / .0254
	chunk := []byte("pHYs")
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(math.Round(perMetre)))
	chunk = binary.BigEndian.AppendUint32(chunk, uint32(math.Round(perMetre)))
	chunk = append(chunk, 1) // the unit is the metre
	out := slices.Clone(file[:header])
	out = binary.BigEndian.AppendUint32(out, uint32(len(chunk)-4))
	out = append(out, chunk...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(chunk))
	return append(out, file[header:]...)
}

// encodePDF draws a sheet as PDF with its fonts.
func (s *sheet) encodePDF() (out []byte, err error) {
	defer recovered(&err)
	c := vgpdf.New(vg.Length(s.w*pt), vg.Length(s.h*pt))
	p := &vgPen{c: c, height: s.h}
	rectangle(p, 0, 0, s.w, s.h, s.ground)
	s.draw(p)
	var b bytes.Buffer
	if _, err := c.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("viz: %w", err)
	}
	return b.Bytes(), nil
}

// recovered turns a panic of the drawing library into an error.
func recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("viz: %v", r)
	}
}

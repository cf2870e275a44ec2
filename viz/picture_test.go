package viz

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func someImages(n, w, h int) []image.Image {
	var out []image.Image
	for k := range n {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for i := range w * h {
			m.SetNRGBA(i%w, i/w, color.NRGBA{uint8(37 * i), uint8(91 * (i + k)), uint8(13 * i * (k + 1)), 255})
		}
		out = append(out, m)
	}
	return out
}

// every is one picture of each type.
func every() map[string]Picture {
	xs, ys := []float64{1, 2, 3, 4}, []float64{4, 2, math.NaN(), 1}
	curve := NewCurve("A & B <C>", "x", "y").Smooth("one", xs, ys, 2).Reference("ref", 3)
	return map[string]Picture{
		"grid":        NewGrid("grid").Images("a", someImages(2, 4, 4)).Map("m", 2, 2, make([]float32, 8), 0, 1),
		"curve":       curve,
		"bars":        NewBars("bars", "u").Bar("a", 1, 0).BarError("b", -2, .5, 1),
		"histogram":   NewHistogram("histogram", "v").Add("a", xs),
		"heat map":    NewHeatMap("heat map", []string{"1", "2"}, []string{"x"}, [][]float64{{1, math.NaN()}}),
		"scatter":     NewScatter("scatter", "x", "y").Errors("a", xs, xs, xs),
		"change":      NewChange("change", xs, xs, []float64{0, 1, 1, 0}),
		"plane":       NewPlane("plane", -1, 1).Density(func(x, y float64) float64 { return 1 - x*x }).Points("p", xs, xs),
		"calibration": NewCalibration("calibration").Add("a", []float32{.2, .9}, []bool{false, true}),
		"waterfall":   NewWaterfall("waterfall", "nats").Term("a", 2, 0).Term("b", -3, 1),
		"dashboard": NewDashboard("dashboard").Likelihood("", xs, ys).
			Layer("l0", LayerHistory{Steps: xs, GradNorm: xs, Condition: xs, ScaleLow: xs, ScaleHigh: xs}),
		"inference": NewInference("inference").Example(InferenceExample{Name: "a", Given: someImages(1, 4, 4)[0],
			Truth: someImages(1, 4, 4)[0], Climb: someImages(2, 4, 4), Steps: []int{0, 3}, Likelihood: []float64{3, 2, 1.5, 1},
			Mean: someImages(1, 4, 4)[0], MeanLikelihood: 2}),
		"law":           NewSampleLaw("law", xs, ys, nil),
		"interpolation": NewInterpolation("walk", someImages(3, 4, 4)),
		"panels":        NewPanels("panels", 2, curve, curve, curve),
	}
}

func TestEveryPictureInEveryFormat(t *testing.T) {
	for name, p := range every() {
		t.Run(name, func(t *testing.T) {
			b, err := p.PNG()
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			s, err := p.SVG()
			if err != nil {
				t.Fatal(err)
			}
			wellFormed(t, s)
			sheet, err := p.compose()
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Bounds().Size(); math.Abs(float64(got.X)-2*sheet.w) > 1 || math.Abs(float64(got.Y)-2*sheet.h) > 1 {
				t.Errorf("PNG of %v pixels for a sheet of %v x %v", got, sheet.w, sheet.h)
			}
			path := filepath.Join(t.TempDir(), "p.pdf")
			if err := p.Save(path); err != nil {
				t.Fatal(err)
			}
			if pdf, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
				t.Errorf("PDF: %v", err)
			}
		})
	}
}

// wellFormed reads an SVG to its end and checks that it refers to nothing
// outside.
func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("SVG: %v", err)
		}
		e, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range e.Attr {
			if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "data:image/png;base64,") {
				t.Errorf("SVG refers to %.40q", a.Value)
			}
		}
	}
	for _, bad := range []string{"NaN", "Inf", "font-family", "<text"} {
		if bytes.Contains(svg, []byte(bad)) {
			t.Errorf("SVG contains %q", bad)
		}
	}
}

func TestPicturesAreIndependent(t *testing.T) {
	var wait sync.WaitGroup
	for name, p := range every() {
		want, err := p.SVG()
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			if got, err := p.SVG(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: drawn at the same time as others it differs (%v)", name, err)
			}
		})
	}
	wait.Wait()
	curve := every()["curve"]
	one, err := curve.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if two, err := curve.PNG(); err != nil || !bytes.Equal(one, two) {
		t.Errorf("the second PNG differs (%v)", err)
	}
	if v, err := AsVector(curve).SVG(); err != nil || !bytes.HasPrefix(v, []byte("<svg ")) {
		t.Errorf("as vector: %.20s, %v", v, err)
	}
	ys := []float64{1, 2, 3}
	c := NewCurve("", "x", "y").Line("", []float64{1, 2, 3}, ys)
	before, err := c.SVG()
	if err != nil {
		t.Fatal(err)
	}
	ys[1] = 50
	if after, err := c.SVG(); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the picture changes with the caller's numbers (%v)", err)
	}
}

func TestGridPixelsAreSharp(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 3, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(40 * (i + 1))
	}
	g := NewGrid("").Images("", []image.Image{m})
	g.Largest = 30
	b, err := g.PNG()
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	const scale = 30 / 3 * pngDots
	for y := range 2 * scale {
		for x := range 3 * scale {
			want := m.GrayAt(x/scale, y/scale).Y
			r, _, _, _ := got.At(margin*pngDots+x, margin*pngDots+y).RGBA()
			if uint8(r>>8) != want {
				t.Fatalf("pixel (%d,%d): got %d, want %d", x, y, r>>8, want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	narrow := NewCurve("", "", "")
	narrow.Width = 20
	low := NewHistogram("", "").Add("a", []float64{1, 2})
	low.Bins = 0
	for _, c := range []struct {
		name string
		p    Picture
		want string
	}{
		{"no images", NewGrid(""), "there are no images"},
		{"columns of different lengths", NewGrid("").Images("a", someImages(2, 2, 2)).Images("b", someImages(1, 2, 2)), `"b" has 1 images, "a" has 2`},
		{"a nil image", NewGrid("").Images("a", []image.Image{nil}), "image 0 is empty"},
		{"maps of the wrong size", NewGrid("").Map("m", 2, 2, make([]float32, 5), 0, 1), "5 values for maps of 2 x 2"},
		{"an empty colour scale", NewGrid("").Map("m", 1, 1, make([]float32, 1), 1, 1), "from 1 to 1"},
		{"names", NewGrid("").Images("a", someImages(2, 2, 2)).Names("x"), "1 names for 2"},
		{"lengths", NewCurve("", "", "").Line("l", []float64{1}, []float64{1, 2}), `"l": 2 values for 1 places`},
		{"window", NewCurve("", "", "").Smooth("l", nil, nil, 0), "window of 0"},
		{"too narrow", narrow, "width is 20"},
		{"no bars", NewBars("", ""), "there are no bars"},
		{"a bar of NaN", NewBars("", "").Bar("b", math.NaN(), 0), `"b" is NaN`},
		{"no bins", low, "0 bins"},
		{"no numbers", NewHistogram("", "").Add("a", []float64{math.NaN()}), `"a" has no numbers`},
		{"a short row", NewHeatMap("", []string{"1", "2"}, []string{"r"}, [][]float64{{1}}), `row "r" has 1 numbers`},
		{"points", NewScatter("", "", "").Points("p", []float64{1}, nil), "different lengths"},
		{"a falling map", NewChange("", []float64{1, 2, 3}, []float64{1, 0, 2}, []float64{1, 1, 1}), "does not rise at place 1"},
		{"no density", NewPlane("", 0, 1).Density(func(x, y float64) float64 { return 0 }), "nowhere positive"},
		{"an endless grid", NewPlane("", 0, 1).Grid(nil, 0, 1, 1e-9), "spacing"},
		{"a path", NewPlane("", 0, 1).Path([]float64{1}, nil), "a path of 1 and 0 coordinates"},
		{"a probability of 2", NewCalibration("").Add("c", []float32{2}, []bool{true}), "prediction 0 is 2"},
		{"no terms", NewWaterfall("", ""), "there are no terms"},
		{"a term of NaN", NewWaterfall("", "").Term("t", math.NaN(), 0), `"t" is NaN`},
		{"an empty dashboard", NewDashboard(""), "nothing to show"},
		{"a dashboard without likelihoods", NewDashboard("").Likelihood("a", []float64{1}, nil), "0 values for 1 places"},
		{"no examples", NewInference(""), "there are no examples"},
		{"a climb without images", NewInference("").Example(InferenceExample{Steps: []int{1}}), "0 images for 1 steps"},
		{"a law of two lengths", NewSampleLaw("", []float64{1, 2}, []float64{1}, nil), "2 values of M, 1 errors"},
		{"walks of two lengths", NewInterpolation("", someImages(2, 4, 4), someImages(3, 4, 4)), "has 1 images"},
		{"a bad panel", NewPanels("", 1, NewGrid("")), "panel 1: viz: grid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, draw := range []func() ([]byte, error){c.p.PNG, c.p.SVG} {
				if _, err := draw(); err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "viz: ") {
					t.Errorf("got %v, want an error with %q", err, c.want)
				}
			}
		})
	}
	p := NewBars("", "").Bar("a", 1, 0)
	if err := p.Save(filepath.Join(t.TempDir(), "a.gif")); err == nil || !strings.Contains(err.Error(), ".gif") {
		t.Errorf("a .gif: %v", err)
	}
	if err := p.Save(filepath.Join(t.TempDir(), "no", "a.png")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func TestPaletted(t *testing.T) {
	m := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		c := color.RGBA{255, 255, 255, 255}
		if i%64 < 10 { // almost white, but plain
			c = color.RGBA{252, 252, 254, 255}
		}
		if i%64 > 40 {
			c = color.RGBA{0, 0x72, 0xb2, 255}
		}
		if i%64 == 40 { // an edge of many mixed colours
			v := uint8(i / 64)
			c = color.RGBA{4 * v, 130 + v, 200 + v/2, 255}
		}
		m.SetRGBA(i%64, i/64, c)
	}
	p := paletted(m, false)
	if p == nil || len(p.Palette) > 256 {
		t.Fatal("no palette for a drawing")
	}
	for i := range 64 * 64 {
		want, got := m.RGBAAt(i%64, i/64), color.RGBAModel.Convert(p.At(i%64, i/64)).(color.RGBA)
		if i%64 != 40 && got != want {
			t.Fatalf("plain pixel %d: got %v, want %v", i, got, want)
		}
	}
	photo := someImages(1, 64, 64)[0].(*image.NRGBA)
	full := image.NewRGBA(photo.Rect)
	copy(full.Pix, photo.Pix)
	if paletted(full, true) != nil && !slices.Equal(full.Pix, rgba(paletted(full, true)).Pix) {
		t.Error("exact palette moved a pixel")
	}
}

func rgba(p *image.Paletted) *image.RGBA {
	out := image.NewRGBA(p.Rect)
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			out.Set(x, y, p.At(x, y))
		}
	}
	return out
}

func BenchmarkCurve(b *testing.B) {
	for _, format := range []string{"png", "svg"} {
		b.Run("format="+format, func(b *testing.B) {
			var xs, ys []float64
			for i := range 500 {
				xs, ys = append(xs, float64(i)), append(ys, math.Exp(-float64(i)/90)+.1*math.Sin(float64(i*i)))
			}
			for b.Loop() {
				if _, err := encode(NewCurve("Training", "step", "bits/dim").Smooth("live", xs, ys, 20), "."+format); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// areas is a pen that adds up the areas of polygons by colour.
type areas struct {
	pen
	by map[color.NRGBA][]float64
}

func (a *areas) polygon(pts []point, fill color.NRGBA) {
	sum := 0.
	for i, p := range pts {
		q := pts[(i+1)%len(pts)]
		sum += p.x*q.y - q.x*p.y
	}
	a.by[fill] = append(a.by[fill], math.Abs(sum)/2)
}

func (a *areas) polyline([]point, line)        {}
func (a *areas) text(point, string, lettering) {}

func TestChangeKeepsAreas(t *testing.T) {
	var zs, ys, density []float64
	for z := -3.; z <= 3; z += .005 {
		zs, ys = append(zs, z), append(ys, z+.9*math.Sin(z))
		density = append(density, math.Exp(-z*z/2))
	}
	c := NewChange("", zs, ys, density)
	s, err := c.compose()
	if err != nil {
		t.Fatal(err)
	}
	pen := &areas{by: map[color.NRGBA][]float64{}}
	s.draw(pen)
	var first float64
	for b := range c.Bands {
		got := pen.by[c.shade(b)]
		if len(got) != 2 {
			t.Fatalf("band %d has %d pieces of density, want 2", b, len(got))
		}
		if b == 0 {
			first = got[0]
		}
		for _, area := range got {
			if math.Abs(area-first) > .01*first {
				t.Errorf("band %d: areas %.1f before and %.1f after, want %.1f", b, got[0], got[1], first)
			}
		}
	}
}

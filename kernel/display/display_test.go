package display

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strings"
	"testing"
)

type point struct{ X, y int }

type named struct{ a, b float64 }

func (n named) String() string { return fmt.Sprintf("<%g|%g>", n.a, n.b) }

type list struct {
	V    int
	Next *list
}

func TestText(t *testing.T) {
	loop := &list{V: 1}
	loop.Next = loop
	long := make([]int, 100)
	for i := range long {
		long[i] = i
	}
	var nilPoint *point
	var nilErr error
	tests := []struct {
		name string
		v    any
		want string
	}{
		{"nil", nil, "<nil>"},
		{"nil error", nilErr, "<nil>"},
		{"nil pointer", nilPoint, "<nil>"},
		{"string", "a\nb", "a\nb"},
		{"float", 0.1, "0.1"},
		{"float32", float32(0.1), "0.1"},
		{"big float", 1e21, "1e+21"},
		{"complex", 1 + 2i, "(1+2i)"},
		{"bool", true, "true"},
		{"strings", []string{"a", "b c"}, `["a" "b c"]`},
		{"struct", point{1, 2}, "{X:1 y:2}"},
		{"pointer", &point{1, 2}, "&{X:1 y:2}"},
		{"marked name", struct{ Ꞌx int }{3}, "{x:3}"},
		{"nested pointer", &list{1, &list{2, nil}}, "&{V:1 Next:&{V:2 Next:<nil>}}"},
		{"cycle", loop, "&{V:1 Next:&...}"},
		{"map", map[int]string{10: "x", 9: "y"}, `map[9:"y" 10:"x"]`},
		{"stringer", named{1, 2}, "<1|2>"},
		{"stringers", []named{{1, 2}, {3, 4}}, "[<1|2> <3|4>]"},
		{"error", errors.New("boom"), "boom"},
		{"errors", []error{errors.New("boom"), nil}, "[boom <nil>]"},
		{"any", []any{1, "s", nil, 2.5}, `[1 "s" <nil> 2.5]`},
		{"text bytes", []byte("hi\n"), `[]byte("hi\n")`},
		{"bytes", []byte{0, 1, 255}, "[0 1 255]"},
		{"array", [3]bool{true}, "[true false false]"},
		{"pointer to int", new(7), "&7"},
		{"empty", []int(nil), "[]"},
		{"long", long, strings.TrimSuffix(fmt.Sprint(long[:50]), "]") + " ... 95 96 97 98 99] (len 100)"},
		{"func", strings.ToUpper, "func(string) string"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.v); got != tt.want {
				t.Errorf("Text = %q, want %q", got, tt.want)
			}
		})
	}
}

type picture struct{ err error }

func (p picture) PNG() ([]byte, error) {
	var b bytes.Buffer
	png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2)))
	return b.Bytes(), p.err
}
func (picture) SVG() string                { return "<svg/>" }
func (picture) HTML() (string, error)      { return "<i>x</i>", nil }
func (picture) Markdown() string           { return "*x*" }
func (picture) LaTeX() string              { return "$x$" }
func (picture) JSON() any                  { return map[string]any{"x": 1} }
func (picture) VegaLite() any              { return map[string]any{"mark": "bar"} }
func (picture) String() string             { return "the picture" }
func (picture) MIMEBundle() map[string]any { return map[string]any{"text/x": "own"} }

type panicking struct{}

func (panicking) PNG() ([]byte, error) { panic("no colours left") }

func TestOfMethods(t *testing.T) {
	b := Of(picture{})
	for mime, want := range map[string]string{
		MIMEHTML: "<i>x</i>", MIMEMarkdown: "*x*", MIMELaTeX: "$x$",
		MIMEText: "the picture", "text/x": "own",
	} {
		if got := b.Data[mime]; got != want {
			t.Errorf("%s = %v, want %q", mime, got, want)
		}
	}
	for _, mime := range []string{MIMEJSON, MIMEVegaLite} {
		if _, ok := b.Data[mime].(map[string]any); !ok {
			t.Errorf("%s = %T, want an object", mime, b.Data[mime])
		}
	}
	if c, err := png.DecodeConfig(bytes.NewReader(b.Data[MIMEPNG].([]byte))); err != nil || c.Width != 3 {
		t.Errorf("PNG: %v, %v", c, err)
	}
}

func TestOfFailures(t *testing.T) {
	b := Of(picture{err: errors.New("disk full")})
	if _, ok := b.Data[MIMEPNG]; ok || !strings.Contains(b.Text(), "disk full") {
		t.Errorf("a failing PNG gave %v", b.Data)
	}
	if b.Data[MIMESVG] != "<svg/>" {
		t.Errorf("without a PNG the SVG form is %v", b.Data[MIMESVG])
	}
	b = Of(panicking{})
	if !b.Plain() || !strings.Contains(b.Text(), "no colours left") {
		t.Errorf("a panicking PNG gave %v", b.Data)
	}
}

// A points is a length as vg.Length is, a chart draws as *plot.Plot does.
type (
	points float64
	chart  struct{ err error }
	buffer struct {
		w, h   points
		format string
	}
)

func (c *chart) WriterTo(w, h points, format string) (io.WriterTo, error) {
	return buffer{w, h, format}, c.err
}

func (b buffer) WriteTo(w io.Writer) (int64, error) {
	if b.format != "png" {
		return 0, errors.New("unknown format")
	}
	return 0, png.Encode(w, image.NewGray(image.Rect(0, 0, int(b.w), int(b.h))))
}

func TestOfPlot(t *testing.T) {
	b := Of(&chart{})
	if want := "*display.chart, PNG picture, 432×288"; b.Text() != want {
		t.Errorf("text = %q, want %q", b.Text(), want)
	}
	if data, ok := b.Data[MIMEPNG].([]byte); !ok || !bytes.HasPrefix(data, []byte("\x89PNG")) {
		t.Errorf("no picture: %v", b.Data)
	}
	if b := Of(&chart{errors.New("no data")}); !b.Plain() || !strings.Contains(b.Text(), "no data") {
		t.Errorf("a failing plot gave %v", b.Data)
	}
	if b := Of((*chart)(nil)); !b.Plain() {
		t.Errorf("nil gave %v", b.Data)
	}
}

func TestOfImage(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 2, 2))
	img.Set(1, 1, color.White)
	b := Of(img)
	got, err := png.Decode(bytes.NewReader(b.Data[MIMEPNG].([]byte)))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, _, _ := got.At(1, 1).RGBA(); r != 0xffff {
		t.Errorf("pixel 1,1 is %x", r)
	}
	if want := "*image.RGBA, 2×2"; b.Text() != want {
		t.Errorf("text = %q, want %q", b.Text(), want)
	}
	if b = Of(image.NewRGBA(image.Rectangle{})); !b.Plain() {
		t.Errorf("an empty image gave %v", b.Data)
	}
}

func TestOfTable(t *testing.T) {
	b := Of([]struct {
		Name string
		Ꞌn   int
	}{{"<a>", 1}, {"bb", 20}})
	want := "Name   n\n<a>    1\nbb    20\n2 × struct { Name string; n int }"
	if b.Text() != want {
		t.Errorf("text:\n%s\nwant:\n%s", b.Text(), want)
	}
	h, _ := b.Data[MIMEHTML].(string)
	if !strings.Contains(h, "&lt;a&gt;") || strings.Contains(h, "Ꞌ") || strings.Count(h, "<tr>") != 3 {
		t.Errorf("html: %s", h)
	}
	if b := Of([]named{{1, 2}}); !b.Plain() {
		t.Errorf("values with String must not become a table: %v", b.Data)
	}
	rows := make([]point, 100)
	if h := Of(rows).Data[MIMEHTML].(string); strings.Count(h, "<tr>") != 1+headLen+1+tailLen {
		t.Errorf("%d rows of html", strings.Count(h, "<tr>"))
	}
}

type dense struct {
	r, c int
	x    []float64
}

func (d dense) Dims() (int, int)    { return d.r, d.c }
func (d dense) At(i, j int) float64 { return d.x[i*d.c+j] }

type shape []int

type tens struct {
	shape shape
	data  []float32
}

func (t *tens) Shape() shape { return t.shape }
func (t *tens) Data() any    { return t.data }

func TestOfMatrixAndTensor(t *testing.T) {
	b := Of(dense{2, 2, []float64{1, -2.5, 30, 4}})
	if want := " 1  -2.5\n30     4\n2×2 matrix"; b.Text() != want {
		t.Errorf("text:\n%s\nwant:\n%s", b.Text(), want)
	}
	if _, ok := b.Data[MIMEHTML]; !ok {
		t.Error("a matrix has no table")
	}
	x := make([]float32, 100)
	x[3], x[4] = 2, -2
	x[5] = float32(math.NaN())
	b = Of(&tens{shape{10, 10}, x})
	img, err := png.Decode(bytes.NewReader(b.Data[MIMEPNG].([]byte)))
	if err != nil || img.Bounds().Dx() != 120 {
		t.Fatalf("picture: %v, %v", img.Bounds(), err)
	}
	for i, want := range map[int]color.RGBA{0: {128, 128, 128, 255}, 3: {255, 255, 255, 255}, 4: {0, 0, 0, 255}, 5: {255, 0, 0, 255}} {
		if got := color.RGBAModel.Convert(img.At(12*i+6, 6)); got != want {
			t.Errorf("pixel of element %d is %v, want %v", i, got, want)
		}
	}
	if h, _ := b.Data[MIMEHTML].(string); !strings.Contains(h, "data:image/png;base64,") || !strings.Contains(h, "mean 0, max 2") {
		t.Errorf("html without the picture or the statistics: %s", h)
	}
	if b := Of(&tens{shape{100}, x}); b.Data[MIMEPNG] != nil {
		t.Error("a vector has a picture")
	}
	if want := "tensor [10 10] of float32, min -2, mean 0, max 2, 1 NaN or Inf"; b.Text() != want {
		t.Errorf("text = %q, want %q", b.Text(), want)
	}
}

func TestOfKinds(t *testing.T) {
	for mime, v := range map[string]any{
		MIMEHTML: HTML("<b>"), MIMEMarkdown: Markdown("#"), MIMELaTeX: LaTeX("$"), MIMESVG: SVG("<svg>"),
		MIMEJSON: JSON([]int{1}), MIMEVegaLite: VegaLite(1), MIMEPlotly: Plotly(1),
		MIMEPNG: PNG{1}, MIMEJPEG: JPEG{1},
	} {
		b := Of(v)
		if _, ok := b.Data[mime]; !ok || b.Text() == "" {
			t.Errorf("%T gave %v, want %s", v, b.Data, mime)
		}
	}
}

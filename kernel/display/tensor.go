package display

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/png"
	"math"
	"reflect"
)

// A tensor is a value with methods Shape, a slice of int, and Data, a slice of
// numbers in row-major order, such as those of gorgonia.org/tensor.
type tensor struct {
	dims   []int
	elem   reflect.Type
	x      []float64
	lo, hi float64 // of the finite elements
	mean   float64
	odd    int // NaN or Inf
}

// asTensor reads a tensor, if v is one.
func asTensor(v any) (*tensor, bool) {
	r := reflect.ValueOf(v)
	shape, ok := noArgs(r, "Shape")
	if !ok || shape.Kind() != reflect.Slice || shape.Type().Elem().Kind() != reflect.Int {
		return nil, false
	}
	data, ok := noArgs(r, "Data")
	if !ok {
		return nil, false
	}
	if data.Kind() == reflect.Interface {
		data = data.Elem()
	}
	if data.Kind() != reflect.Slice || data.Len() == 0 {
		return nil, false
	}
	t := &tensor{elem: data.Type().Elem(), lo: math.Inf(1), hi: math.Inf(-1)}
	for i := range data.Len() {
		e := data.Index(i)
		switch {
		case e.CanFloat():
			t.add(e.Float())
		case e.CanInt():
			t.add(float64(e.Int()))
		default:
			return nil, false
		}
	}
	if n := len(t.x) - t.odd; n > 0 {
		t.mean /= float64(n)
	}
	for i := range shape.Len() {
		t.dims = append(t.dims, int(shape.Index(i).Int()))
	}
	return t, true
}

func (t *tensor) add(x float64) {
	t.x = append(t.x, x)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		t.odd++
		return
	}
	t.lo, t.hi, t.mean = min(t.lo, x), max(t.hi, x), t.mean+x
}

// String says shape, element type, smallest, mean and largest element, and how
// many are not finite.
func (t *tensor) String() string {
	s := fmt.Sprintf("tensor %v of %s", t.dims, t.elem)
	if len(t.x) > t.odd {
		s += fmt.Sprintf(", min %.4g, mean %.4g, max %.4g", t.lo, t.mean, t.hi)
	}
	if t.odd > 0 {
		s += fmt.Sprintf(", %d NaN or Inf", t.odd)
	}
	return s
}

// Pictures are made of tensors whose last two dimensions are like those of an
// image; small ones are enlarged to about thumbSize pixels.
const (
	minSide   = 4
	maxSide   = 1024
	thumbSize = 128
)

// thumbnail is a picture of the first image [..., H, W] in grey, or [..., 3, H,
// W] with elements in [0,1] in colour; nil if the shape is not an image's.
// Values that are not finite are red.
func (t *tensor) thumbnail() image.Image {
	n := len(t.dims)
	if n < 2 || !(t.lo < t.hi) {
		return nil
	}
	h, w := t.dims[n-2], t.dims[n-1]
	if h < minSide || w < minSide || h > maxSide || w > maxSide || len(t.x) < h*w {
		return nil
	}
	colour := n >= 3 && t.dims[n-3] == 3 && t.lo >= 0 && t.hi <= 1 && len(t.x) >= 3*h*w
	zoom := max(1, thumbSize/max(h, w))
	img := image.NewRGBA(image.Rect(0, 0, w*zoom, h*zoom))
	for y := range h * zoom {
		for x := range w * zoom {
			i := y/zoom*w + x/zoom
			if colour {
				img.SetRGBA(x, y, color.RGBA{t.level(i, 0, 1), t.level(i+h*w, 0, 1), t.level(i+2*h*w, 0, 1), 255})
				continue
			}
			if v := t.x[i]; math.IsNaN(v) || math.IsInf(v, 0) {
				img.SetRGBA(x, y, color.RGBA{R: 255, A: 255})
				continue
			}
			g := t.level(i, t.lo, t.hi)
			img.SetRGBA(x, y, color.RGBA{g, g, g, 255})
		}
	}
	return img
}

func (t *tensor) level(i int, lo, hi float64) uint8 {
	return uint8(255*(t.x[i]-lo)/(hi-lo) + 0.5)
}

// addTensor adds the text and the picture of a tensor, and HTML with both:
// front ends show only one form. Small tensors print their elements too.
func (b Bundle) addTensor(v any) {
	t, ok := asTensor(v)
	if !ok {
		return
	}
	s := t.String()
	if len(t.x) <= maxElems {
		s += "\n" + fmt.Sprint(v)
	}
	b.Data[MIMEText] = s
	b.try(MIMEPNG, func() (any, error) {
		img := t.thumbnail()
		if img == nil {
			return nil, nil
		}
		var buf bytes.Buffer
		if err := png.Encode(&buf, img); err != nil {
			return nil, err
		}
		b.Data[MIMEHTML] = fmt.Sprintf(`<img src="data:image/png;base64,%s" alt="the first image of the tensor"/><div><code>%s</code></div>`,
			base64.StdEncoding.EncodeToString(buf.Bytes()), html.EscapeString(t.String()))
		return buf.Bytes(), nil
	})
}

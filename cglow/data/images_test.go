package data

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"slices"
	"strings"
	"testing"
)

// counted returns n images whose values count 0, 1/255, 2/255, ...
func counted(n int, s Shape) Images {
	m := NewImages(n, s)
	for i := range m.Pix {
		m.Pix[i] = float32(i%256) / 255
	}
	return m
}

func TestImagesLayout(t *testing.T) {
	m := counted(2, Shape{3, 2, 4})
	if got, want := m.At(1, 2, 1, 3), float32(47)/255; got != want {
		t.Errorf("At(1,2,1,3): got %v, want %v", got, want)
	}
	m.Set(0, 1, 0, 2, .5)
	if got := m.Pix[10]; got != .5 {
		t.Errorf("Set(0,1,0,2): Pix[10] is %v", got)
	}
	if got := len(m.Row(1)); got != 24 || &m.Row(1)[0] != &m.Pix[24] {
		t.Errorf("Row(1): %d values, want a view of 24", got)
	}
	c := m.Clone()
	c.Pix[0] = .7
	if m.Pix[0] != 0 {
		t.Error("Clone shares memory")
	}
	if err := m.Check(); err != nil {
		t.Error(err)
	}
	m.Pix = m.Pix[:47]
	if err := m.Check(); err == nil || !strings.Contains(err.Error(), "47 values, want 48") {
		t.Errorf("Check of a short batch: %v", err)
	}
}

func TestSelectAndConcat(t *testing.T) {
	m := counted(4, Shape{1, 2, 2})
	s := m.Select(3, 1, 3)
	if s.N != 3 || !slices.Equal(s.Row(0), m.Row(3)) || !slices.Equal(s.Row(1), m.Row(1)) || !slices.Equal(s.Row(2), m.Row(3)) {
		t.Errorf("Select(3,1,3): %v", s.Pix)
	}
	c, err := Concat(s, m)
	if err != nil || c.N != 7 || c.Check() != nil || !slices.Equal(c.Row(3), m.Row(0)) {
		t.Errorf("Concat: %v, %v", c, err)
	}
	if _, err := Concat(m, counted(1, Shape{3, 2, 2})); err == nil {
		t.Error("Concat of different shapes: no error")
	}
}

func TestImageColours(t *testing.T) {
	gray := Images{N: 1, C: 1, H: 1, W: 5, Pix: []float32{-1, 0, .5, 2, float32(math.NaN())}}
	for x, want := range []uint8{0, 0, 128, 255, 0} {
		if got := gray.Image(0).At(x, 0); got != (color.Gray{Y: want}) {
			t.Errorf("gray %v: got %v, want %d", gray.Pix[x], got, want)
		}
	}
	rgb := Images{N: 1, C: 3, H: 1, W: 2, Pix: []float32{1, 0, 0, 1, 0, .2}}
	if got, want := rgb.Image(0).At(1, 0), (color.NRGBA{0, 255, 51, 255}); got != want {
		t.Errorf("colour: got %v, want %v", got, want)
	}
	four := counted(1, Shape{4, 3, 2})
	if got := four.Image(0).Bounds(); got != image.Rect(0, 0, 8, 3) {
		t.Errorf("four channels side by side: bounds %v", got)
	}
	if got := four.Image(0).At(2*2+1, 2); got != (color.Gray{Y: 17}) { // channel 2, row 2, column 1
		t.Errorf("channel 2: got %v, want 17", got)
	}
}

func TestImagesPNG(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
		s    Shape
		want image.Point
	}{
		{"eight in a row", 10, Shape{3, 32, 32}, image.Pt(8*100-4, 2*100-4)},
		{"one", 1, Shape{1, 64, 64}, image.Pt(128, 128)},
		{"wide", 3, Shape{1, 10, 20}, image.Pt(3*104-4, 50)},
		{"large", 2, Shape{3, 500, 600}, image.Pt(600, 1004)},
		{"more than are drawn", 200, Shape{1, 32, 32}, image.Pt(796, 12*100-4)},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := counted(c.n, c.s).PNG()
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := m.Bounds().Size(); got != c.want {
				t.Errorf("got %v pixels, want %v", got, c.want)
			}
		})
	}
	if _, err := (Images{}).PNG(); err == nil {
		t.Error("no images: no error")
	}
	if _, err := (Images{N: 1, C: 1, H: 2, W: 2, Pix: make([]float32, 3)}).PNG(); err == nil {
		t.Error("a short batch: no error")
	}
}

func ExampleImages() {
	m := NewImages(2, Shape{C: 1, H: 2, W: 3})
	m.Set(1, 0, 1, 2, 1) // image 1, channel 0, row 1, column 2
	fmt.Println(m)
	fmt.Println(m.Select(1).Pix)
	// Output:
	// 2 images of 1x2x3, values 0 to 1
	// [0 0 0 0 0 1]
}

func TestRange(t *testing.T) {
	d, err := Silhouettes(Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	part, err := Range(d, 10, 15)
	if err != nil {
		t.Fatal(err)
	}
	if part.Len() != 5 || part.Name() != "silhouettes 32x32 seed 1[10:15]" {
		t.Errorf("got %d pairs of %q", part.Len(), part.Name())
	}
	x, y, err := part.Load([]int{4, 0})
	if err != nil {
		t.Fatal(err)
	}
	wx, wy, err := d.Load([]int{14, 10})
	if err != nil || !slices.Equal(x.Pix, wx.Pix) || !slices.Equal(y.Pix, wy.Pix) {
		t.Errorf("pairs 4 and 0 of the part are not 14 and 10 of the whole (%v)", err)
	}
	inner, err := Range(part, 1, 3)
	if err != nil {
		t.Fatal(err)
	}
	ix, _, err := First(inner, 99)
	if err != nil || ix.N != 2 {
		t.Errorf("First(99) of 2: %d, %v", ix.N, err)
	}
	for _, idx := range []int{-1, 5} {
		_, _, err := part.Load([]int{0, idx})
		if e, ok := err.(*IndexError); !ok || e.Index != idx || e.Len != 5 {
			t.Errorf("index %d: %v", idx, err)
		}
	}
	for _, r := range [][2]int{{-1, 3}, {3, 3}, {4, 6}} {
		if _, err := Range(part, r[0], r[1]); err == nil {
			t.Errorf("range %v of 5: no error", r)
		}
	}
	if _, _, err := d.Load([]int{-7}); err == nil || !strings.Contains(err.Error(), "-7 is negative") {
		t.Errorf("a negative index of an endless set: %v", err)
	}
}

// TestSpread checks which pairs are chosen.
func TestSpread(t *testing.T) {
	cfg := Silhouettes32()
	all, err := Silhouettes(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Range(all, 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	s, err := Spread(d, 4)
	if err != nil || s.Len() != 4 {
		t.Fatalf("%v, %v", s, err)
	}
	x, _, err := s.Load([]int{0, 1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := d.Load([]int{0, 2, 5, 7})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.Pix, want.Pix) {
		t.Error("not pairs 0, 2, 5, 7")
	}
	var ie *IndexError
	if _, _, err := s.Load([]int{4}); !errors.As(err, &ie) || ie.Len != 4 {
		t.Errorf("pair 4 of 4: error %v", err)
	}
	for _, n := range []int{0, 11} {
		if _, err := Spread(d, n); err == nil {
			t.Errorf("%d of 10: no error", n)
		}
	}
	if _, err := Spread(all, 3); err == nil {
		t.Error("of endless pairs: no error")
	}
}

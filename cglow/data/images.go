package data

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// Images is a batch of N images in channel-first order: Pix holds
// [N][C][H][W] float32 values in [0,1] (masks: exactly 0 or 1).
type Images struct {
	N, C, H, W int
	Pix        []float32
}

// NewImages returns n black images of the given shape.
func NewImages(n int, s Shape) Images {
	return Images{N: n, C: s.C, H: s.H, W: s.W, Pix: make([]float32, n*s.Len())}
}

// Shape returns the shape of one image.
func (m Images) Shape() Shape { return Shape{C: m.C, H: m.H, W: m.W} }

// Check returns an error when the sizes are negative or Pix has not exactly
// N*C*H*W values.
func (m Images) Check() error {
	if m.N < 0 || m.C < 0 || m.H < 0 || m.W < 0 {
		return fmt.Errorf("data: images %dx%v: negative size", m.N, m.Shape())
	}
	if want := m.N * m.Shape().Len(); len(m.Pix) != want {
		return fmt.Errorf("data: images %dx%v: %d values, want %d", m.N, m.Shape(), len(m.Pix), want)
	}
	return nil
}

// Row returns the C*H*W values of image i: a view, not a copy.
func (m Images) Row(i int) []float32 {
	n := m.Shape().Len()
	return m.Pix[i*n : (i+1)*n : (i+1)*n]
}

// At returns the value of image i, channel c at row y and column x.
func (m Images) At(i, c, y, x int) float32 {
	return m.Pix[((i*m.C+c)*m.H+y)*m.W+x]
}

// Set sets the value of image i, channel c at row y and column x.
func (m Images) Set(i, c, y, x int, v float32) {
	m.Pix[((i*m.C+c)*m.H+y)*m.W+x] = v
}

// Clone returns a copy that shares no memory with m.
func (m Images) Clone() Images {
	m.Pix = append([]float32(nil), m.Pix...)
	return m
}

// Select returns copies of the images idx, in that order; an index may occur
// more than once. It panics when one is out of range, as a slice does.
func (m Images) Select(idx ...int) Images {
	out := NewImages(len(idx), m.Shape())
	for k, i := range idx {
		copy(out.Row(k), m.Row(i))
	}
	return out
}

// Concat returns the images of all batches in one. All must have the shape of
// the first.
func Concat(batches ...Images) (Images, error) {
	if len(batches) == 0 {
		return Images{}, nil
	}
	first := batches[0].Shape()
	n := 0
	for k, b := range batches {
		if b.Shape() != first {
			return Images{}, fmt.Errorf("data: concat: batch %d holds %v images, the first %v", k, b.Shape(), first)
		}
		n += b.N
	}
	out := Images{N: n, C: first.C, H: first.H, W: first.W, Pix: make([]float32, 0, n*first.Len())}
	for _, b := range batches {
		out.Pix = append(out.Pix, b.Pix...)
	}
	return out, nil
}

// Image returns image i as 8-bit pixels, value v as round(255 v), clipped to
// [0,1], NaN black. One channel becomes gray and three become red, green and
// blue. With any other number the channels stand side by side in gray.
func (m Images) Image(i int) image.Image {
	px := m.Row(i)
	plane := m.H * m.W
	if m.C == 3 {
		out := image.NewNRGBA(image.Rect(0, 0, m.W, m.H))
		for k := range plane {
			o := out.Pix[4*k : 4*k+4 : 4*k+4]
			o[0], o[1], o[2], o[3] = byteOf(px[k]), byteOf(px[plane+k]), byteOf(px[2*plane+k]), 255
		}
		return out
	}
	out := image.NewGray(image.Rect(0, 0, m.C*m.W, m.H))
	for c := range m.C {
		for y := range m.H {
			for x := range m.W {
				out.SetGray(c*m.W+x, y, color.Gray{Y: byteOf(px[c*plane+y*m.W+x])})
			}
		}
	}
	return out
}

// All returns every image, as [Images.Image] does.
func (m Images) All() []image.Image {
	out := make([]image.Image, m.N)
	for i := range out {
		out[i] = m.Image(i)
	}
	return out
}

// byteOf returns round(255 v) clipped to a byte; NaN gives 0.
func byteOf(v float32) uint8 {
	switch {
	case v >= 1:
		return 255
	case v > 0:
		return uint8(v*255 + 0.5)
	}
	return 0
}

// String describes the batch and the range of its values.
func (m Images) String() string {
	if len(m.Pix) == 0 {
		return fmt.Sprintf("%d images of %v", m.N, m.Shape())
	}
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range m.Pix {
		lo, hi = min(lo, float64(v)), max(hi, float64(v))
	}
	return fmt.Sprintf("%d images of %v, values %.3g to %.3g", m.N, m.Shape(), lo, hi)
}

// Limits of the picture that PNG draws: a notebook cell is 700 to 900 CSS
// pixels wide.
const (
	gridWidth  = 880 // pixels, at most, unless one image is wider
	gridColumn = 96  // pixels that the longer side of an image aims at
	gridGap    = 4   // pixels between images
	gridMost   = 96  // images drawn
)

// PNG draws the images as a grid that shows in a notebook cell by itself: whole
// number nearest-neighbour scaling (a 32x32 image stays crisp), about nine in a
// row, the first 96 when there are more.
func (m Images) PNG() ([]byte, error) {
	if err := m.Check(); err != nil {
		return nil, err
	}
	if len(m.Pix) == 0 {
		return nil, fmt.Errorf("data: images %dx%v: nothing to draw", m.N, m.Shape())
	}
	cells := m.Select(firstN(min(m.N, gridMost))...).All()
	size := cells[0].Bounds().Size()
	scale := max(1, (gridColumn+max(size.X, size.Y)/2)/max(size.X, size.Y))
	w, h := size.X*scale, size.Y*scale
	cols := min(len(cells), max(1, (gridWidth+gridGap)/(w+gridGap)))
	rows := (len(cells) + cols - 1) / cols
	out := image.NewNRGBA(image.Rect(0, 0, cols*(w+gridGap)-gridGap, rows*(h+gridGap)-gridGap))
	for k, cell := range cells {
		enlarge(out, k%cols*(w+gridGap), k/cols*(h+gridGap), cell, scale)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, out); err != nil {
		return nil, fmt.Errorf("data: images: %w", err)
	}
	return b.Bytes(), nil
}

// enlarge draws src at (x0,y0) of dst, each pixel as scale x scale pixels.
func enlarge(dst *image.NRGBA, x0, y0 int, src image.Image, scale int) {
	size := src.Bounds().Size()
	for y := range size.Y * scale {
		for x := range size.X * scale {
			dst.Set(x0+x, y0+y, src.At(x/scale, y/scale))
		}
	}
}

// firstN returns 0..n-1.
func firstN(n int) []int {
	idx := make([]int, n)
	for i := range idx {
		idx[i] = i
	}
	return idx
}

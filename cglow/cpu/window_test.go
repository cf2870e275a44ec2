package cpu

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

var windows = []Window{
	{C: 1, H: 1, W: 1, KH: 1, KW: 1, Stride: 1, Pad: 0},
	{C: 1, H: 1, W: 1, KH: 3, KW: 3, Stride: 1, Pad: 1},
	{C: 2, H: 3, W: 5, KH: 3, KW: 3, Stride: 1, Pad: 1},
	{C: 3, H: 5, W: 4, KH: 3, KW: 2, Stride: 1, Pad: 0},
	{C: 12, H: 8, W: 8, KH: 3, KW: 3, Stride: 1, Pad: 1},
	{C: 5, H: 7, W: 9, KH: 3, KW: 3, Stride: 2, Pad: 1},
	{C: 3, H: 9, W: 7, KH: 4, KW: 4, Stride: 2, Pad: 1},
	{C: 2, H: 4, W: 4, KH: 2, KW: 2, Stride: 2, Pad: 0},
	{C: 2, H: 3, W: 3, KH: 5, KW: 5, Stride: 1, Pad: 2},
	{C: 1, H: 2, W: 3, KH: 3, KW: 3, Stride: 3, Pad: 4},
	{C: 17, H: 6, W: 6, KH: 3, KW: 3, Stride: 1, Pad: 1},
}

// plainUnfold visits every (image index, column index) pair; image is -1 for
// padding.
func plainUnfold(w Window, channelLast bool, visit func(image, column int)) {
	oh, ow := w.OutH(), w.OutW()
	for oy := range oh {
		for ox := range ow {
			for ky := range w.KH {
				for kx := range w.KW {
					for c := range w.C {
						y, x := oy*w.Stride+ky-w.Pad, ox*w.Stride+kx-w.Pad
						image := (c*w.H+y)*w.W + x
						column := (((c*w.KH+ky)*w.KW+kx)*oh+oy)*ow + ox
						if channelLast {
							image = (y*w.W+x)*w.C + c
							column = (((oy*ow+ox)*w.KH+ky)*w.KW+kx)*w.C + c
						}
						if y < 0 || y >= w.H || x < 0 || x >= w.W {
							image = -1
						}
						visit(image, column)
					}
				}
			}
		}
	}
}

func TestUnfold(t *testing.T) {
	for _, w := range windows {
		for _, last := range []bool{false, true} {
			t.Run(fmt.Sprintf("%+v/last=%v", w, last), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(1, uint64(w.C)))
				image := newGuarded(rng, w.Pixels())
				columns := newPoisoned(w.Unfolded())
				if last {
					Im2colNHWC(w, columns.v, image.v)
				} else {
					Im2col(w, columns.v, image.v)
				}
				want := make([]float64, w.Unfolded())
				plainUnfold(w, last, func(i, c int) {
					if i >= 0 {
						want[c] = float64(image.v[i])
					}
				})
				columns.close(t, "columns", want, 0)
				image.unchanged(t, "image")
			})
		}
	}
}

func TestFold(t *testing.T) {
	for _, w := range windows {
		for _, last := range []bool{false, true} {
			t.Run(fmt.Sprintf("%+v/last=%v", w, last), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(2, uint64(w.C)))
				image := newGuarded(rng, w.Pixels())
				columns := newGuarded(rng, w.Unfolded())
				want := widen(image.v)
				if last {
					Col2imNHWC(w, image.v, columns.v)
				} else {
					Col2im(w, image.v, columns.v)
				}
				plainUnfold(w, last, func(i, c int) {
					if i >= 0 {
						want[i] += float64(columns.v[c])
					}
				})
				image.close(t, "image", want, 1e-5)
				columns.unchanged(t, "columns")
			})
		}
	}
}

func TestUnfoldRefusesShortBuffers(t *testing.T) {
	w := Window{C: 2, H: 4, W: 4, KH: 3, KW: 3, Stride: 1, Pad: 1}
	for name, f := range map[string]func(){
		"short image":   func() { Im2col(w, make([]float32, w.Unfolded()), make([]float32, w.Pixels()-1)) },
		"short columns": func() { Col2imNHWC(w, make([]float32, w.Pixels()), make([]float32, w.Unfolded()-1)) },
		"big kernel":    func() { Im2col(Window{C: 1, H: 2, W: 2, KH: 3, KW: 3, Stride: 1}, nil, nil) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}

package data

import (
	"image"
	"math"
)

// pixels is an 8-bit picture, [H][W][C] with the channels interleaved.
type pixels struct {
	w, h, c int
	pix     []uint8
}

// rgbPixels returns the colours of a picture; transparency is ignored.
func rgbPixels(m image.Image) pixels {
	b := m.Bounds()
	out := pixels{w: b.Dx(), h: b.Dy(), c: 3, pix: make([]uint8, 0, 3*b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			r, g, b, _ := m.At(x, y).RGBA()
			out.pix = append(out.pix, uint8(r>>8), uint8(g>>8), uint8(b>>8))
		}
	}
	return out
}

// grayPixels returns the gray values of a picture: as they are when it is
// gray, and by the weights of ITU-R BT.601 when it is in colour.
func grayPixels(m image.Image) pixels {
	b := m.Bounds()
	out := pixels{w: b.Dx(), h: b.Dy(), c: 1, pix: make([]uint8, 0, b.Dx()*b.Dy())}
	gray, isGray := m.(*image.Gray)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if isGray {
				out.pix = append(out.pix, gray.GrayAt(x, y).Y)
				continue
			}
			r, g, b, _ := m.At(x, y).RGBA()
			out.pix = append(out.pix, uint8((19595*(r>>8)+38470*(g>>8)+7471*(b>>8)+1<<15)>>16))
		}
	}
	return out
}

// crop returns the w x h pixels from (x0, y0).
func (p pixels) crop(x0, y0, w, h int) pixels {
	out := pixels{w: w, h: h, c: p.c, pix: make([]uint8, 0, w*h*p.c)}
	for y := y0; y < y0+h; y++ {
		o := (y*p.w + x0) * p.c
		out.pix = append(out.pix, p.pix[o:o+w*p.c]...)
	}
	return out
}

// planes writes the picture to x as [C][H][W], value v as v/255.
func (p pixels) planes(x []float32) {
	n := p.w * p.h
	for i := range n {
		for c := range p.c {
			x[c*n+i] = float32(p.pix[i*p.c+c]) / 255
		}
	}
}

// A resampling filter: its weight at distance t (in input pixels, or output
// pixels when the picture shrinks) and the distance beyond which it is 0.
type filter struct {
	support float64
	weight  func(t float64) float64
}

// bilinear is the triangle filter.
func bilinear() filter {
	return filter{1, func(t float64) float64 { return max(0, 1-math.Abs(t)) }}
}

// bicubic is the cubic convolution of Keys (1981) with a = -1/2.
func bicubic() filter {
	const a = -.5
	return filter{2, func(t float64) float64 {
		switch t = math.Abs(t); {
		case t < 1:
			return ((a+2)*t-(a+3))*t*t + 1
		case t < 2:
			return (((t-5)*t+8)*t - 4) * a
		}
		return 0
	}}
}

// tap is a run of input pixels and their weights, as multiples of 2^-22.
type tap struct {
	first  int
	weight []int
}

const tapBits = 22

// taps returns the weights of each of n output pixels over in input pixels.
// The filter is widened by in/n when the picture shrinks, its weights are
// normalised at the edges.
func (f filter) taps(in, n int) []tap {
	scale := float64(in) / float64(n)
	wide := max(1, scale)
	out := make([]tap, n)
	for i := range out {
		centre := (float64(i) + .5) * scale
		lo := max(0, int(centre-f.support*wide+.5))
		hi := min(in, int(centre+f.support*wide+.5))
		w := make([]float64, hi-lo)
		sum := 0.0
		for k := range w {
			w[k] = f.weight((float64(lo+k) - centre + .5) / wide)
			sum += w[k]
		}
		out[i] = tap{first: lo, weight: make([]int, len(w))}
		for k := range w {
			out[i].weight[k] = int(math.Round(w[k] / sum * (1 << tapBits)))
		}
	}
	return out
}

// resize returns the picture in w x h pixels, aspect not kept. The result is
// the one of Pillow's Image.resize (up to version 11): widths first, then
// heights, each rounded to 8 bits, with 22-bit weights.
func (p pixels) resize(w, h int, f filter) pixels {
	if p.w != w {
		out := pixels{w: w, h: p.h, c: p.c, pix: make([]uint8, w*p.h*p.c)}
		taps := f.taps(p.w, w)
		for y := range p.h {
			resampleLine(out.pix[y*w*p.c:], p.c, p.pix[y*p.w*p.c:], p.c, p.c, taps)
		}
		p = out
	}
	if p.h != h {
		out := pixels{w: w, h: h, c: p.c, pix: make([]uint8, w*h*p.c)}
		taps := f.taps(p.h, h)
		for x := range w {
			resampleLine(out.pix[x*p.c:], w*p.c, p.pix[x*p.c:], w*p.c, p.c, taps)
		}
		p = out
	}
	return p
}

// resampleLine filters one row or column of c channels; steps are the
// distances between its pixels.
func resampleLine(dst []uint8, dstStep int, src []uint8, srcStep, c int, taps []tap) {
	for i, t := range taps {
		for ch := range c {
			sum := 1 << (tapBits - 1)
			for k, w := range t.weight {
				sum += w * int(src[(t.first+k)*srcStep+ch])
			}
			dst[i*dstStep+ch] = uint8(min(255, max(0, sum>>tapBits)))
		}
	}
}

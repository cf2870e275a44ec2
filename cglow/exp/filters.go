package exp

import (
	"fmt"
	"math"
	"slices"

	"glownotes/cglow/data"
)

// Sizes of non-local means in pixels: patches of 5x5 compared within 17x17.
const (
	nlmPatch  = 2
	nlmSearch = 8
)

// nonLocalMeans removes Gaussian noise of standard deviation sigma (Buades,
// Coll, Morel 2005, with the weights of their 2011 implementation): each pixel
// becomes the mean of the pixels around it, weighted by
//
//	exp(-max(d^2 - 2 sigma^2, 0) / (0.4 sigma)^2),
//
// d^2 the mean squared difference of the patches about the two, over all
// channels. It is the classical baseline: no maintained BM3D for Go exists.
func nonLocalMeans(x data.Images, sigma float64) (data.Images, error) {
	if !(sigma > 0) {
		return data.Images{}, fmt.Errorf("exp: non-local means: sigma is %v, must be positive", sigma)
	}
	out := data.NewImages(x.N, x.Shape())
	f := newPatchFilter(x.Shape(), sigma)
	for i := range x.N {
		f.run(out.Row(i), x.Row(i))
	}
	return out, nil
}

// patchFilter holds the sums of one picture's filter.
type patchFilter struct {
	s             data.Shape
	sigma         float64
	square, sum   []float64 // per pixel
	weight, value []float64
}

func newPatchFilter(s data.Shape, sigma float64) *patchFilter {
	plane := s.H * s.W
	return &patchFilter{s: s, sigma: sigma, square: make([]float64, plane), sum: make([]float64, (s.H+1)*(s.W+1)),
		weight: make([]float64, plane), value: make([]float64, s.C*plane)}
}

// run filters one picture. It goes over the offsets, not over the pixels: the
// patch distances of one offset are box sums of one map of squares.
func (f *patchFilter) run(out, x []float32) {
	clear(f.weight)
	clear(f.value)
	plane := f.s.H * f.s.W
	for dy := -nlmSearch; dy <= nlmSearch; dy++ {
		for dx := -nlmSearch; dx <= nlmSearch; dx++ {
			f.offset(x, dy, dx)
		}
	}
	for i, v := range f.value {
		out[i] = float32(v / f.weight[i%plane])
	}
}

// offset adds what the pixels at one offset give.
func (f *patchFilter) offset(x []float32, dy, dx int) {
	h, w, plane := f.s.H, f.s.W, f.s.H*f.s.W
	other := func(r, c int) int { return reflect(r+dy, h)*w + reflect(c+dx, w) }
	for r := range h {
		for c := range w {
			a, b, d := r*w+c, other(r, c), 0.
			for ch := range f.s.C {
				e := float64(x[ch*plane+a] - x[ch*plane+b])
				d += e * e
			}
			f.square[a] = d / float64(f.s.C)
		}
	}
	for r := range h {
		row := 0.
		for c := range w {
			row += f.square[r*w+c]
			f.sum[(r+1)*(w+1)+c+1] = f.sum[r*(w+1)+c+1] + row
		}
	}
	k := 1 / (.4 * f.sigma * .4 * f.sigma)
	for r := range h {
		top, low := max(0, r-nlmPatch), min(h, r+nlmPatch+1)
		for c := range w {
			left, right := max(0, c-nlmPatch), min(w, c+nlmPatch+1)
			box := f.sum[low*(w+1)+right] - f.sum[top*(w+1)+right] - f.sum[low*(w+1)+left] + f.sum[top*(w+1)+left]
			d := box / float64((low-top)*(right-left))
			g := math.Exp(-max(d-2*f.sigma*f.sigma, 0) * k)
			a, b := r*w+c, other(r, c)
			f.weight[a] += g
			for ch := range f.s.C {
				f.value[ch*plane+a] += g * float64(x[ch*plane+b])
			}
		}
	}
}

// reflect maps a place beyond an edge to the place as far before it.
func reflect(i, n int) int {
	if i < 0 {
		i = -i
	}
	if i >= n {
		i = 2*(n-1) - i
	}
	return min(n-1, max(0, i))
}

// median returns the median of the (2r+1)x(2r+1) pixels around each pixel, of
// fewer at the edges.
func median(x data.Images, r int) data.Images {
	out := data.NewImages(x.N, x.Shape())
	var near []float32
	for i := range x.N {
		for c := range x.C {
			for row := range x.H {
				for col := range x.W {
					near = near[:0]
					for a := max(0, row-r); a <= min(x.H-1, row+r); a++ {
						for b := max(0, col-r); b <= min(x.W-1, col+r); b++ {
							near = append(near, x.At(i, c, a, b))
						}
					}
					slices.Sort(near)
					out.Set(i, c, row, col, near[len(near)/2])
				}
			}
		}
	}
	return out
}

// harmonic returns the blocks in the middle of x as the surface that joins the
// visible pixels around them most smoothly: each pixel is the mean of its four
// neighbours (Laplace's equation, by successive over-relaxation).
func harmonic(x data.Images, block data.Shape) data.Images {
	out := data.NewImages(x.N, block)
	top, left := (x.H-block.H)/2, (x.W-block.W)/2
	const sweeps = 300
	factor := 2 / (1 + math.Sin(math.Pi/float64(max(block.H, block.W)+1)))
	for i := range x.N {
		for c := range x.C {
			at := func(r, k int) *float32 { return &x.Pix[((i*x.C+c)*x.H+top+r)*x.W+left+k] }
			u := make([]float64, (block.H+2)*(block.W+2))
			for j := range u {
				u[j] = float64(*at(j/(block.W+2)-1, j%(block.W+2)-1))
			}
			relax(u, block.H, block.W, factor, sweeps)
			for r := range block.H {
				for k := range block.W {
					out.Set(i, c, r, k, float32(u[(r+1)*(block.W+2)+k+1]))
				}
			}
		}
	}
	return out
}

// relax solves Laplace's equation inside a frame of one pixel.
func relax(u []float64, h, w int, factor float64, sweeps int) {
	side := w + 2
	for range sweeps {
		for r := 1; r <= h; r++ {
			for c := 1; c <= w; c++ {
				i := r*side + c
				mean := (u[i-1] + u[i+1] + u[i-side] + u[i+side]) / 4
				u[i] += factor * (mean - u[i])
			}
		}
	}
}

package ref

// Conv holds the sizes of a two-dimensional convolution (cross-correlation, as in every deep
// learning library): x [N,C,H,W], w [O,C,KH,KW], b [O], y [N,O,OH,OW].
type Conv struct {
	N, C, H, W       int
	O, KH, KW        int
	StrideH, StrideW int
	Pad              int // zeros on each side, rows and columns alike
	OH, OW           int // (H + 2 Pad - KH)/StrideH + 1 and the same for columns
}

// Conv2D sets
//
//	y[n,o,i,j] = b[o] + sum_{c,a,e} w[o,c,a,e] x[n, c, i*StrideH + a - Pad, j*StrideW + e - Pad],
//
// where x is zero outside the image and b may be nil.
func Conv2D[T Float](y, x, w, b []T, d Conv) {
	for n := range d.N {
		for o := range d.O {
			for i := range d.OH {
				for j := range d.OW {
					sum := 0.0
					if b != nil {
						sum = float64(b[o])
					}
					sum += convPixel(x, w, n, o, i, j, d)
					y[((n*d.O+o)*d.OH+i)*d.OW+j] = T(sum)
				}
			}
		}
	}
}

func convPixel[T Float](x, w []T, n, o, i, j int, d Conv) float64 {
	sum := 0.0
	for c := range d.C {
		for a := range d.KH {
			r := i*d.StrideH + a - d.Pad
			if r < 0 || r >= d.H {
				continue
			}
			row := x[((n*d.C+c)*d.H+r)*d.W:][:d.W]
			ker := w[((o*d.C+c)*d.KH+a)*d.KW:][:d.KW]
			for e, k := range ker {
				if q := j*d.StrideW + e - d.Pad; q >= 0 && q < d.W {
					sum += float64(k) * float64(row[q])
				}
			}
		}
	}
	return sum
}

// Conv2DInput is the gradient of [Conv2D] with respect to x: for a gradient g [N,O,OH,OW],
//
//	dx[n,c,r,q] = sum_{o,a,e} w[o,c,a,e] g[n,o,i,j]  over  i*StrideH + a - Pad = r, j*StrideW + e - Pad = q.
func Conv2DInput[T Float](dx, w, g []T, d Conv) {
	for n := range d.N {
		for c := range d.C {
			for r := range d.H {
				for q := range d.W {
					dx[((n*d.C+c)*d.H+r)*d.W+q] = T(convInputPixel(w, g, n, c, r, q, d))
				}
			}
		}
	}
}

func convInputPixel[T Float](w, g []T, n, c, r, q int, d Conv) float64 {
	sum := 0.0
	for o := range d.O {
		for a := range d.KH {
			i := r + d.Pad - a
			if i < 0 || i%d.StrideH != 0 || i/d.StrideH >= d.OH {
				continue
			}
			row := g[((n*d.O+o)*d.OH+i/d.StrideH)*d.OW:][:d.OW]
			ker := w[((o*d.C+c)*d.KH+a)*d.KW:][:d.KW]
			for e, k := range ker {
				j := q + d.Pad - e
				if j >= 0 && j%d.StrideW == 0 && j/d.StrideW < d.OW {
					sum += float64(k) * float64(row[j/d.StrideW])
				}
			}
		}
	}
	return sum
}

// Conv2DWeight is the gradient of [Conv2D] with respect to w: for a gradient g [N,O,OH,OW],
//
//	dw[o,c,a,e] = sum_{n,i,j} g[n,o,i,j] x[n, c, i*StrideH + a - Pad, j*StrideW + e - Pad].
func Conv2DWeight[T Float](dw, x, g []T, d Conv) {
	for o := range d.O {
		for c := range d.C {
			for a := range d.KH {
				for e := range d.KW {
					sum := 0.0
					for n := range d.N {
						sum += convWeightImage(x, g, n, o, c, a, e, d)
					}
					dw[((o*d.C+c)*d.KH+a)*d.KW+e] = T(sum)
				}
			}
		}
	}
}

func convWeightImage[T Float](x, g []T, n, o, c, a, e int, d Conv) float64 {
	sum := 0.0
	for i := range d.OH {
		r := i*d.StrideH + a - d.Pad
		if r < 0 || r >= d.H {
			continue
		}
		row := x[((n*d.C+c)*d.H+r)*d.W:][:d.W]
		grad := g[((n*d.O+o)*d.OH+i)*d.OW:][:d.OW]
		for j, v := range grad {
			if q := j*d.StrideW + e - d.Pad; q >= 0 && q < d.W {
				sum += float64(v) * float64(row[q])
			}
		}
	}
	return sum
}

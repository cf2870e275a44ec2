package viz

import (
	"fmt"
	"image"
	"math"
	"strconv"
)

// NewSampleLaw returns the picture of the M-sample law: the mean squared error
// of the mean of M samples, measured at ms, against M. For samples of the true
// conditional distribution it is
//
//	error(M) = best (1 + 1/M),
//
// best the error of the conditional mean (the samples' own variance is as large
// as the truth's, and averaging divides it by M). best is fitted to the measured
// errors by least squares. plusMinus, which may be nil, is their uncertainty.
func NewSampleLaw(title string, ms, errors, plusMinus []float64) *Curve {
	c := NewCurve(title, "M, samples averaged", "mean squared error")
	c.LogX = true
	if len(ms) != len(errors) || plusMinus != nil && len(plusMinus) != len(ms) {
		return c.add(series{name: "law", err: fmt.Errorf("%d values of M, %d errors, %d uncertainties", len(ms), len(errors), len(plusMinus))})
	}
	best := fitLaw(ms, errors)
	lo, hi := make([]float64, len(ms)), make([]float64, len(ms))
	for i := range ms {
		d := 0.
		if plusMinus != nil {
			d = plusMinus[i]
		}
		lo[i], hi[i] = errors[i]-d, errors[i]+d
	}
	c.Band("measured", ms, errors, lo, hi)
	s := spanOf(true, ms)
	var xs, law []float64
	for i := range 101 {
		m := s.lo * math.Pow(s.hi/s.lo, float64(i)/100)
		xs, law = append(xs, m), append(law, best*(1+1/m))
	}
	c.add(series{name: "best (1 + 1/M)", xs: xs, ys: law, dashes: true})
	return c.Reference(fmt.Sprintf("best, %s", round(best)), best)
}

// fitLaw returns the b that makes b (1 + 1/m) closest to the errors.
func fitLaw(ms, errors []float64) float64 {
	top, bottom := 0., 0.
	for i, m := range ms {
		if k := 1 + 1/m; finite(k) && finite(errors[i]) {
			top += k * errors[i]
			bottom += k * k
		}
	}
	return top / bottom
}

// NewInterpolation returns the picture of walks through the latents: a row for
// each walk, its images from t = 0 to t = 1 from left to right. All rows have
// the same number of images.
func NewInterpolation(title string, walks ...[]image.Image) *Grid {
	g := NewGrid(title)
	most := 0
	for _, w := range walks {
		most = max(most, len(w))
	}
	for k := range most {
		column := make([]image.Image, 0, len(walks))
		for _, w := range walks {
			if k < len(w) {
				column = append(column, w[k])
			}
		}
		t := 0.
		if most > 1 {
			t = float64(k) / float64(most-1)
		}
		name := strconv.FormatFloat(math.Round(100*t)/100, 'f', -1, 64)
		if k == 0 {
			name = "t = 0"
		}
		g.Images(name, column)
	}
	return g
}

package metric

import (
	"fmt"
	"math"
)

// PSNR returns the peak signal-to-noise ratio in dB,
//
//	10 log10(peak^2 / mean((a-b)^2)),
//
// over all values of a and b together, +Inf when they are equal. peak is the
// largest value that a signal can have, in the unit of a and b: 1 for images in
// [0,1]; for depth it must be stated beside the result.
func PSNR(a, b []float32, peak float64) (float64, error) {
	return MaskedPSNR(a, b, nil, peak)
}

// MaskedPSNR is PSNR over the values whose valid is true; nil means all.
func MaskedPSNR(a, b []float32, valid []bool, peak float64) (float64, error) {
	if len(a) == 0 || len(a) != len(b) {
		return 0, &SizeError{"PSNR", len(b), len(a), "values"}
	}
	if valid != nil && len(valid) != len(a) {
		return 0, &SizeError{"PSNR", len(valid), len(a), "valid flags"}
	}
	if !(peak > 0) {
		return 0, fmt.Errorf("metric: PSNR: the peak is %v, want a positive number", peak)
	}
	sum, n := 0.0, 0
	for i := range a {
		if valid == nil || valid[i] {
			d := float64(a[i]) - float64(b[i])
			sum += d * d
			n++
		}
	}
	if n == 0 {
		return 0, fmt.Errorf("metric: PSNR: none of %d values is valid", len(a))
	}
	return 10 * math.Log10(peak*peak/(sum/float64(n))), nil
}

// ImagePSNR returns the PSNR of each image of size values. Their mean is the
// figure that papers report; it is not the PSNR of the pooled values.
func ImagePSNR(a, b []float32, size int, peak float64) ([]float64, error) {
	if size < 1 || len(a)%size != 0 {
		return nil, &SizeError{"PSNR", len(a), len(a) / max(1, size) * size, "values"}
	}
	if len(a) != len(b) {
		return nil, &SizeError{"PSNR", len(b), len(a), "values"}
	}
	var out []float64
	for i := 0; i < len(a); i += size {
		v, err := PSNR(a[i:i+size], b[i:i+size], peak)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// ssimSide and ssimSigma are the window of Wang, Bovik, Sheikh & Simoncelli
// (2004): 11x11 pixels, Gaussian weights.
const (
	ssimSide  = 11
	ssimSigma = 1.5
)

// SSIM returns the structural similarity of two pictures of one channel, h x w
// values (Wang et al. 2004, equations 13 to 17): at every 11x11 window that
// lies inside, with Gaussian weights of standard deviation 1.5,
//
//	(2 ma mb + C1) (2 sab + C2) / ((ma^2 + mb^2 + C1) (sa^2 + sb^2 + C2)),
//
// C1 = (0.01 peak)^2, C2 = (0.03 peak)^2, and the mean over the windows. For
// colour take the mean over the channels.
func SSIM(a, b []float32, h, w int, peak float64) (float64, error) {
	if h < ssimSide || w < ssimSide {
		return 0, fmt.Errorf("metric: SSIM: %dx%d pixels, want at least %dx%d", h, w, ssimSide, ssimSide)
	}
	if len(a) != h*w {
		return 0, &SizeError{"SSIM", len(a), h * w, "values"}
	}
	if len(b) != h*w {
		return 0, &SizeError{"SSIM", len(b), h * w, "values"}
	}
	if !(peak > 0) {
		return 0, fmt.Errorf("metric: SSIM: the peak is %v, want a positive number", peak)
	}
	moment := func(f func(i int) float64) []float64 { return smooth(f, h, w) }
	ma := moment(func(i int) float64 { return float64(a[i]) })
	mb := moment(func(i int) float64 { return float64(b[i]) })
	aa := moment(func(i int) float64 { return float64(a[i]) * float64(a[i]) })
	bb := moment(func(i int) float64 { return float64(b[i]) * float64(b[i]) })
	ab := moment(func(i int) float64 { return float64(a[i]) * float64(b[i]) })
	c1, c2 := .01*peak*.01*peak, .03*peak*.03*peak
	sum := 0.0
	for i := range ma {
		va, vb, cov := aa[i]-ma[i]*ma[i], bb[i]-mb[i]*mb[i], ab[i]-ma[i]*mb[i]
		sum += (2*ma[i]*mb[i] + c1) * (2*cov + c2) / ((ma[i]*ma[i] + mb[i]*mb[i] + c1) * (va + vb + c2))
	}
	return sum / float64(len(ma)), nil
}

// smooth returns the Gaussian-weighted means of f at all windows inside h x w
// pixels: rows first, then columns.
func smooth(f func(i int) float64, h, w int) []float64 {
	weights := make([]float64, ssimSide)
	total := 0.0
	for k := range weights {
		d := float64(k - ssimSide/2)
		weights[k] = math.Exp(-d * d / (2 * ssimSigma * ssimSigma))
		total += weights[k]
	}
	ow, oh := w-ssimSide+1, h-ssimSide+1
	rows := make([]float64, h*ow)
	for y := range h {
		for x := range ow {
			for k, g := range weights {
				rows[y*ow+x] += g / total * f(y*w+x+k)
			}
		}
	}
	out := make([]float64, oh*ow)
	for y := range oh {
		for x := range ow {
			for k, g := range weights {
				out[y*ow+x] += g / total * rows[(y+k)*ow+x]
			}
		}
	}
	return out
}

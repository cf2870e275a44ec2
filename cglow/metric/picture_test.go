package metric

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestPSNR(t *testing.T) {
	a := []float32{0, 0, 0, 0}
	b := []float32{.1, -.1, .1, .1} // mean square 0.01
	for _, c := range []struct {
		name  string
		b     []float32
		valid []bool
		peak  float64
		want  float64
	}{
		{"peak 1", b, nil, 1, 20},
		{"peak 10", b, nil, 10, 40},
		{"equal", a, nil, 1, math.Inf(1)},
		{"one of two valid is off by 0.1", []float32{5, .1, 0, 7}, []bool{false, true, true, false}, 1, 10 * math.Log10(200)},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := MaskedPSNR(a, c.b, c.valid, c.peak)
			if err != nil {
				t.Fatal(err)
			}
			if got != c.want {
				near(t, "dB", got, c.want, 1e-5)
			}
		})
	}
	images, err := ImagePSNR([]float32{0, 0, 0, 0}, []float32{.1, .1, .01, .01}, 2, 1)
	if err != nil || len(images) != 2 {
		t.Fatalf("got %v, %v", images, err)
	}
	near(t, "image 0", images[0], 20, 1e-5)
	near(t, "image 1", images[1], 40, 1e-5)
}

func TestPSNRErrors(t *testing.T) {
	v := make([]float32, 4)
	for _, c := range []struct {
		name  string
		b     []float32
		valid []bool
		peak  float64
	}{
		{"lengths", v[:3], nil, 1},
		{"flags", v, make([]bool, 3), 1},
		{"no valid value", v, make([]bool, 4), 1},
		{"peak 0", v, nil, 0},
		{"peak NaN", v, nil, math.NaN()},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := MaskedPSNR(v, c.b, c.valid, c.peak); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

// patterns returns two pictures of 17x23 values k/31.
func patterns() (a, b []float32) {
	for y := range 17 {
		for x := range 23 {
			a = append(a, float32((7*x+11*y+x*y%5*3)%32)/31)
			b = append(b, float32((7*x+11*y+x*y%7*3)%32)/31)
		}
	}
	return a, b
}

func TestSSIM(t *testing.T) {
	a, b := patterns()
	flat := func(v float32) []float32 { return slices.Repeat([]float32{v}, 17*23) }
	for _, c := range []struct {
		name string
		a, b []float32
		peak float64
		want float64
	}{
		{"equal", a, a, 1, 1},
		// Without variance: (2ab + C1)/(a^2 + b^2 + C1), C1 = 0.0001.
		{"flat", flat(.5), flat(.75), 1, .7501 / .8126},
		// scikit-image 0.26.0, structural_similarity with gaussian_weights=True,
		// sigma=1.5, use_sample_covariance=False, data_range 1 and 2.
		{"patterns, peak 1", a, b, 1, 0.12461315140823509},
		{"patterns, peak 2", a, b, 2, 0.1373246200254522},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := SSIM(c.a, c.b, 17, 23, c.peak)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "SSIM", got, c.want, 1e-9)
		})
	}
	psnr, err := PSNR(a, b, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "PSNR of the patterns, as scikit-image has it", psnr, 8.450876445051694, 1e-9)
	if _, err := SSIM(a, b, 23, 16, 1); err == nil {
		t.Error("a wrong size: no error")
	}
	if _, err := SSIM(a[:100], b[:100], 10, 10, 1); err == nil {
		t.Error("smaller than the window: no error")
	}
}

func TestSuperpixelAccuracy(t *testing.T) {
	superpixel := []uint8{0, 0, 0, 4, 4, 4, 9, 9}
	truth := []uint8{1, 1, 2, 0, 0, 0, 2, 1} // classes 1, 0 and, a tie, 1
	for _, c := range []struct {
		name  string
		guess []uint8
		want  float64
	}{
		{"the truth", truth, 1},
		{"other pixels, same majority", []uint8{2, 1, 1, 0, 1, 0, 1, 2}, 1},
		{"one superpixel wrong", []uint8{1, 1, 1, 0, 0, 0, 2, 2}, 2. / 3},
		{"all wrong", []uint8{0, 0, 0, 1, 1, 1, 0, 0}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := SuperpixelAccuracy(truth, c.guess, superpixel)
			if err != nil {
				t.Fatal(err)
			}
			near(t, "accuracy", got, c.want, 1e-12)
		})
	}
	if _, err := SuperpixelAccuracy(truth, truth[:7], superpixel); err == nil {
		t.Error("a prediction that is too short: no error")
	}
}

func TestEnlarge(t *testing.T) {
	got, err := Enlarge([]uint8{1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 3, 4)
	want := []uint8{1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 5, 5, 6, 6, 7, 7, 8, 8}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := Enlarge(make([]uint8, 5), 2, 2, 4, 4); err == nil {
		t.Error("5 pixels for 2x2: no error")
	}
}

func ExamplePSNR() {
	clean := []float32{.2, .4, .6, .8}
	noisy := []float32{.3, .3, .7, .7}
	db, err := PSNR(clean, noisy, 1)
	fmt.Printf("%.1f dB at peak 1, %v\n", db, err)
	// Output:
	// 20.0 dB at peak 1, <nil>
}

func ExampleSSIM() {
	a := slices.Repeat([]float32{.25}, 12*12)
	b := slices.Repeat([]float32{.5}, 12*12)
	s, err := SSIM(a, b, 12, 12, 1)
	fmt.Printf("%.3f %v\n", s, err)
	// Output:
	// 0.800 <nil>
}

func ExampleSuperpixelAccuracy() {
	truth := []uint8{0, 0, 1, 1}
	predicted := []uint8{0, 1, 1, 1} // the first superpixel is a tie: class 0
	superpixel := []uint8{7, 7, 8, 8}
	a, err := SuperpixelAccuracy(truth, predicted, superpixel)
	fmt.Println(a, err)
	// Output:
	// 1 <nil>
}

package exp

import (
	"math"
	"math/rand/v2"
	"testing"

	"glownotes/cglow/data"
)

// edges returns a picture of two flat halves with noise, and the picture
// without.
func edges(sigma float64) (noisy, clean data.Images) {
	clean = data.NewImages(1, data.Shape{C: 3, H: 24, W: 32})
	noisy = clean.Clone()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range clean.Pix {
		if i%32 >= 16 {
			clean.Pix[i] = 1
		}
		noisy.Pix[i] = clean.Pix[i] + float32(sigma*r.NormFloat64())
	}
	return noisy, clean
}

func squaredError(a, b data.Images) float64 {
	sum := 0.
	for i := range a.Pix {
		d := float64(a.Pix[i] - b.Pix[i])
		sum += d * d
	}
	return sum / float64(len(a.Pix))
}

// TestNonLocalMeans removes noise from a picture with an edge and keeps the
// edge; one that has no noise stays as it is.
func TestNonLocalMeans(t *testing.T) {
	noisy, clean := edges(.1)
	got, err := nonLocalMeans(noisy, .1)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := squaredError(noisy, clean), squaredError(got, clean); after > before/10 {
		t.Errorf("squared error %.2g, before %.2g: less than ten times better", after, before)
	}
	same, err := nonLocalMeans(clean, .01)
	if err != nil {
		t.Fatal(err)
	}
	if d := squaredError(same, clean); d > 1e-6 {
		t.Errorf("a clean picture changed by %g", d)
	}
	if _, err := nonLocalMeans(clean, 0); err == nil {
		t.Error("sigma 0: no error")
	}
}

// TestPatchDistances compares one offset's box sums with plain loops, edges
// included.
func TestPatchDistances(t *testing.T) {
	noisy, _ := edges(.3)
	s := noisy.Shape()
	f := newPatchFilter(s, .3)
	const dy, dx = 3, -5
	f.offset(noisy.Row(0), dy, dx)
	for _, at := range [][2]int{{0, 0}, {0, 31}, {23, 31}, {11, 15}, {22, 1}} {
		sum, n := 0., 0
		for r := at[0] - nlmPatch; r <= at[0]+nlmPatch; r++ {
			for c := at[1] - nlmPatch; c <= at[1]+nlmPatch; c++ {
				if r < 0 || c < 0 || r >= s.H || c >= s.W {
					continue
				}
				for ch := range s.C {
					d := float64(noisy.At(0, ch, r, c) - noisy.At(0, ch, reflect(r+dy, s.H), reflect(c+dx, s.W)))
					sum += d * d / float64(s.C)
				}
				n++
			}
		}
		want := math.Exp(-max(sum/float64(n)-2*.3*.3, 0) / (.4 * .3 * .4 * .3))
		if got := f.weight[at[0]*s.W+at[1]]; math.Abs(got-want) > 1e-9 {
			t.Errorf("row %d, column %d: weight %g, want %g", at[0], at[1], got, want)
		}
	}
}

func TestMedian(t *testing.T) {
	m := data.Images{N: 1, C: 1, H: 3, W: 3, Pix: []float32{1, 2, 3, 4, 100, 6, 7, 8, 9}}
	got := median(m, 1)
	if got.At(0, 0, 1, 1) != 6 {
		t.Errorf("centre %v, want 6", got.At(0, 0, 1, 1))
	}
	if got.At(0, 0, 0, 0) != 4 { // of 1 2 4 100, the upper of the middle two
		t.Errorf("corner %v, want 4", got.At(0, 0, 0, 0))
	}
}

// TestHarmonic fills the middle of a plane, which is harmonic itself.
func TestHarmonic(t *testing.T) {
	x := data.NewImages(1, data.Shape{C: 1, H: 16, W: 16})
	for i := range x.Pix {
		x.Pix[i] = float32(i%16)/20 + float32(i/16)/40
	}
	want := x.Clone()
	for r := 4; r < 12; r++ {
		for c := 4; c < 12; c++ {
			x.Set(0, 0, r, c, data.HiddenValue)
		}
	}
	got := harmonic(x, data.Shape{C: 1, H: 8, W: 8})
	for r := range 8 {
		for c := range 8 {
			if d := got.At(0, 0, r, c) - want.At(0, 0, r+4, c+4); d > 1e-4 || d < -1e-4 {
				t.Fatalf("row %d, column %d: %v, want %v", r, c, got.At(0, 0, r, c), want.At(0, 0, r+4, c+4))
			}
		}
	}
}

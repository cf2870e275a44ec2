package metric

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// twelve returns a set of 12 images of 4 pixels: truth 0011 in all; images 0
// to 9 predicted 0111, image 10 right, image 11 all background.
func twelve(t *testing.T) *Segmentation {
	t.Helper()
	var truth, guess []uint8
	for i := range 12 {
		truth = append(truth, 0, 0, 1, 1)
		switch {
		case i < 10:
			guess = append(guess, 0, 1, 1, 1)
		case i == 10:
			guess = append(guess, 0, 0, 1, 1)
		default:
			guess = append(guess, 0, 0, 0, 0)
		}
	}
	s, err := Segment(truth, guess, 2, 4)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSegmentation(t *testing.T) {
	s := twelve(t)
	// Pixels by (truth, guess): 00: 10 + 2 + 2 = 14, 01: 10, 10: 2, 11: 20 + 2 = 22.
	if got, want := fmt.Sprint(s.Confusion()), "[[14 10] [2 22]]"; got != want {
		t.Errorf("confusion: got %s, want %s", got, want)
	}
	near(t, "SetIoU(1)", s.SetIoU(1), 22./34, 1e-12)
	near(t, "SetIoU(0)", s.SetIoU(0), 14./26, 1e-12)
	near(t, "SetMeanIoU", s.SetMeanIoU(), (22./34+14./26)/2, 1e-12)
	// Image 0: foreground 2/3, background 1/2; image 10: 1, 1; image 11: 0, 1/2.
	near(t, "MeanImageIoU(1)", s.MeanImageIoU(1), (10*2./3+1+0)/12, 1e-12)
	near(t, "MeanImageIoU(0)", s.MeanImageIoU(0), (10*.5+1+.5)/12, 1e-12)
	// First batch: (2/3 + 1/2)/2; the second holds images 10 and 11: foreground
	// 2/4, background 4/6.
	near(t, "ReleasedIoU", s.ReleasedIoU(), ((2./3+1./2)/2+(1./2+2./3)/2)/2, 1e-12)
	near(t, "PixelAccuracy", s.PixelAccuracy(), 36./48, 1e-12)
	if got := s.ImageIoU(1); len(got) != 12 || got[10] != 1 || got[11] != 0 {
		t.Errorf("ImageIoU(1): got %v", got)
	}
}

func TestReleasedIoUIsNotPooled(t *testing.T) {
	// Eleven images: ten right, the eleventh wrong everywhere. Batches: 1 and 0.
	truth := slices.Repeat([]uint8{0, 1}, 11)
	guess := slices.Repeat([]uint8{0, 1}, 10)
	guess = append(guess, 1, 0)
	s, err := Segment(truth, guess, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "ReleasedIoU", s.ReleasedIoU(), .5, 1e-12)
	near(t, "SetMeanIoU", s.SetMeanIoU(), 10./12, 1e-12)
}

func TestAbsentClass(t *testing.T) {
	s, err := Segment([]uint8{0, 0, 1, 1}, []uint8{0, 0, 1, 0}, 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "a class that is nowhere", s.SetIoU(2), 1, 0)
	near(t, "mean over three classes", s.SetMeanIoU(), (2./3+1./2+1)/3, 1e-12)
}

func TestSegmentErrors(t *testing.T) {
	for _, c := range []struct {
		name         string
		truth, guess []uint8
		pixels       int
		want         string
	}{
		{"nothing", nil, nil, 4, "nothing to compare"},
		{"half an image", make([]uint8, 6), make([]uint8, 6), 4, "got 6, want 4"},
		{"prediction too short", make([]uint8, 8), make([]uint8, 4), 4, "got 4, want 8"},
		{"class too large", []uint8{0, 0, 0, 2}, make([]uint8, 4), 4, "pixel 3 has class 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Segment(c.truth, c.guess, 2, c.pixels)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	_, err := SegmentMasks(make([]float32, 8), make([]float32, 4), 4)
	var size *SizeError
	if !errors.As(err, &size) || size.Got != 4 || size.Want != 8 {
		t.Errorf("got %#v, want a SizeError 4, 8", err)
	}
}

func TestBinarize(t *testing.T) {
	got := Binarize([]float32{-3, 0, .49, .5, 1, float32(math.NaN())})
	if want := []uint8{0, 0, 0, 1, 1, 0}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestArgMax(t *testing.T) {
	// Two images, three classes, two pixels; the last pixel is a tie.
	got, err := ArgMax([]float32{.1, .9, .5, .2, .4, .3, 0, 7, 1, 7, 2, 7}, 3, 2)
	if want := []uint8{1, 0, 2, 0}; err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if _, err := ArgMax(make([]float32, 7), 3, 2); err == nil {
		t.Error("7 values for 3 classes of 2 pixels: no error")
	}
}

func ExampleSegmentMasks() {
	truth := []float32{0, 1, 1, 0, 0, 0, 1, 1}
	predicted := []float32{.1, .8, .4, 0, .2, .6, .9, .7}
	s, err := SegmentMasks(truth, predicted, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("foreground, pooled: %.3f\n", s.SetIoU(1))
	fmt.Printf("foreground, mean over images: %.3f\n", s.MeanImageIoU(1))
	fmt.Printf("released code: %.3f\n", s.ReleasedIoU())
	// Output:
	// foreground, pooled: 0.600
	// foreground, mean over images: 0.583
	// released code: 0.600
}

func TestTrivialMasks(t *testing.T) {
	// Mean mask of the training masks: .5, 1, 0, .25.
	train := []float32{0, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0}
	test := []float32{0, 1, 0, 0, 1, 1, 1, 0}
	got, err := TrivialMasks(train, test, 4)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float32{.5, 1, 0, .25}; !slices.Equal(got.Mask, want) {
		t.Errorf("mean mask: got %v, want %v", got.Mask, want)
	}
	// It predicts 1100 for both: both 1 + 2, either 2 + 3.
	near(t, "mean mask, foreground", got.MeanMask.SetIoU(1), 3./5, 1e-12)
	near(t, "background, foreground", got.Background.SetIoU(1), 0, 0)
	near(t, "background, background", got.Background.SetIoU(0), 4./8, 1e-12)
	near(t, "background, released", got.Background.ReleasedIoU(), .25, 1e-12)
	if _, err := TrivialMasks(train, test[:6], 4); err == nil {
		t.Error("test masks of 6 values for 4 pixels: no error")
	}
	if _, err := TrivialMasks(nil, test, 4); err == nil {
		t.Error("no training masks: no error")
	}
}

func ExampleTrivialMasks() {
	train := []float32{0, 1, 1, 0, 0, 1, 0, 0}
	test := []float32{0, 1, 1, 1}
	trivial, err := TrivialMasks(train, test, 4)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("mean mask %v: %.3f\n", trivial.Mask, trivial.MeanMask.SetIoU(1))
	fmt.Printf("all background: %.3f, in the released code's way %.3f\n",
		trivial.Background.SetIoU(1), trivial.Background.ReleasedIoU())
	// Output:
	// mean mask [0 1 0.5 0]: 0.667
	// all background: 0.000, in the released code's way 0.125
}

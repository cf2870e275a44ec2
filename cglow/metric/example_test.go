package metric_test

import (
	"fmt"

	"glownotes/cglow/metric"
)

func ExampleSegment() {
	truth := []uint8{0, 0, 1, 1, 2, 2}
	guess := []uint8{0, 0, 1, 2, 2, 2}
	s, err := metric.Segment(truth, guess, 3, 6)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s)
	fmt.Println(s.Confusion())
	// Output:
	// mean IoU of 3 classes over the set 0.722; pixel accuracy 0.833 (1 images)
	// [[2 0 0] [0 1 1] [0 0 2]]
}

func ExampleArgMax() {
	scores := []float32{
		.7, .1, // class 0 at both pixels
		.2, .8, // class 1
	}
	classes, err := metric.ArgMax(scores, 2, 2)
	fmt.Println(classes, err)
	// Output:
	// [0 1] <nil>
}

func ExampleEnlarge() {
	classes, err := metric.Enlarge([]uint8{0, 1}, 1, 2, 2, 4)
	fmt.Println(classes, err)
	// Output:
	// [0 0 1 1 0 0 1 1] <nil>
}

func ExampleImagePSNR() {
	truth := []float32{.5, .5, .5, .5}
	guess := []float32{.6, .4, .51, .49}
	db, err := metric.ImagePSNR(truth, guess, 2, 1)
	fmt.Printf("%.0f %v\n", db, err)
	// Output:
	// [20 40] <nil>
}

func ExampleMaskedPSNR() {
	truth := []float32{.5, .5, .5}
	guess := []float32{.6, .4, 0} // the last has no true value
	db, err := metric.MaskedPSNR(truth, guess, []bool{true, true, false}, 1)
	fmt.Printf("%.0f %v\n", db, err)
	// Output:
	// 20 <nil>
}

func ExampleMeanMask() {
	mask, err := metric.MeanMask([]float32{0, 1, 1, 1}, 2)
	fmt.Println(mask, err)
	// Output:
	// [0.5 1] <nil>
}

func ExampleBrier() {
	b, err := metric.Brier([]float32{.5, 1}, []bool{true, true})
	fmt.Println(b, err)
	// Output:
	// 0.125 <nil>
}

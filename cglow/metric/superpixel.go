package metric

import "fmt"

// SuperpixelAccuracy returns the part of the superpixels of one image whose
// class is right. The class of a superpixel is the most frequent one of its
// pixels, the lowest of equals, in the truth and in the prediction alike
// (c-Glow paper, section 5.2; Kae et al. 2013). All three slices hold one value
// for each pixel.
func SuperpixelAccuracy(truth, predicted, superpixel []uint8) (float64, error) {
	if len(truth) == 0 || len(truth) != len(superpixel) {
		return 0, &SizeError{"superpixel accuracy", len(truth), len(superpixel), "true pixels"}
	}
	if len(predicted) != len(superpixel) {
		return 0, &SizeError{"superpixel accuracy", len(predicted), len(superpixel), "predicted pixels"}
	}
	var votes, guesses [256][256]int32
	for i, s := range superpixel {
		votes[s][truth[i]]++
		guesses[s][predicted[i]]++
	}
	right, all := 0, 0
	for s := range votes {
		want, n := mostFrequent(&votes[s])
		if n == 0 {
			continue // no pixel has this number
		}
		all++
		if got, _ := mostFrequent(&guesses[s]); got == want {
			right++
		}
	}
	return float64(right) / float64(all), nil
}

// mostFrequent returns the class with the most votes, the lowest of equals, and
// its number of votes.
func mostFrequent(votes *[256]int32) (class int, n int32) {
	for c, v := range votes {
		if v > n {
			class, n = c, v
		}
	}
	return class, n
}

// Enlarge returns class maps [images][h][w] at height x width pixels by nearest
// neighbour, so that a small prediction can be compared at the size of the
// superpixels.
func Enlarge(classes []uint8, h, w, height, width int) ([]uint8, error) {
	if h < 1 || w < 1 || height < 1 || width < 1 {
		return nil, fmt.Errorf("metric: enlarge: %dx%d to %dx%d pixels", h, w, height, width)
	}
	if len(classes)%(h*w) != 0 {
		return nil, &SizeError{"enlarge", len(classes), len(classes) / (h * w) * h * w, "pixels"}
	}
	out := make([]uint8, 0, len(classes)/(h*w)*height*width)
	for ; len(classes) > 0; classes = classes[h*w:] {
		for y := range height {
			row := classes[y*h/height*w:]
			for x := range width {
				out = append(out, row[x*w/width])
			}
		}
	}
	return out, nil
}

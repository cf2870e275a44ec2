package metric

import "fmt"

// Binarize returns the class of each value of a mask: 1 when it is at least
// 0.5, else 0 (also for NaN).
func Binarize(values []float32) []uint8 {
	out := make([]uint8, len(values))
	for i, v := range values {
		if v >= .5 {
			out[i] = 1
		}
	}
	return out
}

// ArgMax returns the class of each pixel of score maps [n][classes][pixels]:
// the one with the largest value, the first of equals.
func ArgMax(scores []float32, classes, pixels int) ([]uint8, error) {
	per := classes * pixels
	if classes < 1 || classes > 256 || pixels < 1 || len(scores)%per != 0 {
		return nil, &SizeError{"argmax", len(scores), len(scores) / max(1, per) * per, "values"}
	}
	out := make([]uint8, 0, len(scores)/classes)
	for ; len(scores) > 0; scores = scores[per:] {
		for p := range pixels {
			best := 0
			for c := 1; c < classes; c++ {
				if scores[c*pixels+p] > scores[best*pixels+p] {
					best = c
				}
			}
			out = append(out, uint8(best))
		}
	}
	return out, nil
}

// Segmentation compares the classes that were predicted for the pixels of a
// set of images with the true ones.
type Segmentation struct {
	classes, pixels int
	truth, guess    []uint8 // [images][pixels]
}

// Segment compares predicted with true classes, both [images][pixels] with
// values below classes.
func Segment(truth, predicted []uint8, classes, pixels int) (*Segmentation, error) {
	switch {
	case classes < 2 || pixels < 1 || len(truth) == 0:
		return nil, fmt.Errorf("metric: segment: %d classes, %d pixels an image, %d in all: nothing to compare", classes, pixels, len(truth))
	case len(truth)%pixels != 0:
		return nil, &SizeError{"segment", len(truth), len(truth) / pixels * pixels, "true pixels"}
	case len(predicted) != len(truth):
		return nil, &SizeError{"segment", len(predicted), len(truth), "predicted pixels"}
	}
	for i := range truth {
		if c := max(truth[i], predicted[i]); int(c) >= classes {
			return nil, fmt.Errorf("metric: segment: pixel %d has class %d of %d", i, c, classes)
		}
	}
	return &Segmentation{classes: classes, pixels: pixels, truth: truth, guess: predicted}, nil
}

// SegmentMasks compares masks [images][pixels]: both are cut at 0.5.
func SegmentMasks(truth, predicted []float32, pixels int) (*Segmentation, error) {
	return Segment(Binarize(truth), Binarize(predicted), 2, pixels)
}

// Images returns the number of images.
func (s *Segmentation) Images() int { return len(s.truth) / s.pixels }

// Confusion counts pixels by true class (first index) and predicted class.
func (s *Segmentation) Confusion() [][]int { return s.confusion(0, s.Images()) }

// confusion counts the pixels of images from..to-1.
func (s *Segmentation) confusion(from, to int) [][]int {
	out := make([][]int, s.classes)
	for c := range out {
		out[c] = make([]int, s.classes)
	}
	for i := from * s.pixels; i < to*s.pixels; i++ {
		out[s.truth[i]][s.guess[i]]++
	}
	return out
}

// iou returns |truth and guess| / |truth or guess| of a class; 1 when the class
// occurs in neither.
func iou(confusion [][]int, class int) float64 {
	union := 0
	for k := range confusion {
		union += confusion[class][k] + confusion[k][class]
	}
	both := confusion[class][class]
	if union == 0 {
		return 1
	}
	return float64(both) / float64(union-both)
}

// meanIoU returns the mean of iou over the classes.
func meanIoU(confusion [][]int) float64 {
	sum := 0.0
	for c := range confusion {
		sum += iou(confusion, c)
	}
	return sum / float64(len(confusion))
}

// SetIoU returns the IoU of a class with the pixels of all images pooled: large
// objects count more. SetIoU(1) of masks is the foreground IoU over the set.
func (s *Segmentation) SetIoU(class int) float64 { return iou(s.Confusion(), class) }

// SetMeanIoU returns the mean of SetIoU over all classes, background included.
func (s *Segmentation) SetMeanIoU() float64 { return meanIoU(s.Confusion()) }

// ImageIoU returns the IoU of a class in each image; 1 where the class is
// neither there nor predicted.
func (s *Segmentation) ImageIoU(class int) []float64 {
	out := make([]float64, s.Images())
	for i := range out {
		out[i] = iou(s.confusion(i, i+1), class)
	}
	return out
}

// MeanImageIoU returns the mean of ImageIoU over the images: each counts the
// same.
func (s *Segmentation) MeanImageIoU(class int) float64 {
	return mean(s.ImageIoU(class))
}

// releasedBatch is the batch size with which the released code predicts.
const releasedBatch = 10

// ReleasedIoU returns the IoU that the released code of the c-Glow paper
// prints: the mean over background and horse in each batch of 10 images (the
// last may be smaller), then the plain mean over the batches. The background
// lifts it well above SetIoU(1).
func (s *Segmentation) ReleasedIoU() float64 {
	var batches []float64
	for from := 0; from < s.Images(); from += releasedBatch {
		batches = append(batches, meanIoU(s.confusion(from, min(from+releasedBatch, s.Images()))))
	}
	return mean(batches)
}

// PixelAccuracy returns the part of all pixels whose class is right.
func (s *Segmentation) PixelAccuracy() float64 {
	right := 0
	for i, c := range s.truth {
		if s.guess[i] == c {
			right++
		}
	}
	return float64(right) / float64(len(s.truth))
}

// String lists the figures for masks, or for classes when there are more than
// two.
func (s *Segmentation) String() string {
	if s.classes == 2 {
		return fmt.Sprintf("foreground IoU over the set %.3f, mean over images %.3f; released code's IoU %.3f; pixel accuracy %.3f (%d images)",
			s.SetIoU(1), s.MeanImageIoU(1), s.ReleasedIoU(), s.PixelAccuracy(), s.Images())
	}
	return fmt.Sprintf("mean IoU of %d classes over the set %.3f; pixel accuracy %.3f (%d images)",
		s.classes, s.SetMeanIoU(), s.PixelAccuracy(), s.Images())
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}

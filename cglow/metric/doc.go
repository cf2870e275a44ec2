// Package metric measures conditional flows: likelihood in bits per dimension,
// masks and classes by intersection over union, pictures by PSNR and SSIM.
//
// Intersection over union (IoU) exists in many variants that differ by more
// than most improvements, so each has a name of its own here:
//
//	SetIoU(c)       class c, all pixels of the set pooled
//	SetMeanIoU      mean of SetIoU over the classes
//	ImageIoU(c)     class c, one figure for each image
//	MeanImageIoU(c) mean of ImageIoU over the images
//	ReleasedIoU     what the released code of the c-Glow paper computes
//
// For masks, class 1 is the foreground and class 0 the background. Values in
// slices are ordered image by image; sizes that do not fit are a *SizeError.
package metric

import "fmt"

// A SizeError reports slices whose lengths do not fit together.
type SizeError struct {
	Metric    string
	Got, Want int
	What      string // what was counted
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("metric: %s: %s: got %d, want %d", e.Metric, e.What, e.Got, e.Want)
}

package metric

// Trivial holds what predictors score that look at no picture: a model is
// worth something where it is above them.
type Trivial struct {
	Background *Segmentation // predicts background everywhere
	MeanMask   *Segmentation // predicts the same mask for every picture
	Mask       []float32     // that mask: the mean over the training masks, before it is cut at 0.5
}

// TrivialMasks scores the trivial predictors on test masks, both
// [images][pixels]; the mean mask comes from the training masks.
func TrivialMasks(train, test []float32, pixels int) (*Trivial, error) {
	mask, err := MeanMask(train, pixels)
	if err != nil {
		return nil, err
	}
	if len(test) == 0 || len(test)%pixels != 0 {
		return nil, &SizeError{"trivial masks", len(test), max(1, len(test)/pixels) * pixels, "test pixels"}
	}
	t := &Trivial{Mask: mask}
	same := make([]float32, 0, len(test))
	for range len(test) / pixels {
		same = append(same, mask...)
	}
	if t.MeanMask, err = SegmentMasks(test, same, pixels); err != nil {
		return nil, err
	}
	if t.Background, err = SegmentMasks(test, make([]float32, len(test)), pixels); err != nil {
		return nil, err
	}
	return t, nil
}

// MeanMask returns the mean of masks [images][pixels] at each pixel.
func MeanMask(masks []float32, pixels int) ([]float32, error) {
	if pixels < 1 || len(masks) == 0 || len(masks)%pixels != 0 {
		return nil, &SizeError{"mean mask", len(masks), max(1, len(masks)/max(1, pixels)) * pixels, "pixels"}
	}
	sum := make([]float64, pixels)
	for i, v := range masks {
		sum[i%pixels] += float64(v)
	}
	out := make([]float32, pixels)
	for i, v := range sum {
		out[i] = float32(v / float64(len(masks)/pixels))
	}
	return out, nil
}

// String names both predictors with their figures.
func (t *Trivial) String() string {
	return "all background: " + t.Background.String() + "\nmean mask: " + t.MeanMask.String()
}

package data

// Images is a batch of N images in channel-first order: Pix holds
// [N][C][H][W] float32 values in [0,1] (masks: exactly 0 or 1).
type Images struct {
	N, C, H, W int
	Pix        []float32
}

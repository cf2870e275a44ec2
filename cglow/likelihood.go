package cglow

import "math"

// BitsPerDim converts log p (nats per example, as LogProb returns it) into bits
// per dimension of the modelled tensor: -log p / (D ln 2), D = Target().Len().
// It is bin-width aware because LogProb is.
func (c Config) BitsPerDim(nats float64) float64 {
	return -nats / (float64(c.Target().Len()) * math.Ln2)
}

// ReleasedBitsPerDim converts the log-density of the continuous y into the unit
// that the released code prints: log2(bins) more than the density's own bits
// per dimension, whatever the bin width is. For masks (2 bins of width 1) it is
// 1 bit per dimension higher than BitsPerDim, and the least possible value is 1.
func (c Config) ReleasedBitsPerDim(nats float64) float64 {
	bins := float64(max(c.Bins, 1))
	return c.BitsPerDim(nats) + math.Log2(bins)
}

// logBinWidth returns D log(bin width), which turns the density of the
// dequantized y into a bound on the probability of the discrete y.
func (c Config) logBinWidth() float64 {
	return float64(c.Target().Len()) * math.Log(c.BinWidth())
}

package metric

import "math"

// BitsPerDim returns the code length of discrete data under a density model,
// in bits per dimension:
//
//	(nll/dims - log(bin)) / log 2
//
// nll is the negative log-likelihood of one example in nats under the
// continuous model, trained on data with uniform noise of width bin, the
// distance between two neighbouring values: 1 for masks {0,1} with noise
// U(-1/2, 1/2), 1/256 for 8-bit images in [0,1]. The density times the volume
// bin^dims bounds the probability of the discrete data from below (Theis, van
// den Oord & Bethge 2016, section 3.1).
func BitsPerDim(nll float64, dims int, bin float64) float64 {
	return (nll/float64(dims) - math.Log(bin)) / math.Ln2
}

// ReleasedBitsPerDim returns bits per dimension in the unit of the released
// code of the c-Glow paper. It takes bins of width 1/2 for masks although their
// noise has width 1, and is 1 bit per dimension above BitsPerDim(nll, dims, 1);
// no model of such masks can come below 1.
func ReleasedBitsPerDim(nll float64, dims int) float64 {
	return BitsPerDim(nll, dims, .5)
}

package cglow

import (
	"math"
	"math/bits"
)

// Stream separates the uses of random numbers: numbers of different streams
// never meet, whatever the step and the layer.
type Stream uint32

// The streams of the package. Values are part of the checkpoint format: a
// resumed run draws what the uninterrupted one would have drawn.
const (
	StreamInit    Stream = 1 + iota // initial parameters; Layer is the parameter's index
	StreamDequant                   // dequantization noise of y
	StreamXNoise                    // noise on x in training
	StreamSample                    // latents of samples; Layer is the latent's index
	StreamOrder                     // order of the training examples
	StreamSearch                    // starting points of MAP inference
	StreamEval                      // dequantization noise of y in LogProb; Layer is the example's index
)

// Key names one sequence of random numbers. A sequence is a pure function of
// its key (counter-based: no state is carried from call to call), so that a
// resumed run, another number of goroutines or another order of evaluation
// draws the same numbers.
//
// The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random
// numbers: as easy as 1, 2, 3", SC 2011): key = Seed, counter = (block, Layer,
// Step, Stream).
type Key struct {
	Seed   uint64
	Stream Stream
	Step   uint32
	Layer  uint32
}

// Philox constants: the two multipliers and the two Weyl increments of the
// paper's 4x32 variant.
const (
	philoxM0 = 0xD2511F53
	philoxM1 = 0xCD9E8D57
	philoxW0 = 0x9E3779B9
	philoxW1 = 0xBB67AE85
)

// philox returns the 10-round Philox4x32 block of a counter under a key.
func philox(c [4]uint32, k0, k1 uint32) [4]uint32 {
	for range 10 {
		h0, l0 := bits.Mul32(philoxM0, c[0])
		h1, l1 := bits.Mul32(philoxM1, c[2])
		c = [4]uint32{h1 ^ c[1] ^ k0, l1, h0 ^ c[3] ^ k1, l0}
		k0 += philoxW0
		k1 += philoxW1
	}
	return c
}

// block returns block i of the sequence: four independent 32-bit numbers.
func (k Key) block(i uint32) [4]uint32 {
	return philox([4]uint32{i, k.Layer, k.Step, uint32(k.Stream)}, uint32(k.Seed), uint32(k.Seed>>32))
}

// unit maps 32 random bits to the open interval (0, 1); the smallest value is
// 2^-33, so that its logarithm is finite.
func unit(u uint32) float64 { return (float64(u) + 0.5) * 0x1p-32 }

// real is a floating-point type that parameters and images may have.
type real interface{ ~float32 | ~float64 }

// Uniform fills dst with numbers uniform on [0, 1): 24 random bits each, so
// that both precisions get the same numbers and rounding never gives 1.
func Uniform[T real](k Key, dst []T) {
	for i := 0; i < len(dst); i += 4 {
		b := k.block(uint32(i / 4))
		for j := 0; j < 4 && i+j < len(dst); j++ {
			dst[i+j] = T(float64(b[j]>>8) * 0x1p-24)
		}
	}
}

// Normal fills dst with standard-normal numbers (Box-Muller in float64, two
// numbers from each two of a block).
func Normal[T real](k Key, dst []T) {
	for i := 0; i < len(dst); i += 4 {
		b := k.block(uint32(i / 4))
		for j := 0; j < 4 && i+j < len(dst); j += 2 {
			r := math.Sqrt(-2 * math.Log(unit(b[j])))
			s, c := math.Sincos(2 * math.Pi * unit(b[j+1]))
			dst[i+j] = T(r * c)
			if i+j+1 < len(dst) {
				dst[i+j+1] = T(r * s)
			}
		}
	}
}

// Shuffled returns a permutation of 0..n-1 (Fisher-Yates).
func Shuffled(k Key, n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		b := k.block(uint32(i))
		// 64 random bits modulo i+1: the bias is below 2^-32 for any n here.
		j := int((uint64(b[0])<<32 | uint64(b[1])) % uint64(i+1))
		p[i], p[j] = p[j], p[i]
	}
	return p
}

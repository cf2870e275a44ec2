package data

import (
	"math"
	"math/rand/v2"
)

// mix64 is the finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection
// of 64 bits in which every input bit changes half of the output bits.
func mix64(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// stream returns the random numbers of pair index of a procedural dataset:
// a function of (seed, index) alone.
func stream(seed uint64, index int) *rand.Rand {
	return rand.New(rand.NewPCG(mix64(seed+0x9e3779b97f4a7c15), mix64(uint64(index)+0x632be59bd9b4e019)))
}

// uniform returns a number in [lo, hi).
func uniform(r *rand.Rand, lo, hi float64) float64 { return lo + (hi-lo)*r.Float64() }

// jitter returns v times a factor in [1-by, 1+by).
func jitter(r *rand.Rand, v, by float64) float64 { return v * uniform(r, 1-by, 1+by) }

// chance is true with probability p.
func chance(r *rand.Rand, p float64) bool { return r.Float64() < p }

// noise is a smooth random function of the plane: value noise, that is random
// values at whole-number points, joined by smoothsteps.
type noise uint64

// at returns the value at (x, y), in [0, 1].
func (n noise) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	tx, ty := x-fx, y-fy
	tx, ty = tx*tx*(3-2*tx), ty*ty*(3-2*ty)
	const kx, ky = 0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f // odd, so that no two columns or rows coincide
	hx, hy := uint64(int64(fx))*kx, uint64(int64(fy))*ky
	a, b := n.hash(hx^hy), n.hash((hx+kx)^hy)
	c, d := n.hash(hx^(hy+ky)), n.hash((hx+kx)^(hy+ky))
	a += (b - a) * tx
	c += (d - c) * tx
	return a + (c-a)*ty
}

// hash returns a number in [0, 1) for the whole-number point behind h.
func (n noise) hash(h uint64) float64 {
	h += uint64(n)
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 32
	return float64(h>>40) * (1.0 / (1 << 24))
}

// octaves sums k copies of the noise, each at twice the frequency and half the
// height of the one before, and returns the weighted mean, in [0, 1].
func (n noise) octaves(x, y float64, k int) float64 {
	sum, total, w := 0.0, 0.0, 1.0
	for i := range k {
		sum += w * (n+noise(i)*0x5851f42d4c957f2d).at(x, y)
		total += w
		x, y, w = 2*x+17.3, 2*y-9.1, w/2
	}
	return sum / total
}

// step rises smoothly from 0 at lo to 1 at hi.
func step(lo, hi, v float64) float64 {
	t := (v - lo) / (hi - lo)
	if t <= 0 {
		return 0
	}
	if t >= 1 {
		return 1
	}
	return t * t * (3 - 2*t)
}

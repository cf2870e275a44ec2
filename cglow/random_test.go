package cglow

import (
	"math"
	"testing"
)

// The known answers of Random123's kat_vectors file for philox4x32-10.
func TestPhiloxKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		name string
		ctr  [4]uint32
		key  [2]uint32
		want [4]uint32
	}{
		{"zero", [4]uint32{}, [2]uint32{}, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{"ones", [4]uint32{^uint32(0), ^uint32(0), ^uint32(0), ^uint32(0)}, [2]uint32{^uint32(0), ^uint32(0)},
			[4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{"pi", [4]uint32{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, [2]uint32{0xa4093822, 0x299f31d0},
			[4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := philox(c.ctr, c.key[0], c.key[1]); got != c.want {
				t.Errorf("got %08x, want %08x", got, c.want)
			}
		})
	}
}

func TestRandomMoments(t *testing.T) {
	const n = 200_001 // odd: the last block is not full
	u, z := make([]float64, n), make([]float64, n)
	Uniform(Key{Seed: 7, Stream: StreamDequant}, u)
	Normal(Key{Seed: 7, Stream: StreamSample}, z)
	moments := func(v []float64) (mean, variance, kurtosis float64) {
		for _, x := range v {
			mean += x / n
		}
		for _, x := range v {
			d := x - mean
			variance += d * d / n
			kurtosis += d * d * d * d / n
		}
		return mean, variance, kurtosis / (variance * variance)
	}
	um, uv, uk := moments(u)
	zm, zv, zk := moments(z)
	for _, c := range []struct {
		name           string
		got, want, tol float64
	}{
		// Tolerances: five standard errors at n = 200,001.
		{"uniform mean", um, 0.5, 5 * math.Sqrt(1./12/n)},
		{"uniform variance", uv, 1. / 12, 0.001},
		{"uniform kurtosis", uk, 1.8, 0.02},
		{"normal mean", zm, 0, 5 / math.Sqrt(n)},
		{"normal variance", zv, 1, 5 * math.Sqrt(2./n)},
		{"normal kurtosis", zk, 3, 5 * math.Sqrt(24./n)},
	} {
		if math.Abs(c.got-c.want) > c.tol {
			t.Errorf("%s: got %v, want %v, tolerance %v", c.name, c.got, c.want, c.tol)
		}
	}
}

func TestKeysGiveDifferentSequences(t *testing.T) {
	base := Key{Seed: 1, Stream: StreamSample, Step: 2, Layer: 3}
	first := func(k Key) [4]uint32 { return k.block(0) }
	for name, k := range map[string]Key{
		"seed":      {Seed: 2, Stream: StreamSample, Step: 2, Layer: 3},
		"high seed": {Seed: 1 | 1<<32, Stream: StreamSample, Step: 2, Layer: 3},
		"stream":    {Seed: 1, Stream: StreamOrder, Step: 2, Layer: 3},
		"step":      {Seed: 1, Stream: StreamSample, Step: 3, Layer: 3},
		"layer":     {Seed: 1, Stream: StreamSample, Step: 2, Layer: 4},
	} {
		if first(k) == first(base) {
			t.Errorf("changing the %s does not change the numbers", name)
		}
	}
}

func TestShuffledIsPermutation(t *testing.T) {
	for _, n := range []int{0, 1, 2, 17, 200} {
		seen := make([]bool, n)
		for _, i := range Shuffled(Key{Seed: 5, Stream: StreamOrder}, n) {
			if seen[i] {
				t.Fatalf("n=%d: %d occurs twice", n, i)
			}
			seen[i] = true
		}
	}
}

package cglow

import (
	"math"

	"glownotes/cglow/condnet"
	"glownotes/cglow/cpu"
)

// initialize gives every parameter its start. Numbers depend on the seed and
// on the parameter's place in the declaration only.
func (s *store) initialize(seed uint64) {
	cpu.Parallel(len(s.list), func(i int) {
		p := s.list[i]
		s.set(p, start(p.Param, p.size, Key{Seed: seed, Stream: StreamInit, Layer: uint32(i)}))
	})
}

// start returns the initial values of one parameter.
func start(p condnet.Param, n int, k Key) []float64 {
	v := make([]float64, n)
	switch p.Init {
	case condnet.He:
		normal(k, v, math.Sqrt(2/float64(p.Fan)))
	case condnet.SmallNormal:
		normal(k, v, 0.05)
	case condnet.TenthNormal:
		normal(k, v, 0.1)
	case condnet.FanUniform:
		Uniform(k, v)
		for i := range v {
			v[i] = (2*v[i] - 1) / math.Sqrt(float64(p.Fan))
		}
	case condnet.Orthogonal:
		copy(v, orthogonal(k, p.Row))
	case condnet.Pairs:
		rows := make([]float64, p.Rows/2*p.Row)
		Normal(k, rows)
		for r := range p.Rows {
			copy(v[r*p.Row:(r+1)*p.Row], rows[r/2*p.Row:])
		}
	}
	return v
}

// normal fills v with normal numbers of the given standard deviation.
func normal(k Key, v []float64, std float64) {
	Normal(k, v)
	for i := range v {
		v[i] *= std
	}
}

// orthogonal returns a random n x n orthogonal matrix, row-major: Gram-Schmidt,
// done twice for float64 accuracy, on the rows of a normal matrix.
func orthogonal(k Key, n int) []float64 {
	a := make([]float64, n*n)
	Normal(k, a)
	for i := range n {
		row := a[i*n : (i+1)*n]
		for range 2 {
			for j := range i {
				other := a[j*n : (j+1)*n]
				d := dot(row, other)
				for m := range row {
					row[m] -= d * other[m]
				}
			}
		}
		norm := math.Sqrt(dot(row, row))
		for m := range row {
			row[m] /= norm
		}
	}
	return a
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

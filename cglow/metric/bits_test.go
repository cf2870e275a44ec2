package metric

import (
	"fmt"
	"math"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %.12g, want %.12g, tolerance %g", what, got, want, tolerance)
	}
}

func TestBitsPerDim(t *testing.T) {
	for _, c := range []struct {
		name string
		nll  float64
		dims int
		bin  float64
		want float64
	}{
		{"one bit in each of 8 dimensions", 8 * math.Ln2, 8, 1, 1},
		{"density 1 on a mask costs nothing", 0, 1024, 1, 0},
		// A uniform density on [0,1] knows nothing of 8-bit values: 8 bits.
		{"uniform density on 8-bit values", 0, 3072, 1. / 256, 8},
		// A density of 256 everywhere it matters fits one value exactly.
		{"certain of an 8-bit value", -12 * math.Log(256), 12, 1. / 256, 0},
		{"two values of noise width one half", 0, 5, .5, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			near(t, "bits/dim", BitsPerDim(c.nll, c.dims, c.bin), c.want, 1e-12)
		})
	}
	near(t, "the released code is one bit above", ReleasedBitsPerDim(123.4, 77)-BitsPerDim(123.4, 77, 1), 1, 1e-12)
}

func ExampleBitsPerDim() {
	nll := 1420.0 // nats for a mask of 32x32 pixels in three channels
	fmt.Printf("%.3f bits/dim\n", BitsPerDim(nll, 3*32*32, 1))
	fmt.Printf("%.3f in the unit of the released code\n", ReleasedBitsPerDim(nll, 3*32*32))
	// Output:
	// 0.667 bits/dim
	// 1.667 in the unit of the released code
}

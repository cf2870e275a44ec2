package cpu

import "math"

// The portable forms: the loops of the doc comments in vector.go.

func expGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = float32(math.Exp(float64(v)))
	}
}

func logGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = float32(math.Log(float64(v)))
	}
}

func tanhGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = float32(math.Tanh(float64(v)))
	}
}

func sigmoidGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}

func logSigmoidGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = float32(min(float64(v), 0) - math.Log1p(math.Exp(-math.Abs(float64(v)))))
	}
}

func reluGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = max(v, 0)
	}
}

func reluGradGeneric(dst, x, y []float32) {
	for i, v := range y {
		if v > 0 {
			dst[i] = x[i]
		} else {
			dst[i] = 0
		}
	}
}

func squareGeneric(dst, x []float32) {
	for i, v := range x {
		dst[i] = v * v
	}
}

func scaleGeneric(dst, x []float32, k float32) {
	for i, v := range x {
		dst[i] = k * v
	}
}

func affineGeneric(dst, x []float32, k, t float32) {
	for i, v := range x {
		dst[i] = k*v + t
	}
}

func addGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v + y[i]
	}
}

func subGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v - y[i]
	}
}

func mulGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v * y[i]
	}
}

func divGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = v / y[i]
	}
}

func addScaledGeneric(dst, x, y []float32, k float32) {
	for i, v := range x {
		dst[i] = v + k*y[i]
	}
}

func mulAddGeneric(dst, x, y, z []float32) {
	for i, v := range x {
		dst[i] = v*y[i] + z[i]
	}
}

func sumGeneric(x []float32, sums *[sumLanes]float64) {
	for _, v := range x {
		sums[0] += float64(v)
	}
}

func largestGeneric(x []float32, lanes *[maxLanes]uint32) {
	for _, v := range x {
		lanes[0] = max(lanes[0], math.Float32bits(v)&^(1<<31))
	}
}

func dotGeneric(x, y []float32, sums *[sumLanes]float64) {
	for i, v := range x {
		sums[0] += float64(v) * float64(y[i])
	}
}

func gaussianGeneric(z, mean, logs []float32, sums *[sumLanes]float64) {
	for i, v := range z {
		s, d := 2*float64(logs[i]), float64(v-mean[i])
		sums[0] += s + d*d*math.Exp(-s)
	}
}

// keepGeneric sets dst[i] = x[i] where all bits of the mask y[i] are set and 0
// where none is.
func keepGeneric(dst, x, y []float32) {
	for i, v := range x {
		dst[i] = math.Float32frombits(math.Float32bits(v) & math.Float32bits(y[i]))
	}
}

// addKeptGeneric sets dst[i] = x[i] + y[i] where all bits of the mask are set
// and x[i] where none is.
func addKeptGeneric(dst, x, y, mask []float32) {
	for i, v := range x {
		dst[i] = v + math.Float32frombits(math.Float32bits(y[i])&math.Float32bits(mask[i]))
	}
}

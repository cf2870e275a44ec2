package ref

import "math"

// Add sets y[i] = x0[i] + x1[i] + ... for one or more arrays of equal length.
func Add[T Float](y []T, xs ...[]T) {
	for i := range y {
		sum := 0.0
		for _, x := range xs {
			sum += float64(x[i])
		}
		y[i] = T(sum)
	}
}

// Sub sets y[i] = a[i] - b[i].
func Sub[T Float](y, a, b []T) {
	for i := range y {
		y[i] = a[i] - b[i]
	}
}

// Mul sets y[i] = a[i] * b[i].
func Mul[T Float](y, a, b []T) {
	for i := range y {
		y[i] = a[i] * b[i]
	}
}

// Div sets y[i] = a[i] / b[i].
func Div[T Float](y, a, b []T) {
	for i := range y {
		y[i] = a[i] / b[i]
	}
}

// Neg sets y[i] = -x[i].
func Neg[T Float](y, x []T) {
	for i := range y {
		y[i] = -x[i]
	}
}

// Scale sets y[i] = k * x[i].
func Scale[T Float](y, x []T, k float64) {
	for i := range y {
		y[i] = T(k * float64(x[i]))
	}
}

// Offset sets y[i] = x[i] + k.
func Offset[T Float](y, x []T, k float64) {
	for i := range y {
		y[i] = T(float64(x[i]) + k)
	}
}

// Exp sets y[i] = e^x[i].
func Exp[T Float](y, x []T) {
	for i := range y {
		y[i] = T(math.Exp(float64(x[i])))
	}
}

// Log sets y[i] = ln x[i].
func Log[T Float](y, x []T) {
	for i := range y {
		y[i] = T(math.Log(float64(x[i])))
	}
}

// Tanh sets y[i] = tanh x[i].
func Tanh[T Float](y, x []T) {
	for i := range y {
		y[i] = T(math.Tanh(float64(x[i])))
	}
}

// TanhGrad sets dx[i] = g[i] * (1 - y[i]^2), where y = tanh x.
func TanhGrad[T Float](dx, y, g []T) {
	for i := range dx {
		t := float64(y[i])
		dx[i] = T(float64(g[i]) * (1 - t*t))
	}
}

// Sigmoid sets y[i] = 1 / (1 + e^-x[i]).
func Sigmoid[T Float](y, x []T) {
	for i := range y {
		y[i] = T(sigmoid(float64(x[i])))
	}
}

// SigmoidGrad sets dx[i] = g[i] * y[i] * (1 - y[i]), where y = sigmoid x.
func SigmoidGrad[T Float](dx, y, g []T) {
	for i := range dx {
		s := float64(y[i])
		dx[i] = T(float64(g[i]) * s * (1 - s))
	}
}

// LogSigmoid sets y[i] = -ln(1 + e^-x[i]), without overflow for any x.
func LogSigmoid[T Float](y, x []T) {
	for i := range y {
		y[i] = T(logSigmoid(float64(x[i])))
	}
}

// LogSigmoidGrad sets dx[i] = g[i] * sigmoid(-x[i]).
func LogSigmoidGrad[T Float](dx, x, g []T) {
	for i := range dx {
		dx[i] = T(float64(g[i]) * sigmoid(-float64(x[i])))
	}
}

func logSigmoid(v float64) float64 { return math.Min(v, 0) - math.Log1p(math.Exp(-math.Abs(v))) }

func sigmoid(v float64) float64 {
	if v >= 0 {
		return 1 / (1 + math.Exp(-v))
	}
	e := math.Exp(v)
	return e / (1 + e)
}

// ReLU sets y[i] = max(x[i], 0). A NaN stays a NaN.
func ReLU[T Float](y, x []T) {
	for i := range y {
		y[i] = max(x[i], 0)
	}
}

// ReLUGrad sets dx[i] = g[i] where y[i] > 0 and 0 elsewhere, where y = ReLU x. The
// derivative at 0 is 0.
func ReLUGrad[T Float](dx, y, g []T) {
	for i := range dx {
		if y[i] > 0 {
			dx[i] = g[i]
		} else {
			dx[i] = 0
		}
	}
}

// Square sets y[i] = x[i]^2.
func Square[T Float](y, x []T) {
	for i := range y {
		y[i] = x[i] * x[i]
	}
}

// SquareGrad sets dx[i] = 2 * x[i] * g[i].
func SquareGrad[T Float](dx, x, g []T) {
	for i := range dx {
		dx[i] = 2 * x[i] * g[i]
	}
}

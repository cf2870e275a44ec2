package cpu

import (
	"fmt"
	"math"
)

// piece is how many values one call of an assembly function takes: a few
// microseconds of work.
const piece = 8192

// same panics unless all arrays have n values.
func same(fn string, n int, arrays ...int) {
	for i, length := range arrays {
		if length != n {
			panic(fmt.Sprintf("cpu: %s: argument %d has %d values, want %d", fn, i+2, length, n))
		}
	}
}

// Exp sets dst[i] = exp(x[i]), within 1 unit in the last place; beyond the
// range 0 and +Inf. dst may be x itself.
func Exp(dst, x []float32) {
	same("Exp", len(dst), len(x))
	active.exp(dst, x)
}

// Log sets dst[i] = log(x[i]), within 1 unit in the last place; -Inf at 0, NaN
// below. dst may be x itself.
func Log(dst, x []float32) {
	same("Log", len(dst), len(x))
	active.log(dst, x)
}

// Tanh sets dst[i] = tanh(x[i]), within 2 units in the last place. dst may be x
// itself.
func Tanh(dst, x []float32) {
	same("Tanh", len(dst), len(x))
	active.tanh(dst, x)
}

// Sigmoid sets dst[i] = 1/(1+exp(-x[i])), within 3 units in the last place for
// results that are normal numbers. dst may be x itself.
func Sigmoid(dst, x []float32) {
	same("Sigmoid", len(dst), len(x))
	active.sigmoid(dst, x)
}

// LogSigmoid sets dst[i] = -log(1+exp(-x[i])), within 3 units in the last place
// for results that are normal numbers. dst may be x itself.
func LogSigmoid(dst, x []float32) {
	same("LogSigmoid", len(dst), len(x))
	active.logSigmoid(dst, x)
}

// ReLU sets dst[i] = max(x[i], 0). dst may be x itself.
func ReLU(dst, x []float32) {
	same("ReLU", len(dst), len(x))
	active.relu(dst, x)
}

// ReLUGrad sets dst[i] = dy[i] where y[i] > 0 and 0 elsewhere; y is ReLU's input
// or its output. dst may be dy or y itself.
func ReLUGrad(dst, dy, y []float32) {
	same("ReLUGrad", len(dst), len(dy), len(y))
	active.reluGrad(dst, dy, y)
}

// Square sets dst[i] = x[i]*x[i]. dst may be x itself.
func Square(dst, x []float32) {
	same("Square", len(dst), len(x))
	active.square(dst, x)
}

// Scale sets dst[i] = k*x[i]. dst may be x itself.
func Scale(dst, x []float32, k float32) {
	same("Scale", len(dst), len(x))
	active.scale(dst, x, k)
}

// Affine sets dst[i] = k*x[i] + t. dst may be x itself.
func Affine(dst, x []float32, k, t float32) {
	same("Affine", len(dst), len(x))
	active.affine(dst, x, k, t)
}

// Add sets dst[i] = x[i] + y[i]. dst may be x or y itself.
func Add(dst, x, y []float32) {
	same("Add", len(dst), len(x), len(y))
	active.add(dst, x, y)
}

// Sub sets dst[i] = x[i] - y[i]. dst may be x or y itself.
func Sub(dst, x, y []float32) {
	same("Sub", len(dst), len(x), len(y))
	active.sub(dst, x, y)
}

// Mul sets dst[i] = x[i] * y[i]. dst may be x or y itself.
func Mul(dst, x, y []float32) {
	same("Mul", len(dst), len(x), len(y))
	active.mul(dst, x, y)
}

// Div sets dst[i] = x[i] / y[i]. dst may be x or y itself.
func Div(dst, x, y []float32) {
	same("Div", len(dst), len(x), len(y))
	active.div(dst, x, y)
}

// AddScaled sets dst[i] = x[i] + k*y[i]. dst may be x or y itself.
func AddScaled(dst, x, y []float32, k float32) {
	same("AddScaled", len(dst), len(x), len(y))
	active.addScaled(dst, x, y, k)
}

// MulAdd sets dst[i] = x[i]*y[i] + z[i]. dst may be x, y or z itself.
func MulAdd(dst, x, y, z []float32) {
	same("MulAdd", len(dst), len(x), len(y), len(z))
	active.mulAdd(dst, x, y, z)
}

// sumLanes is the most float64 lanes that a reduction adds up side by side.
const sumLanes = 16

// total adds the lanes.
func total(sums *[sumLanes]float64) float64 {
	sum := 0.0
	for _, s := range sums {
		sum += s
	}
	return sum
}

// Sum returns the sum of x, added in float64.
func Sum(x []float32) float64 {
	var sums [sumLanes]float64
	active.sum(x, &sums)
	return total(&sums)
}

// maxLanes is the most lanes of a vector.
const maxLanes = 16

// Finite reports whether x holds no NaN and no infinity. It replaces
//
//	for i { if x[i]-x[i] != 0 { return false } }
//	return true
//
// and reads x as fast as memory gives it.
func Finite(x []float32) bool { return active.finite(x) }

func (s isa) finite(x []float32) bool {
	var lanes [maxLanes]uint32
	s.largest(x, &lanes)
	for _, bits := range lanes {
		if bits >= 0xff<<23 {
			return false
		}
	}
	return true
}

// Dot returns the sum of x[i]*y[i], multiplied and added in float64.
func Dot(x, y []float32) float64 {
	same("Dot", len(x), len(y))
	var sums [sumLanes]float64
	active.dot(x, y, &sums)
	return total(&sums)
}

// GaussianLogDensity returns the log density in nats of z under independent
// normal distributions with the given means and log standard deviations,
//
//	sum over i of -(log(2 pi) + 2 logs[i] + (z[i]-mean[i])^2 exp(-2 logs[i])) / 2
//
// with terms in float32, added in float64.
func GaussianLogDensity(z, mean, logs []float32) float64 {
	same("GaussianLogDensity", len(z), len(mean), len(logs))
	var sums [sumLanes]float64
	active.gaussian(z, mean, logs, &sums)
	return -0.5 * (float64(len(z))*math.Log(2*math.Pi) + total(&sums))
}

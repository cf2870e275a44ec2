package ref

import "math"

// SumPerExample sets y[n] = sum_i x[n,i] for x [N,size].
func SumPerExample[T Float](y, x []T, size int) {
	for n := range y {
		sum := 0.0
		for _, v := range x[n*size : (n+1)*size] {
			sum += float64(v)
		}
		y[n] = T(sum)
	}
}

// ExpandPerExample is the transpose of [SumPerExample]: y[n,i] = x[n].
func ExpandPerExample[T Float](y, x []T, size int) {
	for i := range y {
		y[i] = x[i/size]
	}
}

// Mean sets y[0] to the mean of all elements of x.
func Mean[T Float](y, x []T) {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	y[0] = T(sum / float64(len(x)))
}

// MeanGrad sets dx[i] = g[0] / len(dx).
func MeanGrad[T Float](dx, g []T) {
	v := T(float64(g[0]) / float64(len(dx)))
	for i := range dx {
		dx[i] = v
	}
}

// halfLog2Pi is ln(2 pi)/2.
var halfLog2Pi = 0.5 * math.Log(2*math.Pi)

// GaussianLogDensity sets, for z, mean, logs [N,size],
//
//	y[n] = sum_i -(ln(2 pi)/2 + logs + (z - mean)^2 e^(-2 logs) / 2),
//
// the log density in nats of a Gaussian with standard deviations e^logs.
func GaussianLogDensity[T Float](y, z, mean, logs []T, size int) {
	for n := range y {
		sum := 0.0
		for i := n * size; i < (n+1)*size; i++ {
			d, l := float64(z[i])-float64(mean[i]), float64(logs[i])
			sum -= halfLog2Pi + l + 0.5*d*d*math.Exp(-2*l)
		}
		y[n] = T(sum)
	}
}

// GaussianGrad is the gradient of [GaussianLogDensity] for a gradient g [N]:
//
//	dz = -g (z - mean) e^(-2 logs),  dmean = -dz,  dlogs = g ((z - mean)^2 e^(-2 logs) - 1).
//
// dmean and dlogs may be nil.
func GaussianGrad[T Float](dz, dmean, dlogs, z, mean, logs, g []T, size int) {
	for i := range dz {
		gn, d := float64(g[i/size]), float64(z[i])-float64(mean[i])
		inv := math.Exp(-2 * float64(logs[i]))
		dz[i] = T(-gn * d * inv)
		if dmean != nil {
			dmean[i] = T(gn * d * inv)
		}
		if dlogs != nil {
			dlogs[i] = T(gn * (d*d*inv - 1))
		}
	}
}

// StandardNormalLogDensity sets y[n] = sum_i -(ln(2 pi) + z[n,i]^2)/2 for z [N,size].
func StandardNormalLogDensity[T Float](y, z []T, size int) {
	for n := range y {
		sum := 0.0
		for _, v := range z[n*size : (n+1)*size] {
			sum -= halfLog2Pi + 0.5*float64(v)*float64(v)
		}
		y[n] = T(sum)
	}
}

// StandardNormalGrad sets dz[n,i] = -g[n] z[n,i].
func StandardNormalGrad[T Float](dz, z, g []T, size int) {
	for i := range dz {
		dz[i] = -g[i/size] * z[i]
	}
}

// One sets y to ones.
func One[T Float](y []T) {
	for i := range y {
		y[i] = 1
	}
}

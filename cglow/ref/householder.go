package ref

import "math"

// householderFloor keeps a reflection defined when its vector is zero: it is then the identity.
const householderFloor = 1e-12

// HouseholderDims holds the sizes: N matrices of C rows, K reflections each.
type HouseholderDims struct{ N, K, C int }

// HouseholderWork is the room that [Householder] and [HouseholderGrad] need.
type HouseholderWork struct {
	a    []float64 // K+1 partial products
	g    []float64 // gradient of the current one
	w0   []float64 // gradient of w0, summed over the batch
	u, h []float64 // vectors of C
}

// NewHouseholderWork returns room for the sizes d.
func NewHouseholderWork(d HouseholderDims) *HouseholderWork {
	cc := d.C * d.C
	return &HouseholderWork{
		a: make([]float64, (d.K+1)*cc), g: make([]float64, cc), w0: make([]float64, cc),
		u: make([]float64, d.C), h: make([]float64, d.C),
	}
}

// Householder builds matrices from reflections: for w0 [C,C], v [N,K,C], d [N,C],
//
//	w[n] = w0 H(v[n,0]) ... H(v[n,K-1]) diag(e^d[n]),   H(v) = I - 2 v v^T / (v^T v + 1e-12).
//
// With an orthogonal w0, ln|det w[n]| = sum d[n] and the condition number is e^(max d - min d).
func Householder[T Float](w, w0, v, d []T, dims HouseholderDims, work *HouseholderWork) {
	c := dims.C
	for n := range dims.N {
		householderProducts(w0, v[n*dims.K*c:], dims, work)
		last := work.a[dims.K*c*c:]
		for i := range c {
			for j := range c {
				w[(n*c+i)*c+j] = T(last[i*c+j] * math.Exp(float64(d[n*c+j])))
			}
		}
	}
}

// householderProducts fills work.a with w0, w0 H1, w0 H1 H2, ...
func householderProducts[T Float](w0, v []T, dims HouseholderDims, work *HouseholderWork) {
	c := dims.C
	for i, x := range w0[:c*c] {
		work.a[i] = float64(x)
	}
	for k := range dims.K {
		a, next := work.a[k*c*c:(k+1)*c*c], work.a[(k+1)*c*c:(k+2)*c*c]
		vk := v[k*c : (k+1)*c]
		f := 2 / (squareNorm(vk) + householderFloor)
		for i := range c {
			dot := 0.0
			for j, x := range vk {
				dot += a[i*c+j] * float64(x)
			}
			for j, x := range vk {
				next[i*c+j] = a[i*c+j] - f*dot*float64(x)
			}
		}
	}
}

func squareNorm[T Float](v []T) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return sum
}

// HouseholderGrad is the gradient of [Householder] for a gradient g [N,C,C]. With A the product
// before reflection v, s = v^T v + 1e-12, u = A v and G the gradient of A H(v):
//
//	dd[j] = sum_i g[i,j] w[i,j],   the first G is g diag(e^d),
//	dv = -(2/s) (A^T G v + G^T u) + (4/s^2) (u^T G v) v,   dA = G H(v),   dw0 = sum_n of the last dA.
//
// dd [N,C] and dw0 [C,C] may be nil.
func HouseholderGrad[T Float](dw0, dv, dd, w0, v, d, g []T, dims HouseholderDims, work *HouseholderWork) {
	c := dims.C
	clear(work.w0)
	for n := range dims.N {
		householderProducts(w0, v[n*dims.K*c:], dims, work)
		last := work.a[dims.K*c*c:]
		for j := range c {
			e, sum := math.Exp(float64(d[n*c+j])), 0.0
			for i := range c {
				gij := float64(g[(n*c+i)*c+j]) * e
				work.g[i*c+j] = gij
				sum += gij * last[i*c+j]
			}
			if dd != nil {
				dd[n*c+j] = T(sum)
			}
		}
		for k := dims.K - 1; k >= 0; k-- {
			at := (n*dims.K + k) * c
			reflectionGrad(dv[at:at+c], v[at:at+c], work.a[k*c*c:], c, work)
		}
		for i, x := range work.g {
			work.w0[i] += x
		}
	}
	if dw0 != nil {
		for i, x := range work.w0 {
			dw0[i] = T(x)
		}
	}
}

// reflectionGrad takes work.g from the gradient of A H(v) to that of A and sets dv.
func reflectionGrad[T Float](dv, v []T, a []float64, c int, work *HouseholderWork) {
	s := squareNorm(v) + householderFloor
	ugv := 0.0
	for i := range c {
		u, h := 0.0, 0.0 // (A v)[i], (G v)[i]
		for j, x := range v {
			u += a[i*c+j] * float64(x)
			h += work.g[i*c+j] * float64(x)
		}
		work.u[i], work.h[i] = u, h
		ugv += u * h
	}
	for j := range c {
		sum := 0.0
		for i := range c {
			sum += a[i*c+j]*work.h[i] + work.g[i*c+j]*work.u[i]
		}
		dv[j] = T(-2/s*sum + 4/(s*s)*ugv*float64(v[j]))
	}
	for i := range c {
		for j, x := range v {
			work.g[i*c+j] -= 2 / s * work.h[i] * float64(x)
		}
	}
}

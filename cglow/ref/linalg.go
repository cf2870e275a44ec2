package ref

import (
	"fmt"
	"math"
)

// tinyPivot is the smallest pivot of an LU decomposition, relative to the largest element of
// the matrix, that counts as not singular. It lies well above the rounding of float64 (2e-16)
// times the sizes used here (up to about 100), so that a pivot of pure rounding noise is caught.
const tinyPivot = 1e-12

// SingularError says that a matrix has no usable inverse.
type SingularError struct {
	Matrix int     // index in the batch
	Column int     // column without a pivot
	Pivot  float64 // the best pivot there
	Max    float64 // largest absolute element of the matrix
}

func (e *SingularError) Error() string {
	return fmt.Sprintf("ref: matrix %d is singular: pivot %.3g in column %d (largest element %.3g)",
		e.Matrix, e.Pivot, e.Column, e.Max)
}

// decompose writes the LU decomposition with partial pivoting of w [c,c] into lu and the row
// order into perm: row i of P w is row perm[i] of w; P w = L U, L with a unit diagonal.
func decompose[T Float](lu []float64, perm []int, w []T, c, matrix int) error {
	largest := 0.0
	for i := range c * c {
		lu[i] = float64(w[i])
		largest = max(largest, math.Abs(lu[i]))
	}
	for i := range perm[:c] {
		perm[i] = i
	}
	for k := range c {
		best := k
		for i := k + 1; i < c; i++ {
			if math.Abs(lu[i*c+k]) > math.Abs(lu[best*c+k]) {
				best = i
			}
		}
		// Written so that a NaN is caught as well.
		if p := math.Abs(lu[best*c+k]); !(p > tinyPivot*largest) || math.IsInf(p, 0) {
			return &SingularError{Matrix: matrix, Column: k, Pivot: lu[best*c+k], Max: largest}
		}
		if best != k {
			perm[k], perm[best] = perm[best], perm[k]
			for j := range c {
				lu[k*c+j], lu[best*c+j] = lu[best*c+j], lu[k*c+j]
			}
		}
		for i := k + 1; i < c; i++ {
			f := lu[i*c+k] / lu[k*c+k]
			lu[i*c+k] = f
			pivot, row := lu[k*c+k+1:(k+1)*c], lu[i*c+k+1:(i+1)*c]
			for j, v := range pivot {
				row[j] -= f * v
			}
		}
	}
	return nil
}

// invert writes the inverse of the decomposed matrix into inv [c,c]: it solves L U X = P row
// by row.
func invert(inv, lu []float64, perm []int, c int) {
	row := func(i int) []float64 { return inv[i*c : (i+1)*c] }
	subtract := func(from []float64, f float64, x []float64) {
		for k, v := range x {
			from[k] -= f * v
		}
	}
	for i := range c {
		clear(row(i))
		row(i)[perm[i]] = 1
		for j := range i {
			subtract(row(i), lu[i*c+j], row(j))
		}
	}
	for i := c - 1; i >= 0; i-- {
		for j := i + 1; j < c; j++ {
			subtract(row(i), lu[i*c+j], row(j))
		}
		for k := range c {
			row(i)[k] /= lu[i*c+i]
		}
	}
}

// LUWork is the room that the functions on square matrices need.
type LUWork struct {
	lu, inv []float64
	perm    []int
}

// NewLUWork returns room for matrices of c rows.
func NewLUWork(c int) *LUWork {
	return &LUWork{lu: make([]float64, c*c), inv: make([]float64, c*c), perm: make([]int, c)}
}

// LogAbsDet sets y[n] = ln |det w[n]| for w [n,c,c], by LU decomposition with partial pivoting
// in float64. A matrix with a tiny pivot is a [*SingularError].
func LogAbsDet[T Float](y, w []T, c int, work *LUWork) error {
	for n := range y {
		if err := decompose(work.lu, work.perm, w[n*c*c:(n+1)*c*c], c, n); err != nil {
			return err
		}
		sum := 0.0
		for i := range c {
			sum += math.Log(math.Abs(work.lu[i*c+i]))
		}
		y[n] = T(sum)
	}
	return nil
}

// LogAbsDetGrad sets dw[n] = g[n] w[n]^-T, the gradient of [LogAbsDet].
func LogAbsDetGrad[T Float](dw, w, g []T, c int, work *LUWork) error {
	for n := range g {
		if err := decompose(work.lu, work.perm, w[n*c*c:(n+1)*c*c], c, n); err != nil {
			return err
		}
		invert(work.inv, work.lu, work.perm, c)
		for i := range c {
			for j := range c {
				dw[(n*c+i)*c+j] = T(float64(g[n]) * work.inv[j*c+i])
			}
		}
	}
	return nil
}

// Inverse sets y[k] = w[k]^-1 for n matrices w [n,c,c].
func Inverse[T Float](y, w []T, n, c int, work *LUWork) error {
	for k := range n {
		if err := decompose(work.lu, work.perm, w[k*c*c:(k+1)*c*c], c, k); err != nil {
			return err
		}
		invert(work.inv, work.lu, work.perm, c)
		for i, v := range work.inv[:c*c] {
			y[k*c*c+i] = T(v)
		}
	}
	return nil
}

// InverseGrad sets dw[k] = -y[k]^T g[k] y[k]^T, the gradient of [Inverse], where y = w^-1.
func InverseGrad[T Float](dw, y, g []T, n, c int, work *LUWork) {
	for k := range n {
		yk, gk := y[k*c*c:], g[k*c*c:]
		for i := range c { // work.lu = g y^T
			for j := range c {
				sum := 0.0
				for p := range c {
					sum += float64(gk[i*c+p]) * float64(yk[j*c+p])
				}
				work.lu[i*c+j] = sum
			}
		}
		for i := range c {
			for j := range c {
				sum := 0.0
				for p := range c {
					sum -= float64(yk[p*c+i]) * work.lu[p*c+j]
				}
				dw[(k*c+i)*c+j] = T(sum)
			}
		}
	}
}

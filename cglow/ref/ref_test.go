package ref_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"

	"glownotes/cglow/ref"
)

// Gradients are checked against differences in package op. Here the forward loops are held
// against other sources: gonum, and cases whose result is known.

func random(seed uint64, n int) []float64 {
	rng := rand.New(rand.NewPCG(seed, 0))
	x := make([]float64, n)
	for i := range x {
		x[i] = rng.NormFloat64()
	}
	return x
}

func wantClose(t *testing.T, got, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d elements, want %d", len(got), len(want))
	}
	for i, w := range want {
		if !(math.Abs(got[i]-w) <= tol) {
			t.Fatalf("element %d: got %v, want %v, tolerance %g", i, got[i], w, tol)
		}
	}
}

func TestSqueeze(t *testing.T) {
	x := make([]float64, 16) // one channel of 4x4: 0, 1, 2, ...
	for i := range x {
		x[i] = float64(i)
	}
	y := make([]float64, 16)
	ref.Squeeze(y, x, 1, 1, 4, 4)
	wantClose(t, y, []float64{0, 2, 8, 10 /* even row, even column */, 1, 3, 9, 11, 4, 6, 12, 14, 5, 7, 13, 15}, 0)
	back := make([]float64, 16)
	ref.Unsqueeze(back, y, 1, 1, 4, 4)
	wantClose(t, back, x, 0)
}

// TestConvolutionShifts convolves with kernels of a single one: the result is the image, moved.
func TestConvolutionShifts(t *testing.T) {
	const h, w, pad = 5, 7, 1
	x := random(1, 2*2*h*w)
	for _, stride := range []int{1, 2} {
		for tap := range 9 {
			t.Run(fmt.Sprintf("stride=%d/tap=%d", stride, tap), func(t *testing.T) {
				d := ref.Conv{N: 2, C: 2, H: h, W: w, O: 1, KH: 3, KW: 3, StrideH: stride, StrideW: stride, Pad: pad,
					OH: (h+2*pad-3)/stride + 1, OW: (w+2*pad-3)/stride + 1}
				weights := make([]float64, 18)
				weights[9+tap] = 2 // of the second channel
				y := make([]float64, 2*d.OH*d.OW)
				ref.Conv2D(y, x, weights, []float64{0.5}, d)
				for n := range 2 {
					for i := range d.OH {
						for j := range d.OW {
							r, q := i*stride+tap/3-pad, j*stride+tap%3-pad
							want := 0.5
							if r >= 0 && r < h && q >= 0 && q < w {
								want += 2 * x[((n*2+1)*h+r)*w+q]
							}
							if got := y[(n*d.OH+i)*d.OW+j]; got != want {
								t.Fatalf("image %d, pixel %d,%d: got %v, want %v", n, i, j, got, want)
							}
						}
					}
				}
			})
		}
	}
}

func TestMatMul(t *testing.T) {
	const m, n, k = 3, 5, 4
	a, b, bias := random(1, m*k), random(2, k*n), random(3, n)
	var want mat.Dense
	want.Mul(mat.NewDense(m, k, a), mat.NewDense(k, n, b))
	for i := range m {
		for j, v := range bias {
			want.Set(i, j, want.At(i, j)+v)
		}
	}
	at, bt := make([]float64, m*k), make([]float64, k*n)
	ref.Transpose(at, a, 1, m, k)
	ref.Transpose(bt, b, 1, k, n)
	for i, c := range []struct {
		a, b           []float64
		transA, transB bool
	}{{a, b, false, false}, {at, b, true, false}, {a, bt, false, true}, {at, bt, true, true}} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			y := make([]float64, m*n)
			ref.MatMul(y, c.a, c.b, bias, c.transA, c.transB, m, n, k)
			wantClose(t, y, want.RawMatrix().Data, 1e-14)
		})
	}
}

func TestSquareMatrices(t *testing.T) {
	const n, c = 3, 7
	w := random(4, n*c*c)
	dets, inverses := make([]float64, n), make([]float64, n*c*c)
	if err := ref.LogAbsDet(dets, w, c, ref.NewLUWork(c)); err != nil {
		t.Fatal(err)
	}
	if err := ref.Inverse(inverses, w, n, c, ref.NewLUWork(c)); err != nil {
		t.Fatal(err)
	}
	for k := range n {
		m := mat.NewDense(c, c, slices.Clone(w[k*c*c:(k+1)*c*c]))
		want, _ := mat.LogDet(m)
		wantClose(t, dets[k:k+1], []float64{want}, 1e-12)
		var inverse mat.Dense
		if err := inverse.Inverse(m); err != nil {
			t.Fatal(err)
		}
		wantClose(t, inverses[k*c*c:(k+1)*c*c], inverse.RawMatrix().Data, 1e-13*mat.Max(&inverse)*mat.Cond(m, 2))
	}
}

func TestSingular(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		w      []float64
		matrix int
	}{
		{"zero", []float64{0, 0, 0, 0}, 0},
		{"equal rows", []float64{1, 2, 3, 4, 1, 2, 1, 2}, 1},
		{"nearly equal rows", []float64{1, 2, 1, 2 + 1e-13}, 0},
		{"not a number", []float64{nan, 0, 0, 1}, 0},
		{"infinite", []float64{math.Inf(1), 0, 0, 1}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := len(c.w) / 4
			for name, err := range map[string]error{
				"LogAbsDet":     ref.LogAbsDet(make([]float64, n), c.w, 2, ref.NewLUWork(2)),
				"LogAbsDetGrad": ref.LogAbsDetGrad(make([]float64, 4*n), c.w, make([]float64, n), 2, ref.NewLUWork(2)),
				"Inverse":       ref.Inverse(make([]float64, 4*n), c.w, n, 2, ref.NewLUWork(2)),
			} {
				var singular *ref.SingularError
				if !errors.As(err, &singular) || singular.Matrix != c.matrix {
					t.Errorf("%s: got %v, want a SingularError of matrix %d", name, err, c.matrix)
				}
			}
		})
	}
}

// TestHouseholder checks what the flow relies on: with an orthogonal w0 the log-determinant is
// the sum of d and the condition number is e^(max d - min d), whatever the vectors.
func TestHouseholder(t *testing.T) {
	const c = 6
	var qr mat.QR
	qr.Factorize(mat.NewDense(c, c, random(5, c*c)))
	var q mat.Dense
	qr.QTo(&q)
	w0 := q.RawMatrix().Data
	d := []float64{0.5, -0.7, 0.1, 0.9, -0.2, 0}
	for _, k := range []int{1, 3, 8} {
		t.Run(fmt.Sprintf("k=%d", k), func(t *testing.T) {
			dims := ref.HouseholderDims{N: 1, K: k, C: c}
			v := random(6, k*c)
			clear(v[:c]) // a reflection on the zero vector is the identity
			w := make([]float64, c*c)
			ref.Householder(w, w0, v, d, dims, ref.NewHouseholderWork(dims))
			m := mat.NewDense(c, c, w)
			det, _ := mat.LogDet(m)
			wantClose(t, []float64{det}, []float64{0.6}, 1e-10)
			wantClose(t, []float64{mat.Cond(m, 2)}, []float64{math.Exp(1.6)}, 1e-9)
		})
	}
}

func TestDensities(t *testing.T) {
	const n, size = 2, 9
	z, mean, logs := random(7, n*size), random(8, n*size), random(9, n*size)
	got, want := make([]float64, n), make([]float64, n)
	ref.GaussianLogDensity(got, z, mean, logs, size)
	for i := range z {
		want[i/size] += distuv.Normal{Mu: mean[i], Sigma: math.Exp(logs[i])}.LogProb(z[i])
	}
	wantClose(t, got, want, 1e-12)
	clear(want)
	ref.StandardNormalLogDensity(got, z, size)
	for i := range z {
		want[i/size] += distuv.UnitNormal.LogProb(z[i])
	}
	wantClose(t, got, want, 1e-12)
}

func TestExtremes(t *testing.T) {
	x := []float64{-1000, -40, 0, 40, 1000}
	y := make([]float64, len(x))
	ref.LogSigmoid(y, x)
	wantClose(t, y, []float64{-1000, -40, -math.Ln2, 0, 0}, 1e-15)
	ref.Sigmoid(y, x)
	wantClose(t, y, []float64{0, 4.248354255291589e-18, 0.5, 1, 1}, 1e-15)
	ref.ReLU(y, []float64{-1, 0, 2, math.Inf(1), -math.Inf(1)})
	wantClose(t, y[:3], []float64{0, 0, 2}, 0)
}

// TestSumsInFloat64 adds many float32 that would be lost beside a large one.
func TestSumsInFloat64(t *testing.T) {
	x := make([]float32, 10001)
	for i := range x {
		x[i] = 1
	}
	x[0] = 1 << 26
	y := make([]float32, 1)
	ref.SumPerExample(y, x, len(x))
	if want := float32(1<<26 + 10000); y[0] != want {
		t.Errorf("got %v, want %v", y[0], want)
	}
}

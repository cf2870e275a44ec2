package blas_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"glownotes/cglow/blas"

	gblas "gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func random(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 2*rng.Float32() - 1
	}
	return x
}

func TestSgemmAgainstGonum(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, size := range [][3]int{{1, 1, 1}, {2, 100, 70}, {13, 33, 7}, {40, 5, 90}, {50, 60, 70}} {
		for _, tA := range []gblas.Transpose{gblas.NoTrans, gblas.Trans} {
			for _, tB := range []gblas.Transpose{gblas.NoTrans, gblas.ConjTrans} {
				for _, scale := range [][2]float32{{1, 0}, {1, 1}, {0.5, 0}, {-2, 3}, {0, 2}, {1, 0.25}} {
					t.Run(fmt.Sprintf("%v/%c%c/alpha=%g,beta=%g", size, tA, tB, scale[0], scale[1]), func(t *testing.T) {
						m, n, k := size[0], size[1], size[2]
						lda, ldb, ldc := k+2, n+1, n+3
						ar, br := m, k
						if tA != gblas.NoTrans {
							lda, ar = m+2, k
						}
						if tB != gblas.NoTrans {
							ldb, br = k+1, n
						}
						a, b, c := random(rng, ar*lda), random(rng, br*ldb), random(rng, m*ldc)
						want := append([]float32(nil), c...)
						before := append([]float32(nil), a...)
						blas.CPU{}.Sgemm(tA, tB, m, n, k, scale[0], a, lda, b, ldb, scale[1], c, ldc)
						gonum.Implementation{}.Sgemm(tA, tB, m, n, k, scale[0], a, lda, b, ldb, scale[1], want, ldc)
						equal(t, "c", c, want, 2e-6*float64(k+10))
						equal(t, "a", a, before, 0)
					})
				}
			}
		}
	}
}

func TestSgemvAgainstGonum(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, size := range [][2]int{{1, 1}, {5, 9}, {70, 40}, {33, 130}} {
		for _, tA := range []gblas.Transpose{gblas.NoTrans, gblas.Trans} {
			for _, inc := range []int{1, 2} {
				for _, scale := range [][2]float32{{1, 0}, {1, 1}, {1, 0.5}, {2, 0.5}} {
					t.Run(fmt.Sprintf("%v/%c/inc=%d/alpha=%g,beta=%g", size, tA, inc, scale[0], scale[1]), func(t *testing.T) {
						m, n := size[0], size[1]
						in, out := n, m
						if tA != gblas.NoTrans {
							in, out = m, n
						}
						a, x, y := random(rng, m*(n+2)), random(rng, in*inc), random(rng, out)
						want := append([]float32(nil), y...)
						blas.CPU{}.Sgemv(tA, m, n, scale[0], a, n+2, x, inc, scale[1], y, 1)
						gonum.Implementation{}.Sgemv(tA, m, n, scale[0], a, n+2, x, inc, scale[1], want, 1)
						equal(t, "y", y, want, 2e-6*float64(in+10))
					})
				}
			}
		}
	}
}

func equal(t *testing.T, name string, got, want []float32, tol float64) {
	t.Helper()
	for i := range got {
		if d := math.Abs(float64(got[i] - want[i])); !(d <= tol) {
			t.Fatalf("%s[%d] = %g, want %g, tolerance %g", name, i, got[i], want[i], tol)
		}
	}
}

func TestSgemmPanicsLikeGonum(t *testing.T) {
	x := make([]float32, 4)
	message := func(f func()) (v any) {
		defer func() { v = recover() }()
		f()
		return nil
	}
	for name, call := range map[string]func(impl gblas.Float32){
		"short a":  func(impl gblas.Float32) { impl.Sgemm(gblas.NoTrans, gblas.NoTrans, 3, 2, 2, 1, x, 2, x, 2, 0, x, 2) },
		"bad flag": func(impl gblas.Float32) { impl.Sgemm('x', gblas.NoTrans, 2, 2, 2, 1, x, 2, x, 2, 0, x, 2) },
		"short x":  func(impl gblas.Float32) { impl.Sgemv(gblas.NoTrans, 2, 2, 1, x, 2, x[:1], 1, 0, x, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			got := message(func() { call(blas.CPU{}) })
			want := message(func() { call(gonum.Implementation{}) })
			if got != want || got == nil {
				t.Errorf("panic %v, gonum's %v", got, want)
			}
		})
	}
}

// A tensor product through the switch gives what plain loops give.
func TestTensorUses(t *testing.T) {
	tensor.Use(blas.CPU{})
	rng := rand.New(rand.NewPCG(5, 6))
	const m, k, n = 31, 45, 29
	a, b := random(rng, m*k), random(rng, k*n)
	got, err := tensor.MatMul(tensor.New(tensor.WithShape(m, k), tensor.WithBacking(a)), tensor.New(tensor.WithShape(k, n), tensor.WithBacking(b)))
	if err != nil {
		t.Fatal(err)
	}
	want := make([]float32, m*n)
	for i := range m {
		for j := range n {
			sum := 0.0
			for p := range k {
				sum += float64(a[i*k+p]) * float64(b[p*n+j])
			}
			want[i*n+j] = float32(sum)
		}
	}
	equal(t, "product", got.Data().([]float32), want, 1e-5)
}

func BenchmarkSgemm(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	const m, n, k = 512, 256, 256
	x, y, z := random(rng, m*k), random(rng, k*n), make([]float32, m*n)
	for _, impl := range []struct {
		name string
		blas gblas.Float32
	}{{"cpu", blas.CPU{}}, {"gonum", gonum.Implementation{}}} {
		b.Run("impl="+impl.name, func(b *testing.B) {
			for b.Loop() {
				impl.blas.Sgemm(gblas.NoTrans, gblas.NoTrans, m, n, k, 1, x, k, y, n, 0, z, n)
			}
			b.ReportMetric(2*m*n*k*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

func ExampleCPU() {
	a, b, c := []float32{1, 2, 3, 4}, []float32{1, 1, 0, 1}, make([]float32, 4)
	blas.CPU{}.Sgemm(gblas.NoTrans, gblas.NoTrans, 2, 2, 2, 1, a, 2, b, 2, 0, c, 2)
	fmt.Println(c)
	// Output: [1 3 3 7]
}

// One line makes the operations of Gorgonia itself use these kernels.
func Example() {
	gorgonia.Use(blas.CPU{})
	g := gorgonia.NewGraph()
	matrix := func(name string, v ...float32) *gorgonia.Node {
		return gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(2, 2), gorgonia.WithName(name),
			gorgonia.WithValue(tensor.New(tensor.WithShape(2, 2), tensor.WithBacking(v))))
	}
	c := gorgonia.Must(gorgonia.Mul(matrix("a", 1, 2, 3, 4), matrix("b", 1, 1, 0, 1)))
	vm := gorgonia.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Value().Data())
	// Output: [1 3 3 7]
}

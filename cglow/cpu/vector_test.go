package cpu

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// vectorCase is one element-wise function: how to call it and its value.
type vectorCase struct {
	name   string
	inputs int
	call   func(s isa, dst []float32, in [][]float32)
	want   func(in []float64) float64
	// ulps is the largest error in units in the last place of the result.
	ulps float64
	// least is the smallest |x| and most the largest that accuracy is sampled at.
	least, most float64
}

var vectorCases = []vectorCase{
	{"Exp", 1, func(s isa, d []float32, in [][]float32) { s.exp(d, in[0]) },
		func(in []float64) float64 { return math.Exp(in[0]) }, 1, 1e-6, 104},
	{"Log", 1, func(s isa, d []float32, in [][]float32) { s.log(d, in[0]) },
		func(in []float64) float64 { return math.Log(in[0]) }, 1, 1e-45, 3e38},
	{"Tanh", 1, func(s isa, d []float32, in [][]float32) { s.tanh(d, in[0]) },
		func(in []float64) float64 { return math.Tanh(in[0]) }, 2, 1e-12, 20},
	{"Sigmoid", 1, func(s isa, d []float32, in [][]float32) { s.sigmoid(d, in[0]) },
		func(in []float64) float64 { return 1 / (1 + math.Exp(-in[0])) }, 3, 1e-6, 110},
	{"LogSigmoid", 1, func(s isa, d []float32, in [][]float32) { s.logSigmoid(d, in[0]) },
		func(in []float64) float64 { return min(in[0], 0) - math.Log1p(math.Exp(-math.Abs(in[0]))) }, 3, 1e-6, 110},
	{"ReLU", 1, func(s isa, d []float32, in [][]float32) { s.relu(d, in[0]) },
		func(in []float64) float64 { return max(in[0], 0) }, 0, 1e-30, 1e30},
	{"ReLUGrad", 2, func(s isa, d []float32, in [][]float32) { s.reluGrad(d, in[0], in[1]) },
		func(in []float64) float64 {
			if in[1] > 0 {
				return in[0]
			}
			return 0
		}, 0, 1e-30, 1e30},
	{"Square", 1, func(s isa, d []float32, in [][]float32) { s.square(d, in[0]) },
		func(in []float64) float64 { return in[0] * in[0] }, 1, 1e-15, 1e15},
	{"Scale", 1, func(s isa, d []float32, in [][]float32) { s.scale(d, in[0], -1.7) },
		func(in []float64) float64 { return float64(float32(-1.7)) * in[0] }, 1, 1e-30, 1e30},
	{"Affine", 1, func(s isa, d []float32, in [][]float32) { s.affine(d, in[0], -1.7, 0.3) },
		func(in []float64) float64 { return float64(float32(-1.7))*in[0] + float64(float32(0.3)) }, -1, 1, 1e3},
	{"Add", 2, func(s isa, d []float32, in [][]float32) { s.add(d, in[0], in[1]) },
		func(in []float64) float64 { return in[0] + in[1] }, 1, 1e-3, 1e3},
	{"Sub", 2, func(s isa, d []float32, in [][]float32) { s.sub(d, in[0], in[1]) },
		func(in []float64) float64 { return in[0] - in[1] }, 1, 1e-3, 1e3},
	{"Mul", 2, func(s isa, d []float32, in [][]float32) { s.mul(d, in[0], in[1]) },
		func(in []float64) float64 { return in[0] * in[1] }, 1, 1e-3, 1e3},
	{"Div", 2, func(s isa, d []float32, in [][]float32) { s.div(d, in[0], in[1]) },
		func(in []float64) float64 { return in[0] / in[1] }, 1, 1e-3, 1e3},
	{"AddScaled", 2, func(s isa, d []float32, in [][]float32) { s.addScaled(d, in[0], in[1], 2.5) },
		func(in []float64) float64 { return in[0] + 2.5*in[1] }, -1, 1e-3, 1e3},
	{"MulAdd", 3, func(s isa, d []float32, in [][]float32) { s.mulAdd(d, in[0], in[1], in[2]) },
		func(in []float64) float64 { return in[0]*in[1] + in[2] }, -1, 1e-3, 1e3},
}

// error measures got against want in ulps of want (of the smallest normal
// number below it); for ulps < 0 against the rounding of the products.
func (c vectorCase) error(got float32, want float64, in []float64) (err, bound float64) {
	w := float32(want)
	if math.IsNaN(want) && got != got || got == w {
		return 0, 1
	}
	scale := math.Abs(want)
	if bound = c.ulps; c.ulps < 0 {
		bound = 2
		for _, x := range in {
			scale = max(scale, math.Abs(x), x*x)
		}
	}
	ulp := math.Ldexp(1, max(math.Ilogb(max(scale, 0x1p-126)), -126)-23)
	return math.Abs(float64(got)-want) / ulp, bound
}

func TestVectorLengths(t *testing.T) {
	for _, s := range available() {
		for _, c := range vectorCases {
			t.Run(fmt.Sprintf("%v/%s", s, c.name), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(21, 22))
				for n := range 140 {
					c.check(t, s, rng, n, func() float64 { return 0.5 + rng.Float64() })
				}
				c.check(t, s, rng, 2*piece+5, rng.NormFloat64)
			})
		}
	}
}

// check runs the function into a poisoned buffer and into each input itself.
func (c vectorCase) check(t *testing.T, s isa, rng *rand.Rand, n int, sample func() float64) {
	t.Helper()
	for inPlace := -1; inPlace < c.inputs; inPlace++ {
		in := make([]*guarded, c.inputs)
		arrays := make([][]float32, c.inputs)
		for i := range in {
			in[i] = guardedOf(n, func(int) float32 { return float32(sample()) })
			arrays[i] = in[i].v
		}
		dst := newPoisoned(n)
		if inPlace >= 0 {
			dst = in[inPlace]
		}
		c.call(s, dst.v, arrays)
		dst.fences(t, "dst")
		for i := range in {
			if i != inPlace {
				in[i].unchanged(t, "input")
			}
		}
		x := make([]float64, c.inputs)
		for i, got := range dst.v {
			for j := range x {
				x[j] = float64(in[j].before[i])
			}
			want := c.want(x)
			if err, bound := c.error(got, want, x); err > bound {
				t.Fatalf("n=%d in place %d: index %d: f(%g) = %g, want %g: %.2f ulps, bound %g", n, inPlace, i, x, got, want, err, bound)
			}
		}
	}
}

// Accuracy over the range: magnitudes spread evenly in the exponent.
func TestVectorAccuracy(t *testing.T) {
	const n = 60_000
	for _, s := range available() {
		for _, c := range vectorCases {
			t.Run(fmt.Sprintf("%v/%s", s, c.name), func(t *testing.T) {
				rng := rand.New(rand.NewPCG(23, 24))
				arrays := make([][]float32, c.inputs)
				for i := range arrays {
					arrays[i] = make([]float32, n)
					for j := range arrays[i] {
						x := c.least * math.Pow(c.most/c.least, rng.Float64())
						if rng.IntN(2) == 0 && c.name != "Log" {
							x = -x
						}
						arrays[i][j] = float32(x)
					}
				}
				dst := make([]float32, n)
				c.call(s, dst, arrays)
				worst, x := 0.0, make([]float64, c.inputs)
				for i, got := range dst {
					for j := range x {
						x[j] = float64(arrays[j][i])
					}
					want := c.want(x)
					err, bound := c.error(got, want, x)
					if err > bound {
						t.Fatalf("f(%g) = %g, want %g: %.2f ulps, bound %g", x, got, want, err, bound)
					}
					worst = max(worst, err)
				}
				t.Logf("worst error %.2f ulps", worst)
			})
		}
	}
}

func TestVectorSpecialValues(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	tiny := float32(1e-45)
	for _, c := range []struct {
		name string
		f    func(s isa, dst, x []float32)
		x    []float32
		want []float32
	}{
		{"Exp", isa.exp, []float32{0, inf, -inf, nan, 89, -104, 1000, -1000}, []float32{1, inf, 0, nan, inf, 0, inf, 0}},
		{"Log", isa.log, []float32{1, inf, -inf, nan, 0, -1, -tiny}, []float32{0, inf, nan, nan, -inf, nan, nan}},
		{"Tanh", isa.tanh, []float32{0, inf, -inf, nan, 100, -100, tiny}, []float32{0, 1, -1, nan, 1, -1, tiny}},
		{"Sigmoid", isa.sigmoid, []float32{0, inf, -inf, nan, 200, -200}, []float32{0.5, 1, 0, nan, 1, 0}},
		{"LogSigmoid", isa.logSigmoid, []float32{inf, -inf, nan, 200, -200}, []float32{0, -inf, nan, 0, -200}},
		{"ReLU", isa.relu, []float32{0, inf, -inf, nan, -1, tiny}, []float32{0, inf, 0, nan, 0, tiny}},
	} {
		for _, s := range available() {
			t.Run(fmt.Sprintf("%v/%s", s, c.name), func(t *testing.T) {
				dst := make([]float32, len(c.x))
				c.f(s, dst, c.x)
				for i, got := range dst {
					if got != c.want[i] && !(got != got && c.want[i] != c.want[i]) {
						t.Errorf("f(%g) = %g, want %g", c.x[i], got, c.want[i])
					}
				}
			})
		}
	}
}

func TestReductions(t *testing.T) {
	for _, s := range available() {
		t.Run(s.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(25, 26))
			for _, n := range []int{0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 100, 3 * piece / 2} {
				x, y, z := newGuarded(rng, n), newGuarded(rng, n), newGuarded(rng, n)
				var wantSum, wantDot, wantGaussian float64
				for i := range n {
					a, b, l := float64(x.v[i]), float64(y.v[i]), float64(z.v[i])
					wantSum += a
					wantDot += a * b
					wantGaussian += 2*l + (a-b)*(a-b)*math.Exp(-2*l)
				}
				for _, c := range []struct {
					name string
					call func(sums *[sumLanes]float64)
					want float64
					tol  float64 // per value
				}{
					{"sum", func(sums *[sumLanes]float64) { s.sum(x.v, sums) }, wantSum, 1e-15},
					{"dot", func(sums *[sumLanes]float64) { s.dot(x.v, y.v, sums) }, wantDot, 1e-15},
					{"gaussian", func(sums *[sumLanes]float64) { s.gaussian(x.v, y.v, z.v, sums) }, wantGaussian, 3e-6},
				} {
					var sums [sumLanes]float64
					sums[0] = 2 // added to, not overwritten
					c.call(&sums)
					if got := total(&sums) - 2; !(math.Abs(got-c.want) <= c.tol*float64(n+10)) {
						t.Errorf("%s of %d values: got %.15g, want %.15g", c.name, n, got, c.want)
					}
				}
				for name, in := range map[string]*guarded{"x": x, "y": y, "z": z} {
					in.unchanged(t, name)
				}
			}
		})
	}
}

// A value that is not finite is found wherever it is, and nothing else is.
func TestFinite(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, s := range available() {
		t.Run(s.String(), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(27, 28))
			for _, n := range []int{0, 1, 7, 8, 9, 16, 33, 100, 2 * piece} {
				x := newGuarded(rng, n)
				for i := range x.v {
					x.v[i] = []float32{x.v[i], -math.MaxFloat32, math.MaxFloat32, 0, -x.v[i]}[i%5]
				}
				if !s.finite(x.v) {
					t.Fatalf("%d finite values are not", n)
				}
				for range min(n, 20) {
					i := rng.IntN(n)
					for _, bad := range []float32{nan, -nan, inf, -inf} {
						old := x.v[i]
						x.v[i] = bad
						if s.finite(x.v) {
							t.Fatalf("%v at %d of %d was not found", bad, i, n)
						}
						x.v[i] = old
					}
				}
			}
		})
	}
}

func TestGaussianLogDensityValue(t *testing.T) {
	// log N(1; 0, e) + log N(0; 0, 1)
	got := GaussianLogDensity([]float32{1, 0}, []float32{0, 0}, []float32{1, 0})
	want := -math.Log(2*math.Pi) - 1 - math.Exp(-2)/2
	if math.Abs(got-want) > 1e-7 {
		t.Errorf("got %.9f, want %.9f", got, want)
	}
}

func TestVectorRefusesLengths(t *testing.T) {
	x, y := make([]float32, 3), make([]float32, 4)
	for name, f := range map[string]func(){
		"Exp":    func() { Exp(x, y) },
		"Add":    func() { Add(x, x, y) },
		"MulAdd": func() { MulAdd(x, x, x, y) },
		"Dot":    func() { Dot(x, y) },
		"Adam":   func() { Adam{Step: 1}.Apply(x, x, y, x) },
		"step 0": func() { Adam{}.Apply(x, x, x, x) },
	} {
		t.Run(name, func(t *testing.T) { mustPanic(t, f) })
	}
}

func TestVectorDoesNotAllocate(t *testing.T) {
	x, y := make([]float32, 100), make([]float32, 100)
	a := Adam{Rate: 1e-3, Beta1: 0.9, Beta2: 0.999, Epsilon: 1e-8, Scale: 1, Clip: 1, Step: 1}
	if got := testing.AllocsPerRun(50, func() {
		Exp(y, x)
		Affine(y, x, 1, 2)
		Sum(x)
		GaussianLogDensity(x, y, x)
		a.Apply(x, y, y, y)
	}); got != 0 {
		t.Errorf("allocations = %g, want 0", got)
	}
}

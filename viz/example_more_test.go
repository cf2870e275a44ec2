package viz_test

import (
	"math"
	"math/rand/v2"

	"glownotes/viz"
)

func ExampleScatter() {
	s := viz.NewScatter("Quality against size, made-up figures", "parameters", "IoU").
		Errors("live", []float64{2e5, 8e5, 3.2e6, 1.3e7}, []float64{.61, .71, .78, .80}, []float64{.03, .02, .015, .012}).
		Errors("published start", []float64{2e5, 8e5, 3.2e6, 1.3e7}, []float64{.55, .57, .575, .578}, []float64{.03, .025, .02, .02}).
		Labelled("", []float64{5e6}, []float64{.66}, []string{"U-Net"})
	s.LogX, s.Joined = true, true
	show("scatter", s)
	// Output:
	// as in testdata/scatter.png
}

func ExamplePanels() {
	steps, bits := training(4, 4, 1.4, 60)
	_, norm := training(5, 3, .5, 30)
	var condition, range1 []float64
	for _, k := range steps {
		condition = append(condition, 1+4*(1-math.Exp(-k/200)))
		range1 = append(range1, .1+.9*(1-math.Exp(-k/90)))
	}
	curve := func(title, unit string, ys []float64) *viz.Curve {
		c := viz.NewCurve(title, "step", unit).Smooth("", steps, ys, 20)
		c.Height = 220
		return c
	}
	show("panels", viz.NewPanels("A training run, made-up figures", 2,
		curve("Likelihood", "bits/dim", bits), curve("Gradient", "norm", norm),
		curve("1×1 convolution", "largest condition number", condition), curve("Coupling", "largest log-scale", range1)))
	// Output:
	// as in testdata/panels.png
}

func ExampleChange() {
	var zs, ys, density []float64
	for z := -3.; z <= 3.001; z += .02 {
		zs = append(zs, z)
		ys = append(ys, .45*z+1.5*math.Tanh(1.6*z-.8))
		density = append(density, math.Exp(-z*z/2)/math.Sqrt(2*math.Pi))
	}
	show("change", viz.NewChange("Change of variables: every band keeps its area", zs, ys, density))
	// Output:
	// as in testdata/change.png
}

func ExamplePlane() {
	// Two affine couplings and their inverse.
	forward := func(a, b float64) (float64, float64) {
		b = b*math.Exp(.6*math.Sin(a)) + .9*math.Cos(1.3*a)
		return a*math.Exp(.4*math.Tanh(b)) + .5*b, b
	}
	inverse := func(u, v float64) (a, b, logDet float64) {
		s := .4 * math.Tanh(v)
		a = (u - .5*v) * math.Exp(-s)
		t := .6 * math.Sin(a)
		return a, (v - .9*math.Cos(1.3*a)) * math.Exp(-t), -s - t
	}
	normal := func(a, b float64) float64 { return math.Exp(-(a*a+b*b)/2) / (2 * math.Pi) }
	r := rand.New(rand.NewPCG(6, 1))
	var zx, zy, yx, yy []float64
	for range 300 {
		a, b := r.NormFloat64(), r.NormFloat64()
		u, v := forward(a, b)
		zx, zy, yx, yy = append(zx, a), append(zy, b), append(yx, u), append(yy, v)
	}
	before := viz.NewPlane("z: standard normal", -4, 4).Density(normal).
		Grid(func(x, y float64) (float64, float64) { return x, y }, -3, 3, .5).Points("", zx, zy)
	after := viz.NewPlane("y = f(z)", -4, 4).Density(func(x, y float64) float64 {
		a, b, l := inverse(x, y)
		return normal(a, b) * math.Exp(l)
	}).Grid(forward, -3, 3, .5).Points("", yx, yy)
	show("plane", viz.NewPanels("", 2, before, after))
	// Output:
	// as in testdata/plane.png
}

func ExampleCalibration() {
	r := rand.New(rand.NewPCG(7, 1))
	var good, bold []float32
	var came []bool
	for range 20000 {
		p := r.Float64()
		came = append(came, r.Float64() < p)
		good = append(good, float32(p))
		bold = append(bold, float32(p*p*p/(p*p*p+(1-p)*(1-p)*(1-p))))
	}
	show("calibration", viz.NewCalibration("Mean of samples as a probability").
		Add("calibrated", good, came).Add("too sure", bold, came))
	// Output:
	// as in testdata/calibration.png
}

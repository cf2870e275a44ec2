package viz_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"strings"

	"glownotes/viz"
)

// disc is a drawn mask: a soft disc of radius r in parts of the side.
func disc(n int, cx, cy, r, soft float64) image.Image {
	m := image.NewGray(image.Rect(0, 0, n, n))
	for i := range n * n {
		u, v := (float64(i%n)+.5)/float64(n)-cx, (float64(i/n)+.5)/float64(n)-cy
		d := (r - math.Hypot(u, v)) / soft
		m.SetGray(i%n, i/n, color.Gray{Y: uint8(255 * min(1, max(0, .5+d)))})
	}
	return m
}

func ExampleInference() {
	r := rand.New(rand.NewPCG(11, 1))
	f := viz.NewInference("Prediction by gradient and by sampling, made-up figures")
	for k := range 2 {
		x, y := blob(r, 24)
		e := viz.InferenceExample{Name: fmt.Sprintf("picture %d", k+1), Given: x, Truth: y, Steps: []int{0, 5, 20, 80},
			Mean: disc(24, .5, .5, .3, .25), MeanLikelihood: .62 + .1*float64(k)}
		for _, s := range e.Steps {
			e.Climb = append(e.Climb, disc(24, .5, .5, .3, .3*math.Exp(-float64(s)/20)+.02))
		}
		for s := range 81 {
			e.Likelihood = append(e.Likelihood, .3+.1*float64(k)+.5*math.Exp(-float64(s)/14))
		}
		f.Example(e)
	}
	show("inference", f)
	// Output:
	// as in testdata/inference.png
}

func ExampleWaterfall() {
	w := viz.NewWaterfall("Where the likelihood comes from, made-up figures", "nats per example").
		Term("log p(z), split", -410, 2).Term("log p(z), top", -350, 2)
	for k, v := range [][3]float64{{320, -20, 90}, {40, 5, 120}, {80, -12, 60}} {
		for i, part := range []string{"actnorm", "1×1", "coupling"} {
			w.Term(fmt.Sprintf("step %d, %s", k+1, part), v[i], i%2)
		}
	}
	w.Total = "log p(y|x)"
	show("waterfall", w)
	// Output:
	// as in testdata/waterfall.png
}

func ExampleBars_layers() {
	activation, logDet := viz.NewBars("Activations", "standard deviation"), viz.NewBars("Log-determinants", "nats per example")
	for i, v := range []float64{1.02, .97, 1.1, .93, 1.3, .88} {
		name := fmt.Sprintf("l%d.s%d", i/2, i%2)
		activation.Bar(name, v, 0)
		logDet.Bar(name, 140*math.Cos(float64(2*i)), 1)
	}
	activation.Reference("as at the start", 1)
	show("layers", viz.NewPanels("By layer, made-up figures", 2, activation, logDet))
	// Output:
	// as in testdata/layers.png
}

func ExampleDashboard() {
	d := viz.NewDashboard("A training run, made-up figures")
	steps, bits := training(4, 4, 1.4, 60)
	d.Likelihood("", steps, bits)
	r := rand.New(rand.NewPCG(12, 1))
	for l := range 6 {
		var h viz.LayerHistory
		for s := 10.; s <= 400; s += 10 {
			grow := 1 - math.Exp(-s/float64(60+40*l))
			h.Steps = append(h.Steps, s)
			h.GradNorm = append(h.GradNorm, math.Exp(-float64(l)/3+.2*r.NormFloat64()-1.5*grow))
			h.Condition = append(h.Condition, 1+float64(1+l)*.6*grow)
			h.ScaleLow = append(h.ScaleLow, 1-.1*float64(1+l)*grow)
			h.ScaleHigh = append(h.ScaleHigh, 1+.3*float64(1+l)*grow)
		}
		d.Layer(fmt.Sprintf("l%d.s%d", l/2, l%2), h)
	}
	show("dashboard", d)
	// Output:
	// as in testdata/dashboard.png
}

func ExampleDashboard_ReadTelemetry() {
	d := viz.NewDashboard("From the files of a run")
	fmt.Println(d.ReadLog("", strings.NewReader(`{"step":1,"bits_per_dim":2.5}
{"step":2,"bits_per_dim":2.1}
{"step":3,"bits`)))
	fmt.Println(d.ReadTelemetry(strings.NewReader("not JSON\n{}\n")))
	_, err := d.PNG()
	fmt.Println(err)
	// Output:
	// <nil>
	// viz: dashboard: line 1: invalid character 'o' in literal null (expecting 'u')
	// <nil>
}

func ExampleNewSampleLaw() {
	r := rand.New(rand.NewPCG(13, 1))
	var ms, errors, spread []float64
	for m := 1.; m <= 64; m *= 2 {
		ms = append(ms, m)
		errors = append(errors, .048*(1+1/m)*(1+.02*r.NormFloat64()))
		spread = append(spread, .0025)
	}
	show("law", viz.NewSampleLaw("The mean of M samples, made-up figures", ms, errors, spread))
	// Output:
	// as in testdata/law.png
}

func ExampleNewInterpolation() {
	var walks [][]image.Image
	for k := range 2 {
		var walk []image.Image
		for i := range 8 {
			t := float64(i) / 7
			walk = append(walk, disc(24, .3+.4*t, .5+.2*(t-.5)*float64(2*k-1), .18+.12*t, .06))
		}
		walks = append(walks, walk)
	}
	show("interpolation", viz.NewInterpolation("From one mask to another", walks...).Names("upwards", "downwards"))
	// Output:
	// as in testdata/interpolation.png
}

func ExamplePlane_inverse() {
	// A coupling forwards, and where the grid of its image came from.
	s := func(a float64) float64 { return .7 * math.Sin(a) }
	forward := func(a, b float64) (float64, float64) { return a, b*math.Exp(s(a)) + math.Cos(1.4*a) }
	back := func(u, v float64) (float64, float64) { return u, (v - math.Cos(1.4*u)) * math.Exp(-s(u)) }
	normal := func(a, b float64) float64 { return math.Exp(-(a*a+b*b)/2) / (2 * math.Pi) }
	after := viz.NewPlane("Forward: the grid of z, and p(y)", -3, 3).Grid(forward, -3, 3, .5).
		Density(func(u, v float64) float64 { a, b := back(u, v); return normal(a, b) * math.Exp(-s(a)) })
	before := viz.NewPlane("Backward: the grid of y, and p(z)", -3, 3).Density(normal).Grid(back, -3, 3, .5)
	after.Theme, before.Theme = viz.Dark(), viz.Dark()
	after.XLabel, after.YLabel, before.XLabel, before.YLabel = "y₁", "y₂", "z₁", "z₂"
	p := viz.NewPanels("", 2, after, before)
	p.Theme = viz.Dark()
	show("plane_inverse", p)
	// Output:
	// as in testdata/plane_inverse.png
}

func ExampleCurve_Family() {
	var xs []float64
	var names []string
	lines := make([][]float64, 8)
	for x := -3.; x <= 3.001; x += .05 {
		xs = append(xs, x)
		for k := range lines {
			width := .4 + .2*float64(k)
			lines[k] = append(lines[k], math.Exp(-x*x/(2*width*width))/(width*math.Sqrt(2*math.Pi)))
		}
	}
	for k := range lines {
		names = append(names, fmt.Sprintf("T = %.1f", .4+.2*float64(k)))
	}
	c := viz.NewCurve("Temperature widens", "z", "density").Family(names, xs, lines)
	c.Width, c.Height = 560, 260
	show("family", c)
	// Output:
	// as in testdata/family.png
}

func ExampleNewTextLive() {
	var log bytes.Buffer
	live := viz.NewTextLive(&log)
	var steps, bits []float64
	for i := range 1000 {
		steps, bits = append(steps, float64(i)), append(bits, 1+3*math.Exp(-float64(i)/300))
		live.Update(func() viz.Picture { return viz.NewCurve("Training", "step", "bits/dim").Line("", steps, bits) })
	}
	live.End()
	lines := strings.SplitAfter(log.String(), "\n")
	fmt.Print(lines[len(lines)-3], lines[len(lines)-2])
	// Output:
	// Training, bits/dim
	//   4.00 ██▇▆▆▅▅▄▄▃▃▃▃▂▂▂▂▂▁▁▁▁▁▁▁▁▁▁▁▁▁▁ 1.11
}

// place counts what a picture shows.
type place struct{ shown []any }

func (p *place) Update(v any) { p.shown = append(p.shown, v) }

func ExampleLive() {
	p := &place{}
	live := viz.NewLive(p)
	drawn := 0
	for i := range 100_000 {
		live.Update(func() viz.Picture {
			drawn++
			return viz.NewCurve(fmt.Sprint("after ", i+1), "", "").Line("", []float64{0, 1}, []float64{0, float64(i)})
		})
	}
	live.End()
	fmt.Println(drawn < 100, p.shown[len(p.shown)-1].(*viz.Curve).Title)
	// Output:
	// true after 100000
}

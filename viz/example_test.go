package viz_test

import (
	"flag"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"glownotes/viz"

	"gonum.org/v1/plot/cmpimg"
)

var update = flag.Bool("update", false, "write the pictures in testdata instead of comparing with them")

// show compares a picture with testdata/NAME.png and prints the result. Run
// go test ./viz -update to write the files, and look at every one of them.
func show(name string, p interface{ PNG() ([]byte, error) }) {
	got, err := p.PNG()
	if err != nil {
		fmt.Println(err)
		return
	}
	path := filepath.Join("testdata", name+".png")
	if *update {
		err = os.WriteFile(path, got, 0o644)
	}
	want, err2 := os.ReadFile(path)
	if err != nil || err2 != nil {
		fmt.Println(err, err2)
		return
	}
	// Other processors may round an edge differently: 2 % of the full range.
	same, err := cmpimg.EqualApprox("png", got, want, .02)
	if !same || err != nil {
		fmt.Printf("differs from %s %v\n", path, err)
		return
	}
	fmt.Println("as in", path)
}

// blob is a drawn example for grids: a soft ellipse and its mask.
func blob(r *rand.Rand, n int) (picture, mask image.Image) {
	a, b := .18+.2*r.Float64(), .18+.2*r.Float64()
	cx, cy := .35+.3*r.Float64(), .35+.3*r.Float64()
	base := color.NRGBA{uint8(90 + r.IntN(120)), uint8(90 + r.IntN(120)), uint8(90 + r.IntN(120)), 255}
	p, m := image.NewNRGBA(image.Rect(0, 0, n, n)), image.NewGray(image.Rect(0, 0, n, n))
	for y := range n {
		for x := range n {
			u, v := (float64(x)+.5)/float64(n)-cx, (float64(y)+.5)/float64(n)-cy
			c := color.NRGBA{uint8(60 + r.IntN(40)), uint8(80 + r.IntN(40)), uint8(60 + r.IntN(30)), 255}
			if u*u/(a*a)+v*v/(b*b) < 1 {
				c = base
				m.SetGray(x, y, color.Gray{Y: 255})
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p, m
}

func ExampleGrid() {
	r := rand.New(rand.NewPCG(1, 1))
	var inputs, truth []image.Image
	samples := make([][]image.Image, 3)
	var spread []float32
	for range 3 {
		x, y := blob(r, 32)
		inputs, truth = append(inputs, x), append(truth, y)
		for k := range samples {
			_, s := blob(r, 32)
			samples[k] = append(samples[k], s)
		}
		for i := range 32 * 32 {
			spread = append(spread, float32(.5*math.Abs(math.Sin(float64(i%32)/6)*math.Cos(float64(i/32)/6))))
		}
	}
	show("grid", viz.NewGrid("A flow that has not learnt yet").
		Images("input", inputs).Images("truth", truth).Samples("samples", samples).
		Map("spread", 32, 32, spread, 0, .5))
	// Output:
	// as in testdata/grid.png
}

func ExampleGrid_across() {
	r := rand.New(rand.NewPCG(2, 1))
	var inputs, truth []image.Image
	for range 6 {
		x, y := blob(r, 24)
		inputs, truth = append(inputs, x), append(truth, y)
	}
	g := viz.NewGrid("Examples side by side").Images("input", inputs).Images("truth", truth).
		Names("IoU 0.91", "0.88", "0.93", "0.74", "0.90", "0.85")
	g.Across, g.Largest, g.Theme = true, 72, viz.Dark()
	show("grid_across", g)
	// Output:
	// as in testdata/grid_across.png
}

// training is a made-up likelihood curve.
func training(seed uint64, from, to, pace float64) (steps, bits []float64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range 400 {
		steps = append(steps, float64(i+1))
		bits = append(bits, to+(from-to)*math.Exp(-float64(i)/pace)+.12*r.NormFloat64())
	}
	return steps, bits
}

func ExampleCurve() {
	steps, a := training(1, 4.2, 1.4, 30)
	_, b := training(2, 4.4, 1.6, 90)
	show("curve", viz.NewCurve("Training", "step", "bits/dim").
		Smooth("live", steps, a, 25).Smooth("published start", steps, b, 25).
		Reference("noise floor", 1))
	// Output:
	// as in testdata/curve.png
}

func ExampleCurve_logarithmic() {
	var sizes, error1, lo, hi []float64
	for i := range 9 {
		n := math.Pow(4, float64(i))
		e := 1 + 1/n
		sizes, error1 = append(sizes, n), append(error1, e)
		lo, hi = append(lo, e*.96), append(hi, e*1.05)
	}
	c := viz.NewCurve("Error of the mean of M samples", "M", "relative to the best").
		Band("measured", sizes, error1, lo, hi).Reference("", 1)
	c.LogX, c.LogY, c.Width, c.Height = true, true, 560, 300
	show("curve_log", c)
	// Output:
	// as in testdata/curve_log.png
}

func ExampleBars() {
	show("bars", viz.NewBars("Foreground over the set, made-up figures", "IoU").
		Bar("all background", 0, 2).Bar("mean mask", .48, 2).
		BarError("flow, published start", .575, .021, 1).BarError("flow, live", .812, .011, 0).
		Reference("another method", .776))
	// Output:
	// as in testdata/bars.png
}

func ExampleHistogram() {
	r := rand.New(rand.NewPCG(3, 1))
	var top, split []float64
	for range 4000 {
		top, split = append(top, r.NormFloat64()), append(split, 2+.6*r.NormFloat64())
	}
	show("histogram", viz.NewHistogram("Latent values", "z").Add("top level", top).Add("split", split).
		Density("standard normal", func(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }))
	// Output:
	// as in testdata/histogram.png
}

func ExampleHeatMap() {
	h := viz.NewHeatMap("Network sizes, made-up figures",
		[]string{"8", "16", "32", "64", "128"}, []string{"16", "32", "64"},
		[][]float64{{.51, .55, .60, .63, .64}, {.52, .58, .66, .70, .71}, {.55, .60, math.NaN(), .78, .79}})
	h.XLabel, h.YLabel, h.Unit = "n_c", "n_w", "IoU"
	show("heatmap", h)
	// Output:
	// as in testdata/heatmap.png
}

func ExampleHeatMap_picture() {
	values := make([][]float64, 48)
	names := make([]string, 48)
	for i := range values {
		names[i] = fmt.Sprint(i)
		for j := range values {
			values[i] = append(values[i], math.Sin(float64(i)/9)*math.Cos(float64(j)/7))
		}
	}
	h := viz.NewHeatMap("A signed matrix", names, names, values)
	h.Ramp, h.Width, h.Low, h.High = viz.Diverging(), 460, -1, 1
	show("heatmap_picture", h)
	// Output:
	// as in testdata/heatmap_picture.png
}

package viz

import (
	"errors"
	"fmt"
	"image"
	"slices"
)

// Inference compares the two ways to predict y from x (Lu & Huang 2020, Eqs. 3
// and 4, and Fig. 2): by gradient, which climbs to the y of highest density, and
// by sampling, which averages draws. Above, the images: what is given, the truth,
// the climb at a few steps, the mean of the samples. Below, the likelihood along
// the climb, one line for each example, with that of the samples' mean dashed.
type Inference struct {
	Look
	Unit string // of the likelihood

	examples []InferenceExample
}

// InferenceExample is one example of an Inference.
type InferenceExample struct {
	Name         string // in the legend
	Given, Truth image.Image
	// Climb holds the image at each of Steps on the way; Likelihood is the
	// figure at every step from 0, lower is more probable when it is bits/dim.
	Climb      []image.Image
	Steps      []int
	Likelihood []float64
	// Mean is the mean of the samples and MeanLikelihood its figure.
	Mean           image.Image
	MeanLikelihood float64
}

// NewInference returns a comparison without examples.
func NewInference(title string) *Inference {
	return &Inference{Look: newLook(title), Unit: "bits/dim"}
}

// Example adds an example. All have images at the same steps.
func (f *Inference) Example(e InferenceExample) *Inference {
	e.Climb, e.Steps, e.Likelihood = slices.Clone(e.Climb), slices.Clone(e.Steps), slices.Clone(e.Likelihood)
	f.examples = append(f.examples, e)
	return f
}

func (f *Inference) compose() (*sheet, error) {
	if err := f.check("inference"); err != nil {
		return nil, err
	}
	if len(f.examples) == 0 {
		return nil, errors.New("viz: inference: there are no examples")
	}
	first := f.examples[0]
	for i, e := range f.examples {
		if len(e.Climb) != len(e.Steps) {
			return nil, fmt.Errorf("viz: inference: example %d: %d images for %d steps", i, len(e.Climb), len(e.Steps))
		}
		if !slices.Equal(e.Steps, first.Steps) {
			return nil, fmt.Errorf("viz: inference: example %d shows the steps %v, the first one %v", i, e.Steps, first.Steps)
		}
	}
	curve := NewCurve("", "step of the climb", f.Unit)
	curve.Look.Theme, curve.Height = f.Theme, 250
	for i, e := range f.examples {
		steps := make([]float64, len(e.Likelihood))
		for k := range steps {
			steps[k] = float64(k)
		}
		curve.add(series{name: e.Name, xs: steps, ys: e.Likelihood, paint: likeSeries(i)})
		if finite(e.MeanLikelihood) && e.Mean != nil && len(steps) > 1 {
			name := ""
			if i == 0 {
				name = "mean of samples"
			}
			curve.add(series{name: name, xs: []float64{0, steps[len(steps)-1]},
				ys: []float64{e.MeanLikelihood, e.MeanLikelihood}, paint: likeSeries(i), dashes: true, bare: true})
		}
	}
	panels := NewPanels(f.Title, 1, f.grid(), curve)
	panels.Look = f.Look
	return panels.compose()
}

// grid returns the images.
func (f *Inference) grid() *Grid {
	g := NewGrid("")
	g.Theme, g.Largest = f.Theme, 110
	column := func(pick func(e InferenceExample) image.Image) []image.Image {
		var out []image.Image
		for _, e := range f.examples {
			if m := pick(e); m != nil {
				out = append(out, m)
			}
		}
		return out
	}
	add := func(title string, pick func(e InferenceExample) image.Image) {
		if images := column(pick); len(images) > 0 {
			g.Images(title, images)
		}
	}
	add("given", func(e InferenceExample) image.Image { return e.Given })
	add("truth", func(e InferenceExample) image.Image { return e.Truth })
	for k, s := range f.examples[0].Steps {
		add(fmt.Sprintf("step %d", s), func(e InferenceExample) image.Image { return e.Climb[k] })
	}
	add("mean of samples", func(e InferenceExample) image.Image { return e.Mean })
	return g
}

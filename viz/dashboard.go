package viz

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Dashboard shows how a training run goes: the likelihood, and for every layer
// the norm of its gradient, the condition number of its matrix and the range of
// its scales. What was not given is left out.
type Dashboard struct {
	Look
	// Unit is that of the likelihood.
	Unit string
	// Window is how many values the likelihood's smoothed line averages.
	Window int

	runs   []series
	names  []string // of the layers, in order
	layers map[string]*LayerHistory
}

// LayerHistory is what was measured of one layer during a run. Slices that are
// not nil have one value for each step in Steps; NaN is a gap.
type LayerHistory struct {
	Steps     []float64
	GradNorm  []float64
	Condition []float64
	// ScaleLow and ScaleHigh are the least and the largest scale.
	ScaleLow, ScaleHigh []float64
}

// NewDashboard returns an empty dashboard.
func NewDashboard(title string) *Dashboard {
	return &Dashboard{Look: newLook(title), Unit: "bits/dim", Window: 25, layers: map[string]*LayerHistory{}}
}

// Likelihood adds the likelihood of a run.
func (d *Dashboard) Likelihood(name string, steps, values []float64) *Dashboard {
	d.runs = append(d.runs, series{name: name, xs: slices.Clone(steps), ys: slices.Clone(values)})
	return d
}

// Layer adds a layer, or replaces the one of that name. Layers are shown in the
// order in which they came.
func (d *Dashboard) Layer(name string, h LayerHistory) *Dashboard {
	d.layer(name)
	d.layers[name] = &LayerHistory{slices.Clone(h.Steps), slices.Clone(h.GradNorm), slices.Clone(h.Condition),
		slices.Clone(h.ScaleLow), slices.Clone(h.ScaleHigh)}
	return d
}

func (d *Dashboard) layer(name string) *LayerHistory {
	h := d.layers[name]
	if h == nil {
		h = &LayerHistory{}
		d.layers[name] = h
		d.names = append(d.names, name)
	}
	return h
}

// ReadLog adds the likelihood of a run from lines of JSON with the fields step
// and bits_per_dim, as training writes them; lines without a finite figure are
// gaps. A last line that is cut off is left out.
func (d *Dashboard) ReadLog(name string, r io.Reader) error {
	var steps, bits []float64
	err := readLines(r, func(line []byte) error {
		var v struct {
			Step float64 `json:"step"`
			Bits float64 `json:"bits_per_dim"`
			Skip string  `json:"skipped"`
		}
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		if v.Skip != "" {
			v.Bits = math.NaN()
		}
		steps, bits = append(steps, v.Step), append(bits, v.Bits)
		return nil
	})
	d.Likelihood(name, steps, bits)
	return err
}

// ReadTelemetry adds what was measured of every layer from lines of JSON:
//
//	{"step": 40, "layers": [{"layer": "l0.s0", "grad_norm": 0.3, "condition": 1.2, "coupling_scale": [0.8, 1.3]}, ...]}
//
// Other fields are ignored; what is absent or null is a gap. A last line that is
// cut off is left out.
func (d *Dashboard) ReadTelemetry(r io.Reader) error {
	return readLines(r, func(line []byte) error {
		var v struct {
			Step   float64 `json:"step"`
			Layers []struct {
				Layer     string      `json:"layer"`
				GradNorm  *float64    `json:"grad_norm"`
				Condition *float64    `json:"condition"`
				Scale     [2]*float64 `json:"coupling_scale"`
			} `json:"layers"`
		}
		if err := json.Unmarshal(line, &v); err != nil {
			return err
		}
		for _, l := range v.Layers {
			h := d.layer(l.Layer)
			h.Steps, h.GradNorm = append(h.Steps, v.Step), append(h.GradNorm, orNaN(l.GradNorm))
			h.Condition = append(h.Condition, orNaN(l.Condition))
			h.ScaleLow, h.ScaleHigh = append(h.ScaleLow, orNaN(l.Scale[0])), append(h.ScaleHigh, orNaN(l.Scale[1]))
		}
		return nil
	})
}

// orNaN is a figure of a file, NaN where it is absent or null.
func orNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// readLines calls f for every line; an error in the last line is taken for a
// line that was being written.
func readLines(r io.Reader, f func(line []byte) error) error {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 16<<20)
	var pending error
	for n := 1; in.Scan(); n++ {
		if pending != nil {
			return pending
		}
		if len(in.Bytes()) == 0 {
			continue
		}
		if err := f(in.Bytes()); err != nil {
			pending = fmt.Errorf("viz: dashboard: line %d: %w", n, err)
		}
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("viz: dashboard: %w", err)
	}
	return nil
}

func (d *Dashboard) compose() (*sheet, error) {
	if err := d.check("dashboard"); err != nil {
		return nil, err
	}
	panels := NewPanels(d.Title, 2)
	panels.Look = d.Look
	if len(d.runs) > 0 {
		c := d.panel("Likelihood", d.Unit)
		for _, r := range d.runs {
			c.Smooth(r.name, r.xs, r.ys, max(1, d.Window))
		}
		panels.pictures = append(panels.pictures, c)
	}
	for _, p := range []struct {
		title, unit string
		log         bool
		lines       []func(*LayerHistory) []float64
	}{
		{"Gradient by layer", "norm", true, []func(*LayerHistory) []float64{func(h *LayerHistory) []float64 { return h.GradNorm }}},
		{"1×1 matrix by layer", "condition number", true, []func(*LayerHistory) []float64{func(h *LayerHistory) []float64 { return h.Condition }}},
		{"Coupling by layer", "least and largest scale", true, []func(*LayerHistory) []float64{
			func(h *LayerHistory) []float64 { return h.ScaleLow }, func(h *LayerHistory) []float64 { return h.ScaleHigh }}},
	} {
		c := d.panel(p.title, p.unit)
		c.LogY = p.log
		if d.family(c, p.lines) {
			panels.pictures = append(panels.pictures, c)
		}
	}
	switch len(panels.pictures) {
	case 0:
		return nil, errors.New("viz: dashboard: there is nothing to show")
	case 1:
		panels.Columns = 1
	}
	return panels.compose()
}

func (d *Dashboard) panel(title, unit string) *Curve {
	c := NewCurve(title, "step", unit)
	c.Theme, c.Height = d.Theme, 240
	return c
}

// family adds one line for each layer and choice, and reports whether there was
// a value. All lines of a layer have one colour and one entry of the legend.
func (d *Dashboard) family(c *Curve, choices []func(*LayerHistory) []float64) bool {
	any := false
	for k, choose := range choices {
		for i, name := range d.names {
			h := d.layers[name]
			ys := choose(h)
			if len(ys) == 0 {
				continue
			}
			any = any || slices.ContainsFunc(ys, finite)
			if k > 0 || len(d.names) > 4 && i != 0 && i != len(d.names)-1 {
				name = ""
			}
			t := float64(i) / float64(max(1, len(d.names)-1))
			c.add(series{name: name, xs: h.Steps, ys: ys, paint: ordered(t), bare: true})
		}
	}
	return any
}

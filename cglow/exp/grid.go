package exp

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"glownotes/cglow"
)

// An Axis is one setting of an ablation with its values.
type Axis struct {
	Name   string // one of SettingNames
	Values []string
}

// A Point is one configuration of a grid.
type Point struct {
	Name     string // such as "n_c=8,n_w=32"
	Settings []Setting
	Config   Config
}

// Setting is the value of an axis at a point.
type Setting struct{ Name, Value string }

// settings are what an ablation may vary.
var settings = []struct {
	name  string
	apply func(c *Config, v string) error
}{
	{"n_c", number(func(c *Config, n int) { c.Model.CondChannels = n })},
	{"n_w", number(func(c *Config, n int) { c.Model.CondWidth = n })},
	{"cn", number(func(c *Config, n int) { c.Model.FeatureChannels = n })},
	{"L", number(func(c *Config, n int) { c.Model.Levels = n })},
	{"K", number(func(c *Config, n int) { c.Model.Steps = n })},
	{"coupling", number(func(c *Config, n int) { c.Model.CouplingWidth = n })},
	{"trunk", number(func(c *Config, n int) { c.Model.Trunk = n })},
	{"reflections", number(func(c *Config, n int) { c.Model.Reflections = n })},
	{"M", number(func(c *Config, n int) { c.Predict.Samples = n })},
	{"steps", number(func(c *Config, n int) { c.Train.Steps = n })},
	{"batch", number(func(c *Config, n int) { c.Train.Batch = n })},
	{"seed", number(func(c *Config, n int) { *c = c.WithSeed(uint64(n)) })},
	{"form", func(c *Config, v string) error {
		switch cglow.Form(v) {
		case cglow.Live:
		case cglow.Paper:
			c.Model = cglow.Published(c.Model)
			c.Model.CondPrior, c.Model.Trunk, c.Model.FeatureOut = false, 0, 0
		default:
			return fmt.Errorf("must be %q or %q", cglow.Live, cglow.Paper)
		}
		return nil
	}},
	{"w", func(c *Config, v string) error {
		c.Model.InvConv = cglow.InvConv(v)
		return nil
	}},
	{"lr", func(c *Config, v string) (err error) {
		c.Train.Optim.LearnRate, err = strconv.ParseFloat(v, 64)
		return err
	}},
}

// number makes a setting of a whole number.
func number(set func(c *Config, n int)) func(c *Config, v string) error {
	return func(c *Config, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil {
			return fmt.Errorf("is no whole number")
		}
		set(c, n)
		return nil
	}
}

// SettingNames lists the names of axes: n_c, n_w (sizes of the conditioning
// networks), cn (channels of the coupling's feature network), L, K, coupling,
// trunk, reflections, M (samples of a prediction), steps, batch, seed, form
// (live or paper), w (the 1x1 matrix: householder, cayley, lu, raw), lr.
func SettingNames() []string {
	var out []string
	for _, s := range settings {
		out = append(out, s.name)
	}
	return out
}

// With returns the configuration with one setting changed.
func (c Config) With(name, value string) (Config, error) {
	i := slices.IndexFunc(settings, func(s struct {
		name  string
		apply func(c *Config, v string) error
	}) bool {
		return s.name == name
	})
	if i < 0 {
		return c, &ConfigError{name, fmt.Sprintf("is none of the settings %s", strings.Join(SettingNames(), ", "))}
	}
	if err := settings[i].apply(&c, value); err != nil {
		return c, &ConfigError{name, fmt.Sprintf("is %q: %v", value, err)}
	}
	return c, nil
}

// ParseAxis reads "n_c=8,16,32".
func ParseAxis(text string) (Axis, error) {
	name, list, ok := strings.Cut(text, "=")
	a := Axis{Name: strings.TrimSpace(name)}
	for v := range strings.SplitSeq(list, ",") {
		if v = strings.TrimSpace(v); v != "" {
			a.Values = append(a.Values, v)
		}
	}
	if !ok || a.Name == "" || len(a.Values) == 0 {
		return a, fmt.Errorf("exp: axis %q: want NAME=VALUE,VALUE,...", text)
	}
	return a, nil
}

// Grid returns every combination of the axes' values on top of a base, the
// last axis fastest. Every point is validated: an ablation must not fail in its
// last hour.
func Grid(base Config, axes ...Axis) ([]Point, error) {
	points := []Point{{Config: base}}
	for _, a := range axes {
		if len(a.Values) == 0 {
			return nil, fmt.Errorf("exp: axis %s has no values", a.Name)
		}
		var next []Point
		for _, p := range points {
			for _, v := range a.Values {
				c, err := p.Config.With(a.Name, v)
				if err != nil {
					return nil, err
				}
				q := Point{Settings: append(slices.Clip(p.Settings), Setting{a.Name, v}), Config: c}
				next = append(next, q)
			}
		}
		points = next
	}
	seen := map[string]bool{}
	for i := range points {
		p := &points[i]
		var words []string
		for _, s := range p.Settings {
			words = append(words, s.Name+"="+s.Value)
		}
		if p.Name = strings.Join(words, ","); p.Name == "" {
			p.Name = "base"
		}
		if seen[p.Name] {
			return nil, fmt.Errorf("exp: grid: %s occurs twice", p.Name)
		}
		seen[p.Name] = true
		if err := p.Config.Validate(); err != nil {
			return nil, fmt.Errorf("exp: grid: %s: %w", p.Name, err)
		}
	}
	return points, nil
}

// Shard is part I of N of a sweep: the points whose number leaves the rest I-1
// when divided by N. Processes with different I share a folder.
type Shard struct{ I, N int }

// Whole is the shard that has all points.
func Whole() Shard { return Shard{1, 1} }

// ParseShard reads "2/4".
func ParseShard(text string) (Shard, error) {
	i, n, ok := strings.Cut(text, "/")
	a, err1 := strconv.Atoi(i)
	b, err2 := strconv.Atoi(n)
	if !ok || err1 != nil || err2 != nil || b < 1 || a < 1 || a > b {
		return Shard{}, fmt.Errorf("exp: shard %q: want I/N with I from 1 to N, such as 2/4", text)
	}
	return Shard{a, b}, nil
}

// Has reports whether point number i, from 0, belongs to the shard.
func (s Shard) Has(i int) bool { return i%s.N == s.I-1 }

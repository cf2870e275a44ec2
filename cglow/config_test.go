package cglow

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"glownotes/cglow/data"
)

func TestPresetsAreValid(t *testing.T) {
	for name, c := range map[string]Config{
		"Horses32": Horses32(), "Horses64": Horses64(), "Horses128": Horses128(),
		"Published": Published(Horses64()), "Quick32": Quick32(),
	} {
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The published architecture at 64x64 has the released model's 35,873,196
// parameters but for the unused top prior (2*48*8*8).
func TestPublishedParameterCount(t *testing.T) {
	n := 0
	for _, p := range Published(Horses64()).declare() {
		size := 1
		for _, d := range p.Shape {
			size *= d
		}
		n += size
	}
	if want := 35_873_196 - 2*48*8*8; n != want {
		t.Errorf("%d parameters, want %d", n, want)
	}
}

func TestValidateNamesTheField(t *testing.T) {
	for _, c := range []struct {
		field string
		edit  func(c *Config)
	}{
		{"Form", func(c *Config) { c.Form = "" }},
		{"Precision", func(c *Config) { c.Precision = "float16" }},
		{"X", func(c *Config) { c.X.H = 7 }},
		{"X", func(c *Config) { c.Y = data.Shape{C: 1, H: 64, W: 64} }},
		{"Y", func(c *Config) { c.Y.C = 0 }},
		{"Y", func(c *Config) { c.Y.H = 6 }},
		{"Tile", func(c *Config) { c.Tile = 0 }},
		{"Tile", func(c *Config) { c.Tile, c.Y.C = 3, 2 }},
		{"Bins", func(c *Config) { c.Bins = 1 }},
		{"Dequant", func(c *Config) { c.Dequant = "" }},
		{"Dequant", func(c *Config) { c.Dequant, c.DequantSteps, c.Bins = VariationalDequant, 2, 0 }},
		{"DequantSteps", func(c *Config) { c.DequantSteps = 1 }},
		{"FeatureOut", func(c *Config) { c.FeatureOut = -1 }},
		{"Trunk", func(c *Config) { c.Trunk, c.X = 4, data.Shape{} }},
		{"Levels", func(c *Config) { c.Levels = 0 }},
		{"Steps", func(c *Config) { c.Steps = -1 }},
		{"CondChannels", func(c *Config) { c.CondChannels = 0 }},
		{"InvConv", func(c *Config) { c.InvConv = "qr" }},
		{"InvConv", func(c *Config) { c.Form = Paper }},
		{"Reflections", func(c *Config) { c.Reflections = 3 }},
		{"LearnBase", func(c *Config) { c.LearnBase, c.InvConv = true, Raw }},
		{"ScaleBound", func(c *Config) { c.ScaleBound = 0 }},
		{"Tanh", func(c *Config) { c.Tanh = true }},
		{"XNoise", func(c *Config) { c.XNoise = -1 }},
	} {
		t.Run(c.field, func(t *testing.T) {
			cfg := small()
			c.edit(&cfg)
			_, err := New(cfg, 1)
			var e *ConfigError
			if !errors.As(err, &e) || e.Field != c.field {
				t.Errorf("got %v, want a ConfigError about %s", err, c.field)
			}
		})
	}
}

func TestParseConfig(t *testing.T) {
	b, err := json.Marshal(Horses64())
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseConfig(b)
	if err != nil || c != Horses64() {
		t.Errorf("got %+v, %v", c, err)
	}
	for name, text := range map[string]string{
		"unknown field":   strings.Replace(string(b), `"Form"`, `"Frm"`, 1),
		"missing field":   strings.Replace(string(b), `"Levels":3,`, ``, 1),
		"data after it":   string(b) + "{}",
		"not JSON":        "x",
		"wrong type":      strings.Replace(string(b), `"Levels":3`, `"Levels":"3"`, 1),
		"invalid content": strings.Replace(string(b), `"Levels":3`, `"Levels":9`, 1),
	} {
		if _, err := ParseConfig([]byte(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

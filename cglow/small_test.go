package cglow

import (
	"testing"

	"glownotes/cglow/data"
	"glownotes/cglow/optim"
)

// small returns a small model's configuration in float64 with sides that
// differ and an x of another size than y, so that a confusion of height and
// width or of the two images shows.
func small() Config {
	c := live(data.Shape{C: 2, H: 8, W: 9}, data.Shape{C: 1, H: 4, W: 8}, 1, 2)
	c.Precision = "float64"
	c.Levels, c.Steps = 2, 2
	c.CondChannels, c.CondWidth, c.CouplingWidth, c.FeatureChannels = 4, 8, 12, 4
	c.Reflections = 4
	return c
}

// variants are the configurations that the property tests run over.
func variants() map[string]Config {
	edit := func(f func(c *Config)) Config {
		c := small()
		f(&c)
		return c
	}
	return map[string]Config{
		"householder":      small(),
		"learnt base":      edit(func(c *Config) { c.LearnBase = true }),
		"lu":               edit(func(c *Config) { c.InvConv = LU }),
		"cayley":           edit(func(c *Config) { c.InvConv = Cayley }),
		"live raw":         edit(func(c *Config) { c.InvConv = Raw }),
		"bias first":       edit(func(c *Config) { c.BiasFirst = true }),
		"learnt top":       edit(func(c *Config) { c.LearnTop = true }),
		"wide features":    edit(func(c *Config) { c.FeatureOut = 5 }),
		"trunk":            edit(func(c *Config) { c.Trunk = 4 }),
		"prior sees x":     edit(func(c *Config) { c.CondPrior = true }),
		"trunk and prior":  edit(func(c *Config) { c.Trunk, c.FeatureOut, c.CondPrior = 4, 5, true }),
		"one level":        edit(func(c *Config) { c.Levels = 1 }),
		"tiled":            edit(func(c *Config) { c.Tile = 3 }),
		"variational":      edit(func(c *Config) { c.Dequant, c.DequantSteps = VariationalDequant, 2 }),
		"unconditional":    edit(func(c *Config) { c.X = data.Shape{} }),
		"published":        Published(small()),
		"paper as printed": edit(func(c *Config) { *c = Published(*c); c.Tanh, c.BiasFirst = false, false }),
	}
}

// mustNew returns a new model or ends the test.
func mustNew(t *testing.T, c Config, seed uint64) *Model {
	t.Helper()
	m, err := New(c, seed)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// scatterParameters moves every trained parameter away from its start by
// normal numbers, so that no layer is the identity.
func scatterParameters(m *Model, std float64) {
	for i, p := range m.store.list {
		if p.Fixed {
			continue
		}
		v := m.store.get(p)
		d := make([]float64, len(v))
		Normal(Key{Seed: 99, Stream: StreamInit, Layer: uint32(i)}, d)
		for j := range v {
			v[j] += std * d[j]
		}
		m.store.set(p, v)
	}
}

// pictures returns n pairs: noise as x, masks of random rectangles as y.
func pictures(c Config, n int, seed uint64) (x, y data.Images) {
	x, y = data.NewImages(n, c.X), data.NewImages(n, c.Y)
	Uniform(Key{Seed: seed, Step: 1}, x.Pix)
	u := make([]float64, 4)
	for i := range n {
		Uniform(Key{Seed: seed, Step: 2, Layer: uint32(i)}, u)
		r0, c0 := int(u[0]*float64(c.Y.H)), int(u[1]*float64(c.Y.W))
		for ch := range c.Y.C {
			for r := r0; r < c.Y.H; r++ {
				for q := c0; q < c.Y.W; q++ {
					y.Set(i, ch, r, q, 1)
				}
			}
		}
	}
	return x, y
}

// trainer returns a trainer with the usual settings whose actnorms have
// started.
func trainer(t *testing.T, m *Model, batch int) *Trainer {
	t.Helper()
	_, y := pictures(m.cfg, 8, 5)
	if err := m.StartActNorm(y); err != nil {
		t.Fatal(err)
	}
	o := optim.Defaults()
	o.LearnRate = 1e-2
	tr, err := m.NewTrainer(TrainerOptions{Batch: batch, Optim: o})
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// trainSteps takes n steps on pictures that depend on the step.
func trainSteps(t *testing.T, tr *Trainer, n int) []float64 {
	t.Helper()
	var out []float64
	for range n {
		x, y := pictures(tr.m.cfg, tr.options.Batch, uint64(1000+tr.m.Trained()))
		r, err := tr.Step(x, y)
		if err != nil {
			t.Fatal(err)
		}
		if r.Skipped {
			t.Fatalf("step %d was skipped: %v", r.Step, r.Fault)
		}
		out = append(out, r.BitsPerDim)
	}
	return out
}

package cglow

import (
	"context"
	"errors"
	"math"
	"testing"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/exec"
)

func TestInverseInverts(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 3)
			scatterParameters(m, 0.2)
			x, y := pictures(c, 10, 4) // two passes of evalBatch, the second short
			r, err := m.Reconstruct(context.Background(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range r.MaxError {
				if !(e < 1e-7) {
					t.Errorf("image %d: largest error %g", i, e)
				}
			}
			// The pixels themselves: the mean of the copies without their noise is
			// within half a bin of the mask.
			for i, v := range r.Y.Pix {
				if math.Abs(float64(v-y.Pix[i])) > 0.51 {
					t.Fatalf("pixel %d: got %v, want about %v", i, v, y.Pix[i])
				}
			}
		})
	}
}

// TestLogDetIsJacobian compares the log-determinant that the flow claims with
// the LU log-determinant of its Jacobian by central differences. The image is
// 4x8: a forgotten factor H W, or H for W, would show.
func TestLogDetIsJacobian(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 5)
			scatterParameters(m, 0.2)
			x, _ := pictures(c, 1, 6)
			b := m.builder()
			xn, yn := b.images("x", c.X, 1), b.images("y", c.Target(), 1)
			e := b.encode(b.condition(xn, 1, false), yn)
			vm, err := exec.Compile(exec.Program{Outputs: append(gorgonia.Nodes{e.LogDet}, e.Z...)})
			if err != nil {
				t.Fatal(err)
			}
			m.writeX(xn, x, 0, 1)
			d := c.Target().Len()
			v := make([]float64, d)
			Normal(Key{Seed: 8}, v)
			forward := func() (z []float64) {
				write(yn, v)
				if err := vm.RunAll(); err != nil {
					t.Fatal(err)
				}
				for _, n := range e.Z {
					z = append(z, values(n)...)
				}
				return z
			}
			forward()
			got := values(e.LogDet)[0]
			const h = 1e-5
			jacobian := make([]float64, d*d)
			for j := range d {
				at := v[j]
				v[j] = at + h
				up := forward()
				v[j] = at - h
				down := forward()
				v[j] = at
				for i := range d {
					jacobian[i*d+j] = (up[i] - down[i]) / (2 * h)
				}
			}
			// ReLU kinks within h of the point spoil single entries by up to the
			// jump in slope; 2e-3 nats of about 10 is far below a wrong factor.
			if want := logAbsDet(jacobian, d); math.Abs(got-want) > 2e-3 {
				t.Errorf("log-determinant %.8f, of the Jacobian %.8f", got, want)
			}
		})
	}
}

// logAbsDet is log|det a| of a d x d matrix by elimination with partial
// pivoting.
func logAbsDet(a []float64, d int) float64 {
	a = append([]float64(nil), a...)
	sum := 0.0
	for k := range d {
		p := k
		for i := k + 1; i < d; i++ {
			if math.Abs(a[i*d+k]) > math.Abs(a[p*d+k]) {
				p = i
			}
		}
		for j := range d {
			a[k*d+j], a[p*d+j] = a[p*d+j], a[k*d+j]
		}
		sum += math.Log(math.Abs(a[k*d+k]))
		for i := k + 1; i < d; i++ {
			f := a[i*d+k] / a[k*d+k]
			for j := k; j < d; j++ {
				a[i*d+j] -= f * a[k*d+j]
			}
		}
	}
	return sum
}

// TestLiveLearnsEverywhere: in the live form every trained value's tensor has a
// gradient within three steps.
func TestLiveLearnsEverywhere(t *testing.T) {
	for name, c := range variants() {
		if c.Form != Live {
			continue
		}
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 7)
			tr := trainer(t, m, 4)
			for _, p := range gradientless(t, tr, 3) {
				t.Errorf("%s has no gradient in 3 steps", p)
			}
		})
	}
}

// gradientless trains and returns the parameters whose gradient was always 0.
func gradientless(t *testing.T, tr *Trainer, steps int) []string {
	t.Helper()
	moved := map[string]bool{}
	for range steps {
		trainSteps(t, tr, 1)
		for _, p := range tr.graph.params {
			g, err := p.Grad()
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range g.Data().([]float64) {
				if v != 0 {
					moved[p.Name()] = true
					break
				}
			}
		}
	}
	var out []string
	for _, p := range tr.graph.params {
		if !moved[p.Name()] {
			out = append(out, p.Name())
		}
	}
	return out
}

// conditioned returns the given nodes of every step for each image of x.
func conditioned(t *testing.T, m *Model, seed uint64) (x0, x1 map[string][]float64) {
	t.Helper()
	x, _ := pictures(m.cfg, 2, seed)
	p, err := m.conditionProgram(2)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.run(m, x, 0, 2); err != nil {
		t.Fatal(err)
	}
	x0, x1 = map[string][]float64{}, map[string][]float64{}
	for i, c := range p.conds {
		for name, n := range map[string]*gorgonia.Node{"logs": c.norm.LogScale, "bias": c.norm.Bias, "W": c.conv.W, "features": c.features} {
			if n != nil {
				rows := rowsOf(n, 2)
				x0[m.steps[i].prefix+name], x1[m.steps[i].prefix+name] = rows[0], rows[1]
			}
		}
	}
	return x0, x1
}

// distance is the largest difference of two vectors.
func distance(a, b []float64) float64 {
	d := 0.0
	for i := range a {
		d = math.Max(d, math.Abs(a[i]-b[i]))
	}
	return d
}

// TestLiveConditions: after three steps actnorm's scale and bias, W and the
// features of every step depend on x.
func TestLiveConditions(t *testing.T) {
	m := mustNew(t, small(), 9)
	trainSteps(t, trainer(t, m, 4), 3)
	x0, x1 := conditioned(t, m, 10)
	for name, v := range x0 {
		if distance(v, x1[name]) == 0 {
			t.Errorf("%s is the same for two images", name)
		}
	}
}

// TestPublishedIsDead: in the published scheme nothing of the actnorm and 1x1
// networks but their last bias ever has a gradient, and so W, s and b are the
// same for every x. (Zero weights behind a ReLU; the reason for the live form.)
func TestPublishedIsDead(t *testing.T) {
	c := Published(small())
	c.Tile, c.FeatureChannels = 3, 16 // so that not all features start behind negative biases
	m := mustNew(t, c, 11)
	tr := trainer(t, m, 4)
	dead := map[string]bool{}
	for _, p := range gradientless(t, tr, 5) {
		dead[p] = true
	}
	for _, s := range m.steps {
		for _, net := range []string{"act.", "inv."} {
			for _, p := range []string{"conv0.w", "conv1.w", "conv2.b", "fc0.w", "fc1.b", "fc2.w"} {
				if name := s.prefix + net + p; !dead[name] {
					t.Errorf("%s has a gradient", name)
				}
			}
			if name := s.prefix + net + "fc2.b"; dead[name] {
				t.Errorf("%s has no gradient", name)
			}
		}
	}
	x0, x1 := conditioned(t, m, 12)
	alive := 0
	for _, s := range m.steps {
		for _, name := range []string{"logs", "bias", "W"} {
			if d := distance(x0[s.prefix+name], x1[s.prefix+name]); d != 0 {
				t.Errorf("%s%s differs between images by %g", s.prefix, name, d)
			}
		}
		if distance(x0[s.prefix+"features"], x1[s.prefix+"features"]) != 0 {
			alive++
		}
	}
	if alive == 0 {
		t.Error("no step's features depend on x")
	}
}

// TestConditionNumber: whatever the parameters and x are, W's condition number
// stays within e^(2 DiagBound) in the forms that promise it.
func TestConditionNumber(t *testing.T) {
	for _, name := range []string{"householder", "learnt base", "cayley"} {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, variants()[name], 13)
			scatterParameters(m, 3) // far outside of anything trained
			x0, x1 := conditioned(t, m, 14)
			worst := 0.0
			for _, s := range m.steps {
				for _, v := range []map[string][]float64{x0, x1} {
					worst = math.Max(worst, conditionNumber(v[s.prefix+"W"], s.c))
				}
			}
			if limit := math.Exp(2 * m.cfg.DiagBound); worst > limit*(1+1e-9) {
				t.Errorf("condition number %v, limit %v", worst, limit)
			} else if worst < 0.8*limit {
				t.Errorf("condition number %v: the test does not come near the limit %v", worst, limit)
			}
		})
	}
}

// TestStartNormalises: in the live form the activations behind
// every actnorm have mean 0 and variance 1 on the examples it started from, and
// couplings do nothing.
func TestStartNormalises(t *testing.T) {
	for _, name := range []string{"householder", "learnt base", "lu", "cayley", "live raw", "bias first", "tiled", "unconditional"} {
		t.Run(name, func(t *testing.T) {
			c := variants()[name]
			m := mustNew(t, c, 15)
			const n = 64
			x, y := pictures(c, n, 16)
			if err := m.StartActNorm(y); err != nil {
				t.Fatal(err)
			}
			b := m.builder()
			xn, yn := b.images("x", c.X, n), b.images("y", c.Target(), n)
			b.encode(b.condition(xn, n, false), yn)
			m.writeX(xn, x, 0, n)
			size := c.Target().Len()
			v := make([]float64, n*size)
			for i := range n {
				m.dequantize(v[i*size:(i+1)*size], y.Row(i), Key{Seed: m.seed, Stream: StreamInit, Step: 1, Layer: uint32(i)})
			}
			write(yn, v)
			run(t, b, nodesOf(b.record))
			for _, s := range m.steps {
				out := values(b.record[s.prefix+"act_out"])
				for ch := range s.c {
					mean, std := channelMoments(out, n, s.c, s.h*s.w, ch)
					if math.Abs(mean) > 1e-9 || math.Abs(std-1) > 1e-9 {
						t.Errorf("%sact_out channel %d: mean %g, standard deviation %g", s.prefix, ch, mean, std)
					}
				}
				if d := distance(values(b.record[s.prefix+"inv_out"]), values(b.record[s.prefix+"out"])); d > 1e-12 {
					t.Errorf("%s the coupling changes its input by %g", s.prefix, d)
				}
			}
		})
	}
}

// A constant image is the classic NaN of actnorm; the floor keeps it finite.
func TestStartOnConstantChannels(t *testing.T) {
	c := small()
	c.Bins = 0 // no noise
	m := mustNew(t, c, 17)
	_, y := pictures(c, 4, 18)
	clear(y.Pix)
	if err := m.StartActNorm(y); err != nil {
		t.Fatal(err)
	}
	for i, p := range m.store.list {
		for j, v := range m.store.get(p) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("parameter %d %s[%d] is %v", i, p.Name, j, v)
			}
		}
	}
}

// A singular matrix is an error that names the layer, not a NaN.
func TestSingularMatrixNamesLayer(t *testing.T) {
	m := mustNew(t, Published(small()), 57)
	for _, p := range []string{"l1.s0.inv.fc2.w", "l1.s0.inv.fc2.b"} { // W = tanh(0)
		if err := m.SetParameter(p, make([]float64, m.store.byName[p].size)); err != nil {
			t.Fatal(err)
		}
	}
	x, y := pictures(m.cfg, 2, 58)
	_, err := m.LogProb(context.Background(), x, y)
	var e *LayerError
	if !errors.As(err, &e) || e.Layer != "l1.s0.conditioning" {
		t.Errorf("got %v, want an error about l1.s0.conditioning", err)
	}
}

package optim

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// fixed is a parameter with a gradient.
type fixed struct{ w, g *tensor.Dense }

func (f fixed) Value() gorgonia.Value         { return f.w }
func (f fixed) Grad() (gorgonia.Value, error) { return f.g, nil }

func vec64(v ...float64) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(append([]float64(nil), v...)))
}

func vec32(v ...float32) *tensor.Dense {
	return tensor.New(tensor.WithShape(len(v)), tensor.WithBacking(append([]float32(nil), v...)))
}

// plain is Adam as the paper prints it (Kingma & Ba, Algorithm 1), one number.
func plain(c Config, grads []float64, w float64) float64 {
	m, v := 0.0, 0.0
	for i, g := range grads {
		t := float64(i + 1)
		m = c.Beta1*m + (1-c.Beta1)*g
		v = c.Beta2*v + (1-c.Beta2)*g*g
		mh, vh := m/(1-math.Pow(c.Beta1, t)), v/(1-math.Pow(c.Beta2, t))
		w -= c.LearnRate * mh / (math.Sqrt(vh) + c.Epsilon)
	}
	return w
}

func TestAdamAgainstAlgorithm(t *testing.T) {
	cfg := Defaults()
	cfg.ClipValue = 0
	r := rand.New(rand.NewPCG(1, 2))
	const steps, n = 20, 7
	grads := make([][]float64, n)
	w64, w32 := make([]float64, n), make([]float32, n)
	start := make([]float64, n)
	for i := range n {
		start[i] = r.NormFloat64()
		w64[i], w32[i] = start[i], float32(start[i])
		for range steps {
			grads[i] = append(grads[i], r.NormFloat64()*math.Pow(10, float64(i-4)))
		}
	}
	p64, p32 := fixed{vec64(w64...), vec64(w64...)}, fixed{vec32(w32...), vec32(w32...)}
	a64, _ := NewAdam(cfg)
	a32, _ := NewAdam(cfg)
	for s := range steps {
		for i := range n {
			p64.g.Float64s()[i], p32.g.Float32s()[i] = grads[i][s], float32(grads[i][s])
		}
		if err := a64.Step([]gorgonia.ValueGrad{p64}); err != nil {
			t.Fatal(err)
		}
		if err := a32.Step([]gorgonia.ValueGrad{p32}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		want := plain(cfg, grads[i], start[i])
		if got := p64.w.Float64s()[i]; math.Abs(got-want) > 1e-14 {
			t.Errorf("float64 %d: got %v, want %v", i, got, want)
		}
		if got := float64(p32.w.Float32s()[i]); math.Abs(got-want) > 2e-6 {
			t.Errorf("float32 %d: got %v, want %v", i, got, want)
		}
	}
}

func TestClipping(t *testing.T) {
	for _, c := range []struct {
		name        string
		value, norm float64
		grad, want  []float64 // want: the gradient that Adam should see
	}{
		{"off", 0, 0, []float64{30, -40}, []float64{30, -40}},
		{"value", 5, 0, []float64{30, -4}, []float64{5, -4}},
		{"norm", 0, 5, []float64{30, -40}, []float64{3, -4}},
		{"norm not reached", 0, 100, []float64{30, -40}, []float64{30, -40}},
		{"value, then norm", 4, 2.5, []float64{3, 40}, []float64{1.5, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := Defaults()
			cfg.ClipValue, cfg.ClipNorm = c.value, c.norm
			a, err := NewAdam(cfg)
			if err != nil {
				t.Fatal(err)
			}
			p := fixed{vec64(0, 0), vec64(c.grad...)}
			if err := a.Step([]gorgonia.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
			for i, want := range c.want {
				// after one step m = (1-beta1) g
				if got := a.State().M64[i] / (1 - cfg.Beta1); math.Abs(got-want) > 1e-12 {
					t.Errorf("gradient %d: got %v, want %v", i, got, want)
				}
				if p.g.Float64s()[i] != c.grad[i] {
					t.Errorf("gradient %d was written", i)
				}
			}
		})
	}
}

// A state saved after 5 steps and given to another optimizer continues exactly.
func TestStateContinues(t *testing.T) {
	cfg := Defaults()
	cfg.Schedule = Schedule{Kind: "cosine", Warmup: 3, Total: 9, Floor: 0.1}
	run := func(cut int) []float32 {
		a, _ := NewAdam(cfg)
		p := fixed{vec32(1, 2, 3), vec32(0, 0, 0)}
		for s := range 10 {
			if s == cut {
				old := *a.State()
				a, _ = NewAdam(cfg)
				a.SetState(State{Step: old.Step, M32: append([]float32(nil), old.M32...), V32: append([]float32(nil), old.V32...)})
			}
			for i := range 3 {
				p.g.Float32s()[i] = float32(math.Sin(float64(3*s + i)))
			}
			if err := a.Step([]gorgonia.ValueGrad{p}); err != nil {
				t.Fatal(err)
			}
		}
		return p.w.Float32s()
	}
	whole, cut := run(-1), run(5)
	for i := range whole {
		if whole[i] != cut[i] {
			t.Errorf("%d: got %v, want %v", i, cut[i], whole[i])
		}
	}
}

func TestMomentsOfDeadParametersBecomeZero(t *testing.T) {
	a, _ := NewAdam(Defaults())
	p := fixed{vec32(1), vec32(1e-18)}
	for range 1000 {
		if err := a.Step([]gorgonia.ValueGrad{p}); err != nil {
			t.Fatal(err)
		}
		p.g.Float32s()[0] = 0
	}
	if m, v := a.State().M32[0], a.State().V32[0]; m != 0 || v != 0 {
		t.Errorf("moments %g and %g, want 0", m, v)
	}
}

func TestStepErrors(t *testing.T) {
	for _, c := range []struct {
		name  string
		model []gorgonia.ValueGrad
	}{
		{"sizes differ", []gorgonia.ValueGrad{fixed{vec64(1, 2), vec64(1)}}},
		{"types differ", []gorgonia.ValueGrad{fixed{vec64(1), vec32(1)}}},
		{"mixed precision", []gorgonia.ValueGrad{fixed{vec64(1), vec64(1)}, fixed{vec32(1), vec32(1)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, _ := NewAdam(Defaults())
			if err := a.Step(c.model); err == nil {
				t.Error("no error")
			}
		})
	}
	t.Run("other state", func(t *testing.T) {
		a, _ := NewAdam(Defaults())
		a.SetState(State{Step: 3, M64: make([]float64, 2), V64: make([]float64, 2)})
		if err := a.Step([]gorgonia.ValueGrad{fixed{vec64(1, 2, 3), vec64(1, 2, 3)}}); err == nil {
			t.Error("no error")
		}
	})
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		field string
		edit  func(*Config)
	}{
		{"LearnRate", func(c *Config) { c.LearnRate = 0 }},
		{"Beta2", func(c *Config) { c.Beta2 = 1 }},
		{"Epsilon", func(c *Config) { c.Epsilon = 0 }},
		{"ClipNorm", func(c *Config) { c.ClipNorm = -1 }},
		{"Kind", func(c *Config) { c.Schedule.Kind = "" }},
		{"Total", func(c *Config) { c.Schedule = Schedule{Kind: "cosine"} }},
	} {
		t.Run(c.field, func(t *testing.T) {
			cfg := Defaults()
			c.edit(&cfg)
			if _, err := NewAdam(cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Schedule
		step int
		want float64
	}{
		{"constant", Constant(), 1000, 1},
		{"warm-up", Schedule{Kind: "constant", Warmup: 10}, 4, 0.4},
		{"warm-up over", Schedule{Kind: "constant", Warmup: 10}, 10, 1},
		{"cosine middle", Schedule{Kind: "cosine", Total: 100, Floor: 0.2}, 50, 0.6},
		{"cosine after", Schedule{Kind: "cosine", Total: 100, Floor: 0.2}, 500, 0.2},
		{"exponential", Schedule{Kind: "exponential", Total: 100, Floor: 0.01}, 50, 0.1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.s.Factor(c.step); math.Abs(got-c.want) > 1e-12 {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// outerParameter has its gradient in factors only.
type outerParameter struct{ w, f *tensor.Dense }

func (p outerParameter) Value() gorgonia.Value { return p.w }
func (p outerParameter) Grad() (gorgonia.Value, error) {
	return nil, errors.New("asked for the gradient")
}
func (p outerParameter) Factors() (gorgonia.Value, error) { return p.f, nil }

// Adam takes the same steps from factors as from the gradient that is their
// product, whatever the parts and pieces that it is cut into.
func TestOuter(t *testing.T) {
	for _, s := range []struct{ n, out, in int }{{1, 3, 130}, {2, 128, 1024}, {2, 24, 128}, {3, 7, 5}, {2, 9, 9000}, {8, 70, 1000}, {2, 1, 70000}} {
		for _, clip := range [][2]float64{{0, 0}, {0.5, 0}, {0, 1}, {0.5, 1}} {
			r := rand.New(rand.NewPCG(3, uint64(s.n)))
			normal := func(n int) []float32 {
				v := make([]float32, n)
				for i := range v {
					v[i] = float32(r.NormFloat64())
				}
				return v
			}
			dense := func(rows, cols int, v []float32) *tensor.Dense {
				return tensor.New(tensor.WithShape(rows, cols), tensor.WithBacking(slices.Clone(v)))
			}
			w := normal(s.out * s.in)
			a, b := fixed{dense(s.out, s.in, w), dense(s.out, s.in, w)}, outerParameter{w: dense(s.out, s.in, w)}
			cfg := Defaults()
			cfg.LearnRate, cfg.ClipValue, cfg.ClipNorm = 0.1, clip[0], clip[1]
			whole, _ := NewAdam(cfg)
			factored, _ := NewAdam(cfg)
			for range 3 {
				f := normal(s.n * (s.out + s.in))
				for k := range f { // nothing cancels, so that Adam's first steps do not depend on how it is rounded
					if f[k] = float32(math.Abs(float64(f[k]))); k%(s.out+s.in)%3 == 0 && k%(s.out+s.in) < s.out {
						f[k] = -f[k]
					}
				}
				b.f = dense(s.n, s.out+s.in, f)
				g := a.g.Float32s()
				for i := range g {
					sum := 0.0
					for k := range s.n {
						row := f[k*(s.out+s.in):]
						sum += float64(row[i/s.in]) * float64(row[s.out+i%s.in])
					}
					g[i] = float32(sum)
				}
				if err := whole.Step([]gorgonia.ValueGrad{a}); err != nil {
					t.Fatal(err)
				}
				if err := factored.Step([]gorgonia.ValueGrad{b}); err != nil {
					t.Fatal(err)
				}
				if d := math.Abs(whole.GradNorm()-factored.GradNorm()) / whole.GradNorm(); d > 1e-6 {
					t.Errorf("%v, clip %v: norm %v, want %v", s, clip, factored.GradNorm(), whole.GradNorm())
				}
			}
			for name, both := range map[string][2][]float32{"m": {factored.State().M32, whole.State().M32}, "w": {b.w.Float32s(), a.w.Float32s()}} {
				for i, want := range both[1] {
					if d := math.Abs(float64(both[0][i] - want)); d > 1e-4 {
						t.Fatalf("%v, clip %v: %s[%d] = %v, want %v", s, clip, name, i, both[0][i], want)
					}
				}
			}
		}
	}
	bad := outerParameter{vec32(1, 2), tensor.New(tensor.WithShape(2, 9), tensor.Of(tensor.Float32))}
	a, _ := NewAdam(Defaults())
	if err := a.Step([]gorgonia.ValueGrad{bad}); err == nil || !strings.Contains(err.Error(), "want float32 [out,in] and [N,out+in]") {
		t.Errorf("factors that do not fit: %v", err)
	}
}

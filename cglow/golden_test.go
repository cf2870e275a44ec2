package cglow

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/ad"
	"glownotes/cglow/data"
	"glownotes/cglow/op"
	"glownotes/cglow/optim"
)

// golden is one file of golden vectors, written by an independent PyTorch
// program (make_golden.py beside the files).
type golden struct {
	cfg    Config
	arrays map[string]array // of the float64 file
	f32    map[string]array // the same outputs computed in float32
	order  []string
	batch  int
	adam   optim.Config
	steps  []string
	// recError is the reference's own reconstruction error in the precision of
	// the test: what an ill-conditioned inverse leaves of any arithmetic.
	recError float64
	device   *Device // nil: the walker in float64 and float32
}

// goldenMeta is meta_json of a file.
type goldenMeta struct {
	Config struct {
		X, Y                 [3]int
		L, K, NC, NW, Hidden int
		B                    int
		CN                   *int
		Tanh                 *bool
		BiasFirst            *bool    `json:"bias_first"`
		LearnTop             *bool    `json:"learn_top"`
		Bins                 *float64 `json:"n_bins"`
	}
	Order    []string `json:"param_order"`
	RecError float64  `json:"rec_error"`
	Steps    []string `json:"steps_recorded"`
	Adam     struct {
		LR, Beta1, Beta2, Eps float64
		Clip                  float64 `json:"clip_value"`
	}
}

// or returns *p, or the default when p is nil.
func or[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}

// goldenFiles returns the float64 files, or skips.
func goldenFiles(t *testing.T) []string {
	dir := os.Getenv("GLOWNOTES_GOLDEN")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "golden")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*_f64.npz"))
	if len(files) == 0 {
		t.Skipf("no *_f64.npz in %s: set GLOWNOTES_GOLDEN to the folder of golden vectors", dir)
	}
	return files
}

func readGolden(t *testing.T, path, precision string) *golden {
	t.Helper()
	arrays, err := readNpz(path)
	if err != nil {
		t.Fatal(err)
	}
	f32, err := readNpz(strings.TrimSuffix(path, "_f64.npz") + "_f32.npz")
	if err != nil && !os.IsNotExist(err) {
		t.Logf("no float32 outputs: %v", err)
	}
	var meta goldenMeta
	if err := json.Unmarshal(arrays["meta_json"].raw, &meta); err != nil {
		t.Fatal(err)
	}
	recError := meta.RecError
	if precision == "float32" && f32 != nil {
		var other goldenMeta
		if err := json.Unmarshal(f32["meta_json"].raw, &other); err != nil {
			t.Fatal(err)
		}
		recError = other.RecError
	}
	c := meta.Config
	shape := func(s [3]int) data.Shape { return data.Shape{C: s[0], H: s[1], W: s[2]} }
	cfg := Horses32()
	cfg.Form, cfg.InvConv, cfg.Precision = Paper, Raw, precision
	cfg.X, cfg.Y, cfg.Tile, cfg.Bins = shape(c.X), shape(c.Y), 1, 2
	cfg.Levels, cfg.Steps, cfg.CondChannels, cfg.CondWidth = c.L, c.K, c.NC, c.NW
	cfg.CouplingWidth, cfg.FeatureChannels = c.Hidden, or(c.CN, 16)
	cfg.Tanh, cfg.BiasFirst, cfg.LearnTop = or(c.Tanh, true), or(c.BiasFirst, true), or(c.LearnTop, false)
	if or(c.Bins, 2) != 2 {
		cfg.Bins = int(*c.Bins)
	}
	a := meta.Adam
	return &golden{cfg: cfg, arrays: arrays, f32: f32, order: meta.Order, batch: c.B, steps: meta.Steps, recError: recError,
		adam: optim.Config{LearnRate: a.LR, Beta1: a.Beta1, Beta2: a.Beta2, Epsilon: a.Eps, ClipValue: a.Clip, Schedule: optim.Constant()}}
}

// model returns a model with the golden weights. The names, their order and
// their shapes must be the golden ones; the top prior is there only when it is
// learnt.
func (g *golden) model(t *testing.T) *Model {
	t.Helper()
	m, err := New(g.cfg, 1)
	if err != nil {
		t.Fatal(err)
	}
	m.device = g.device
	var want []string
	for _, name := range g.order {
		if g.cfg.LearnTop || !strings.HasPrefix(name, "top.") {
			want = append(want, fmt.Sprint(name, g.arrays["param/"+name].shape))
		}
	}
	var got []string
	for _, p := range m.Parameters() {
		got = append(got, fmt.Sprint(p.Name, p.Shape))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("parameters\n got %v\nwant %v", got, want)
	}
	for _, p := range m.Parameters() {
		if err := m.SetParameter(p.Name, g.arrays["param/"+p.Name].v); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// compare reports the largest difference relative to the largest value.
func compare(t *testing.T, name string, got []float64, want array, tol float64) {
	t.Helper()
	if want.v == nil {
		t.Errorf("%s: not in the file", name)
		return
	}
	if len(got) != len(want.v) {
		t.Errorf("%s: %d values, want %d %v", name, len(got), len(want.v), want.shape)
		return
	}
	size, worst, at := 1e-30, -1.0, 0
	for _, v := range want.v {
		size = math.Max(size, math.Abs(v))
	}
	for i, v := range got {
		d := math.Abs(v - want.v[i])
		if math.IsNaN(v) {
			d = math.Inf(1)
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if worst > tol*size {
		t.Errorf("%s: index %d: got %v, want %v, difference %.2g of the largest value %.3g, tolerance %.0e", name, at, got[at], want.v[at], worst/size, size, tol)
	}
}

// tolerances of one precision, relative to the largest value of an array: the
// files' README suggests 1e-11 for float64, and for float32 against the float64
// file 1e-5 on latents and likelihoods, 2e-4 on gradients, 1e-3 on samples.
type tolerances struct{ forward, grad, sample, adam float64 }

var goldenTolerances = map[string]tolerances{
	"float64": {1e-11, 1e-11, 1e-11, 1e-11},
	"float32": {1e-5, 2e-4, 1e-3, 2e-4},
}

func TestGolden(t *testing.T) {
	for _, path := range goldenFiles(t) {
		for _, precision := range []string{"float64", "float32"} {
			name := strings.TrimSuffix(filepath.Base(path), "_f64.npz")
			t.Run(name+"/"+precision, func(t *testing.T) {
				g := readGolden(t, path, precision)
				tol := goldenTolerances[precision]
				t.Run("forward", func(t *testing.T) { g.testForward(t, tol) })
				t.Run("sample", func(t *testing.T) { g.testSample(t, tol) })
				t.Run("gradient", func(t *testing.T) { g.testGradient(t, tol) })
				t.Run("adam", func(t *testing.T) { g.testAdam(t, tol) })
			})
		}
	}
}

// imageInput returns an input node of the batch's images with values.
func imageInput(b *builder, name string, s data.Shape, n int, v []float64) *gorgonia.Node {
	node := b.input(name, n, s.C, s.H, s.W)
	if v != nil {
		write(node, v)
	}
	return node
}

func (g *golden) testForward(t *testing.T, tol tolerances) {
	m := g.model(t)
	b := m.builder()
	x := imageInput(b, "x", g.cfg.X, g.batch, g.arrays["x"].v)
	y := imageInput(b, "y", g.cfg.Target(), g.batch, g.arrays["y"].v)
	e := b.encode(b.condition(x, g.batch, false), y)
	want := map[string]*gorgonia.Node{"logdet": e.LogDet, "logp_top": e.LogTop}
	top := len(e.Z) - 1
	want["z"], want["eps_top"] = e.Z[top], e.Eps[top]
	for l := range top {
		want[fmt.Sprintf("z_split%d", l)], want[fmt.Sprintf("eps_split%d", l)] = e.Z[l], e.Eps[l]
	}
	logp := e.logProb()
	want["logp"] = logp
	if e.LogSplit != nil {
		want["logp_split"] = e.LogSplit
	}
	for name, n := range b.record {
		for _, s := range g.steps {
			// The files have a level's prior in logp_split only.
			if strings.HasPrefix(name, s) && !strings.HasSuffix(name, "split_logp") {
				want["step/"+name] = n
			}
		}
	}
	run(t, b, nodesOf(want))
	for name, n := range want {
		if name == "logp" {
			continue
		}
		compare(t, name, values(n), g.arrays[name], tol.forward)
	}
	if g.f32 != nil && g.cfg.Precision == "float32" {
		compare(t, "z against float32", values(want["z"]), g.f32["z"], tol.forward)
	}
	bits := make([]float64, g.batch)
	nats := make([]float64, g.batch)
	for i, v := range values(logp) {
		bits[i] = g.cfg.ReleasedBitsPerDim(v)
		nats[i] = bits[i] * math.Ln2 * float64(g.cfg.Target().Len())
	}
	compare(t, "nll_bpd", bits, g.arrays["nll_bpd"], tol.forward)
	compare(t, "nll_nats", nats, g.arrays["nll_nats"], tol.forward)
}

func (g *golden) testSample(t *testing.T, tol tolerances) {
	m := g.model(t)
	b := m.builder()
	x := imageInput(b, "x", g.cfg.X, g.batch, g.arrays["x"].v)
	eps := b.latents(g.batch)
	y := b.decode(b.condition(x, g.batch, true), eps)
	decode := func(prefix string) []float64 {
		for l, e := range eps {
			name := fmt.Sprintf("%seps_split%d", prefix, l)
			if l == len(eps)-1 {
				name = prefix + "eps_top"
			}
			write(e, g.arrays[name].v)
		}
		run(t, b, []*gorgonia.Node{y})
		return values(y)
	}
	// A reconstruction cannot be closer than the reference is to its own input;
	// two correct ones differ by some times that.
	limit := math.Max(tol.sample, 10*g.recError)
	compare(t, "y_rec", decode(""), g.arrays["y_rec"], limit)
	mean := make([]float64, len(g.arrays["y"].v))
	for k := range 3 {
		got := decode(fmt.Sprintf("sample%d/", k))
		compare(t, fmt.Sprintf("sample%d/y", k), got, g.arrays[fmt.Sprintf("sample%d/y", k)], limit)
		for i, v := range got {
			mean[i] += v / 3
		}
	}
	compare(t, "sample_mean", mean, g.arrays["sample_mean"], limit)
}

// lossGraph is the released code's loss with its gradients.
type lossGraph struct {
	b      *builder
	x, y   *gorgonia.Node
	loss   *gorgonia.Node
	params []*gorgonia.Node
	grads  []*gorgonia.Node // of params, then y and x
}

func (g *golden) lossGraph(t *testing.T, m *Model) lossGraph {
	t.Helper()
	r := lossGraph{b: m.builder()}
	r.x = imageInput(r.b, "x", g.cfg.X, g.batch, g.arrays["x"].v)
	r.y = imageInput(r.b, "y", g.cfg.Target(), g.batch, g.arrays["y"].v)
	e := r.b.encode(r.b.condition(r.x, g.batch, false), r.y)
	dims := float64(g.cfg.Target().Len())
	nll := op.Scale(op.Mean(e.logProb()), -1/(dims*math.Ln2))
	r.loss = op.Offset(nll, g.cfg.ReleasedBitsPerDim(0))
	for _, p := range m.Parameters() {
		r.params = append(r.params, r.b.param(p.Name))
	}
	var err error
	r.grads, err = ad.Grad(r.loss, append(append([]*gorgonia.Node(nil), r.params...), r.y, r.x)...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (g *golden) testGradient(t *testing.T, tol tolerances) {
	m := g.model(t)
	r := g.lossGraph(t, m)
	run(t, r.b, append([]*gorgonia.Node{r.loss}, r.grads...))
	compare(t, "loss", values(r.loss), g.arrays["loss"], tol.forward)
	for i, p := range r.params {
		compare(t, "grad/"+p.Name(), values(r.grads[i]), g.arrays["grad/"+p.Name()], tol.grad)
	}
	n := len(r.params)
	compare(t, "grad/y", values(r.grads[n]), g.arrays["grad/y"], tol.grad)
	compare(t, "grad/x", values(r.grads[n+1]), g.arrays["grad/x"], tol.grad)
}

func (g *golden) testAdam(t *testing.T, tol tolerances) {
	m := g.model(t)
	r := g.lossGraph(t, m)
	a, err := optim.NewAdam(g.adam)
	if err != nil {
		t.Fatal(err)
	}
	outs := append([]*gorgonia.Node{r.loss}, r.grads...)
	var losses []float64
	for i := range 5 {
		suffix := []string{"", "2"}[i%2]
		write(r.x, g.arrays["x"+suffix].v)
		write(r.y, g.arrays["y"+suffix].v)
		run(t, r.b, outs)
		losses = append(losses, values(r.loss)[0])
		if err := a.Step(gorgonia.NodesToValueGrads(r.params)); err != nil {
			t.Fatal(err)
		}
		g.compareWeights(t, m, fmt.Sprintf("adam%d/", i+1), tol)
	}
	compare(t, "train_losses", losses, g.arrays["train_losses"], tol.adam)
}

// compareWeights compares the weights after some steps when the file has them.
// In float32 an entry with a tiny gradient may move the other way: a difference
// of 2 learning rates a step is then within the method's own noise.
func (g *golden) compareWeights(t *testing.T, m *Model, prefix string, tol tolerances) {
	t.Helper()
	for _, p := range m.Parameters() {
		want, ok := g.arrays[prefix+p.Name]
		if !ok {
			return
		}
		got, err := m.Parameter(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		limit := tol.adam
		if g.cfg.Precision == "float32" {
			size := 1e-30
			for _, v := range want.v {
				size = math.Max(size, math.Abs(v))
			}
			limit = math.Max(limit, 2*g.adam.LearnRate/size)
		}
		compare(t, prefix+p.Name, got, want, limit)
	}
}

func nodesOf(m map[string]*gorgonia.Node) []*gorgonia.Node {
	var out []*gorgonia.Node
	for _, n := range m {
		out = append(out, n)
	}
	return out
}

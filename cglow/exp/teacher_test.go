package exp

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/mat"

	"glownotes/cglow/data"
)

// heldOut is tiny with a guide of networks that do not know the pair.
func heldOut() Config {
	c := tiny(Horses).Guided("U-Net").HoldingOut(3)
	c.TrainPairs, c.SearchPairs = 7, 0
	return c
}

// TestHeldOut checks that the flow sees, of every training pair, what the
// network says that was trained without it, and of new pictures each in turn.
func TestHeldOut(t *testing.T) {
	c := heldOut()
	c.Augment = data.AugmentConfig{Draws: 2, Mirror: true, Seed: 1}
	e, r, err := Run(context.Background(), c, Options{Out: filepath.Join(t.TempDir(), "run")})
	if err != nil {
		t.Fatal(err)
	}
	set, err := e.flowData()
	if err != nil {
		t.Fatal(err)
	}
	idx := numbered(0, set.Len())
	fx, _, err := set.Load(idx)
	if err != nil {
		t.Fatal(err)
	}
	x, _, err := e.Train.Load(idx)
	if err != nil {
		t.Fatal(err)
	}
	var says []data.Images
	for _, net := range e.heldOut["U-Net"] {
		y, err := net.Predict(context.Background(), x)
		if err != nil {
			t.Fatal(err)
		}
		says = append(says, y)
	}
	n := x.Shape().Len()
	for _, i := range idx {
		want, other := says[data.Part(i, 7, 3)].Row(i), says[(data.Part(i, 7, 3)+1)%3].Row(i)
		for j, v := range fx.Row(i)[n:] {
			if math.Abs(float64(v-want[j])) > 1e-5 {
				t.Fatalf("pair %d, value %d: the flow sees %v, the network without it says %v (the next: %v)", i, j, v, want[j], other[j])
			}
		}
	}
	all, err := e.nets["U-Net"].Predict(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	views, err := e.views(context.Background(), x)
	if err != nil || len(views) != 4 {
		t.Fatalf("%d views (%v), want 4", len(views), err)
	}
	guides := append([]data.Images{all}, says...)
	for k, v := range views {
		if want := []float64{1. / 2, 1. / 6, 1. / 6, 1. / 6}[k]; math.Abs(v.weight-want) > 1e-12 {
			t.Errorf("view %d has weight %v, want %v", k, v.weight, want)
		}
		for j, got := range v.x.Row(0)[n:] {
			if want := guides[k].Row(0)[j]; math.Abs(float64(got-want)) > 1e-5 {
				t.Fatalf("a new picture, view %d, value %d: the flow sees %v, the network says %v", k, j, got, want)
			}
		}
	}
	together, err := e.estimate("U-Net", true, everyNetwork)
	if err != nil {
		t.Fatal(err)
	}
	mean, err := together(context.Background(), nil, x)
	if err != nil {
		t.Fatal(err)
	}
	for j, got := range mean.Row(0) {
		want := all.Row(0)[j]/2 + (says[0].Row(0)[j]+says[1].Row(0)[j]+says[2].Row(0)[j])/6
		if math.Abs(float64(got-want)) > 1e-5 {
			t.Fatalf("a new picture, value %d: together they say %v, want %v", j, got, want)
		}
	}
	if _, err := r.Table.Value("U-Net and 3 held-out ones", "IoU, foreground"); err != nil {
		t.Error(err)
	}
	bad := heldOut()
	bad.TrainPairs = 0
	if _, err := Open(bad, Options{}); err == nil {
		t.Error("parts of endless data: no error")
	}
}

// TestStacked runs a flow on two networks together and checks their weights.
func TestStacked(t *testing.T) {
	c := tiny(Denoise)
	e, r, err := Run(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := e.stack(c.Mean)
	if err != nil {
		t.Fatal(err)
	}
	if len(w) != 2 || math.Abs(float64(w[0]+w[1])-1) > 1e-6 {
		t.Errorf("weights %v, want two of sum 1", w)
	}
	if _, err := r.Table.Value("stacked DnCNN and U-Net", "PSNR (dB)"); err != nil {
		t.Error(err)
	}
	gs, err := e.errorProducts([]string{"DnCNN", "non-local means"})
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := e.sets.whole.Load([]int{1})
	if err != nil {
		t.Fatal(err)
	}
	if x.H != c.Size || len(gs) != stackPairs {
		t.Fatalf("%d products of pictures of %v", len(gs), x.Shape())
	}
	clean, err := nonLocalMeans(x, denoiseSigma)
	if err != nil {
		t.Fatal(err)
	}
	want := 0.
	for i, v := range y.Pix {
		d := float64(x.Pix[i]) - float64(clean.Pix[i]) - float64(v)
		want += d * d
	}
	if got := gs[1].At(1, 1); math.Abs(got-want) > 1e-4*want {
		t.Errorf("the squared error of non-local means on training picture 1 is %v, want %v", got, want)
	}
}

// TestFilters lets a flow start from a network and filters together, and from a
// filter alone.
func TestFilters(t *testing.T) {
	c := tiny(Depth)
	c.Mean, c.HeldOut, c.TrainPairs, c.SearchPairs = "U-Net+median+input", 2, 6, 0
	_, r, err := Run(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	const name = "stacked U-Net, median and input, with 2 held-out of each network"
	column := r.Table.Columns[0].Name
	if _, err := r.Table.Value(name, column); err != nil {
		t.Error(err)
	}
	c = tiny(Depth)
	c.Mean, c.SearchPairs, c.Baselines = "median", 0, nil
	c.TestPairs = 2
	e, err := Open(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mean, err := e.mean(true)
	if err != nil {
		t.Fatal(err)
	}
	got, err := mean(context.Background(), nil, e.X)
	if err != nil {
		t.Fatal(err)
	}
	want := median(e.X, 2)
	for i, v := range got.Pix {
		if v != want.Pix[i] {
			t.Fatalf("value %d: %v, the median is %v", i, v, want.Pix[i])
		}
	}
}

// TestLeastSum compares with the solution by hand for two networks: with errors
// a and b that do not depend on each other, the weights are as 1/a^2 to 1/b^2.
func TestLeastSum(t *testing.T) {
	for _, c := range []struct {
		name       string
		a, b, ab   float64
		first, tol float64
	}{
		{"one is better", 1, 4, 0, .8, 1e-5},
		{"equal", 2, 2, 0, .5, 1e-6},
		{"the same twice", 3, 3, 3, .5, 1e-3},
		{"the second adds nothing", 1, 2, 1, 1, 1e-4},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, err := leastSum(mat.NewSymDense(2, []float64{c.a, c.ab, c.ab, c.b}))
			if err != nil || math.Abs(float64(w[0])-c.first) > c.tol || math.Abs(float64(w[0]+w[1])-1) > 1e-6 {
				t.Errorf("weights %v, %v, want the first to be %v", w, err, c.first)
			}
		})
	}
}

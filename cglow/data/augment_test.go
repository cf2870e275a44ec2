package data

import (
	"fmt"
	"slices"
	"testing"
)

// squares is a set of n pairs of 1x3x3 that count from i, y = x + 10.
func squares(n int) Dataset {
	s := Shape{1, 3, 3}
	return &pairs{name: "squares", n: n, sx: s, sy: s, pair: func(i int, x, y []float32) error {
		for k := range x {
			x[k] = float32(i+k) / 100
			y[k] = x[k] + 10
		}
		return nil
	}}
}

func TestMoved(t *testing.T) {
	m := Images{N: 1, C: 1, H: 3, W: 3, Pix: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	for _, c := range []struct {
		name   string
		mirror bool
		dx, dy int
		want   []float32
	}{
		{"as it is", false, 0, 0, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"mirrored", true, 0, 0, []float32{3, 2, 1, 6, 5, 4, 9, 8, 7}},
		{"right", false, 1, 0, []float32{1, 1, 2, 4, 4, 5, 7, 7, 8}},
		{"up by two", false, 0, -2, []float32{7, 8, 9, 7, 8, 9, 7, 8, 9}},
		{"mirrored and left", true, -1, 0, []float32{2, 1, 1, 5, 4, 4, 8, 7, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]float32, 9)
			moved(got, m, c.mirror, c.dx, c.dy)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestAugment(t *testing.T) {
	cfg := AugmentConfig{Draws: 40, Mirror: true, Shift: 1, Seed: 3}
	d, err := Augment(squares(5), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 200 {
		t.Errorf("%d pairs, want 200", d.Len())
	}
	x, y, err := First(d, 200)
	if err != nil {
		t.Fatal(err)
	}
	variants := map[string]bool{}
	for i := range 200 {
		for k, v := range x.Row(i) {
			if y.Row(i)[k] != v+10 {
				t.Fatalf("variant %d: x and y moved apart", i)
			}
		}
		if i%5 == 2 {
			variants[fmt.Sprint(x.Row(i))] = true
		}
	}
	plain, _, err := First(squares(5), 5)
	if err != nil || !slices.Equal(plain.Pix, x.Pix[:45]) {
		t.Errorf("the first variants are not the pairs themselves (%v)", err)
	}
	// 2 x 3 x 3 = 18 different variants; 40 draws should meet most of them.
	if len(variants) < 12 || len(variants) > 18 {
		t.Errorf("%d different variants of one pair, want 12 to 18", len(variants))
	}
	again, _, err := d.Load([]int{137})
	if err != nil || !slices.Equal(again.Row(0), x.Row(137)) {
		t.Errorf("pair 137 differs when it is loaded again (%v)", err)
	}
}

func TestAugmentLight(t *testing.T) {
	d, err := Augment(squares(1), AugmentConfig{Draws: 3, Light: .5, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := First(d, 3)
	if err != nil {
		t.Fatal(err)
	}
	k := x.At(1, 0, 2, 2) / x.At(0, 0, 2, 2)
	if k == 1 || k < .5 || k > 1.5 || k == x.At(2, 0, 2, 2)/x.At(0, 0, 2, 2) {
		t.Errorf("brightness changed by %v", k)
	}
	if !slices.Equal(y.Row(0), y.Row(1)) {
		t.Error("y changed with the light")
	}
}

func TestAugmentErrors(t *testing.T) {
	endless, err := Silhouettes(Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	halves, err := OccludedPortraits(Portraits32())
	if err != nil {
		t.Fatal(err)
	}
	if halves, err = Range(halves, 0, 5); err != nil {
		t.Fatal(err)
	}
	good := AugmentConfig{Draws: 1}
	for _, c := range []struct {
		name string
		d    Dataset
		cfg  AugmentConfig
	}{
		{"endless", endless, good},
		{"x and y of different sizes", halves, AugmentConfig{Draws: 1, Shift: 1}},
		{"no draws", squares(3), AugmentConfig{}},
		{"shifted out", squares(3), AugmentConfig{Draws: 1, Shift: 3}},
		{"light", squares(3), AugmentConfig{Draws: 1, Light: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Augment(c.d, c.cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}

func ExampleAugment() {
	endless, err := Silhouettes(Silhouettes32())
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := Range(endless, 0, 200)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err = Augment(d, AugmentConfig{Draws: 10, Mirror: true, Shift: 2, Light: .1, Seed: 1})
	fmt.Println(d.Len(), err)
	// Output:
	// 2000 <nil>
}

func TestWarp(t *testing.T) {
	m := Images{N: 1, C: 1, H: 3, W: 3, Pix: []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}}
	for _, c := range []struct {
		name string
		w    warp
		want []float32
	}{
		{"as it is", warp{a: 1, d: 1}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9}},
		{"mirrored", warp{a: -1, d: 1}, []float32{3, 2, 1, 6, 5, 4, 9, 8, 7}},
		{"right", warp{a: 1, d: 1, dx: 1}, []float32{1, 1, 2, 4, 4, 5, 7, 7, 8}},
		{"twice as large", warp{a: .5, d: .5}, []float32{3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7}},
		{"a quarter turn", warp{b: 1, c: -1}, []float32{7, 4, 1, 8, 5, 2, 9, 6, 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := make([]float32, 9)
			c.w.apply(got, m, true)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestAugmentKeepsMasks checks that turned and scaled masks are masks, move
// with their pictures, and that sizes that differ allow mirroring only.
func TestAugmentKeepsMasks(t *testing.T) {
	s, err := Silhouettes(Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	few, err := Range(s, 0, 4)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Augment(few, AugmentConfig{Draws: 5, Mirror: true, Shift: 2, Zoom: .2, Turn: 15, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	_, y, err := First(d, 20)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range y.Pix {
		if v != 0 && v != 1 {
			t.Fatalf("value %d of a mask is %v", i, v)
		}
	}
	for i := 4; i < 20; i++ {
		if slices.Equal(y.Row(i), y.Row(i%4)) {
			t.Errorf("variant %d is the mask itself", i)
		}
	}
	o, err := OccludedPortraits(Portraits32())
	if err != nil {
		t.Fatal(err)
	}
	part, err := Range(o, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Augment(part, AugmentConfig{Draws: 2, Mirror: true}); err != nil {
		t.Errorf("mirrored faces: %v", err)
	}
	if _, err := Augment(part, AugmentConfig{Draws: 2, Shift: 1}); err == nil {
		t.Error("a block in the middle was moved with its picture")
	}
}

// enlarged is a dataset whose pixels are kxk squares of those of another.
func enlarged(d Dataset, k int) Dataset {
	sx, sy := d.Shapes()
	larger := func(s Shape) Shape { return Shape{C: s.C, H: k * s.H, W: k * s.W} }
	return &pairs{name: "enlarged", n: d.Len(), sx: larger(sx), sy: larger(sy), pair: func(i int, x, y []float32) error {
		px, py, err := d.Load([]int{i})
		if err != nil {
			return err
		}
		for _, part := range []struct {
			out  []float32
			from Images
		}{{x, px}, {y, py}} {
			w := k * part.from.W
			for j := range part.out {
				part.out[j] = part.from.At(0, j/(w*k*part.from.H), j/w%(k*part.from.H)/k, j%w/k)
			}
		}
		return nil
	}}
}

// TestAugmentFrom checks that changes made on larger pictures without finer
// detail are those made on the pictures themselves where pixels fall on pixels,
// that half pixels come out as means, and that masks stay masks.
func TestAugmentFrom(t *testing.T) {
	s, err := Silhouettes(Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	few, err := Range(s, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	d, err := AugmentFrom(few, enlarged(few, 2), AugmentConfig{Draws: 30, Mirror: true, Shift: 1, Seed: 2})
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 90 {
		t.Errorf("%d pairs, want 90", d.Len())
	}
	x, y, err := First(d, 90)
	if err != nil {
		t.Fatal(err)
	}
	px, py, err := First(few, 3)
	if err != nil {
		t.Fatal(err)
	}
	shifts := map[[2]int]bool{}
	for i := 3; i < 90; i++ {
		found := false
		for _, mirror := range []bool{false, true} {
			for dy := -2; dy <= 2; dy++ {
				for dx := -2; dx <= 2; dx++ {
					if wantX, wantY := halfMoved(px.Select(i%3), mirror, dx, dy), halfMoved(py.Select(i%3), mirror, dx, dy); near(x.Row(i), wantX) {
						found = true
						shifts[[2]int{dx, dy}] = true
						for j, v := range y.Row(i) {
							if v != 0 && v != 1 || wantY[j] > .5 && v == 0 || wantY[j] < .5 && v == 1 {
								t.Fatalf("variant %d, value %d of the mask is %v, %v of it is covered", i, j, v, wantY[j])
							}
						}
					}
				}
			}
		}
		if !found {
			t.Fatalf("variant %d is the picture moved by no number of half pixels", i)
		}
	}
	if len(shifts) < 15 {
		t.Errorf("%d different moves of 25", len(shifts))
	}
	for name, fine := range map[string]Dataset{"smaller": squares(3), "of another size": enlarged(squares(4), 3), "other pairs": enlarged(s, 2)} {
		if _, err := AugmentFrom(few, fine, AugmentConfig{Draws: 2}); err == nil {
			t.Errorf("larger pictures that are %s: no error", name)
		}
	}
}

// halfMoved moves a picture by half pixels: means of the pixels that are
// covered, the edge repeated.
func halfMoved(m Images, mirror bool, dx, dy int) []float32 {
	out := make([]float32, m.Shape().Len())
	at := func(c, y, x int) float32 { // of the picture twice as large
		y, x = min(2*m.H-1, max(0, y-dy)), min(2*m.W-1, max(0, x-dx))
		if mirror {
			x = 2*m.W - 1 - x
		}
		return m.At(0, c, y/2, x/2)
	}
	for j := range out {
		c, y, x := j/(m.H*m.W), j/m.W%m.H, j%m.W
		out[j] = (at(c, 2*y, 2*x) + at(c, 2*y, 2*x+1) + at(c, 2*y+1, 2*x) + at(c, 2*y+1, 2*x+1)) / 4
	}
	return out
}

// near reports whether all values agree to a millionth.
func near(a, b []float32) bool {
	for i, v := range a {
		if d := v - b[i]; d > 1e-6 || d < -1e-6 {
			return false
		}
	}
	return true
}

// TestPure checks that shares of classes become the class of the largest.
func TestPure(t *testing.T) {
	y := []float32{.4, .5, .25, .4, .25, .2, .2, .25, .55} // the first pixel: a draw
	pure(y, Shape{3, 1, 3})
	if want := []float32{1, 1, 0, 0, 0, 0, 0, 0, 1}; !slices.Equal(y, want) {
		t.Errorf("%v, want %v", y, want)
	}
}

func BenchmarkAugmentFrom(b *testing.B) {
	s, err := Silhouettes(Silhouettes32())
	if err != nil {
		b.Fatal(err)
	}
	few, err := Range(s, 0, 3)
	if err != nil {
		b.Fatal(err)
	}
	fine := enlarged(few, 4)
	x, y, err := First(fine, 3)
	if err != nil {
		b.Fatal(err)
	}
	kept := &pairs{name: "kept", n: 3, sx: x.Shape(), sy: y.Shape(), pair: func(i int, px, py []float32) error {
		copy(px, x.Row(i))
		copy(py, y.Row(i))
		return nil
	}}
	d, err := AugmentFrom(few, kept, AugmentConfig{Draws: 30, Mirror: true, Zoom: .2, Turn: 10, Shift: 2, Seed: 2})
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, _, err := d.Load([]int{3 + i%80}); err != nil {
			b.Fatal(err)
		}
	}
}

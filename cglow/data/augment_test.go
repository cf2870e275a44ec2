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

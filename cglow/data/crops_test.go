package data

import "testing"

// TestCrops checks that x and y are cut at the same place, inside the picture.
func TestCrops(t *testing.T) {
	s := Shape{2, 4, 6}
	full := &pairs{name: "ramps", n: 3, sx: s, sy: s, pair: func(i int, x, y []float32) error {
		for k := range x {
			x[k], y[k] = float32(100*i+k), float32(1000+100*i+k)
		}
		return nil
	}}
	d, err := Crops(full, 3, 20, 1)
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := First(d, 60)
	if err != nil || x.N != 60 {
		t.Fatalf("%d pairs, %v", x.N, err)
	}
	corners := map[float32]bool{}
	for i := range 60 {
		first := x.At(i, 0, 0, 0)
		corners[first] = true
		if k := int(first) - 100*(i%3); k < 0 || k/6 > 1 || k%6 > 3 {
			t.Errorf("part %d begins at value %d of the picture", i, k)
		}
		for c := range 2 {
			for r := range 3 {
				for k := range 3 {
					want := first + float32(24*c+6*r+k)
					if x.At(i, c, r, k) != want || y.At(i, c, r, k) != want+1000 {
						t.Fatalf("part %d, channel %d, row %d, column %d: x %v, y %v, want %v", i, c, r, k, x.At(i, c, r, k), y.At(i, c, r, k), want)
					}
				}
			}
		}
	}
	if len(corners) < 12 {
		t.Errorf("%d places in 60 parts", len(corners))
	}
	for _, bad := range []func() (Dataset, error){
		func() (Dataset, error) { return Crops(full, 5, 1, 1) },
		func() (Dataset, error) { return Crops(full, 3, 0, 1) },
		func() (Dataset, error) {
			o, err := OccludedPortraits(Portraits32())
			if err != nil {
				t.Fatal(err)
			}
			return Crops(o, 8, 1, 1)
		},
	} {
		if _, err := bad(); err == nil {
			t.Error("no error")
		}
	}
}

package data

import (
	"math"
	"slices"
	"testing"
)

// drawnSets are the procedural sets other than silhouettes.
func drawnSets(t *testing.T) map[string]Dataset {
	t.Helper()
	out := map[string]Dataset{"depth scenes": DepthScenes(3)}
	var err error
	if out["portraits"], err = Portraits(Portraits32()); err != nil {
		t.Fatal(err)
	}
	if out["occluded portraits"], err = OccludedPortraits(Portraits64()); err != nil {
		t.Fatal(err)
	}
	if out["textures"], err = Textures(Denoise32()); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDrawnSetsArePure(t *testing.T) {
	for name, d := range drawnSets(t) {
		t.Run(name, func(t *testing.T) {
			x, y, err := d.Load([]int{0, 12345, 2})
			if err != nil {
				t.Fatal(err)
			}
			sx, sy := d.Shapes()
			if d.Len() != 0 || x.Shape() != sx || y.Shape() != sy || x.N != 3 || y.N != 3 {
				t.Errorf("%d pairs, %v and %v", d.Len(), x, y)
			}
			x2, y2, err := d.Load([]int{9, 12345})
			if err != nil || !slices.Equal(x2.Row(1), x.Row(1)) || !slices.Equal(y2.Row(1), y.Row(1)) {
				t.Errorf("pair 12345 differs when it is loaded again (%v)", err)
			}
			if slices.Equal(x.Row(0), x.Row(2)) || slices.Equal(y.Row(0), y.Row(2)) {
				t.Error("pairs 0 and 2 are the same")
			}
			if _, _, err := d.Load([]int{-1}); err == nil {
				t.Error("index -1: no error")
			}
		})
	}
}

func TestPortraitsHaveOneClassAPixel(t *testing.T) {
	d := drawnSets(t)["portraits"]
	_, y, err := First(d, 200)
	if err != nil {
		t.Fatal(err)
	}
	var share [3]float64
	for i := range y.N {
		for k := range 1024 {
			sum := float32(0)
			for c := range 3 {
				v := y.Row(i)[c*1024+k]
				if v != 0 && v != 1 {
					t.Fatalf("pair %d, class %d: value %v", i, c, v)
				}
				sum += v
				share[c] += float64(v) / float64(y.N*1024)
			}
			if sum != 1 {
				t.Fatalf("pair %d, pixel %d has %v classes", i, k, sum)
			}
		}
	}
	t.Logf("background %.3f, face %.3f, hair %.3f", share[Background], share[Face], share[Hair])
	if share[Background] < .45 || share[Face] < .15 || share[Hair] < .1 {
		t.Errorf("background %.3f, face %.3f, hair %.3f: one is too rare", share[Background], share[Face], share[Hair])
	}
}

func TestTexturesNoise(t *testing.T) {
	cfg := Denoise32()
	d, err := Textures(cfg)
	if err != nil {
		t.Fatal(err)
	}
	x, e, err := First(d, 20)
	if err != nil {
		t.Fatal(err)
	}
	clean, err := Denoised(x, e)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range clean.Pix {
		if v < -1e-6 || v > 1+1e-6 {
			t.Fatalf("clean value %d is %v", i, v)
		}
	}
	cfg.Residual = false
	if d, err = Textures(cfg); err != nil {
		t.Fatal(err)
	}
	x2, y2, err := First(d, 20)
	if err != nil || !slices.Equal(x2.Pix, x.Pix) {
		t.Fatalf("x depends on what y is (%v)", err)
	}
	for i, v := range y2.Pix {
		if math.Abs(float64(v-clean.Pix[i])) > 1e-6 {
			t.Fatalf("clean value %d: got %v, want %v", i, v, clean.Pix[i])
		}
	}
}

// TestDepthScenesLookLikeASensor compares the errors of the sensor model with
// those measured on the 7-Scenes crops: median 5 to 7 mm, 0.6 % above 150 mm,
// 1.4 % holes.
func TestDepthScenesLookLikeASensor(t *testing.T) {
	d := DepthScenes(1)
	x, y, err := First(d, 25)
	if err != nil {
		t.Fatal(err)
	}
	var errors []float64
	holes := 0
	for i := range x.N {
		valid, err := d.Valid(i)
		if err != nil {
			t.Fatal(err)
		}
		for k, ok := range valid {
			if !ok {
				holes++
				continue
			}
			errors = append(errors, math.Abs(float64(x.Row(i)[k]-y.Row(i)[k]))*DepthPeak)
		}
	}
	slices.Sort(errors)
	median := errors[len(errors)/2]
	at, _ := slices.BinarySearch(errors, 150)
	large := 1 - float64(at)/float64(len(errors))
	hole := float64(holes) / float64(len(x.Pix))
	t.Logf("median error %.1f mm, %.2f %% above 150 mm, %.2f %% holes", median, 100*large, 100*hole)
	if median < 3 || median > 12 || large < .001 || large > .03 || hole < .003 || hole > .05 {
		t.Errorf("median error %.1f mm, %.4f above 150 mm, %.4f holes", median, large, hole)
	}
	for i, v := range y.Pix {
		if !(v > 0 && v <= 1) {
			t.Fatalf("depth %d is %v", i, v)
		}
	}
}

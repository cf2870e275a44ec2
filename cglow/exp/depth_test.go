package exp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"glownotes/cglow/data"
)

// scenes writes a 7-Scenes folder of n crops in each part: crop i is 1000+i mm
// deep everywhere, with a hole at pixel i.
func scenes(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	const size = 96 * 128
	raw, lines := make([]byte, 0, 2*n*size), ""
	for i := range n {
		lines += fmt.Sprintf("frame-%06d 0 0\n", i)
		for k := range size {
			v := 1000 + i
			if k == i {
				v = 0
			}
			raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
		}
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	if _, err := w.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "7scenes"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{
		"noisy.u16.gz": zipped.Bytes(), "clean.u16.gz": zipped.Bytes(), "crops.txt": []byte(lines),
	} {
		for _, part := range []string{"train", "test"} {
			if err := os.WriteFile(filepath.Join(dir, "7scenes", part+"_"+name), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// TestDepthSpread checks that fewer test crops than there are are taken from all
// of them, and that the pixels that count are those of the same crops.
func TestDepthSpread(t *testing.T) {
	c := Compact(Depth, Real, 96, 6, Small())
	c.TestPairs = 3
	e, err := Open(c, Options{Data: scenes(t, 7)})
	if err != nil {
		t.Fatal(err)
	}
	for i, crop := range []int{0, 2, 4} {
		if got, want := e.X.Row(i)[100], float32(1000+crop)/data.DepthPeak; got != want {
			t.Errorf("test pair %d is %v deep, want crop %d, %v", i, got, crop, want)
		}
		valid, err := e.sets.valid(i)
		if err != nil {
			t.Fatal(err)
		}
		for k, ok := range valid {
			if ok != (k != crop) {
				t.Fatalf("test pair %d, pixel %d: counts %v", i, k, ok)
			}
		}
	}
}

// TestDepthOffset checks that an offset of y, which differs from crop to crop,
// is nothing that networks learn, and that what is added to x has the median 0.
func TestDepthOffset(t *testing.T) {
	c := tiny(Depth)
	c.Mean, c.SearchPairs, c.TestPairs = "U-Net", 0, 2
	e, err := Open(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	idx := []int{0, 1, 2}
	_, want, err := e.netData().Load(idx)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want.N {
		if m := middle(want.Row(i)); math.Abs(m) > 1e-6 {
			t.Errorf("the median of the target of pair %d is %v", i, m)
		}
	}
	plain := e.Train
	e.Train = &mapped{Dataset: plain, name: "off", x: c.Model.X, pair: func(idx []int, x, y data.Images) (data.Images, data.Images, error) {
		for i := range y.Pix {
			y.Pix[i] += .25 * float32(1+idx[i/y.Shape().Len()])
		}
		return x, y, nil
	}}
	_, got, err := e.netData().Load(idx)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got.Pix {
		if math.Abs(float64(v-want.Pix[i])) > 1e-3 {
			t.Fatalf("value %d of the targets is %v, without the offset %v", i, v, want.Pix[i])
		}
	}

	e.Train = plain
	if err := e.Fit(context.Background()); err != nil {
		t.Fatal(err)
	}
	base, err := e.PredictBaseline(context.Background(), "U-Net", e.X)
	if err != nil {
		t.Fatal(err)
	}
	p, err := e.Predict(context.Background(), e.X)
	if err != nil {
		t.Fatal(err)
	}
	for i := range e.X.N {
		byNet, byFlow := combined(base, 1, e.X, -1).Row(i), combined(p.Mean, 1, base, -1).Row(i)
		if a, b := middle(byNet), middle(byFlow); math.Abs(a) > 1e-6 || math.Abs(b) > 1e-6 {
			t.Errorf("crop %d: the network adds %v in the median, the flow %v", i, a, b)
		}
		if slices.Max(byNet) < 1e-5 || slices.Max(byFlow) < 1e-5 {
			t.Errorf("crop %d: nothing is added", i)
		}
	}
}

// middle returns the median.
func middle(v []float32) float64 {
	s := slices.Sorted(slices.Values(v))
	return float64(s[(len(s)-1)/2]+s[len(s)/2]) / 2
}

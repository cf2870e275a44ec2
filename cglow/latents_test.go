package cglow

import (
	"math"
	"testing"

	"glownotes/cglow/data"
)

func TestDecodeInvertsEncode(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			if c.Form == Paper {
				c.Steps = 1 // its matrices are random and become ill-conditioned with depth
			}
			m := mustNew(t, c, 31)
			scatterParameters(m, .05)
			x, y := pictures(c, 11, 33) // more than one pass
			z, err := m.Encode(t.Context(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			for l, s := range c.LatentShapes() {
				if z[l].N != y.N || z[l].Shape() != s {
					t.Errorf("latent %d: %d images %v, want %d of %v", l, z[l].N, z[l].Shape(), y.N, s)
				}
			}
			back, err := m.Decode(t.Context(), x, z)
			if err != nil {
				t.Fatal(err)
			}
			want := y
			if c.Bins > 0 {
				back = c.Round(back)
			}
			for i := range want.Pix {
				if d := math.Abs(float64(back.Pix[i] - want.Pix[i])); !(d < 1e-3) {
					t.Fatalf("value %d: got %v, want %v", i, back.Pix[i], want.Pix[i])
				}
			}
			if !c.Conditional() {
				return
			}
			// One x for all latents is the same as that x repeated.
			few := make([]data.Images, len(z))
			for l := range z {
				few[l] = z[l].Select(0, 1, 2)
			}
			one, err1 := m.Decode(t.Context(), x.Select(4), few)
			all, err2 := m.Decode(t.Context(), x.Select(4, 4, 4), few)
			if err1 != nil || err2 != nil {
				t.Fatal(err1, err2)
			}
			for i := range one.Pix {
				if one.Pix[i] != all.Pix[i] {
					t.Fatalf("one x for all: value %d is %v, repeated %v", i, one.Pix[i], all.Pix[i])
				}
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	c := small()
	m := mustNew(t, c, 34)
	x, y := pictures(c, 2, 35)
	z, err := m.Encode(t.Context(), x, y)
	if err != nil {
		t.Fatal(err)
	}
	three, _ := pictures(c, 3, 36)
	short := []data.Images{z[0], z[1].Select(0)}
	for name, f := range map[string]func() error{
		"levels":     func() error { _, err := m.Decode(t.Context(), x, z[:1]); return err },
		"counts":     func() error { _, err := m.Decode(t.Context(), x, short); return err },
		"shapes":     func() error { _, err := m.Decode(t.Context(), x, []data.Images{z[1], z[0]}); return err },
		"x":          func() error { _, err := m.Decode(t.Context(), three, z); return err },
		"encode's x": func() error { _, err := m.Encode(t.Context(), three, y); return err },
	} {
		if f() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLedgerAddsUp(t *testing.T) {
	for name, c := range variants() {
		t.Run(name, func(t *testing.T) {
			m := mustNew(t, c, 41)
			scatterParameters(m, .05)
			x, y := pictures(c, 11, 43)
			led, err := m.Ledger(t.Context(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			nats, err := m.LogProb(t.Context(), x, y)
			if err != nil {
				t.Fatal(err)
			}
			mean := 0.
			for _, v := range nats {
				mean += v / float64(len(nats))
			}
			if math.Abs(led.Nats-mean) > 1e-9*math.Abs(mean) {
				t.Errorf("the ledger's sum is %v, LogProb's mean %v", led.Nats, mean)
			}
			parts := map[string]int{}
			for _, term := range led.Terms {
				parts[term.Part]++
				if math.IsNaN(term.Nats) {
					t.Errorf("%s %s is NaN", term.Layer, term.Part)
				}
			}
			k := c.Levels * c.Steps
			if parts["actnorm"] != k || parts["1x1"] != k || parts["coupling"] != k || parts["prior"] != c.Levels {
				t.Errorf("terms %v for %d steps and %d levels", parts, k, c.Levels)
			}
		})
	}
}

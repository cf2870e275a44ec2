package data

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"testing"
)

//go:embed testdata/resample.json
var resampleJSON []byte

// TestResizeAsPillow compares with what testdata/resample.py wrote.
func TestResizeAsPillow(t *testing.T) {
	var golden struct {
		W, H  int
		Pix   []int
		Cases []struct {
			Filter string
			W, H   int
			Pix    []int
		}
	}
	if err := json.Unmarshal(resampleJSON, &golden); err != nil {
		t.Fatal(err)
	}
	// The pattern in channel 1 of three, to see that channels do not mix.
	p := pixels{w: golden.W, h: golden.H, c: 3, pix: make([]uint8, 3*len(golden.Pix))}
	for i, v := range golden.Pix {
		p.pix[3*i+1] = uint8(v)
	}
	if len(golden.Cases) != 10 {
		t.Fatalf("%d cases, want 10", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%s/%dx%d", c.Filter, c.W, c.H), func(t *testing.T) {
			f := bilinear()
			if c.Filter == "bicubic" {
				f = bicubic()
			}
			got := p.resize(c.W, c.H, f)
			if got.w != c.W || got.h != c.H || len(got.pix) != 3*c.W*c.H || len(c.Pix) != c.W*c.H {
				t.Fatalf("%dx%d, %d values", got.w, got.h, len(got.pix))
			}
			for i, want := range c.Pix {
				if g := got.pix[3*i : 3*i+3]; g[0] != 0 || int(g[1]) != want || g[2] != 0 {
					t.Fatalf("pixel %d: got %v, want [0 %d 0]", i, g, want)
				}
			}
		})
	}
}

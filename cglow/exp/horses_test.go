package exp

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/cglow/data"
)

// horseFolder writes a folder of n packed horses at some sizes, the first half
// to train: each is a white block on black, right of the middle.
func horseFolder(t *testing.T, n int, sizes ...int) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, "horses", name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "horses"), 0o755); err != nil {
		t.Fatal(err)
	}
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("horse%03d", i+1))
	}
	list := func(names []string) []byte { return []byte(strings.Join(names, "\n") + "\n") }
	write("all.txt", list(names))
	write("train.txt", list(names[:n/2]))
	write("test.txt", list(names[n/2:]))
	for _, size := range sizes {
		var pictures, masks []byte
		for range n {
			for k := range size * size {
				inside := byte(0)
				if row, col := k/size, k%size; row >= size/4 && row < size/2 && col >= size/2 && col < 3*size/4 {
					inside = 1
				}
				pictures = append(pictures, 255*inside, 255*inside, 255*inside)
				masks = append(masks, inside)
			}
		}
		var zipped bytes.Buffer
		w := gzip.NewWriter(&zipped)
		if _, err := w.Write(append(pictures, masks...)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		write(fmt.Sprintf("horses_%d.u8.gz", size), zipped.Bytes())
	}
	return dir
}

// TestAugmentSize checks that training pairs are changed at the larger size:
// moved by half a pixel, a block has grey edges in x and none in y. Without the
// larger pictures the error says which file is missing.
func TestAugmentSize(t *testing.T) {
	c := Compact(Horses, Real, 32, 6, Small())
	if c.AugmentSize != 128 {
		t.Errorf("real horses of 32 pixels are changed at %d pixels, want 128", c.AugmentSize)
	}
	c.AugmentSize = 64
	c.Augment = data.AugmentConfig{Draws: 30, Shift: 1, Seed: 1}
	c.TrainPairs = 2
	e, err := Open(c, Options{Data: horseFolder(t, 6, 32, 64)})
	if err != nil {
		t.Fatal(err)
	}
	if e.Train.Len() != 60 {
		t.Fatalf("%d training pairs, want 60", e.Train.Len())
	}
	x, y, err := e.Train.Load(numbered(0, 60))
	if err != nil {
		t.Fatal(err)
	}
	grey := func(v []float32) (n int) {
		for _, p := range v {
			if p > .1 && p < .9 {
				n++
			}
		}
		return n
	}
	moved := 0
	for i := range 60 {
		if grey(y.Row(i)) > 0 {
			t.Fatalf("pair %d: the mask is grey", i)
		}
		if grey(x.Row(i)) > 0 {
			moved++
			if i < 2 {
				t.Errorf("pair %d is not the pair itself", i)
			}
		}
	}
	if moved < 20 {
		t.Errorf("%d of 60 pairs were moved by a part of a pixel, want most", moved)
	}

	var missing *data.LayoutError
	if _, err := Open(c, Options{Data: horseFolder(t, 6, 32)}); !errors.As(err, &missing) || !strings.Contains(err.Error(), "AugmentSize 64") {
		t.Errorf("without larger pictures: error %v", err)
	}
}

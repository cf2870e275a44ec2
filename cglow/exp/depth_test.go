package exp

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
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

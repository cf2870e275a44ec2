package data

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// files writes a dataset's folder: names with slashes, contents.
func files(t *testing.T, contents map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, b := range contents {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// list writes names one a line.
func list(names ...string) []byte { return []byte(strings.Join(names, "\n") + "\n") }

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func pngOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegOf(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// zipped stores pictures in a zip file.
func zipped(t *testing.T, contents map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range contents {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plainRGB is a picture of one colour.
func plainRGB(w, h int, c color.NRGBA) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := 0; i < len(m.Pix); i += 4 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2], m.Pix[i+3] = c.R, c.G, c.B, c.A
	}
	return m
}

// grayOf is a gray picture with the value f(x, y).
func grayOf(w, h int, f func(x, y int) uint8) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetGray(x, y, color.Gray{Y: f(x, y)})
		}
	}
	return m
}

// published returns the folder of the real datasets, or skips.
func published(t *testing.T, name string) string {
	t.Helper()
	dir := Dir()
	if dir == "" {
		t.Skip("GLOWNOTES_DATA is not set")
	}
	if !isDir(filepath.Join(dir, name)) {
		t.Skipf("%s has no %s", dir, name)
	}
	return dir
}

func TestNoDataFolder(t *testing.T) {
	for _, c := range []struct {
		name string
		open func(dir string) error
	}{
		{"horses", func(dir string) error { _, err := Horses(dir, 32, Train); return err }},
		{"lfw", func(dir string) error { _, err := LFW(dir, 32, Train); return err }},
		{"bsds", func(dir string) error { _, err := BSDS(dir, Denoise128(), Train); return err }},
		{"7scenes", func(dir string) error { _, err := SevenScenes(dir, Train); return err }},
		{"celeba", func(dir string) error { _, err := CelebA(dir, 64, Train); return err }},
	} {
		t.Run(c.name, func(t *testing.T) {
			wantLayout(t, c.open(""), "GLOWNOTES_DATA", "is not set")
			wantLayout(t, c.open(t.TempDir()), c.name, "does not exist", "GLOWNOTES_DATA")
		})
	}
}

// wantLayout checks that an error is a *LayoutError with all the words.
func wantLayout(t *testing.T, err error, words ...string) {
	t.Helper()
	if _, ok := err.(*LayoutError); !ok {
		t.Errorf("got %v, want a *LayoutError", err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %q, want %q in it", err, w)
		}
	}
}

// packedHorses is a small set in the packed layout: 5 pictures of 4x4, picture
// i has the colour (10i, 20i, 30i) and a mask of the first i pixels.
func packedHorses() map[string][]byte {
	var raw []byte
	for i := range 5 {
		for range 16 {
			raw = append(raw, byte(10*i), byte(20*i), byte(30*i))
		}
	}
	for i := range 5 {
		for k := range 16 {
			v := byte(0)
			if k < i {
				v = 1
			}
			raw = append(raw, v)
		}
	}
	return map[string][]byte{
		"horses/all.txt":   list("a", "b", "c", "d", "e"),
		"horses/train.txt": list("d", "a", "b"), "horses/test.txt": list("e", "c"),
		"raw": raw,
	}
}

func TestHorsesPacked(t *testing.T) {
	set := packedHorses()
	set["horses/horses_4.u8.gz"] = gzipped(t, set["raw"])
	dir := files(t, set)
	for _, path := range []string{dir, filepath.Join(dir, "horses")} {
		d, err := Horses(path, 4, Train)
		if err != nil {
			t.Fatal(err)
		}
		x, y, err := First(d, 10)
		if err != nil || x.N != 3 || d.Name() != "horses 4x4 train" {
			t.Fatalf("%d pictures of %s, %v", x.N, d.Name(), err)
		}
		for k, i := range []int{3, 0, 1} { // d, a, b
			if got, want := x.At(k, 2, 3, 3), float32(30*i)/255; got != want {
				t.Errorf("picture %d, blue: got %v, want %v", k, got, want)
			}
			sum := float32(0)
			for _, v := range y.Row(k) {
				sum += v
			}
			if sum != float32(i) {
				t.Errorf("mask %d: %v pixels, want %d", k, sum, i)
			}
		}
	}
	test, err := Horses(dir, 4, Test)
	if err != nil || test.Len() != 2 {
		t.Fatalf("test part: %v, %v", test, err)
	}
	if _, err := Horses(dir, 4, Validation); err == nil {
		t.Error("a validation part: no error")
	}
}

func TestHorsesBroken(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(set map[string][]byte)
		words []string
	}{
		{"short", func(s map[string][]byte) { s["raw"] = s["raw"][:300] }, []string{"horses_4.u8.gz", "want 320"}},
		{"long", func(s map[string][]byte) { s["raw"] = append(s["raw"], 0) }, []string{"more than the 320 bytes"}},
		{"mask of 255", func(s map[string][]byte) { s["raw"][4*16+240] = 255 }, []string{"mask of e has the value 255"}},
		{"unknown name", func(s map[string][]byte) { s["horses/train.txt"] = list("d", "x") }, []string{"train.txt", `"x" is not in all.txt`}},
		{"name in both", func(s map[string][]byte) { s["horses/test.txt"] = list("e", "b") }, []string{"test.txt", `"b" is also in train.txt`}},
		{"twice", func(s map[string][]byte) { s["horses/all.txt"] = list("a", "b", "a") }, []string{"all.txt", "line 3", "twice"}},
		{"empty line", func(s map[string][]byte) { s["horses/test.txt"] = list("e", "", "c") }, []string{"line 2 is empty"}},
		{"no list", func(s map[string][]byte) { delete(s, "horses/test.txt") }, []string{"test.txt", "no such file"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := packedHorses()
			c.spoil(set)
			set["horses/horses_4.u8.gz"] = gzipped(t, set["raw"])
			_, err := Horses(files(t, set), 4, Test)
			wantLayout(t, err, c.words...)
		})
	}
	t.Run("not gzip", func(t *testing.T) {
		set := packedHorses()
		set["horses/horses_4.u8.gz"] = set["raw"]
		_, err := Horses(files(t, set), 4, Test)
		wantLayout(t, err, "gzip")
	})
	t.Run("damaged", func(t *testing.T) {
		set := packedHorses()
		b := gzipped(t, set["raw"])
		b[len(b)-6] ^= 1 // the checksum
		set["horses/horses_4.u8.gz"] = b
		_, err := Horses(files(t, set), 4, Test)
		wantLayout(t, err, "checksum")
	})
}

func TestHorsesPlain(t *testing.T) {
	set := map[string][]byte{}
	for i := range 4 {
		// Left half foreground. Resizing to 2x2 keeps the halves apart.
		set[fmt.Sprintf("horses/images/h%d.png", i)] = pngOf(t, plainRGB(40, 30, color.NRGBA{uint8(50 * i), 100, 200, 255}))
		set[fmt.Sprintf("horses/masks/h%d.png", i)] = pngOf(t, grayOf(40, 30, func(x, y int) uint8 {
			if x < 20 {
				return 255
			}
			return 0
		}))
	}
	dir := files(t, set)
	d, err := Horses(dir, 2, Test)
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 1 { // 200 of 328: three of four are for training
		t.Fatalf("%d test pictures, want 1", d.Len())
	}
	x, y, err := First(d, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(y.Pix), "[1 0 1 0]"; got != want {
		t.Errorf("mask: got %v, want %v", got, want)
	}
	if got, want := x.At(0, 0, 1, 1), float32(150)/255; got != want {
		t.Errorf("red: got %v, want %v", got, want)
	}
	if err := os.Remove(filepath.Join(dir, "horses/masks/h2.png")); err != nil {
		t.Fatal(err)
	}
	_, err = Horses(dir, 2, Train)
	wantLayout(t, err, "masks", "h2.png", "no such file")
}

func TestPublishedHorses(t *testing.T) {
	dir := published(t, "horses")
	for _, c := range []struct {
		split Split
		n     int
		mean  float64 // of the masks, from the dataset's README
	}{{Train, 200, .241}, {Test, 128, .268}} {
		d, err := Horses(dir, 32, c.split)
		if err != nil {
			t.Fatal(err)
		}
		_, y, err := First(d, 1000)
		if err != nil || y.N != c.n {
			t.Fatalf("%v: %d pairs, %v", c.split, y.N, err)
		}
		sum := 0.
		for _, v := range y.Pix {
			sum += float64(v)
		}
		if got := sum / float64(len(y.Pix)); got < c.mean-.002 || got > c.mean+.002 {
			t.Errorf("%v: mean foreground %.4f, want %.3f", c.split, got, c.mean)
		}
	}
}

func ExampleHorses() {
	_, err := Horses("/nowhere", 32, Train)
	layout := err.(*LayoutError)
	fmt.Println(layout.Dataset, layout.Path)
	// Output:
	// horses /nowhere/horses
}

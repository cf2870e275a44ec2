package data

import (
	"encoding/binary"
	"fmt"
	"image/color"
	"math"
	"slices"
	"testing"
)

// smallLFW is one face in each part: the top quarter hair, then face, the lower
// half background.
func smallLFW(t *testing.T) map[string][]byte {
	t.Helper()
	classes := func(side int) func(x, y int) uint8 {
		return func(x, y int) uint8 {
			switch {
			case y < side/4:
				return Hair
			case y < side/2:
				return Face
			}
			return Background
		}
	}
	pictures, labels := map[string][]byte{}, map[string][]byte{}
	for i, n := range []string{"A_0001", "B_0001", "C_0001"} {
		pictures[n+".jpg"] = jpegOf(t, plainRGB(128, 128, color.NRGBA{uint8(80 * i), 90, 100, 255}))
		labels[n+".png"] = pngOf(t, grayOf(128, 128, classes(128)))
	}
	full := map[string][]byte{"C_0001.png": pngOf(t, grayOf(250, 250, classes(250)))}
	super := map[string][]byte{"C_0001.png": pngOf(t, grayOf(250, 250, func(x, y int) uint8 { return uint8(y / 25) }))}
	return map[string][]byte{
		"lfw/images128.zip": zipped(t, pictures), "lfw/labels128.zip": zipped(t, labels),
		"lfw/labels250.zip": zipped(t, full), "lfw/superpixels250.zip": zipped(t, super),
		"lfw/train.txt": list("A_0001"), "lfw/val.txt": list("B_0001"), "lfw/test.txt": list("C_0001"),
	}
}

func TestLFW(t *testing.T) {
	d, err := LFW(files(t, smallLFW(t)), 32, Test)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the cache
		x, y, err := First(d, 5)
		if err != nil || x.N != 1 || y.Shape() != (Shape{3, 32, 32}) {
			t.Fatalf("%v, %v, %v", x, y, err)
		}
		if r := x.At(0, 0, 16, 16) * 255; math.Abs(float64(r)-160) > 3 { // JPEG
			t.Errorf("red: got %v, want 160", r)
		}
		for row, want := range map[int]int{0: Hair, 7: Hair, 8: Face, 15: Face, 16: Background, 31: Background} {
			for c := range 3 {
				v := float32(0)
				if c == want {
					v = 1
				}
				if got := y.At(0, c, row, 5); got != v {
					t.Errorf("row %d, class %d: got %v, want %v", row, c, got, v)
				}
			}
		}
	}
	super, class, err := d.Superpixels(0)
	if err != nil || len(super) != 62500 || super[30*250] != 1 || class[249*250] != Background || class[0] != Hair {
		t.Errorf("superpixels: %d values, %v", len(super), err)
	}
}

func TestLFWBroken(t *testing.T) {
	set := smallLFW(t)
	set["lfw/test.txt"] = list("C_0001", "D_0001")
	_, err := LFW(files(t, set), 32, Test)
	wantLayout(t, err, "images128.zip", "D_0001")

	set = smallLFW(t)
	set["lfw/labels128.zip"] = zipped(t, map[string][]byte{"C_0001.png": pngOf(t, grayOf(128, 128, func(x, y int) uint8 { return 3 }))})
	d, err := LFW(files(t, set), 32, Test)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = First(d, 1)
	wantLayout(t, err, "labels128.zip", "C_0001 has the class 3")

	set = smallLFW(t)
	set["lfw/labels128.zip"] = []byte("no zip")
	_, err = LFW(files(t, set), 32, Test)
	wantLayout(t, err, "labels128.zip", "not a valid zip")

	train, err := LFW(files(t, smallLFW(t)), 64, Train)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := train.Superpixels(0); err == nil {
		t.Error("superpixels of the training part: no error")
	}
	if _, err := LFW(files(t, smallLFW(t)), 48, Train); err == nil {
		t.Error("size 48: no error")
	}
}

func TestVote(t *testing.T) {
	// Four blocks: all 2; three 1s; a tie of 0 and 2; a tie of 1 and 2.
	class := []uint8{
		2, 2, 1, 1,
		2, 2, 1, 0,
		0, 2, 1, 2,
		2, 0, 2, 1,
	}
	if got, want := vote(class, 4, 2), []uint8{2, 1, 0, 1}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCelebA(t *testing.T) {
	// Red counts columns, green rows.
	m := plainRGB(89, 109, color.NRGBA{A: 255})
	type setter interface{ Set(x, y int, c color.Color) }
	for y := range 109 {
		for x := range 89 {
			m.(setter).Set(x, y, color.NRGBA{uint8(2 * x), uint8(2 * y), 7, 255})
		}
	}
	dir := files(t, map[string][]byte{
		"celeba/celeba_89x109.zip": zipped(t, map[string][]byte{"000001.jpg": pngOf(t, m)}),
		"celeba/train.txt":         list("000001"), "celeba/test.txt": list("000001"),
	})
	d, err := CelebA(dir, 64, Train)
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := First(d, 1)
	if err != nil || x.Shape() != (Shape{3, 64, 64}) || y.Shape() != (Shape{3, 32, 32}) {
		t.Fatalf("%v, %v, %v", x, y, err)
	}
	for _, c := range []struct {
		name string
		got  float32
		want float32
	}{
		{"red of the corner", x.At(0, 0, 0, 0), 2 * 12. / 255},
		{"green of the corner", x.At(0, 1, 0, 0), 2 * 22. / 255},
		{"left of the hidden block", x.At(0, 0, 30, 15), 2 * 27. / 255},
		{"hidden", x.At(0, 2, 16, 16), HiddenValue},
		{"last hidden", x.At(0, 0, 47, 47), HiddenValue},
		{"right of the hidden block", x.At(0, 0, 47, 48), 2 * 60. / 255},
		{"first of the block", y.At(0, 0, 0, 0), 2 * 28. / 255},
		{"last of the block", y.At(0, 1, 31, 31), 2 * 69. / 255},
	} {
		if math.Abs(float64(c.got-c.want)) > 1e-6 {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	whole, err := Complete(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for r := range 64 {
		for c := range 64 {
			if got, want := whole.At(0, 0, r, c), float32(2*(12+c))/255; got != want {
				t.Fatalf("completed, row %d, column %d: got %v, want %v", r, c, got, want)
			}
		}
	}
	if _, err := Complete(y, x); err == nil {
		t.Error("a block larger than the picture: no error")
	}
}

func TestBSDS(t *testing.T) {
	set := map[string][]byte{"bsds/train.txt": list("1", "2"), "bsds/test.txt": list("3")}
	for i, n := range []string{"train128/1", "train128/2", "test128/3"} {
		set["bsds/"+n+".png"] = pngOf(t, plainRGB(128, 128, color.NRGBA{uint8(51 * (i + 1)), 102, 0, 255}))
	}
	dir := files(t, set)
	cfg := Denoise128()
	cfg.Draws = 3
	d, err := BSDS(dir, cfg, Train)
	if err != nil || d.Len() != 6 {
		t.Fatalf("%v, %v", d, err)
	}
	x, y, err := First(d, 6)
	if err != nil {
		t.Fatal(err)
	}
	clean, err := Denoised(x, y)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 6 {
		want := float32(i%2+1) * .2
		if got := clean.At(i, 0, 9, 9); math.Abs(float64(got-want)) > 1e-6 {
			t.Errorf("pair %d, red without noise: got %v, want %v", i, got, want)
		}
	}
	var sum, square float64
	for _, e := range y.Pix {
		sum += float64(e) * 255
		square += float64(e) * 255 * float64(e) * 255
	}
	n := float64(len(y.Pix))
	if mean, sigma := sum/n, math.Sqrt(square/n); math.Abs(mean) > .2 || math.Abs(sigma-25) > .2 {
		t.Errorf("noise: mean %.3f, standard deviation %.3f, want 0 and 25", mean, sigma)
	}
	if slices.Equal(y.Row(0), y.Row(2)) {
		t.Error("two draws of one picture have the same noise")
	}
	again, _, err := d.Load([]int{2})
	if err != nil || !slices.Equal(again.Row(0), x.Row(2)) {
		t.Errorf("pair 2 differs when it is loaded again (%v)", err)
	}
	cfg.Residual, cfg.Size = false, 32
	patches, err := BSDS(dir, cfg, Test)
	if err != nil {
		t.Fatal(err)
	}
	_, y, err = First(patches, 1)
	if err != nil || y.Shape() != (Shape{3, 32, 32}) || y.At(0, 0, 31, 31) != float32(153)/255 {
		t.Errorf("clean patch: %v, %v", y, err)
	}
	set["bsds/train.txt"] = list("1", "9")
	_, err = BSDS(files(t, set), Denoise128(), Train)
	wantLayout(t, err, "9.png", "no such file")
	for _, bad := range []DenoiseConfig{{Size: 4, Sigma: 25, Draws: 1}, {Size: 32, Draws: 1}, {Size: 32, Sigma: 1}} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

func TestSevenScenes(t *testing.T) {
	const size = depthH * depthW
	raw := func(f func(k int) uint16) []byte {
		var b []byte
		for k := range size {
			b = binary.LittleEndian.AppendUint16(b, f(k))
		}
		return b
	}
	noisy := raw(func(k int) uint16 {
		switch k {
		case 0:
			return 0
		case 200:
			return 65535
		}
		return uint16(1000 + k%depthW)
	})
	clean := raw(func(k int) uint16 {
		if k == 5 {
			return 0
		}
		return 2000
	})
	set := map[string][]byte{
		"7scenes/train_crops.txt":    list("frame-000000 1 2"),
		"7scenes/train_noisy.u16.gz": gzipped(t, noisy), "7scenes/train_clean.u16.gz": gzipped(t, clean),
	}
	d, err := SevenScenes(files(t, set), Train)
	if err != nil {
		t.Fatal(err)
	}
	x, y, err := First(d, 1)
	if err != nil || x.Shape() != (Shape{1, 96, 128}) {
		t.Fatalf("%v, %v", x, err)
	}
	for _, c := range []struct {
		name      string
		got, want float32
	}{
		{"a depth", x.At(0, 0, 0, 10), 1010. / 4000},
		{"a hole takes its neighbour", x.At(0, 0, 0, 0), 1001. / 4000},
		{"65535 is a hole", x.At(0, 0, 1, 72), 1072. / 4000}, // from the pixel above
		{"clean", y.At(0, 0, 50, 50), .5},
		{"a clean hole takes x", y.At(0, 0, 0, 5), 1005. / 4000},
		{"a hole of x in y", y.At(0, 0, 0, 0), 1001. / 4000},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, c.got, c.want)
		}
	}
	valid, err := d.Valid(0)
	if err != nil {
		t.Fatal(err)
	}
	for k, ok := range valid {
		if want := k != 0 && k != 5 && k != 200; ok != want {
			t.Errorf("pixel %d: valid %v, want %v", k, ok, want)
		}
	}
}

func TestSevenScenesBroken(t *testing.T) {
	set := map[string][]byte{
		"7scenes/train_crops.txt":    list("frame-000000 1 2", "frame-000000 3 4"),
		"7scenes/train_noisy.u16.gz": gzipped(t, make([]byte, 2*depthH*depthW)),
	}
	_, err := SevenScenes(files(t, set), Train)
	wantLayout(t, err, "train_noisy.u16.gz", "24576 bytes", "want 49152")
	_, err = SevenScenes(files(t, set), Test)
	wantLayout(t, err, "test_crops.txt", "no such file")
}

func TestFillHoles(t *testing.T) {
	got := []uint16{
		0, 0, 0,
		0, 7, 0,
		0, 0, 9,
	}
	fillHoles(got, 3)
	want := []uint16{
		7, 7, 7,
		7, 7, 7,
		7, 7, 9,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	empty := make([]uint16, 4)
	fillHoles(empty, 2) // must end
	if !slices.Equal(empty, make([]uint16, 4)) {
		t.Errorf("a map without values: got %v", empty)
	}
}

func TestPublishedSets(t *testing.T) {
	for _, c := range []struct {
		name string
		open func(dir string) (Dataset, error)
		n    int
		x, y Shape
	}{
		{"lfw", func(dir string) (Dataset, error) { return LFW(dir, 32, Test) }, 927, Shape{3, 32, 32}, Shape{3, 32, 32}},
		{"bsds", func(dir string) (Dataset, error) { return BSDS(dir, Denoise128(), Test) }, 68, Shape{3, 128, 128}, Shape{3, 128, 128}},
		{"7scenes", func(dir string) (Dataset, error) { return SevenScenes(dir, Test) }, 1000, Shape{1, 96, 128}, Shape{1, 96, 128}},
		{"celeba", func(dir string) (Dataset, error) { return CelebA(dir, 64, Test) }, 2000, Shape{3, 64, 64}, Shape{3, 32, 32}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := c.open(published(t, c.name))
			if err != nil {
				t.Fatal(err)
			}
			x, y, err := First(d, 8)
			if err != nil {
				t.Fatal(err)
			}
			if d.Len() != c.n || x.N != 8 || x.Shape() != c.x || y.Shape() != c.y {
				t.Errorf("%d pairs of %v and %v, want %d of %v and %v", d.Len(), x.Shape(), y.Shape(), c.n, c.x, c.y)
			}
			if slices.Equal(x.Row(0), x.Row(1)) {
				t.Error("the first two are the same")
			}
		})
	}
}

func ExampleComplete() {
	d, err := OccludedPortraits(Portraits32())
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y, err := d.Load([]int{0})
	if err != nil {
		fmt.Println(err)
		return
	}
	whole, err := Complete(x, y)
	fmt.Println(x.Shape(), y.Shape(), whole.Shape(), err)
	fmt.Println(x.At(0, 0, 16, 16), whole.At(0, 0, 16, 16) == y.At(0, 0, 8, 8))
	// Output:
	// 3x32x32 3x16x16 3x32x32 <nil>
	// 0.5 true
}

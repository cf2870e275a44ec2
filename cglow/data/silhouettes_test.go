package data

import (
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"sync"
	"testing"
)

func open(t *testing.T, cfg SilhouetteConfig) Dataset {
	t.Helper()
	d, err := Silhouettes(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func sized(size int) SilhouetteConfig {
	c := Silhouettes32()
	c.Size = size
	return c
}

func TestSilhouettesArePure(t *testing.T) {
	d := open(t, Silhouettes32())
	x, y, err := d.Load([]int{3, 1000000, 7})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for k, i := range []int{3, 1000000, 7} {
		wait.Go(func() { // another dataset value, other order, several goroutines
			x2, y2, err := open(t, Silhouettes32()).Load([]int{99, i})
			if err != nil || !slices.Equal(x2.Row(1), x.Row(k)) || !slices.Equal(y2.Row(1), y.Row(k)) {
				t.Errorf("pair %d differs when it is loaded again (%v)", i, err)
			}
		})
	}
	wait.Wait()
	other := Silhouettes32()
	other.Seed = 2
	_, y2, err := open(t, other).Load([]int{3, 1000000, 7})
	if err != nil {
		t.Fatal(err)
	}
	for k := range 3 {
		if slices.Equal(y.Row(k), y2.Row(k)) {
			t.Errorf("pair %d is the same with another seed", k)
		}
	}
}

// TestSilhouettesKeepTheirPixels notices when a change draws other pairs than
// before, which would make all figures measured on them incomparable.
func TestSilhouettesKeepTheirPixels(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the sum was taken on amd64; other architectures may round differently")
	}
	x, y, err := First(open(t, Silhouettes32()), 20)
	if err != nil {
		t.Fatal(err)
	}
	sum := fnv.New64a()
	fmt.Fprint(sum, x.Pix, y.Pix)
	if got, want := sum.Sum64(), uint64(silhouetteSum); got != want {
		t.Errorf("first 20 pairs: got sum %#x, want %#x", got, want)
	}
}

func TestSilhouettesValues(t *testing.T) {
	for _, size := range []int{32, 64, 128} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			x, y, err := First(open(t, sized(size)), 40)
			if err != nil {
				t.Fatal(err)
			}
			if x.Shape() != (Shape{3, size, size}) || y.Shape() != (Shape{1, size, size}) || x.N != 40 || y.N != 40 {
				t.Fatalf("got %v and %v", x, y)
			}
			for i, v := range x.Pix {
				if !(v >= 0 && v <= 1) {
					t.Fatalf("x[%d] is %v", i, v)
				}
			}
			for i, v := range y.Pix {
				if v != 0 && v != 1 {
					t.Fatalf("y[%d] is %v", i, v)
				}
			}
		})
	}
	for _, bad := range []SilhouetteConfig{{}, {Size: 33}, {Size: 32, Contrast: .5}, {Size: 32, Clutter: -1}} {
		if _, err := Silhouettes(bad); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}

func TestSilhouettesAreTheSameSceneAtEverySize(t *testing.T) {
	_, small, err := First(open(t, Silhouettes32()), 30)
	if err != nil {
		t.Fatal(err)
	}
	_, large, err := First(open(t, Silhouettes64()), 30)
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for i := range small.N {
		for y := range 32 {
			for x := range 32 {
				n := large.At(i, 0, 2*y, 2*x) + large.At(i, 0, 2*y, 2*x+1) + large.At(i, 0, 2*y+1, 2*x) + large.At(i, 0, 2*y+1, 2*x+1)
				if n >= 2 == (small.At(i, 0, y, x) == 1) {
					same++
				}
			}
		}
	}
	if part := float64(same) / (30 * 32 * 32); part < .98 {
		t.Errorf("%.3f of the pixels agree, want at least 0.98", part)
	}
}

// TestSilhouettesStatistics checks the figures of the documentation, over 1,000
// pairs: the foreground's share, and that neither place nor colour alone solves
// the task.
func TestSilhouettesStatistics(t *testing.T) {
	d := open(t, Silhouettes32())
	x, y, err := First(d, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var mean float64
	smallest, largest := 1., 0.
	for i := range y.N {
		share := 0.
		for _, v := range y.Row(i) {
			share += float64(v) / 1024
		}
		mean += share / float64(y.N)
		smallest, largest = min(smallest, share), max(largest, share)
	}
	t.Logf("foreground: mean %.3f, %.3f to %.3f", mean, smallest, largest)
	if mean < .24 || mean > .27 || smallest < .06 || largest > .6 {
		t.Errorf("foreground: mean %.3f, %.3f to %.3f; want 0.24 to 0.27, all within 0.06 and 0.6", mean, smallest, largest)
	}
	const train = 800
	place := meanMaskIoU(y, train)
	colour := colourIoU(x, y, train)
	t.Logf("IoU on the last 200: mean mask %.3f, best rule from colour alone %.3f", place, colour)
	if place > .5 || colour > .5 {
		t.Errorf("IoU of the mean mask %.3f, of colour alone %.3f; want at most 0.5", place, colour)
	}
}

// iouOf returns the foreground IoU over the masks from index train.
func iouOf(y Images, train int, guess func(i, k int) bool) float64 {
	both, either := 0, 0
	for i := train; i < y.N; i++ {
		for k, v := range y.Row(i) {
			g := guess(i, k)
			if g && v == 1 {
				both++
			}
			if g || v == 1 {
				either++
			}
		}
	}
	return float64(both) / float64(either)
}

func meanMaskIoU(y Images, train int) float64 {
	sum := make([]float64, y.H*y.W)
	for i := range train {
		for k, v := range y.Row(i) {
			sum[k] += float64(v)
		}
	}
	return iouOf(y, train, func(_, k int) bool { return sum[k] >= .5*float64(train) })
}

// colourIoU learns the foreground's share in each of 16^3 cubes of colour and
// predicts foreground above the threshold that scores best on the test pairs
// themselves.
func colourIoU(x, y Images, train int) float64 {
	cube := func(i, k int) int {
		n := 0
		for c := range 3 {
			n = 16*n + min(15, int(16*x.Row(i)[c*1024+k]))
		}
		return n
	}
	var in, all [16 * 16 * 16]float64
	for i := range train {
		for k, v := range y.Row(i) {
			in[cube(i, k)] += float64(v)
			all[cube(i, k)]++
		}
	}
	best := 0.
	for _, cut := range []float64{.15, .2, .25, .3, .35, .4, .5} {
		best = max(best, iouOf(y, train, func(i, k int) bool {
			c := cube(i, k)
			return in[c] >= cut*all[c] && all[c] > 0
		}))
	}
	return best
}

func ExampleSilhouettes() {
	d, err := Silhouettes(Silhouettes32())
	if err != nil {
		fmt.Println(err)
		return
	}
	x, y, err := d.Load([]int{0, 1, 2, 1000000})
	fmt.Println(d.Name(), d.Len(), err)
	fmt.Println(x.N, x.Shape(), y.N, y.Shape())
	// Output:
	// silhouettes 32x32 seed 1 0 <nil>
	// 4 3x32x32 4 1x32x32
}

func BenchmarkSilhouettes(b *testing.B) {
	for _, size := range []int{32, 64, 128} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			d, err := Silhouettes(sized(size))
			if err != nil {
				b.Fatal(err)
			}
			idx := firstN(16)
			pairs := 0
			for b.Loop() {
				if _, _, err := d.Load(idx); err != nil {
					b.Fatal(err)
				}
				pairs += len(idx)
			}
			b.ReportMetric(float64(pairs)/b.Elapsed().Seconds(), "pairs/s")
		})
	}
}

// silhouetteSum is the FNV-1a sum of the printed values of the first 20 pairs
// of Silhouettes32.
const silhouetteSum = 0x24f406c25c89cc13

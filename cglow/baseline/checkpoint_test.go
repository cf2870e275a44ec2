package baseline

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"

	"glownotes/cglow/data"
)

// TestResume stops a run, continues it in a new network and compares with the
// run that was not stopped, bit for bit.
func TestResume(t *testing.T) {
	ds, err := data.Silhouettes(data.Silhouettes32())
	if err != nil {
		t.Fatal(err)
	}
	xs, ys := ds.Shapes()
	cfg := Config{Kind: FCN, X: xs, Y: ys, Width: 2, Depth: 2, Loss: CrossEntropy}
	fresh := func() *Net {
		n, err := New(cfg, 5)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	whole := fresh()
	want, err := whole.Train(context.Background(), ds, Defaults(8), nil)
	if err != nil {
		t.Fatal(err)
	}
	tc := Defaults(8)
	tc.Checkpoint = filepath.Join(t.TempDir(), "fcn.safetensors")
	ctx, cancel := context.WithCancel(context.Background())
	_, err = fresh().Train(ctx, ds, tc, func(p Progress) {
		if p.Step == 3 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v, want context.Canceled", err)
	}
	n := fresh()
	got, err := n.Train(context.Background(), ds, tc, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if float32(got[i]) != float32(want[i]) {
			t.Errorf("step %d: loss %g, want %g", i+1, got[i], want[i])
		}
	}
	for name, p := range whole.params {
		if !slices.Equal(p.Float32s(), n.params[name].Float32s()) {
			t.Errorf("%s differs from that of the uninterrupted run", name)
		}
	}
	loaded, err := Load(tc.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(loaded.params["in.w"].Float32s(), n.params["in.w"].Float32s()) {
		t.Error("the loaded network has other weights")
	}
	other := tc
	other.Batch = 4
	if _, err := fresh().Train(context.Background(), ds, other, nil); err == nil {
		t.Error("the checkpoint of another run was continued")
	}
}

// TestAt applies a network that was made for patches to a larger picture: away
// from the edges it prints what it prints for the patch.
func TestAt(t *testing.T) {
	small := Config{Kind: DnCNN, X: shape(1, 16, 16), Y: shape(1, 16, 16), Width: 3, Depth: 3, Loss: SquaredError}
	n, err := New(small, 1)
	if err != nil {
		t.Fatal(err)
	}
	big, err := n.At(shape(1, 32, 48), shape(1, 32, 48))
	if err != nil {
		t.Fatal(err)
	}
	x := data.NewImages(1, big.cfg.X)
	for i := range x.Pix {
		x.Pix[i] = float32(i*i%17) / 17
	}
	patch := data.NewImages(1, small.X)
	for r := range 16 {
		copy(patch.Pix[r*16:(r+1)*16], x.Pix[(r+8)*48+20:])
	}
	a, err := big.Predict(context.Background(), x)
	if err != nil {
		t.Fatal(err)
	}
	b, err := n.Predict(context.Background(), patch)
	if err != nil {
		t.Fatal(err)
	}
	for r := 3; r < 13; r++ {
		for c := 3; c < 13; c++ {
			if u, v := a.At(0, 0, r+8, c+20), b.At(0, 0, r, c); u-v > 1e-5 || v-u > 1e-5 {
				t.Fatalf("row %d, column %d: %g in the picture, %g in the patch", r, c, u, v)
			}
		}
	}
	c, err := New(Config{Kind: Context, X: shape(1, 16, 16), Y: shape(1, 8, 8), Width: 2, Depth: 2, Loss: SquaredError}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.At(shape(1, 32, 32), shape(1, 16, 16)); err == nil {
		t.Error("weights of a fully connected layer were given another size")
	}
}

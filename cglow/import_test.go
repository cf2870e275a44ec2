package cglow

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestAuthorsNames(t *testing.T) {
	for ours, want := range map[string]string{
		"l0.s0.act.conv0.w":      "flow.layers.1.actnorm.x_Con.0.weight",
		"l0.s7.act.fc2.b":        "flow.layers.8.actnorm.x_Linear.4.bias",
		"l1.s0.inv.conv1.b":      "flow.layers.11.invconv.x_Con.2.bias",
		"l2.s3.inv.fc1.w":        "flow.layers.24.invconv.x_Linear.2.weight",
		"l0.s0.cn.conv2.w":       "flow.layers.1.affine.resize_x.4.weight",
		"l0.s0.nn.conv0.w":       "flow.layers.1.affine.f.0.weight",
		"l0.s0.nn.an0.bias":      "flow.layers.1.affine.f.0.actnorm.bias",
		"l0.s0.nn.an1.logs":      "flow.layers.1.affine.f.2.actnorm.logs",
		"l0.s0.nn.conv2.b":       "flow.layers.1.affine.f.4.bias",
		"l0.s0.nn.conv2.newbias": "flow.layers.1.affine.f.4.newbias",
		"l0.split.w":             "flow.layers.9.conv.0.weight",
		"l1.split.b":             "flow.layers.19.conv.0.bias",
		"top.mean":               "new_mean",
	} {
		if got := authorsName(ours, 8); got != want {
			t.Errorf("%s: got %s, want %s", ours, got, want)
		}
	}
}

// A model written under the authors' names comes back the same, and every
// departure from the layout is an error that names the array.
func TestImportAuthors(t *testing.T) {
	c := Published(small())
	m := mustNew(t, c, 61)
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	write := func(edit func(f tensorFile)) {
		t.Helper()
		f := tensorFile{tensors: map[string]fileTensor{"new_mean": {[]int{1, 1}, []float32{0}}}}
		for _, p := range m.store.list {
			shape := p.Shape
			if len(shape) == 1 { // as the released code has some of them
				shape = []int{1, shape[0], 1, 1}
			}
			f.tensors[authorsName(p.Name, c.Steps)] = fileTensor{shape, m.store.get(p)}
		}
		edit(f)
		if err := f.write(path); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tensorFile) {})
	got, err := ImportAuthors(path, c)
	if err != nil {
		t.Fatal(err)
	}
	sameBits(t, "weights", weights(got), weights(m))
	const name = "flow.layers.2.affine.f.4.logs"
	for what, edit := range map[string]func(f tensorFile){
		"missing": func(f tensorFile) { delete(f.tensors, name) },
		"shape":   func(f tensorFile) { f.tensors[name] = fileTensor{[]int{2}, []float32{1, 2}} },
		"unknown": func(f tensorFile) { f.tensors["flow.layers.2.affine.f.4.logz"] = fileTensor{[]int{1}, []float32{1}} },
	} {
		write(edit)
		_, err := ImportAuthors(path, c)
		var e *CheckpointError
		if !errors.As(err, &e) || e.Field[:len(name)-1] != name[:len(name)-1] {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := ImportAuthors(path, small()); err == nil {
		t.Error("live form: no error")
	}
	if _, err := ImportAuthors(filepath.Join(t.TempDir(), "none.npz"), c); err == nil {
		t.Error("no file: no error")
	}
}

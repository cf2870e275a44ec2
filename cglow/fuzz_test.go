package cglow

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad: whatever a file holds, Load returns a model or an error.
func FuzzLoad(f *testing.F) {
	c := small()
	c.Levels, c.Steps, c.CondWidth, c.CouplingWidth = 1, 1, 2, 2
	m, err := New(c, 1)
	if err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(f.TempDir(), "m.safetensors")
	if err := m.Save(path); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("\x02\x00\x00\x00\x00\x00\x00\x00{}"))
	f.Add([]byte("\x50\x00\x00\x00\x00\x00\x00\x00" + `{"a":{"dtype":"F32","shape":[2147483647,2147483647,4],"data_offsets":[0,0]}}    `))
	f.Fuzz(func(t *testing.T, b []byte) {
		path := filepath.Join(t.TempDir(), "f.safetensors")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if m, err := Load(path); (m == nil) == (err == nil) {
			t.Errorf("model %v, error %v", m, err)
		}
	})
}

// FuzzNpy: any header and data give an array of the size that its shape says,
// or an error.
func FuzzNpy(f *testing.F) {
	f.Add("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", make([]byte, 48))
	f.Add("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", make([]byte, 4))
	f.Add("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", make([]byte, 5))
	f.Add("{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", []byte{})
	f.Fuzz(func(t *testing.T, header string, data []byte) {
		a, err := parseNpy(header, data)
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.shape {
			n *= d
		}
		if len(a.v)+len(a.raw) != n {
			t.Errorf("%d values for shape %v", len(a.v)+len(a.raw), a.shape)
		}
	})
}

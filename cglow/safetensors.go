package cglow

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
)

// tensorFile is the content of a .safetensors file: an 8-byte little-endian
// length, a JSON header of that length with name, dtype, shape and offsets of
// every tensor, then the data (Hugging Face, safetensors format).
type tensorFile struct {
	metadata map[string]string
	tensors  map[string]fileTensor
}

// fileTensor is one tensor of a file; data is []float32, []float64 or []int64.
type fileTensor struct {
	shape []int
	data  any
}

// headerEntry is one tensor in the header.
type headerEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// A CheckpointError names the file and the part of it that is wrong.
type CheckpointError struct {
	File  string
	Field string // a tensor's name, "header", "config" ...
	Err   error
}

func (e *CheckpointError) Error() string {
	return fmt.Sprintf("cglow: checkpoint %s: %s: %v", e.File, e.Field, e.Err)
}

func (e *CheckpointError) Unwrap() error { return e.Err }

// maxHeader is the format's own limit for the header.
const maxHeader = 100 << 20

// dtypeOf returns the format's name and the length of a tensor's data.
func (t fileTensor) dtype() (name string, width, n int) {
	switch d := t.data.(type) {
	case []float32:
		return "F32", 4, len(d)
	case []float64:
		return "F64", 8, len(d)
	case []int64:
		return "I64", 8, len(d)
	}
	panic(fmt.Sprintf("cglow: tensor data of type %T", t.data))
}

// write writes the file to a temporary one in the same folder, syncs it and
// renames it, so that the path holds the old or the new file, never a part:
// whatever stops the process, a checkpoint that was there stays loadable.
func (f tensorFile) write(path string) (err error) {
	dir := filepath.Dir(path)
	tmp, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("cglow: checkpoint: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
			err = fmt.Errorf("cglow: checkpoint %s: %w", path, err)
		}
	}()
	w := bufio.NewWriterSize(tmp, 1<<20)
	if err = f.encode(w); err != nil {
		return err
	}
	if err = w.Flush(); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Chmod(0o644); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	if err = os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename in a folder last. Systems that cannot sync a folder
// are left alone.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}

// encode writes the format.
func (f tensorFile) encode(w io.Writer) error {
	names := make([]string, 0, len(f.tensors))
	for name := range f.tensors {
		names = append(names, name)
	}
	sort.Strings(names)
	header := map[string]any{"__metadata__": f.metadata}
	at := int64(0)
	for _, name := range names {
		t := f.tensors[name]
		dtype, width, n := t.dtype()
		end := at + int64(width*n)
		header[name] = headerEntry{DType: dtype, Shape: t.shape, Offsets: [2]int64{at, end}}
		at = end
	}
	b, err := json.Marshal(header)
	if err != nil {
		return err
	}
	for len(b)%8 != 0 { // the data starts at a multiple of 8
		b = append(b, ' ')
	}
	if err := binary.Write(w, binary.LittleEndian, uint64(len(b))); err != nil {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	for _, name := range names {
		if err := binary.Write(w, binary.LittleEndian, f.tensors[name].data); err != nil {
			return err
		}
	}
	return nil
}

// readTensorFile reads and checks a whole file.
func readTensorFile(path string) (tensorFile, error) {
	fail := func(field string, err error) (tensorFile, error) {
		return tensorFile{}, &CheckpointError{File: path, Field: field, Err: err}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fail("file", err)
	}
	if len(b) < 8 {
		return fail("header", fmt.Errorf("%d bytes, not a safetensors file", len(b)))
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxHeader || n > uint64(len(b)-8) {
		return fail("header", fmt.Errorf("length %d in a file of %d bytes: truncated, or not a safetensors file", n, len(b)))
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b[8:8+n], &raw); err != nil {
		return fail("header", err)
	}
	f := tensorFile{tensors: make(map[string]fileTensor, len(raw))}
	data := b[8+n:]
	used := int64(0)
	for name, r := range raw {
		if name == "__metadata__" {
			if err := json.Unmarshal(r, &f.metadata); err != nil {
				return fail(name, err)
			}
			continue
		}
		t, err := decodeTensor(r, data)
		if err != nil {
			return fail(name, err)
		}
		f.tensors[name] = t
		_, width, n := t.dtype()
		used += int64(width * n)
	}
	if used != int64(len(data)) {
		return fail("data", fmt.Errorf("%d bytes, the tensors need %d", len(data), used))
	}
	return f, nil
}

// decodeTensor returns the tensor that a header entry describes.
func decodeTensor(r json.RawMessage, data []byte) (fileTensor, error) {
	var e headerEntry
	if err := json.Unmarshal(r, &e); err != nil {
		return fileTensor{}, err
	}
	n := int64(1)
	for _, d := range e.Shape {
		if d < 0 || d > math.MaxInt32 {
			return fileTensor{}, fmt.Errorf("shape %v", e.Shape)
		}
		if n *= int64(d); n > math.MaxInt32 {
			return fileTensor{}, fmt.Errorf("shape %v has more than %d values", e.Shape, math.MaxInt32)
		}
	}
	width := map[string]int64{"F32": 4, "F64": 8, "I64": 8}[e.DType]
	if width == 0 {
		return fileTensor{}, fmt.Errorf("type %q, want F32, F64 or I64", e.DType)
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from < 0 || to < from || to > int64(len(data)) || to-from != n*width {
		return fileTensor{}, fmt.Errorf("bytes %d..%d for shape %v of %s in %d bytes of data: truncated or damaged", from, to, e.Shape, e.DType, len(data))
	}
	return fileTensor{shape: slices.Clip(e.Shape), data: decodeData(e.DType, data[from:to])}, nil
}

// decodeData decodes little-endian numbers.
func decodeData(dtype string, b []byte) any {
	switch dtype {
	case "F32":
		v := make([]float32, len(b)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		return v
	case "F64":
		v := make([]float64, len(b)/8)
		for i := range v {
			v[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
		}
		return v
	}
	v := make([]int64, len(b)/8)
	for i := range v {
		v[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return v
}

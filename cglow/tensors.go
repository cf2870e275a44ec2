package cglow

import "fmt"

// Tensors is the content of a .safetensors file of float32 tensors: what other
// packages keep beside a flow's own checkpoints.
type Tensors struct {
	Metadata map[string]string
	Shapes   map[string][]int
	Values   map[string][]float32
}

// Write writes the file whole or not at all, as [Model.Save] does.
func (t Tensors) Write(path string) error {
	f := tensorFile{metadata: t.Metadata, tensors: map[string]fileTensor{}}
	for name, v := range t.Values {
		f.tensors[name] = fileTensor{shape: t.Shapes[name], data: v}
	}
	return f.write(path)
}

// ReadTensors reads a .safetensors file. What is wrong with it, a tensor of
// another type included, is a *CheckpointError.
func ReadTensors(path string) (Tensors, error) {
	f, err := readTensorFile(path)
	if err != nil {
		return Tensors{}, err
	}
	t := Tensors{Metadata: f.metadata, Shapes: map[string][]int{}, Values: map[string][]float32{}}
	for name, v := range f.tensors {
		values, ok := v.data.([]float32)
		if !ok {
			return Tensors{}, &CheckpointError{File: path, Field: name, Err: fmt.Errorf("holds %T, want float32", v.data)}
		}
		t.Shapes[name], t.Values[name] = v.shape, values
	}
	return t, nil
}

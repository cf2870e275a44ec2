package exec

import "glownotes/cglow/op"

// Backend offers float32 kernels for ops of package op. It is asked once per op when a program
// is compiled; a kernel it returns may keep room of its own.
type Backend interface {
	Name() string
	// Kernel returns a new kernel for o, or nil if the backend has none: then the plain loops of
	// package ref run.
	Kernel(o *op.Op) op.Kernel[float32]
}

// Reference is the backend that always uses the plain loops.
var Reference Backend = reference{}

type reference struct{}

func (reference) Name() string                     { return "reference" }
func (reference) Kernel(*op.Op) op.Kernel[float32] { return nil }

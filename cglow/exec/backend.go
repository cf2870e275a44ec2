package exec

import (
	"glownotes/cglow/cpu"
	"glownotes/cglow/op"
)

// Backend offers float32 kernels for ops of package op. It is asked once per op when a program
// is compiled.
type Backend interface {
	Name() string
	// Kernel returns the kernel for o, or nil if the backend has none: then the plain loops of
	// package ref run. used tells which outputs are read; the kernel gets nil for the others.
	Kernel(o *op.Op, used []bool) *Kernel
}

// Kernel is a float32 kernel that still lacks the memory it works in. That memory is planned
// with all other: it belongs to the kernel only while it runs.
type Kernel struct {
	Scratch int // elements
	Bind    func(scratch []float32) op.Kernel[float32]

	// Device makes the kernel of a [Device], which has no Bind.
	Device func(outs, ins []Address, scratch Address) (DeviceKernel, error)
	// Class is what kernels of a device have in common that can be launched together, see
	// Device.Merge; "": alone. Data is the device's own.
	Class string
	Data  any
}

// Reference is the backend that always uses the plain loops.
var Reference Backend = reference{}

type reference struct{}

func (reference) Name() string                  { return "reference" }
func (reference) Kernel(*op.Op, []bool) *Kernel { return nil }

// carver cuts pieces that start on cache lines out of scratch memory. With nil memory it only
// counts, so that one function can say how much it needs and later take it.
type carver struct {
	memory []float32
	used   int
}

func (c *carver) take(n int) []float32 {
	const line = cpu.LineBytes / 4
	from := c.used
	c.used += (n + line - 1) / line * line
	if c.memory == nil {
		return nil
	}
	return c.memory[from : from+n : from+n]
}

// takeEach takes count pieces of n.
func (c *carver) takeEach(count, n int) [][]float32 {
	out := make([][]float32, count)
	for i := range out {
		out[i] = c.take(n)
	}
	return out
}

// kernel makes a Kernel of a function that first takes its scratch memory.
func kernel(bind func(c *carver) op.Kernel[float32]) *Kernel {
	var count carver
	bind(&count)
	return &Kernel{Scratch: count.used, Bind: func(scratch []float32) op.Kernel[float32] {
		return bind(&carver{memory: scratch})
	}}
}

// plain makes a Kernel of a function that needs no scratch memory.
func plain(run op.Kernel[float32]) *Kernel {
	return &Kernel{Bind: func([]float32) op.Kernel[float32] { return run }}
}

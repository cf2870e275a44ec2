package exec

import (
	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Address is a place in the memory of a [Device]; 0 is an output that nobody reads.
type Address uint64

// Device is a backend whose kernels work in memory of its own. A program on a device keeps its
// arena there and is recorded once; a run copies the inputs in, issues the recording and copies
// the outputs back. An op without a kernel of the device runs on the host between two
// recordings: [Stats.RoundTrips] counts those. Programs in float64 run on the host altogether.
type Device interface {
	Backend
	Alloc(elements int) (Address, error)
	Free(a Address, elements int) error
	Pinned(elements int) ([]float32, error) // host memory that copies read and write by themselves
	FreePinned(s []float32) error

	// Do runs f where work can be issued, Record does so and keeps what f issues instead.
	Do(f func() error) error
	Record(f func() error) (Recording, error)

	// Inline returns what it costs to compute an element of an op along with the op that reads it,
	// in instructions; 0 if it cannot be. Absorbs reports whether an op can compute its inputs
	// along with itself. Fused returns the kernel of an op that absorbs; nil if it would be too
	// long.
	Inline(o *op.Op) int
	Absorbs(o *op.Op) bool
	Fused(root *Expr) *Kernel

	// Merge makes one kernel of several of a class that do not depend on each other.
	Merge(parts []Part) (DeviceKernel, error)

	// Inside Do and Record:
	Upload(to Address, from []float32) error
	Download(to []float32, from Address) error // done after Wait
	Copy(to, from Address, elements int) error
	Wait() error
}

// Part is a kernel with its memory, see [Device.Merge].
type Part struct {
	Kernel    *Kernel
	Outs, Ins []Address
	Scratch   Address
}

// Recording is work that is issued as a whole.
type Recording interface {
	Issue() error // inside Device.Do
	Nodes() int   // kernels and copies in it
	Close() error
}

// DeviceKernel is a kernel of a device with its memory.
type DeviceKernel struct {
	Launch func() error // issues the work: inside Device.Do or Record
	// Check is called after a run, inside Do: what the kernel found wrong, and which of the parts
	// of Merge it was; may be nil.
	Check func() (part int, err error)
	Close func() error // gives back memory of its own; may be nil
	Bytes int          // of that memory
}

// Resident is what of a program stays on the device.
type Resident struct {
	Mirrors []*Mirror
	// Outputs are results that are not copied to the host: where each is wanted. A node may be
	// wanted at several places.
	Outputs map[*gorgonia.Node][]Address
	// After issues further work at the end of every run: the optimizer. It may ask where the
	// result of an output is.
	After func(at func(n *gorgonia.Node) Address) error
}

package device

import (
	"fmt"
	"runtime"
	"time"

	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

// Math is the arithmetic of matrix products. Sums are float32 in all.
type Math int

const (
	FP32 Math = iota
	TF32      // operands rounded to 10 bits of mantissa, on tensor cores
	BF16      // operands rounded to 7 bits
)

func (m Math) String() string { return [...]string{"fp32", "tf32", "bf16"}[m] }

// ParseMath reads "fp32", "tf32" or "bf16".
func ParseMath(s string) (Math, error) {
	for m := FP32; m <= BF16; m++ {
		if m.String() == s {
			return m, nil
		}
	}
	return FP32, fmt.Errorf("device: arithmetic %q: want fp32, tf32 or bf16", s)
}

// Device is a GPU in use. It implements [exec.Device].
type Device struct {
	c    *cuda.Context
	math Math
	q    cuda.Queue // of the Do or Record that runs

	blas         bool // cuBLASLt computes large products
	leastProduct int
}

var _ exec.Device = (*Device)(nil)

// Open takes GPU index into use.
func Open(index int, m Math) (*Device, error) {
	c, err := cuda.Open(index)
	if err != nil {
		return nil, err
	}
	if m != FP32 && c.Arch() < 80 {
		c.Close()
		return nil, fmt.Errorf("device: %s needs compute capability 8.0, %s has %d.%d", m, c.Info().Name, c.Info().Major, c.Info().Minor)
	}
	_, missing := c.BLAS()
	return &Device{c: c, math: m, blas: missing == nil, leastProduct: leastProduct}, nil
}

// Context is the driver's side of the device.
func (d *Device) Context() *cuda.Context { return d.c }

// BLASFrom sets the number of multiplications of a product from which cuBLASLt computes it, for
// programs compiled from now on; tests send it small ones too.
func (d *Device) BLASFrom(multiplications int) { d.leastProduct = multiplications }

// Math is the arithmetic of matrix products.
func (d *Device) Math() Math { return d.math }

// Close gives the GPU back; programs on it must have been closed.
func (d *Device) Close() error { return d.c.Close() }

// Name returns such as "cuda:0".
func (d *Device) Name() string { return fmt.Sprintf("cuda:%d", d.c.Info().Index) }

// Do runs f on the thread that talks to the GPU.
func (d *Device) Do(f func() error) error {
	return d.c.Do(func(q cuda.Queue) error {
		d.q = q
		return f()
	})
}

// Record keeps what f issues.
func (d *Device) Record(f func() error) (exec.Recording, error) {
	g, err := d.c.Record(func(q cuda.Queue) error {
		d.q = q
		return f()
	})
	if err != nil {
		return nil, err
	}
	return recording{d, g}, nil
}

type recording struct {
	d *Device
	g *cuda.Graph
}

func (r recording) Issue() error { return r.g.Issue(r.d.q) }
func (r recording) Nodes() int   { return r.g.Nodes() }
func (r recording) Close() error { return r.g.Close() }

// Alloc returns memory for float32 elements. The collector does not know how full the device is:
// when there is no room it is asked to look for programs and models that were dropped.
func (d *Device) Alloc(elements int) (a exec.Address, err error) {
	for try := 0; ; try++ {
		err = d.Do(func() error {
			p, err := d.q.Alloc(4 * elements)
			a = exec.Address(p)
			return err
		})
		if !cuda.IsOutOfMemory(err) || try == collections {
			return a, err
		}
		runtime.GC()
		time.Sleep(10 * time.Millisecond) // what is freed is freed by another goroutine
	}
}

// collections is how often the collector is asked before a device counts as full.
const collections = 4

// Free gives memory back.
func (d *Device) Free(a exec.Address, elements int) error {
	return d.Do(func() error { return d.q.Free(cuda.Address(a), 4*elements) })
}

// Pinned returns host memory for copies.
func (d *Device) Pinned(elements int) (s []float32, err error) {
	err = d.Do(func() error {
		s, err = d.q.Pinned(elements)
		return err
	})
	return s, err
}

// FreePinned gives it back.
func (d *Device) FreePinned(s []float32) error {
	return d.Do(func() error { return d.q.FreePinned(s) })
}

// Upload, Download, Copy and Wait: see exec.Device.
func (d *Device) Upload(to exec.Address, from []float32) error {
	return d.q.Upload(cuda.Address(to), from)
}

func (d *Device) Download(to []float32, from exec.Address) error {
	return d.q.Download(to, cuda.Address(from))
}

func (d *Device) Copy(to, from exec.Address, elements int) error {
	return d.q.Copy(cuda.Address(to), cuda.Address(from), elements)
}

func (d *Device) Wait() error { return d.q.Wait() }

// Kernel returns the kernel of an op, or nil: then it runs on the host.
func (d *Device) Kernel(o *op.Op, used []bool) *exec.Kernel {
	for _, find := range []func(*op.Op, []bool) *exec.Kernel{d.program, d.elementwise, d.reduce, d.matrix, d.convolution, d.coupling, d.affine, d.bank} {
		if k := find(o, used); k != nil {
			return k
		}
	}
	return nil
}

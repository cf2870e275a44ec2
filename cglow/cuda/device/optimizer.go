package device

import (
	"errors"
	"math"
	"runtime"
	"sync"
	"unsafe"

	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
)

// Update holds the numbers of one step of Adam and of the running mean of the weights.
type Update struct {
	Rate     float64 // learning rate / (1 - beta1^t)
	Root     float64 // sqrt(1 - beta2^t)
	Beta1    float64
	Beta2    float64
	Epsilon  float64
	Clip     float64 // gradients are limited to ±Clip first; 0: not
	ClipNorm float64 // then scaled to at most this norm; 0: not
	Decay    float64 // of the running mean; 0: it becomes the weights
}

// Optimizer is Adam on the device: gradients, moments and the running mean lie there in flat
// buffers in the layout of the weights. Its kernels stand at the end of a program's recording
// (exec.Resident.After): check that loss and gradients are finite, global norm, update, running
// mean. A step with a value that is not finite changes nothing. Memory is freed by Close, or when
// nothing refers to the optimizer any more.
type Optimizer struct {
	d          *Device
	n          int // weights
	grad, m, v address
	mean       address // float64; 0: none
	host       []float32
	launches   []launch
	hyper, out address
	parts      int
	held       *optimizerMemory
}

const (
	hyperLen  = 16
	resultLen = 16
	maxParts  = 512 // blocks that add up the norm
)

// NewOptimizer makes the buffers for n weights at w; average asks for the running mean. Gradients
// that no program writes are 0.
func NewOptimizer(d *Device, w exec.Address, n int, average bool) (*Optimizer, error) {
	o := &Optimizer{d: d, n: n, parts: min(maxParts, (n+cuda.Threads-1)/cuda.Threads), held: &optimizerMemory{d: d}}
	runtime.AddCleanup(o, func(h *optimizerMemory) { h.close() }, o.held)
	for _, b := range []struct {
		to   *address
		n    int
		want bool
	}{{&o.grad, n, true}, {&o.m, n, true}, {&o.v, n, true}, {&o.mean, 2 * n, average}, {&o.hyper, hyperLen + resultLen + 4*maxParts, true}} {
		if !b.want {
			continue
		}
		a, err := d.Alloc(b.n)
		if err != nil {
			return nil, errors.Join(err, o.Close())
		}
		*b.to = a
		o.held.memory = append(o.held.memory, memory{a, b.n})
	}
	var err error
	if o.host, err = d.Pinned(hyperLen + resultLen); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	o.held.pinned = o.host
	o.out = o.hyper + 4*hyperLen
	parts := o.out + 4*resultLen
	o.launches = []launch{
		blocks("k_norm_parts", o.parts, 1, at(parts, o.grad, o.hyper), []int{n, o.parts}),
		blocks("k_norm", 1, 1, at(o.out, parts, o.hyper, 0), []int{o.parts, 0}),
		over("k_adam", n, at(w, o.grad, o.m, o.v, o.hyper, o.out), nil),
	}
	if average {
		o.launches = append(o.launches, over("k_average", n, at(o.mean, w, o.hyper, o.out), nil))
	}
	return o, d.Do(func() error {
		for _, a := range []address{o.grad, o.m, o.v} {
			if err := d.q.Fill(cuda.Address(a), 0, n); err != nil {
				return err
			}
		}
		return d.q.Wait()
	})
}

// Gradient is where the gradient of the weight at a place belongs.
func (o *Optimizer) Gradient(offset int) exec.Address { return o.grad + address(4*offset) }

// Bytes is the memory on the device.
func (o *Optimizer) Bytes() int {
	n := 3 * o.n
	if o.mean != 0 {
		n += 2 * o.n
	}
	return 4 * (n + hyperLen + resultLen + 4*maxParts)
}

// Issue issues the update; loss are the losses of n examples, all of which must be finite.
func (o *Optimizer) Issue(loss exec.Address, n int) error {
	norm := &o.launches[1]
	norm.args.P[3], norm.args.N[1] = cuda.Address(loss), int32(n)
	if err := o.d.Upload(o.hyper, o.host[:hyperLen]); err != nil {
		return err
	}
	for i := range o.launches {
		l := &o.launches[i]
		if err := o.d.q.Launch(l.kernel, l.grid, &l.args); err != nil {
			return err
		}
	}
	return o.d.Download(o.host[hyperLen:], o.out)
}

// Set says what the next run does.
func (o *Optimizer) Set(u Update) {
	if u.Clip == 0 {
		u.Clip = math.Inf(1)
	}
	decay := float32(u.Decay)
	copy(o.host, []float32{float32(u.Rate), float32(1 / u.Root), float32(u.Epsilon), float32(u.Beta1), float32(u.Beta2),
		float32(1 - u.Beta1), float32(u.Clip), float32(u.ClipNorm), float32(1 - u.Beta2), decay, float32(u.Decay - float64(decay))})
}

// Result returns what the last run found: the norm of the gradients behind Clip, and whether loss
// and gradients were finite and the update took place.
func (o *Optimizer) Result() (norm float64, finite bool) {
	return float64(o.host[hyperLen]), o.host[hyperLen+1] != 0
}

// Part is a run of weights: its place in the device's layout and in the host's.
type Part struct{ Device, Host, Len int }

// Put brings moments and running mean to the device.
func (o *Optimizer) Put(parts []Part, m, v []float32, mean []float64) error {
	return o.d.Do(func() error {
		for _, p := range parts {
			if err := errors.Join(o.d.Upload(o.m+address(4*p.Device), m[p.Host:p.Host+p.Len]),
				o.d.Upload(o.v+address(4*p.Device), v[p.Host:p.Host+p.Len])); err != nil {
				return err
			}
		}
		if o.mean != 0 && mean != nil {
			if err := o.d.Upload(o.mean, pairs(mean)); err != nil {
				return err
			}
		}
		return o.d.Wait()
	})
}

// Get brings them to the host.
func (o *Optimizer) Get(parts []Part, m, v []float32, mean []float64) error {
	return o.d.Do(func() error {
		for _, p := range parts {
			if err := errors.Join(o.d.Download(m[p.Host:p.Host+p.Len], o.m+address(4*p.Device)),
				o.d.Download(v[p.Host:p.Host+p.Len], o.v+address(4*p.Device))); err != nil {
				return err
			}
		}
		if o.mean != 0 && mean != nil {
			if err := o.d.Download(pairs(mean), o.mean); err != nil {
				return err
			}
		}
		return o.d.Wait()
	})
}

// pairs views float64 as twice as many float32, for copies.
func pairs(x []float64) []float32 {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&x[0])), 2*len(x))
}

// Close frees the memory.
func (o *Optimizer) Close() error { return o.held.close() }

type memory struct {
	at address
	n  int
}

// optimizerMemory is what an optimizer holds; it does not refer to the optimizer.
type optimizerMemory struct {
	d      *Device
	memory []memory
	pinned []float32
	once   sync.Once
}

func (h *optimizerMemory) close() (err error) {
	h.once.Do(func() {
		var errs []error
		for _, p := range h.memory {
			errs = append(errs, h.d.Free(p.at, p.n))
		}
		errs = append(errs, h.d.FreePinned(h.pinned))
		err = errors.Join(errs...)
	})
	return err
}

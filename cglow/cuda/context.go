package cuda

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Address is a place in the memory of the device; 0 is none.
type Address uint64

// Context is a device in use: its primary context, one stream, the kernels. Its
// methods may be called from any goroutine; see the package comment on threads.
type Context struct {
	info   Info
	driver *driver
	jobs   chan job
	done   chan struct{}

	primary, stream uintptr
	module          uintptr
	arch            int
	functions       map[string]uintptr
	blas            *blas
	blasReason      string
	dnn             string
	dnnReason       error

	mu     sync.Mutex
	broken error // the first sticky error
	closed bool

	allocated atomic.Int64
	launches  atomic.Int64
}

type job struct {
	run  func() error
	done chan error
}

// Open takes device index into use and loads the kernels.
func Open(index int) (*Context, error) {
	d, err := driverOnce()
	if err != nil {
		return nil, err
	}
	infos, err := d.devices()
	if err != nil {
		return nil, err
	}
	if index < 0 || index >= len(infos) {
		return nil, fmt.Errorf("cuda: no device %d: there are %d", index, len(infos))
	}
	c := &Context{info: infos[index], driver: d, jobs: make(chan job), done: make(chan struct{}), functions: map[string]uintptr{}}
	go c.serve()
	if err := c.run(c.start); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// serve is the one thread that calls the driver.
func (c *Context) serve() {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	defer close(c.done)
	for j := range c.jobs {
		j.done <- j.run()
	}
}

var errClosed = errors.New("cuda: the context is closed")

// run runs f on the context's thread.
func (c *Context) run(f func() error) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return errClosed
	}
	if c.broken != nil {
		err := c.broken
		c.mu.Unlock()
		return err
	}
	j := job{f, make(chan error, 1)}
	c.jobs <- j
	c.mu.Unlock()
	return c.note(<-j.done)
}

// note remembers a sticky error.
func (c *Context) note(err error) error {
	if IsSticky(err) {
		c.mu.Lock()
		if c.broken == nil {
			c.broken = fmt.Errorf("the device is lost to this process: %w", err)
		}
		c.mu.Unlock()
	}
	return err
}

// Broken returns the sticky error that ended the context, or nil.
func (c *Context) Broken() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.broken
}

func (c *Context) start() error {
	d := c.driver
	var device int32
	if err := d.call("cuDeviceGet", pointer(&device), uintptr(c.info.Index)); err != nil {
		return err
	}
	// The primary context: NVIDIA's libraries use the same one.
	if err := d.call("cuDevicePrimaryCtxRetain", pointer(&c.primary), uintptr(device)); err != nil {
		return err
	}
	if err := d.call("cuCtxSetCurrent", c.primary); err != nil {
		return err
	}
	const nonBlocking = 1
	if err := d.call("cuStreamCreate", pointer(&c.stream), nonBlocking); err != nil {
		return err
	}
	if err := c.loadModule(); err != nil {
		return err
	}
	var err error
	if c.blas, err = c.loadBLAS(); err != nil {
		c.blasReason = err.Error()
	}
	c.dnn, c.dnnReason = findDNN()
	return nil
}

// Close gives the device back.
func (c *Context) Close() error {
	err := c.run(func() error {
		d := c.driver
		if c.blas != nil {
			c.blas.close(c)
		}
		if c.module != 0 {
			d.call("cuModuleUnload", c.module)
		}
		if c.stream != 0 {
			d.call("cuStreamDestroy_v2", c.stream)
		}
		if c.primary != 0 {
			return d.call("cuDevicePrimaryCtxRelease_v2", uintptr(c.info.Index))
		}
		return nil
	})
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.jobs)
	}
	return err
}

// Info describes the device.
func (c *Context) Info() Info { return c.info }

// Arch is the architecture of the kernels in use, 90 for sm_90.
func (c *Context) Arch() int { return c.arch }

// Allocated is the memory in use, in bytes.
func (c *Context) Allocated() int64 { return c.allocated.Load() }

// Launches counts the kernels launched or recorded so far.
func (c *Context) Launches() int64 { return c.launches.Load() }

// Queue issues work to the device, in order. Its methods may be called only
// inside [Context.Do] and [Context.Record].
type Queue struct{ c *Context }

// Do runs f on the context's thread and waits for f, not for the device.
func (c *Context) Do(f func(q Queue) error) error {
	return c.run(func() error { return f(Queue{c}) })
}

// Alloc returns memory for n bytes, at an address that is a multiple of 256.
func (q Queue) Alloc(n int) (Address, error) {
	var p uint64
	if err := q.c.driver.call("cuMemAlloc_v2", pointer(&p), uintptr(max(n, 4))); err != nil {
		return 0, fmt.Errorf("%d bytes: %w", n, err)
	}
	q.c.allocated.Add(int64(n))
	return Address(p), nil
}

// Free gives back memory of n bytes.
func (q Queue) Free(p Address, n int) error {
	if p == 0 {
		return nil
	}
	q.c.allocated.Add(-int64(n))
	return q.c.driver.call("cuMemFree_v2", uintptr(p))
}

// Pinned returns host memory for n elements that the device copies from and to
// by itself.
func (q Queue) Pinned(n int) ([]float32, error) {
	var p unsafe.Pointer
	if err := q.c.driver.call("cuMemHostAlloc", pointer(&p), uintptr(4*max(n, 1)), 0); err != nil {
		return nil, err
	}
	return unsafe.Slice((*float32)(p), n), nil
}

// FreePinned gives back what Pinned returned.
func (q Queue) FreePinned(s []float32) error {
	if s == nil {
		return nil
	}
	return q.c.driver.call("cuMemFreeHost", uintptr(unsafe.Pointer(unsafe.SliceData(s))))
}

// Upload copies to the device. Pinned memory must stay as it is until the queue
// has come that far; other memory is read before Upload returns.
func (q Queue) Upload(to Address, from []float32) error {
	if len(from) == 0 {
		return nil
	}
	return q.c.driver.call("cuMemcpyHtoDAsync_v2", uintptr(to), pointer(&from[0]), uintptr(4*len(from)), q.c.stream)
}

// UploadBytes is Upload for tables.
func (q Queue) UploadBytes(to Address, from []byte) error {
	if len(from) == 0 {
		return nil
	}
	return q.c.driver.call("cuMemcpyHtoDAsync_v2", uintptr(to), pointer(&from[0]), uintptr(len(from)), q.c.stream)
}

// Download copies from the device; call Wait before reading.
func (q Queue) Download(to []float32, from Address) error {
	if len(to) == 0 {
		return nil
	}
	return q.c.driver.call("cuMemcpyDtoHAsync_v2", pointer(&to[0]), uintptr(from), uintptr(4*len(to)), q.c.stream)
}

// Copy copies n elements on the device.
func (q Queue) Copy(to, from Address, n int) error {
	return q.c.driver.call("cuMemcpyDtoDAsync_v2", uintptr(to), uintptr(from), uintptr(4*n), q.c.stream)
}

// Fill sets n elements to a bit pattern.
func (q Queue) Fill(to Address, bits uint32, n int) error {
	if n == 0 {
		return nil
	}
	return q.c.driver.call("cuMemsetD32Async", uintptr(to), uintptr(bits), uintptr(n), q.c.stream)
}

// Wait waits until the device has done everything issued.
func (q Queue) Wait() error { return q.c.driver.call("cuStreamSynchronize", q.c.stream) }

// FreeMemory returns the free memory of the device, in bytes.
func (q Queue) FreeMemory() (uint64, error) {
	var free, total uint64
	err := q.c.driver.call("cuMemGetInfo_v2", pointer(&free), pointer(&total))
	return free, err
}

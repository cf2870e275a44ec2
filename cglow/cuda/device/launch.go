package device

import (
	"unsafe"

	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
	"glownotes/cglow/op"
)

type address = exec.Address

// launch is one kernel with its parameters.
type launch struct {
	kernel string
	grid   cuda.Grid
	args   cuda.Args

	product *gemm         // by cuBLASLt in place of a kernel
	ready   *cuda.Product // what it is then
}

// over makes an element-wise launch over n elements.
func over(kernel string, n int, pointers []address, ints []int, floats ...float32) launch {
	l := launch{kernel: kernel, grid: cuda.Blocks(n)}
	for i, p := range pointers {
		l.args.P[i] = cuda.Address(p)
	}
	l.args.N[0] = int32(n)
	for i, v := range ints {
		l.args.N[i+1] = int32(v)
	}
	copy(l.args.F[:], floats)
	return l
}

// blocks makes a launch of x by y blocks.
func blocks(kernel string, x, y int, pointers []address, ints []int, floats ...float32) launch {
	l := launch{kernel: kernel, grid: cuda.Grid{X: x, Y: y}}
	for i, p := range pointers {
		l.args.P[i] = cuda.Address(p)
	}
	for i, v := range ints {
		l.args.N[i] = int32(v)
	}
	copy(l.args.F[:], floats)
	return l
}

func at(a ...address) []address { return a }

// run is what an op does: launches in order, with tables of jobs on the device.
type run struct {
	d        *Device
	launches []launch
	tables   []table
	scratch  scratch
	products []*cuda.Product
}

type table struct {
	data []byte
	for_ []int // launches whose P[0] it is
	// relative are places in data that hold offsets in data, to become addresses.
	relative []int
	at       cuda.Address
}

// add appends launches.
func (r *run) add(ls ...launch) { r.launches = append(r.launches, ls...) }

// addTable appends launches that read a table of jobs through P[0].
func addTable[T any](r *run, jobs []T, ls ...launch) {
	t := table{data: bytesOf(jobs)}
	for _, l := range ls {
		t.for_ = append(t.for_, len(r.launches))
		r.launches = append(r.launches, l)
	}
	r.tables = append(r.tables, t)
}

// scratch cuts memory out of the op's share of the arena; without a base it counts.
type scratch struct {
	base address
	used int
}

func (s *scratch) take(n int) address {
	const line = 64 // 256 bytes, as the device's own allocations
	from := s.used
	s.used += (n + line - 1) / line * line
	return s.base + address(4*from)
}

// kernel makes a Kernel of a function that lists the op's launches. It is called once without
// memory, to count scratch.
func (d *Device) kernel(o *op.Op, used []bool, build func(r *run, outs, ins []address)) *exec.Kernel {
	none := make([]address, o.Arity())
	outs := make([]address, len(used))
	for i, u := range used {
		if u {
			outs[i] = 1 // wanted, wherever it will be
		}
	}
	count := &run{d: d}
	build(count, outs, none)
	return &exec.Kernel{Scratch: count.scratch.used, Device: func(outs, ins []address, at address) (exec.DeviceKernel, error) {
		r := &run{d: d, scratch: scratch{base: at}}
		build(r, outs, ins)
		if err := r.upload(); err != nil {
			return exec.DeviceKernel{}, err
		}
		return exec.DeviceKernel{Launch: r.issue, Close: r.close, Bytes: r.bytes()}, nil
	}}
}

// upload brings the tables to the device, as one piece of memory.
func (r *run) upload() error {
	return r.d.Do(func() error {
		r.prepare()
		total := r.bytes()
		if total == 0 {
			return nil
		}
		base, err := r.d.q.Alloc(total)
		if err != nil {
			return err
		}
		for i := range r.tables {
			t := &r.tables[i]
			t.at = base
			for _, at := range t.relative {
				p := (*uint64)(unsafe.Pointer(&t.data[at]))
				*p += uint64(base)
			}
			t.relative = nil
			if err := r.d.q.UploadBytes(base, t.data); err != nil {
				return err
			}
			for _, l := range t.for_ {
				r.launches[l].args.P[0] = base
			}
			base += cuda.Address((len(t.data) + 255) / 256 * 256)
		}
		return r.d.q.Wait()
	})
}

func (r *run) issue() error {
	for i := range r.launches {
		l := &r.launches[i]
		if l.ready != nil {
			if err := l.ready.Issue(r.d.q); err != nil {
				return err
			}
			continue
		}
		if err := r.d.q.Launch(l.kernel, l.grid, &l.args); err != nil {
			return err
		}
	}
	return nil
}

// bytes is the memory of the tables.
func (r *run) bytes() (total int) {
	for i := range r.tables {
		total += (len(r.tables[i].data) + 255) / 256 * 256
	}
	return total
}

func (r *run) close() error {
	return r.d.Do(func() error {
		for _, p := range r.products {
			p.Close(r.d.q)
		}
		if len(r.tables) == 0 {
			return nil
		}
		return r.d.q.Free(r.tables[0].at, r.bytes())
	})
}

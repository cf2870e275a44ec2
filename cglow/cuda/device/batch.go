package device

import (
	"errors"
	"unsafe"

	"glownotes/cglow/cuda"
	"glownotes/cglow/exec"
)

// batch collects the work of ops that are launched together.
type batch struct {
	d       *Device
	scratch scratch // of the op that adds to it
	part    int     // its number
	gemms   []gemm
	maps    []mapJob
	sums    []mapJob
	stages  []stage // one after the other
	checks  []check
	err     error
}

// check looks at what a kernel reports: the values at an address.
type check struct {
	part  int
	at    address
	found []float32
	look  func() error
}

// fault returns memory that stays with the batch; an error is the batch's.
func (b *batch) fault(n int) address {
	a, err := b.d.Alloc(n)
	if err != nil && b.err == nil {
		b.err = err
	}
	return a
}

// check makes the batch look at what is at an address after every run.
func (b *batch) check(at address, found []float32, look func() error) {
	b.checks = append(b.checks, check{b.part, at, found, look})
}

// looked returns the first thing that is wrong, inside Do.
func (b *batch) looked() (part int, err error) {
	for _, c := range b.checks {
		if err := b.d.Download(c.found, c.at); err != nil {
			return c.part, err
		}
	}
	if err := b.d.Wait(); err != nil {
		return 0, err
	}
	for _, c := range b.checks {
		if err := c.look(); err != nil {
			return c.part, err
		}
	}
	return 0, nil
}

func (b *batch) close() (err error) {
	for _, c := range b.checks {
		if e := b.d.Free(c.at, len(c.found)); err == nil {
			err = e
		}
	}
	return err
}

// stage is a kernel whose parameters stand in a table, one entry a job.
type stage struct {
	kernel string
	jobs   []cuda.Args
	grid   cuda.Grid
}

// stageAdd adds a job of x by y blocks to stage k.
func (b *batch) stageAdd(k int, l launch) {
	for len(b.stages) <= k {
		b.stages = append(b.stages, stage{kernel: l.kernel})
	}
	s := &b.stages[k]
	s.jobs = append(s.jobs, l.args)
	s.grid.X, s.grid.Y = max(s.grid.X, l.grid.X), max(s.grid.Y, l.grid.Y)
}

// collector adds the work of an op to a batch.
type collector func(b *batch, outs, ins []address)

// merging makes a kernel of a class. It is called once without memory, to count scratch.
func merging(class string, collect collector) *exec.Kernel {
	return &exec.Kernel{Class: class, Data: collect}
}

// mergingWith is merging for an op that needs scratch memory.
func mergingWith(class string, scratch int, collect collector) *exec.Kernel {
	k := merging(class, collect)
	k.Scratch = scratch
	return k
}

// Merge: see exec.Device.
func (d *Device) Merge(parts []exec.Part) (exec.DeviceKernel, error) {
	b := &batch{d: d}
	for i, p := range parts {
		b.scratch, b.part = scratch{base: p.Scratch}, i
		p.Kernel.Data.(collector)(b, p.Outs, p.Ins)
	}
	r := &run{d: d}
	addGemm(r, b.gemms...)
	addMaps(r, "k_map", b.maps)
	addMaps(r, "k_map_sum", b.sums)
	for _, s := range b.stages {
		grid := s.grid
		grid.Z = len(s.jobs)
		addTable(r, s.jobs, launch{kernel: s.kernel, grid: grid})
	}
	k := exec.DeviceKernel{Launch: r.issue, Close: r.close, Bytes: r.bytes()}
	if len(b.checks) > 0 {
		k.Check = b.looked
		k.Close = func() error { return errors.Join(r.close(), b.close()) }
	}
	return k, errors.Join(b.err, r.upload())
}

// mapJob is a program with its memory, see map.cu.
type mapJob struct {
	out            address
	n, len, result int32
	p, c, results  int32
	leaves         []address
	program        []instr
}

// mapJobTable is map_job of map.cu.
type mapJobTable struct {
	out, leaf, code         address
	n, len, result, p, c, r int32
}

// addMaps appends programs that do not depend on each other: a table of jobs, and behind it what
// they point to.
func addMaps(r *run, kernel string, jobs []mapJob) {
	if len(jobs) == 0 {
		return
	}
	entry := int(unsafe.Sizeof(mapJobTable{}))
	t := table{data: make([]byte, entry*len(jobs))}
	grid, blocks := cuda.Grid{}, 1
	for i, j := range jobs {
		e := mapJobTable{out: j.out, n: j.n, len: j.len, result: j.result, p: j.p, c: j.c, r: j.results}
		e.leaf, e.code = address(len(t.data)), 0
		t.data = append(t.data, bytesOf(j.leaves)...)
		e.code = address(len(t.data))
		t.data = append(t.data, bytesOf(j.program)...)
		copy(t.data[i*entry:], bytesOf([]mapJobTable{e}))
		t.relative = append(t.relative, i*entry+8, i*entry+16)
		if kernel == "k_map" {
			blocks = max(blocks, cuda.Blocks(int(j.n)).X)
		} else {
			blocks = max(blocks, int(j.results))
		}
	}
	grid.X, grid.Z = blocks, len(jobs)
	t.for_ = append(t.for_, len(r.launches))
	r.launches = append(r.launches, launch{kernel: kernel, grid: grid})
	r.tables = append(r.tables, t)
}

// bytesOf copies the memory of a table.
func bytesOf[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), int(unsafe.Sizeof(s[0]))*len(s))...)
}

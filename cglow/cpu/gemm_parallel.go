package cpu

import (
	"runtime"
	"sync"
)

// gemm does a product on the calling goroutine.
func (s isa) gemm(p *product) {
	if p.m > 0 && p.n > 0 {
		s.gemmBy(p.method(), p)
	}
}

func (s isa) gemmBy(by method, p *product) {
	switch by {
	case byDots:
		s.gemmDots(p)
	case byCombine, byUpdate:
		s.gemmCombine(p)
	case bySwap:
		s.gemmSwapped(p)
	default:
		s.gemmTiles(p)
	}
}

// A part of a divided product takes at least this many multiplications, or
// values of a large matrix that is only streamed: some 50 to 100 µs.
const (
	partMultiplications = 1 << 22
	partValues          = 1 << 18
)

// gemmParallel divides a large product over the cores. C is divided by rows or
// by columns, so every element is computed as by one goroutine.
func (s isa) gemmParallel(p *product) {
	if p.m == 0 || p.n == 0 {
		return
	}
	by := p.method()
	parts := p.m * p.n * p.k / partMultiplications
	if by != byTiles && by != bySwap {
		parts = p.m * p.n * p.k / max(1, min(p.m, p.k, fewRows)) / partValues
	}
	procs := runtime.GOMAXPROCS(0)
	if parts = min(parts, procs); parts < 2 {
		s.gemmBy(by, p)
		return
	}
	j := takeDivided()
	j.set(s, by, p, parts)
	shared.run(j.parts, procs, j.task)
	giveDivided(j)
}

// divided is a product cut into parts: bands of rows or of columns of C.
type divided struct {
	product
	isa
	by    method
	parts int
	band  int // rows or columns of a part
	rows  bool
	task  func(i int)
	next  *divided
}

// set cuts the product. Few rows are cut by columns, sums of columns too.
func (d *divided) set(s isa, by method, p *product, parts int) {
	d.product, d.isa, d.by = *p, s, by
	d.rows = by == byUpdate || by == byTiles && p.ColumnSums == nil && p.m >= p.n/2
	size, unit := p.n, tilings[avx512].wide
	if d.rows {
		size, unit = p.m, tilings[avx512].wideRows[0]
	}
	d.band = (size/parts + unit) / unit * unit
	d.parts = (size + d.band - 1) / d.band
}

// part computes band i.
func (d *divided) part(i int) {
	p := d.product
	from := i * d.band
	if d.rows {
		p.m = min(d.band, p.m-from)
		p.c = p.c[from*p.ldc:]
		if p.transA {
			p.a = p.a[from:]
		} else {
			p.a = p.a[from*p.lda:]
		}
		if p.Mask != nil {
			p.Mask = p.Mask[from*p.MaskRow:]
		}
	} else {
		p.n = min(d.band, p.n-from)
		p.c = p.c[from:]
		if p.transB {
			p.b = p.b[from*p.ldb:]
		} else {
			p.b = p.b[from:]
		}
		p.Epilogue = p.Epilogue.columnsFrom(from)
	}
	d.isa.gemmBy(d.by, &p)
}

// columnsFrom is the epilogue of the columns from j on.
func (e Epilogue) columnsFrom(j int) Epilogue {
	for _, x := range []*[]float32{&e.Bias, &e.Mask, &e.ColumnSums} {
		if *x != nil {
			*x = (*x)[j:]
		}
	}
	return e
}

// spareDivided is the list of records not in use.
var spareDivided struct {
	sync.Mutex
	first *divided
}

func takeDivided() *divided {
	spareDivided.Lock()
	defer spareDivided.Unlock()
	d := spareDivided.first
	if d == nil {
		d = new(divided)
		d.task = d.part
		return d
	}
	spareDivided.first, d.next = d.next, nil
	return d
}

func giveDivided(d *divided) {
	d.product = product{}
	spareDivided.Lock()
	defer spareDivided.Unlock()
	d.next, spareDivided.first = spareDivided.first, d
}

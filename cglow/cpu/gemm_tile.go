package cpu

import "unsafe"

// A tile is one call of a micro-kernel: a few rows of C and one or two vectors
// of columns, or several such panels of columns side by side. Strides are in
// bytes. It replaces
//
//	for q := range panels, i := range rows, j := range columns {
//		sum := 0
//		for u := range runs, p := range k {
//			sum += a[i*aRow+u*(k*aStep+aJump)+p*aStep] * b[q*bPanel+(u*k+p)*bStep+j]
//		}
//		c[i*cRow+q*columns+j] = epilogue(sum)
//	}
//
// The assembly reads the fields by name through go_asm.h; it uses panels, column
// and bOffset as its counters.
type tile struct {
	k           int
	a           unsafe.Pointer
	aRow, aStep int
	b           unsafe.Pointer
	bStep       int
	c           unsafe.Pointer
	cRow        int
	lanes       int // columns in the last vector; all if there are several panels
	flags       int
	bias        unsafe.Pointer
	mask        unsafe.Pointer
	maskRow     int
	columnSums  unsafe.Pointer
	panels      int // at least 1
	bPanel      int
	column      int // of the current panel, in bytes; 0 at the call
	bOffset     int // of the current panel; 0 at the call
	runs        int // at least 1
	aJump       int // added to the address in A between two runs

	// A column of tiles below each other, for one panel only.
	tiles int // at least 1
	aTile int // added to the address in A between two tiles

	// Of a panel's rows, see [RowEpilogue].
	scale, shift     unsafe.Pointer
	rowDots, rowSums unsafe.Pointer
}

// The bits of tile.flags: add C, then the steps of an [Epilogue].
const (
	flagAdd = 1 << iota
	flagBias
	flagReLU
	flagMask
	flagColumnSums
	flagScale
	flagGate
)

// tiling is the shape of the micro-kernels of an instruction set.
type tiling struct {
	lanes      int   // floats in a vector
	wide       int   // columns of a full panel of B
	narrow     int   // columns of the last panel if no more are left
	wideRows   []int // rows of the kernels for wide panels, falling to 1
	narrowRows []int
	columns    int // columns of B packed at once
}

var tilings = [...]tiling{
	generic: {lanes: 4, wide: 4, narrow: 4, wideRows: []int{4, 1}, narrowRows: []int{4, 1}, columns: 256},
	avx2:    {lanes: 8, wide: 16, narrow: 8, wideRows: []int{6, 4, 3, 2, 1}, narrowRows: []int{12, 6, 4, 2, 1}, columns: 256},
	avx512:  {lanes: 16, wide: 32, narrow: 16, wideRows: []int{12, 9, 8, 4, 2, 1}, narrowRows: []int{12, 8, 4, 2, 1}, columns: 512},
}

const (
	// A strip of a transposed A is packed if at least packPanels panels use it
	// and its rows are spread over more than packSpread values: then they would
	// push each other out of the caches.
	packPanels = 4
	packSpread = 1 << 16
	// inPlaceRows is the most rows of C for which B is read where it is.
	inPlaceRows = 12
	// blockK is the longest piece of the inner dimension that is done at once.
	// 9*48 fits: a whole 3x3 convolution with 48 channels in one pass.
	blockK = 448
)

const floatSize = 4

// at returns the address of x[i], or nil if x is nil.
func at(x []float32, i int) unsafe.Pointer {
	if x == nil {
		return nil
	}
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(x)), i*floatSize)
}

// gemmTiles does a product with the micro-kernels of s.
func (s isa) gemmTiles(p *product) {
	work := takeScratch()
	g := tiled{product: p, isa: s, tiling: &tilings[s]}
	for j := 0; j < p.n; j += g.columns {
		cols := min(g.columns, p.n-j)
		for k0 := 0; ; {
			kc := min(blockK, p.k-k0)
			if rest := p.k - k0; rest > blockK && rest < 2*blockK {
				kc = (rest + 1) / 2
			}
			g.block(work, j, cols, k0, kc)
			if k0 += kc; k0 >= p.k {
				break
			}
		}
	}
	giveScratch(work)
}

// tiled is a product with the tiling that does it.
type tiled struct {
	*product
	isa
	*tiling
}

// block adds the part [k0, k0+kc) of the inner dimension to the columns
// [j0, j0+cols) of C, a few rows at a time.
func (g *tiled) block(work *scratch, j0, cols, k0, kc int) {
	packed := work.floats(kc * (cols + g.wide + g.wideRows[0]))
	strip := packed[kc*(cols+g.wide):]
	whole := cols / g.wide * g.wide // columns of full panels
	t := tile{k: kc, runs: 1, tiles: 1, flags: g.flags(k0, kc), cRow: g.ldc * floatSize, maskRow: g.MaskRow * floatSize}
	if whole > 0 {
		t.panels, t.lanes = whole/g.wide, g.lanes
		if !g.transB && g.m <= inPlaceRows {
			t.b, t.bStep, t.bPanel = at(g.b, k0*g.ldb+j0), g.ldb*floatSize, g.wide*floatSize
		} else {
			g.pack(packed, j0, whole, k0, kc)
			t.b, t.bStep, t.bPanel = at(packed, 0), g.wide*floatSize, kc*g.wide*floatSize
		}
		g.columnsFrom(&t, j0, k0, true, strip)
	}
	if rest := cols - whole; rest > 0 {
		width := g.wide
		if rest <= g.narrow {
			width = g.narrow
		}
		t.panels, t.lanes = 1, rest-width+g.lanes
		g.pack(packed[kc*whole:], j0+whole, rest, k0, kc)
		t.b, t.bStep = at(packed, kc*whole), width*floatSize
		g.columnsFrom(&t, j0+whole, k0, width == g.wide, nil)
	}
}

// columnsFrom runs the micro-kernels for all rows of C in the panels of t, which
// begin at column j. strip is room for the rows of one tile of A.
func (g *tiled) columnsFrom(t *tile, j, k0 int, wide bool, strip []float32) {
	t.bias, t.columnSums = at(g.Bias, j), at(g.ColumnSums, j)
	sizes, panels := g.wideRows, t.panels
	if !wide {
		sizes = g.narrowRows
	}
	step := floatSize
	if t.aRow = g.lda * floatSize; g.transA {
		step, t.aRow = t.aRow, step
	}
	pack := g.transA && g.isa != generic && wide && panels >= packPanels && t.k*g.lda > packSpread
	for i := 0; i < g.m; {
		for sizes[0] > g.m-i {
			sizes = sizes[1:]
		}
		if g.transA {
			t.a = at(g.a, k0*g.lda+i)
		} else {
			t.a = at(g.a, i*g.lda+k0)
		}
		t.aStep = step
		if pack && sizes[0] == g.wideRows[0] {
			g.isa.packStrip(at(strip, 0), t.a, step, t.k)
			t.a, t.aStep = at(strip, 0), g.wideRows[0]*floatSize
		}
		t.c, t.mask = at(g.c, i*g.ldc+j), at(g.Mask, i*g.MaskRow+j)
		t.panels, t.tiles, t.column, t.bOffset = panels, 1, 0, 0
		g.isa.tile(t, sizes[0], wide)
		i += sizes[0]
	}
}

// flags says what the tiles of the part [k0, k0+kc) do with their sums.
func (g *tiled) flags(k0, kc int) int {
	flags := 0
	set := func(flag int, on bool) {
		if on {
			flags |= flag
		}
	}
	set(flagAdd, k0 > 0 || g.beta != 0)
	last := k0+kc == g.k
	set(flagBias, last && g.Bias != nil)
	set(flagReLU, last && g.ReLU)
	set(flagMask, last && g.Mask != nil)
	set(flagColumnSums, last && g.ColumnSums != nil)
	return flags
}

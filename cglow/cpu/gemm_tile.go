package cpu

import "unsafe"

// A tile is one call of a micro-kernel: a few rows and one or two vectors of
// columns of C. Strides are in bytes. It replaces
//
//	for i := range rows, j := range columns {
//		sum := 0
//		for p := range k { sum += a[i*aRow+p*aStep] * b[p*bStep+j] }
//		c[i*cRow+j] = epilogue(sum)
//	}
//
// The assembly reads the fields by name through go_asm.h.
type tile struct {
	k           int
	a           unsafe.Pointer
	aRow, aStep int
	b           unsafe.Pointer
	bStep       int
	c           unsafe.Pointer
	cRow        int
	lanes       int // columns in the last vector
	flags       int
	bias        unsafe.Pointer
	mask        unsafe.Pointer
	maskRow     int
	columnSums  unsafe.Pointer
}

// The bits of tile.flags: add C, then the steps of an [Epilogue].
const (
	flagAdd = 1 << iota
	flagBias
	flagReLU
	flagMask
	flagColumnSums
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
	avx2:    {lanes: 8, wide: 16, narrow: 8, wideRows: []int{6, 4, 2, 1}, narrowRows: []int{12, 6, 4, 2, 1}, columns: 256},
	avx512:  {lanes: 16, wide: 32, narrow: 16, wideRows: []int{12, 8, 4, 2, 1}, narrowRows: []int{12, 8, 4, 2, 1}, columns: 512},
}

const (
	// blockRows is how many rows of C are finished before the next ones begin.
	blockRows = 12
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
	packed := work.floats(kc * (cols + g.wide))
	whole := 0 // columns that are read in place
	if !g.transB && g.m <= blockRows {
		whole = cols / g.wide * g.wide
	}
	g.pack(packed, j0, cols, k0, kc, whole)
	t := tile{k: kc, flags: g.flags(k0, kc), cRow: g.ldc * floatSize, maskRow: g.MaskRow * floatSize}
	t.aRow, t.aStep = g.lda*floatSize, floatSize
	if g.transA {
		t.aRow, t.aStep = t.aStep, t.aRow
	}
	for i := 0; i < g.m; i += blockRows {
		rows := min(blockRows, g.m-i)
		for j := 0; j < cols; j += g.wide {
			width := g.wide
			if cols-j <= g.narrow {
				width = g.narrow
			}
			t.b, t.bStep = at(packed, j*kc), width*floatSize
			if j < whole {
				t.b, t.bStep = at(g.b, k0*g.ldb+j0+j), g.ldb*floatSize
			}
			t.lanes = min(width, cols-j) - width + g.lanes
			g.strip(&t, i, rows, j0+j, k0, width == g.wide)
		}
	}
}

// strip runs the micro-kernels for rows rows of C from row i on, in the panel
// that begins at column j.
func (g *tiled) strip(t *tile, i, rows, j, k0 int, wide bool) {
	t.bias, t.columnSums = at(g.Bias, j), at(g.ColumnSums, j)
	sizes := g.wideRows
	if !wide {
		sizes = g.narrowRows
	}
	for end := i + rows; i < end; {
		for sizes[0] > end-i {
			sizes = sizes[1:]
		}
		if g.transA {
			t.a = at(g.a, k0*g.lda+i)
		} else {
			t.a = at(g.a, i*g.lda+k0)
		}
		t.c, t.mask = at(g.c, i*g.ldc+j), at(g.Mask, i*g.MaskRow+j)
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

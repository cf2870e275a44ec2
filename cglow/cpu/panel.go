package cpu

import "fmt"

// A panel is a block of [PanelWidth] neighbouring columns of a matrix, stored row after row. The
// product of a matrix with a panel is a panel again: a chain of products, such as that of the
// convolutions of a network, then reads and writes whole panels, and nothing is ever packed or
// turned round in between. What is multiplied with the panel is read where it is, in any order.

// PanelWidth is the number of columns of a panel: that of a micro-kernel of the instruction set in
// use.
func PanelWidth() int { return tilings[active].wide }

// PanelLanes is the number of values side by side in which [RowEpilogue] collects sums.
func PanelLanes() int { return tilings[active].lanes }

// Left is the left matrix of a product with a panel, in any regular order. Element (i, p) is
//
//	Data[From + i/RowRun*RowJump + i%RowRun*Row + p/Run*Jump + p%Run*Step]
//
// RowRun 0 and Run 0 mean that there are no jumps. Neighbours must be neighbours in memory one way
// or the other: Step or Row is 1.
type Left struct {
	Data                 []float32
	From                 int
	Row, RowRun, RowJump int
	Step, Run, Jump      int
}

// row is the place of the first element of row i.
func (a *Left) row(i int) int { return a.From + i/a.RowRun*a.RowJump + i%a.RowRun*a.Row }

// inside reports whether the elements of an m x k matrix are in Data.
func (a *Left) inside(m, k int) bool {
	last := a.From + a.row(m-1) - a.row(0) + (a.Run-1)*a.Step + (k/a.Run-1)*a.Jump
	return a.From >= 0 && a.Row >= 0 && a.RowJump >= 0 && a.Step >= 0 && a.Jump >= 0 && last < len(a.Data)
}

// RowEpilogue is work on each finished element of a product with a panel while it is still in a
// register, with one number for each row i of the product. The zero value does nothing.
//
// With Shift set it is the forward pass of y = max(Scale[i]*x + Shift[i], 0) (without the maximum
// if ReLU is not set). With Gate set it is the backward pass for a gradient g of y:
//
//	g = g where Gate[i][j] > 0, else 0      // Gate is the panel of y
//	Dots[i] += sum over j of g*y
//	g = Scale[i]*g                           // the gradient of x
//	Sums[i] += sum over j of g
//
// Dots and Sums have [PanelLanes] values for each row, whose sum is meant.
type RowEpilogue struct {
	Scale, Shift []float32
	ReLU         bool
	Gate         []float32
	Dots, Sums   []float32
}

// MulPanel multiplies an m x k matrix with a panel of k rows:
//
//	C = A B, or C += A B if add is set,
//
// for the first cols of the panel's columns; cRow is the distance between rows of C. It replaces
//
//	for i, j {
//		sum := 0
//		for p := range k { sum += A(i, p) * b[p*PanelWidth()+j] }
//		c[i*cRow+j] = epilogue(sum)
//	}
//
// An epilogue needs whole panels, cols = PanelWidth(). Rows of C do not depend on each other.
func MulPanel(m, k, cols int, a Left, b, c []float32, cRow int, add bool, e *RowEpilogue) {
	active.mulPanel(m, k, cols, a, b, c, cRow, add, e)
}

func (s isa) mulPanel(m, k, cols int, a Left, b, c []float32, cRow int, add bool, e *RowEpilogue) {
	shape := &tilings[s]
	if a.Run == 0 {
		a.Run = k
	}
	if a.RowRun == 0 {
		a.RowRun = max(m, 1)
	}
	checkPanel(shape, m, k, cols, &a, b, c, cRow, e)
	if m == 0 || cols == 0 {
		return
	}
	t := tile{k: a.Run, runs: k / a.Run, aRow: a.Row * floatSize, aStep: a.Step * floatSize,
		aJump: (a.Jump - a.Run*a.Step) * floatSize,
		b:     at(b, 0), bStep: shape.wide * floatSize, cRow: cRow * floatSize, lanes: cols,
		maskRow: shape.wide * floatSize, flags: e.flags(add)}
	wide, sizes := true, shape.wideRows
	if shape.wide > shape.narrow {
		if wide = cols > shape.narrow; wide {
			t.lanes = cols - shape.wide + shape.lanes
		} else {
			sizes = shape.narrowRows
		}
	}
	for i := 0; i < m; {
		rows, tiles := column(sizes, m-i, a.RowRun-i%a.RowRun, a.RowRun)
		if !wide || s == generic || s == avx2 && cols < shape.wide {
			tiles = 1 // these micro-kernels do one
		}
		t.panels, t.tiles, t.column, t.bOffset = 1, tiles, 0, 0
		t.aTile = (a.row(i+rows) - a.row(i)) * floatSize
		t.a, t.c = at(a.Data, a.row(i)), at(c, i*cRow)
		if t.flags&(flagScale|flagGate) != 0 {
			t.scale, t.shift = at(e.Scale, i), at(e.Shift, i)
			t.mask = at(e.Gate, i*shape.wide)
			t.rowDots, t.rowSums = at(e.Dots, i*shape.lanes), at(e.Sums, i*shape.lanes)
		}
		s.tile(&t, rows, wide)
		i += rows * tiles
	}
}

// column returns how many rows the next tiles have and how many of them follow each other at equal
// distances in A, of m rows left and run left in the run of length whole.
func column(sizes []int, m, run, whole int) (rows, tiles int) {
	left := min(m, run)
	for _, rows = range sizes {
		if rows <= left {
			break
		}
	}
	if rows == whole {
		return rows, m / rows
	}
	return rows, left / rows
}

// flags says what the tiles do with their sums.
func (e *RowEpilogue) flags(add bool) int {
	flags := 0
	if add {
		flags = flagAdd
	}
	if e.ReLU {
		flags |= flagReLU
	}
	switch {
	case e.Gate != nil:
		flags |= flagGate
	case e.Shift != nil:
		flags |= flagScale
	}
	return flags
}

// checkPanel panics unless the slices hold what the product reads and writes.
func checkPanel(shape *tiling, m, k, cols int, a *Left, b, c []float32, cRow int, e *RowEpilogue) {
	ok := m >= 0 && k > 0 && (a.Step == 1 || a.Row == 1) && a.Run > 0 && k%a.Run == 0 && a.RowRun > 0 && cols >= 0 && cols <= shape.wide && cRow >= cols
	if ok && m > 0 && cols > 0 {
		ok = a.inside(m, k) && len(b) >= k*shape.wide && len(c) >= (m-1)*cRow+cols
	}
	if ok && (e.Gate != nil || e.Shift != nil) {
		ok = cols == shape.wide && len(e.Scale) >= m
		if e.Gate != nil {
			ok = ok && len(e.Gate) >= m*shape.wide && len(e.Dots) >= m*shape.lanes && len(e.Sums) >= m*shape.lanes
		} else {
			ok = ok && len(e.Shift) >= m
		}
	}
	if !ok {
		panic(fmt.Sprintf("cpu: MulPanel: m=%d k=%d cols=%d does not fit a: %d values, %+v; b: %d values; c: %d, row %d; epilogue: scale %d, shift %d, gate %d, sums %d and %d",
			m, k, cols, len(a.Data), Left{nil, a.From, a.Row, a.RowRun, a.RowJump, a.Step, a.Run, a.Jump},
			len(b), len(c), cRow, len(e.Scale), len(e.Shift), len(e.Gate), len(e.Dots), len(e.Sums)))
	}
}

// TurnPanel transposes a panel of rows rows into panels of its own columns: C [W][rows], W =
// PanelWidth(), stored as panels that lie stride values apart, what is left of the last one zero:
//
//	for q := 0; q < rows; q += W { for p := range W { for j := range W {
//		dst[q/W*stride+p*W+j] = src[(q+j)*W+p] // 0 for q+j >= rows
//	}}}
func TurnPanel(dst []float32, stride int, src []float32, rows int) {
	active.turnPanel(dst, stride, src, rows)
}

func (s isa) turnPanel(dst []float32, stride int, src []float32, rows int) {
	w := tilings[s].wide
	var rest [maxPanel * maxPanel]float32
	for q := 0; q < rows; q += w {
		block, from := dst[q/w*stride:][:w*w], src[q*w:]
		if rows-q < w {
			copy(rest[:], from[:(rows-q)*w])
			from = rest[:]
		}
		s.turn(block, w, from, w, w, w)
	}
}

// maxPanel is the largest width of a panel.
const maxPanel = 32

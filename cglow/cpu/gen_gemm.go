//go:build ignore

package main

import "fmt"

// tileShape is a micro-kernel: rows x vecs vectors of C stay in registers.
type tileShape struct{ rows, vecs int }

// tileShapes lists the micro-kernels of an instruction set. The first of each
// width keeps the multiply-add units busy: at least 8 independent sums.
func tileShapes(s isa) []tileShape {
	if s.name == "avx2" { // 16 registers: 12 sums, 2 of B, 2 of A
		return []tileShape{{6, 2}, {4, 2}, {3, 2}, {2, 2}, {1, 2}, {12, 1}, {6, 1}, {4, 1}, {2, 1}, {1, 1}}
	}
	return []tileShape{{12, 2}, {9, 2}, {8, 2}, {4, 2}, {2, 2}, {1, 2}, {12, 1}, {8, 1}, {4, 1}, {2, 1}, {1, 1}}
}

func gemmFile(f *file) {
	if f.name == "avx2" {
		f.lanes("gemmLanes")
	}
	for _, t := range tileShapes(f.isa) {
		f.tile(t)
	}
	f.peak()
	f.copyRows()
	f.copyRest()
	f.packStrip()
	f.transpose()
	f.quads()
}

// lanes writes a table of 8 ones and 8 zeros: a window of it masks the first
// lanes of a vector.
func (f *file) lanes(name string) {
	f.buf.WriteString("\n")
	for i := range 8 {
		word := "0xffffffffffffffff"
		if i >= 4 {
			word = "0"
		}
		fmt.Fprintf(&f.buf, "DATA %s<>+%d(SB)/8, $%s\n", name, 8*i, word)
	}
	fmt.Fprintf(&f.buf, "GLOBL %s<>(SB), RODATA|NOPTR, $64\n", name)
}

// rowBases are the registers that point to rows 0, 3, 6 and 9 of A where its rows lie apart.
var rowBases = []string{"R8", "R9", "R10", "R11"}

// unroll is how many values of the inner dimension a round of the loop does: what only counts and
// moves pointers takes issue slots from the multiply-adds.
func (t tileShape) unroll() int {
	if t.rows >= 8 && t.vecs == 2 {
		return 8
	}
	return 4
}

// tile writes one micro-kernel: the sums over k, then the epilogue. Neighbours in A are neighbours
// in memory along its rows (aStep is one value) or across them (aRow is one value); each has a
// loop of its own. Registers: AX tile, SI and BX B and its row stride, R14 runs left, CX values
// left.
func (f *file) tile(t tileShape) {
	name := fmt.Sprintf("tile%dx%d%s", t.rows, t.vecs*f.width, f.name)
	f.text(name, "func "+name+"(t *tile)", "t AX")
	f.label("panel")
	f.op("MOVQ tile_a(AX), R8")
	f.op("MOVQ tile_aRow(AX), R12")
	f.op("MOVQ tile_aStep(AX), R13")
	f.op("MOVQ tile_b(AX), SI")
	f.op("ADDQ tile_bOffset(AX), SI")
	f.op("MOVQ tile_bStep(AX), BX")
	f.op("MOVQ tile_runs(AX), R14")
	for i := range t.rows * t.vecs {
		f.zero(i)
	}
	f.op("CMPQ R13, $4")
	f.op("JNE across")
	f.along(t)
	f.label("across")
	f.across(t)
	f.label("finish")
	f.op("MOVQ tile_c(AX), DI")
	f.op("ADDQ tile_column(AX), DI")
	f.op("MOVQ tile_cRow(AX), DX")
	f.epilogue(t)
}

// along sums where the values of a row of A are neighbours: R8 to R11 point to every third row,
// R12 is the row stride, R13 three rows of B.
func (f *file) along(t tileShape) {
	bases := rowBases[:(t.rows+2)/3]
	if len(bases) > 1 {
		f.op("LEAQ (R12)(R12*2), R9")
	}
	for i := len(bases) - 1; i > 0; i-- { // R11 = R8+3*R9 and so on, R9 last
		switch i {
		case 3:
			f.op("LEAQ (R9)(R9*2), R11")
			f.op("ADDQ R8, R11")
		case 2:
			f.op("LEAQ (R8)(R9*2), R10")
		case 1:
			f.op("ADDQ R8, R9")
		}
	}
	f.op("LEAQ (BX)(BX*2), R13")
	f.rounds(t, "along", func(r, u int) string {
		return fmt.Sprintf("%d(%s)", 4*u, bases[r/3]) + []string{"", "(R12*1)", "(R12*2)"}[r%3]
	}, "R13", func(n int) {
		if n == 4 && t.unroll() > 4 {
			return // the whole round at once
		}
		for _, b := range bases {
			f.op("ADDQ $%d, %s", 4*n, b)
		}
	}, func() {
		f.op("MOVQ tile_aJump(AX), DX")
		for _, b := range bases {
			f.op("ADDQ DX, %s", b)
		}
	})
}

// across sums where the values of a column of A are neighbours: R8 points to the first, R13 is
// the distance of columns, R9 three times that, R12 three rows of B.
func (f *file) across(t tileShape) {
	f.op("LEAQ (R13)(R13*2), R9")
	f.op("LEAQ (BX)(BX*2), R12")
	f.rounds(t, "across", func(r, u int) string {
		return fmt.Sprintf("%d(R8)", 4*r) + []string{"", "(R13*1)", "(R13*2)", "(R9*1)"}[u%4]
	}, "R12", func(n int) {
		switch n {
		case 1:
			f.op("ADDQ R13, R8")
		case 4:
			f.op("LEAQ (R8)(R13*4), R8")
		}
	}, func() { f.op("ADDQ tile_aJump(AX), R8") })
}

// rounds writes the loops over runs and, in rounds of unroll, over a run. a addresses row r of A
// at value u of the round, three the register with three rows of B; move is called to go 4 values
// on within a round, a whole round on, and one value on; jump to go to the next run.
func (f *file) rounds(t tileShape, name string, a func(r, u int) string, three string, move func(n int), jump func()) {
	unroll := t.unroll()
	b := func(u int) string { return "(SI)" + []string{"", "(BX*1)", "(BX*2)", "(" + three + "*1)"}[u%4] }
	f.label(name + "Run")
	f.op("MOVQ tile_k(AX), CX")
	f.op("SUBQ $%d, CX", unroll)
	f.op("JLT %sRest", name)
	f.op("PCALIGN $32")
	f.label(name + "Loop")
	for u := range unroll {
		f.multiply(t, func(r int) string { return a(r, u) }, b(u))
		if u%4 == 3 {
			f.op("LEAQ (SI)(BX*4), SI")
			move(4)
		}
	}
	if unroll > 4 {
		move(unroll)
	}
	f.op("SUBQ $%d, CX", unroll)
	f.op("JGE %sLoop", name)
	f.label(name + "Rest")
	f.op("ADDQ $%d, CX", unroll)
	f.op("JZ %sNext", name)
	f.label(name + "One")
	f.multiply(t, func(r int) string { return a(r, 0) }, b(0))
	move(1)
	f.op("ADDQ BX, SI")
	f.op("DECQ CX")
	f.op("JNZ %sOne", name)
	f.label(name + "Next")
	f.op("DECQ R14")
	f.op("JZ finish")
	jump()
	f.op("JMP %sRun", name)
}

// multiply adds a column of A, whose row r is at a(r), times a row of B to the sums.
func (f *file) multiply(t tileShape, a func(r int) string, row string) {
	sums := t.rows * t.vecs
	b := func(v int) string { return f.r(sums + v) }
	for v := range t.vecs {
		f.op("VMOVUPS %d%s, %s", v*f.bytes(), row, b(v))
	}
	temps := min(6, 32-sums-t.vecs)
	if f.name == "avx2" {
		temps = min(6, 16-sums-t.vecs)
	}
	for r := range t.rows {
		if f.name == "avx512" && t.vecs == 1 {
			f.op("VFMADD231PS.BCST %s, %s, %s", a(r), b(0), f.r(r))
			continue
		}
		temp := f.r(sums + t.vecs + r%temps)
		f.op("VBROADCASTSS %s, %s", a(r), temp)
		for v := range t.vecs {
			f.op("VFMADD231PS %s, %s, %s", b(v), temp, f.r(r*t.vecs+v))
		}
	}
}

// epilogue finishes the tile and stores it. AVX2 has a second version for
// tiles whose last vector is not full, because its masked moves are slow.
func (f *file) epilogue(t tileShape) {
	f.op("MOVQ tile_flags(AX), BX")
	f.op("MOVQ tile_lanes(AX), CX")
	if f.name == "avx512" {
		f.op("MOVL $1, R8")
		f.op("SHLL CX, R8")
		f.op("DECL R8")
		f.op("KMOVW R8, K1")
		f.finish(t, true)
		return
	}
	f.op("CMPQ CX, $8")
	f.op("JNE masked")
	f.finish(t, false)
	f.label("masked")
	f.op("LEAQ gemmLanes<>+32(SB), R8")
	f.op("SHLQ $2, CX")
	f.op("SUBQ CX, R8")
	f.op("VMOVUPS (R8), Y15")
	f.finish(t, true)
}

// The bits of tile.flags, as in gemm_tile.go.
const (
	flagAdd = 1 << iota
	flagBias
	flagReLU
	flagMask
	flagColumnSums
	flagScale
	flagGate
)

// finisher writes the end of a tile: the steps that the flags ask for, the
// stores, the next panel. Registers: DI, DX C and its row stride, BX flags, AX
// tile; R8, R9 free.
type finisher struct {
	*file
	tileShape
	masked     bool // the last vector is not full
	temp, zero int  // free registers
}

// finish applies the steps and stores the tile.
func (f *file) finish(t tileShape, masked bool) {
	sums := t.rows * t.vecs
	e := finisher{f, t, masked, sums, sums + 1}
	e.when(flagAdd, e.add)
	e.when(flagBias, e.bias)
	rows := t.vecs == 2 && !(masked && f.name == "avx2") // Y15 is the mask there
	if rows {
		e.when(flagScale, e.scale)
	}
	e.when(flagReLU, e.relu)
	e.when(flagMask, e.mask)
	e.when(flagColumnSums, e.columnSums)
	if rows {
		e.when(flagGate, e.gate)
	}
	e.each(func(_, v int, sum string) { f.store(sum, "DI", v*f.bytes(), e.partial(v)) },
		func() { f.op("ADDQ DX, DI") })
	if !masked || f.name == "avx512" {
		f.op("DECQ tile_panels(AX)")
		f.op("JZ below")
		f.op("ADDQ $%d, tile_column(AX)", t.vecs*f.bytes())
		f.op("MOVQ tile_bPanel(AX), R8")
		f.op("ADDQ R8, tile_bOffset(AX)")
		f.op("JMP panel")
		f.label("below")
		if t.vecs == 2 {
			f.below(t)
		}
	}
	f.ret()
}

// below goes on to the rows below in a column of tiles; of a panel there is only one.
func (f *file) below(t tileShape) {
	f.op("DECQ tile_tiles(AX)")
	f.op("JZ done")
	f.op("MOVQ $1, tile_panels(AX)")
	f.op("MOVQ tile_aTile(AX), R8")
	f.op("ADDQ R8, tile_a(AX)")
	step := func(pointer, row string) {
		f.op("IMUL3Q $%d, tile_%s(AX), R8", t.rows, row)
		f.op("ADDQ R8, tile_%s(AX)", pointer)
	}
	step("c", "cRow")
	// What is not in use stays nil: the garbage collector sees these pointers.
	f.op("TESTQ $%d, BX", flagScale|flagGate)
	f.op("JZ panel")
	f.op("ADDQ $%d, tile_scale(AX)", 4*t.rows)
	f.op("TESTQ $%d, BX", flagGate)
	f.op("JNZ gates")
	f.op("ADDQ $%d, tile_shift(AX)", 4*t.rows)
	f.op("JMP panel")
	f.label("gates")
	step("mask", "maskRow")
	for _, p := range []string{"rowDots", "rowSums"} {
		f.op("ADDQ $%d, tile_%s(AX)", t.rows*f.bytes(), p)
	}
	f.op("JMP panel")
	f.label("done")
}

// partial reports whether vector v is the one that is not full.
func (e finisher) partial(v int) bool { return e.masked && v == e.vecs-1 }

// get loads vector v of the row at base into the temporary register.
func (e finisher) get(base string, v int) {
	e.load(base, v*e.bytes(), e.r(e.temp), e.partial(v))
}

// when runs a step if its flag is set.
func (e finisher) when(flag int, step func()) {
	skip := e.fresh("skip")
	e.op("TESTQ $%d, BX", flag)
	e.op("JZ %s", skip)
	step()
	e.label(skip)
}

// each visits the sums, with next between two rows.
func (e finisher) each(visit func(r, v int, sum string), next func()) {
	for r := range e.rows {
		for v := range e.vecs {
			visit(r, v, e.r(r*e.vecs+v))
		}
		if next != nil && r < e.rows-1 {
			next()
		}
	}
}

// column points R8 to the tile's columns of an array of the epilogue.
func (e finisher) column(array string) {
	e.op("MOVQ tile_%s(AX), R8", array)
	e.op("ADDQ tile_column(AX), R8")
}

func (e finisher) add() {
	e.op("MOVQ DI, R8")
	e.each(func(_, v int, sum string) {
		e.get("R8", v)
		e.op("VADDPS %s, %s, %s", e.r(e.temp), sum, sum)
	}, func() { e.op("ADDQ DX, R8") })
}

func (e finisher) bias() {
	e.column("bias")
	for v := range e.vecs {
		e.get("R8", v)
		for r := range e.rows {
			e.do("VADDPS", e.temp, r*e.vecs+v, r*e.vecs+v)
		}
	}
}

func (e finisher) relu() {
	e.file.zero(e.zero)
	e.each(func(_, _ int, sum string) { e.op("VMAXPS %s, %s, %s", sum, e.r(e.zero), sum) }, nil)
}

func (e finisher) mask() {
	e.file.zero(e.zero)
	e.column("mask")
	e.op("MOVQ tile_maskRow(AX), R9")
	e.each(func(_, v int, sum string) {
		e.get("R8", v)
		e.keepPositive(e.r(e.temp), e.r(e.zero), sum)
	}, func() { e.op("ADDQ R9, R8") })
}

func (e finisher) columnSums() {
	e.column("columnSums")
	for v := range e.vecs {
		e.get("R8", v)
		for r := range e.rows {
			e.do("VADDPS", r*e.vecs+v, e.temp, e.temp)
		}
		e.store(e.r(e.temp), "R8", v*e.bytes(), e.partial(v))
	}
}

// scale multiplies each row by a number and adds one.
func (e finisher) scale() {
	e.op("MOVQ tile_scale(AX), R8")
	e.op("MOVQ tile_shift(AX), R9")
	for r := range e.rows {
		e.op("VBROADCASTSS %d(R8), %s", 4*r, e.r(e.temp))
		e.op("VBROADCASTSS %d(R9), %s", 4*r, e.r(e.temp+1))
		for v := range e.vecs {
			e.do("VFMADD213PS", e.temp+1, e.temp, r*e.vecs+v)
		}
	}
}

// gate carries a gradient back through y = max(scale*x+shift, 0), row by row: it keeps it where y
// is positive, adds the products with y to one array of lanes, multiplies by the scale, and adds
// the result to another. Temporaries: y, a comparison or the lanes, zero, the products.
func (e finisher) gate() {
	y, other, zero, dots := e.temp, e.temp+1, e.temp+2, e.temp+3
	e.file.zero(zero)
	e.op("MOVQ tile_mask(AX), R8")
	e.op("MOVQ tile_maskRow(AX), R9")
	e.op("MOVQ tile_scale(AX), R10")
	e.op("MOVQ tile_rowDots(AX), R11")
	e.op("MOVQ tile_rowSums(AX), R12")
	for r := range e.rows {
		for v := range e.vecs {
			sum := r*e.vecs + v
			e.load("R8", v*e.bytes(), e.r(y), false)
			if e.name == "avx2" {
				e.op("VCMPPS $0x1e, %s, %s, %s", e.r(zero), e.r(y), e.r(other))
				e.op("VANDPS %s, %s, %s", e.r(other), e.r(sum), e.r(sum))
			} else {
				e.op("VCMPPS $0x1e, %s, %s, K2", e.r(zero), e.r(y))
				e.op("VMOVAPS.Z %s, K2, %s", e.r(sum), e.r(sum))
			}
			if v == 0 {
				e.do("VMULPS", sum, y, dots)
			} else {
				e.do("VFMADD231PS", sum, y, dots)
			}
		}
		e.op("VADDPS %d(R11), %s, %s", r*e.bytes(), e.r(dots), e.r(dots))
		e.op("VMOVUPS %s, %d(R11)", e.r(dots), r*e.bytes())
		e.op("VBROADCASTSS %d(R10), %s", 4*r, e.r(other))
		for v := range e.vecs {
			e.do("VMULPS", other, r*e.vecs+v, r*e.vecs+v)
		}
		e.do("VADDPS", r*e.vecs, r*e.vecs+1, other)
		e.op("VADDPS %d(R12), %s, %s", r*e.bytes(), e.r(other), e.r(other))
		e.op("VMOVUPS %s, %d(R12)", e.r(other), r*e.bytes())
		if r < e.rows-1 {
			e.op("ADDQ R9, R8")
		}
	}
}

// keepPositive sets sum to 0 where x is not above zero.
func (f *file) keepPositive(x, zero, sum string) {
	if f.name == "avx2" {
		f.op("VCMPPS $0x1e, %s, %s, %s", zero, x, x)
		f.op("VANDPS %s, %s, %s", x, sum, sum)
		return
	}
	f.op("VCMPPS $0x1e, %s, %s, K2", zero, x)
	f.op("VMOVAPS.Z %s, K2, %s", sum, sum)
}

// load reads a vector; a masked load (K1, Y15) gives 0 in the other lanes.
func (f *file) load(base string, offset int, dst string, masked bool) {
	switch {
	case !masked:
		f.op("VMOVUPS %d(%s), %s", offset, base, dst)
	case f.name == "avx2":
		f.op("VMASKMOVPS %d(%s), Y15, %s", offset, base, dst)
	default:
		f.op("VMOVUPS.Z %d(%s), K1, %s", offset, base, dst)
	}
}

// store writes a vector or its masked lanes.
func (f *file) store(src, base string, offset int, masked bool) {
	switch {
	case !masked:
		f.op("VMOVUPS %s, %d(%s)", src, offset, base)
	case f.name == "avx2":
		f.op("VMASKMOVPS %s, Y15, %d(%s)", src, offset, base)
	default:
		f.op("VMOVUPS %s, K1, %d(%s)", src, offset, base)
	}
}

// peak runs n rounds of 12 independent multiply-adds: more than latency times
// throughput of any core so far.
func (f *file) peak() {
	f.text("fma"+f.name, "func fma"+f.name+"(n int)", "n CX")
	for i := range 13 {
		f.zero(i)
	}
	f.op("PCALIGN $32")
	f.label("loop")
	for i := range 12 {
		f.op("VFMADD231PS %s, %s, %s", f.r(12), f.r(12), f.r(i))
	}
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.ret()
}

//go:build ignore

package main

import "fmt"

// rowFunctions writes the kernels for products with few rows, where reading the
// large matrix once is all that matters.
func (f *file) rowFunctions() {
	for rows := 1; rows <= 8; rows++ {
		f.combine(rows)
	}
	for _, s := range dotShapes {
		f.dots(s.xs, s.ws)
	}
}

// rowAddresses are places of up to 8 rows at R8 with stride R12; R9 and R10
// point to rows 3 and 6.
var rowAddresses = []string{
	"(R8)", "(R8)(R12*1)", "(R8)(R12*2)",
	"(R9)", "(R9)(R12*1)", "(R9)(R12*2)",
	"(R10)", "(R10)(R12*1)",
}

// rowPointers sets R9 and R10 as far as rows need them and returns all
// registers that point to rows.
func (f *file) rowPointers(rows int) []string {
	used := []string{"R8"}
	if rows > 3 {
		f.op("LEAQ (R12)(R12*2), AX")
		f.op("LEAQ (R8)(AX*1), R9")
		used = append(used, "R9")
	}
	if rows > 6 {
		f.op("LEAQ (R9)(AX*1), R10")
		used = append(used, "R10")
	}
	return used
}

// ahead is how many bytes ahead large matrices are fetched: rows a few thousand bytes long begin
// on new pages, where the hardware does not know that they go on.
const ahead = 2048

// combine writes dst[j] = k[0]*x[0][j] + k[1]*x[1][j] + ..., plus dst[j] first
// if add is 1. With add 2, dst is written past the caches; it must start on a
// vector's boundary, and a fence must follow before others read it. The factors
// stay in registers 0 to 7.
func (f *file) combine(rows int) {
	name := fmt.Sprintf("combine%d%s", rows, f.name)
	f.text(name, "func "+name+"(dst *float32, n int, x *float32, xRow int, k *float32, kStep int, add int), strides in bytes",
		"dst DI", "n CX", "x R8", "xRow R12", "k SI", "kStep R13", "add BX")
	for r := range rows {
		f.op("VBROADCASTSS (SI), %s", f.r(r))
		if r < rows-1 {
			f.op("ADDQ R13, SI")
		}
	}
	used := f.rowPointers(rows)
	f.op("CMPQ BX, $1")
	f.op("JE adding")
	f.op("JGT past")
	for _, loop := range []string{"fresh", "past", "adding"} {
		f.label(loop)
		f.op("CMPQ CX, $%d", f.width)
		f.op("JLT %sRest", loop)
		if loop == "adding" {
			f.op("VMOVUPS (DI), %s", f.r(8))
		}
		for r := range rows {
			op := "VFMADD231PS"
			if r == 0 && loop != "adding" {
				op = "VMULPS"
			}
			if loop != "past" {
				f.op("PREFETCHT0 %d%s", ahead, rowAddresses[r])
			}
			f.op("%s %s, %s, %s", op, rowAddresses[r], f.r(r), f.r(8))
		}
		store := "VMOVUPS"
		if loop == "past" {
			store = "VMOVNTPS"
		}
		f.op("%s %s, (DI)", store, f.r(8))
		for _, u := range append([]string{"DI"}, used...) {
			f.op("ADDQ $%d, %s", f.bytes(), u)
		}
		f.op("SUBQ $%d, CX", f.width)
		f.op("JMP %s", loop)
		f.label(loop + "Rest")
		done := f.fresh("done")
		f.op("TESTQ CX, CX")
		f.op("JZ %s", done)
		f.maskRest()
		f.combineRest(rows, loop == "adding")
		f.label(done)
		f.ret()
	}
}

// combineRest does the last lanes.
func (f *file) combineRest(rows int, add bool) {
	if add {
		f.load("DI", 0, f.r(8), true)
	}
	for r := range rows {
		f.maskedFrom(rowAddresses[r], 9)
		if r == 0 && !add {
			f.op("VMULPS %s, %s, %s", f.r(9), f.r(0), f.r(8))
			continue
		}
		f.op("VFMADD231PS %s, %s, %s", f.r(9), f.r(r), f.r(8))
	}
	f.store(f.r(8), "DI", 0, true)
}

// maskedFrom loads the masked lanes at any address.
func (f *file) maskedFrom(address string, dst int) {
	if f.name == "avx2" {
		f.op("VMASKMOVPS %s, Y15, %s", address, f.r(dst))
		return
	}
	f.op("VMOVUPS.Z %s, K1, %s", address, f.r(dst))
}

// dotShapes: xs short rows against ws long rows at once, at most 8 sums.
var dotShapes = []struct{ xs, ws int }{{1, 4}, {2, 4}, {4, 2}, {1, 1}, {2, 1}, {4, 1}}

// dots writes out[i*ws+j] = sum over p of x[i][p]*w[j][p].
func (f *file) dots(xs, ws int) {
	name := fmt.Sprintf("dots%dx%d%s", xs, ws, f.name)
	f.text(name, "func "+name+"(out *float32, n int, x *float32, xRow int, w *float32, wRow int), strides in bytes",
		"out DI", "n CX", "x SI", "xRow R13", "w R8", "wRow R12")
	used := append(f.rowPointers(ws), "SI")
	xAddresses := []string{"(SI)", "(SI)(R13*1)", "(SI)(R13*2)", "(BX)"}
	if xs > 3 {
		f.op("LEAQ (R13)(R13*2), BX")
		f.op("ADDQ SI, BX")
		used = append(used, "BX")
	}
	sum := func(i, j int) string { return f.r(i*ws + j) }
	for i := range xs * ws {
		f.zero(i)
	}
	body := func(masked bool) {
		for j := range ws {
			if masked {
				f.maskedFrom(rowAddresses[j], 8+j)
			} else {
				f.op("PREFETCHT0 %d%s", ahead, rowAddresses[j])
				f.op("VMOVUPS %s, %s", rowAddresses[j], f.r(8+j))
			}
		}
		for i := range xs {
			operand := xAddresses[i]
			if masked || ws > 1 {
				if masked {
					f.maskedFrom(operand, 12)
				} else {
					f.op("VMOVUPS %s, %s", operand, f.r(12))
				}
				operand = f.r(12)
			}
			for j := range ws {
				f.op("VFMADD231PS %s, %s, %s", operand, f.r(8+j), sum(i, j))
			}
		}
	}
	f.label("loop")
	f.op("CMPQ CX, $%d", f.width)
	f.op("JLT rest")
	body(false)
	for _, u := range used {
		f.op("ADDQ $%d, %s", f.bytes(), u)
	}
	f.op("SUBQ $%d, CX", f.width)
	f.op("JMP loop")
	f.label("rest")
	f.op("TESTQ CX, CX")
	f.op("JZ add")
	f.maskRest()
	body(true)
	f.label("add")
	for i := range xs * ws {
		f.horizontal(i, 8)
		f.op("VMOVSS X%d, %d(DI)", i, 4*i)
	}
	f.ret()
}

// horizontal adds the lanes of a register into its lowest lane.
func (f *file) horizontal(r, temp int) {
	if f.name == "avx512" {
		f.op("VEXTRACTF64X4 $1, Z%d, Y%d", r, temp)
		f.op("VADDPS Y%d, Y%d, Y%d", temp, r, r)
	}
	f.op("VEXTRACTF128 $1, Y%d, X%d", r, temp)
	f.op("VADDPS X%d, X%d, X%d", temp, r, r)
	f.op("VHADDPS X%d, X%d, X%d", r, r, r)
	f.op("VHADDPS X%d, X%d, X%d", r, r, r)
}

// rowFile writes the kernels and, for AVX2, their masks.
func rowFile(f *file) {
	f.rowFunctions()
	if f.name == "avx2" {
		f.lanes("vectorLanes")
		f.text("storeFence", "func storeFence(): what was written past the caches is seen before what is written after it")
		f.op("SFENCE")
		f.op("RET")
	}
}

//go:build ignore

package main

import "fmt"

// copyRows writes a function that packs rows of two vectors.
func (f *file) copyRows() {
	name := "copyRows" + f.name
	f.text(name, "func "+name+"(dst *float32, src *float32, srcRow int, rows int), stride in bytes",
		"dst DI", "src SI", "srcRow R8", "rows CX")
	f.label("loop")
	f.op("VMOVUPS (SI), %s", f.r(0))
	f.op("VMOVUPS %d(SI), %s", f.bytes(), f.r(1))
	f.op("VMOVUPS %s, (DI)", f.r(0))
	f.op("VMOVUPS %s, %d(DI)", f.r(1), f.bytes())
	f.op("ADDQ R8, SI")
	f.op("ADDQ $%d, DI", 2*f.bytes())
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.ret()
}

// copyRest writes functions that pack rows whose last vector has only some
// lanes; the others become 0.
func (f *file) copyRest() {
	for vecs := 1; vecs <= 2; vecs++ {
		name := fmt.Sprintf("copyRest%d%s", vecs, f.name)
		f.text(name, "func "+name+"(dst *float32, src *float32, srcRow int, rows int, lanes int), stride in bytes",
			"dst DI", "src SI", "srcRow R8", "rows DX", "lanes CX")
		f.maskFirst("gemmLanes")
		f.label("loop")
		if vecs == 2 {
			f.op("VMOVUPS (SI), %s", f.r(0))
			f.op("VMOVUPS %s, (DI)", f.r(0))
		}
		f.load("SI", (vecs-1)*f.bytes(), f.r(1), true)
		f.op("VMOVUPS %s, %d(DI)", f.r(1), (vecs-1)*f.bytes())
		f.op("ADDQ R8, SI")
		f.op("ADDQ $%d, DI", vecs*f.bytes())
		f.op("DECQ DX")
		f.op("JNZ loop")
		f.ret()
	}
}

// packStrip writes a function that packs the rows of one full tile of a
// transposed A: 6 (AVX2) or 12 (AVX-512) values from each stored row.
func (f *file) packStrip() {
	name := "packStrip" + f.name
	f.text(name, "func "+name+"(dst *float32, src *float32, srcRow int, rows int), stride in bytes",
		"dst DI", "src SI", "srcRow R8", "rows CX")
	f.label("loop")
	if f.name == "avx2" {
		f.op("VMOVUPS (SI), X0")
		f.op("VMOVSD 16(SI), X1")
		f.op("VMOVUPS X0, (DI)")
		f.op("VMOVSD X1, 16(DI)")
		f.op("ADDQ $24, DI")
	} else {
		f.op("VMOVUPS (SI), Y0")
		f.op("VMOVUPS 32(SI), X1")
		f.op("VMOVUPS Y0, (DI)")
		f.op("VMOVUPS X1, 32(DI)")
		f.op("ADDQ $48, DI")
	}
	f.op("ADDQ R8, SI")
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.ret()
}

// transpose writes a function that transposes a row of square blocks, one
// vector a side: dst[j][i] = src[i][j] for i < width, j < width*blocks.
func (f *file) transpose() {
	name := fmt.Sprintf("transpose%d%s", f.width, f.name)
	f.text(name, "func "+name+"(dst *float32, dstRow int, src *float32, srcRow int, blocks int), strides in bytes",
		"dst DI", "dstRow R9", "src DX", "srcRow R8", "blocks CX")
	f.label("loop")
	f.op("MOVQ DX, SI")
	for i := range f.width {
		f.op("VMOVUPS (SI), %s", f.r(i))
		if i < f.width-1 {
			f.op("ADDQ R8, SI")
		}
	}
	if f.name == "avx2" {
		f.transpose8()
	} else {
		f.transpose16()
	}
	f.op("ADDQ $%d, DX", f.bytes())
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.ret()
}

// transpose8 stores registers 0 to 7 transposed and moves DI to the next block.
func (f *file) transpose8() {
	for i := range 4 { // pairs of rows
		f.op("VUNPCKLPS Y%d, Y%d, Y%d", 2*i+1, 2*i, 8+2*i)
		f.op("VUNPCKHPS Y%d, Y%d, Y%d", 2*i+1, 2*i, 8+2*i+1)
	}
	for g := range 2 { // groups of four rows: Y[4g+j] has columns j and 4+j
		for h := range 2 {
			lo, hi := 8+4*g+h, 8+4*g+2+h
			f.op("VUNPCKLPD Y%d, Y%d, Y%d", hi, lo, 4*g+2*h)
			f.op("VUNPCKHPD Y%d, Y%d, Y%d", hi, lo, 4*g+2*h+1)
		}
	}
	for _, imm := range []string{"$0x20", "$0x31"} {
		for j := range 4 {
			f.op("VPERM2F128 %s, Y%d, Y%d, Y%d", imm, 4+j, j, 8+j)
			f.op("VMOVUPS Y%d, (DI)", 8+j)
			f.op("ADDQ R9, DI")
		}
	}
}

// transpose16 does the same with registers 0 to 15.
func (f *file) transpose16() {
	for i := range 8 {
		f.op("VUNPCKLPS Z%d, Z%d, Z%d", 2*i+1, 2*i, 16+2*i)
		f.op("VUNPCKHPS Z%d, Z%d, Z%d", 2*i+1, 2*i, 16+2*i+1)
	}
	for g := range 4 { // Z[4g+j]: quarter q has column 4q+j of rows 4g..4g+3
		for h := range 2 {
			lo, hi := 16+4*g+h, 16+4*g+2+h
			f.op("VUNPCKLPD Z%d, Z%d, Z%d", hi, lo, 4*g+2*h)
			f.op("VUNPCKHPD Z%d, Z%d, Z%d", hi, lo, 4*g+2*h+1)
		}
	}
	for j := range 4 {
		f.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z16", 4+j, j)
		f.op("VSHUFF32X4 $0xdd, Z%d, Z%d, Z17", 4+j, j)
		f.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z18", 12+j, 8+j)
		f.op("VSHUFF32X4 $0xdd, Z%d, Z%d, Z19", 12+j, 8+j)
		f.op("VSHUFF32X4 $0x88, Z18, Z16, Z20") // column j
		f.op("VSHUFF32X4 $0x88, Z19, Z17, Z21") // column 4+j
		f.op("VSHUFF32X4 $0xdd, Z18, Z16, Z22") // column 8+j
		f.op("VSHUFF32X4 $0xdd, Z19, Z17, Z23") // column 12+j
		f.op("LEAQ (DI)(R9*4), R11")
		f.op("VMOVUPS Z20, (DI)")
		f.op("VMOVUPS Z21, (R11)")
		f.op("LEAQ (R11)(R9*4), R12")
		f.op("VMOVUPS Z22, (R12)")
		f.op("VMOVUPS Z23, (R12)(R9*4)")
		f.op("ADDQ R9, DI")
	}
	f.op("LEAQ (R9)(R9*2), R11")
	f.op("LEAQ (DI)(R11*4), DI") // 16 rows in all
}

// quads writes functions that take groups of four neighbouring values, such as the taps of a 2x2
// kernel, apart into four rows, and that join them again: a transposition by 4 within every 128
// bits of a vector, and one permutation of the vector, before or after it.
func (f *file) quads() {
	lanes := f.width / 4
	index := func(name string, at func(i int) int) {
		f.buf.WriteString("\n")
		for i := range f.width {
			fmt.Fprintf(&f.buf, "DATA %s<>+%d(SB)/4, $%d\n", name, 4*i, at(i))
		}
		fmt.Fprintf(&f.buf, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, f.bytes())
	}
	index("splitIndex", func(i int) int { return i%lanes*4 + i/lanes })
	index("joinIndex", func(i int) int { return i/4 + i%4*lanes })
	const idx = 12
	turn := func() { // registers 0 to 3 into 8 to 11
		for i, op := range []string{"VUNPCKLPS", "VUNPCKHPS"} {
			f.do(op, 1, 0, 4+i)
			f.do(op, 3, 2, 6+i)
		}
		for i := range 2 {
			f.do("VUNPCKLPD", 6+i, 4+i, 8+2*i)
			f.do("VUNPCKHPD", 6+i, 4+i, 9+2*i)
		}
	}
	rows := []string{"", "(R9*1)", "(R9*2)", "(R10*1)"}
	f.text("splitQuads"+f.name, "func splitQuads"+f.name+"(dst *float32, dstRow int, src *float32, blocks int), stride in bytes",
		"dst DI", "dstRow R9", "src SI", "blocks CX")
	f.op("LEAQ (R9)(R9*2), R10")
	f.op("VMOVUPS splitIndex<>(SB), %s", f.r(idx))
	f.label("loop")
	for i := range 4 {
		f.op("VMOVUPS %d(SI), %s", i*f.bytes(), f.r(i))
	}
	turn()
	for i, row := range rows {
		f.do("VPERMPS", 8+i, idx, 8+i)
		f.op("VMOVUPS %s, (DI)%s", f.r(8+i), row)
	}
	f.op("ADDQ $%d, SI", 4*f.bytes())
	f.op("ADDQ $%d, DI", f.bytes())
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.ret()
	f.text("joinQuads"+f.name, "func joinQuads"+f.name+"(dst *float32, src *float32, srcRow int, blocks int), stride in bytes",
		"dst DI", "src SI", "srcRow R9", "blocks CX")
	f.op("LEAQ (R9)(R9*2), R10")
	f.op("VMOVUPS joinIndex<>(SB), %s", f.r(idx))
	f.label("loop")
	for i, row := range rows {
		f.op("VPERMPS (SI)%s, %s, %s", row, f.r(idx), f.r(i))
	}
	turn()
	for i := range 4 {
		f.op("VMOVUPS %s, %d(DI)", f.r(8+i), i*f.bytes())
	}
	f.op("ADDQ $%d, DI", 4*f.bytes())
	f.op("ADDQ $%d, SI", f.bytes())
	f.op("DECQ CX")
	f.op("JNZ loop")
	f.ret()
}

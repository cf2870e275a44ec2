//go:build ignore

package main

import (
	"fmt"
	"math"
	"strings"
)

// Registers of a vector function: its pointers in the order of its parameters,
// CX the values left, and for the last lanes K1 or Y15 as mask.
var pointers = []string{"DI", "SI", "DX", "BX", "R8", "R9"}

// vector is one element-wise function over n values: a loop over several
// vectors at once, one over single vectors, and one masked vector for the rest.
type vector struct {
	*file
	arrays  []string // parameters that are pointers into arrays of n values
	offset  int      // of the vector within the round
	lastOne bool     // the masked vector
}

// at is a vector function's place for array i.
func (v *vector) place(i int) string { return fmt.Sprintf("%d(%s)", v.offset, pointers[i]) }

// get loads array i into register r; lanes beyond the end are 0.
func (v *vector) get(i, r int) { v.load(pointers[i], v.offset, v.r(r), v.lastOne) }

// put stores register r into array i.
func (v *vector) put(r, i int) { v.store(v.r(r), pointers[i], v.offset, v.lastOne) }

// vectorFunc writes a function (arrays *float32, n int, more). setup runs once
// with the registers of params loaded, body for each vector of a round of
// unroll vectors (u counts them), finish before the return.
type vectorFunc struct {
	name   string
	arrays []string
	params []string // further parameters of one word, "name REGISTER"
	types  []string // their Go types
	floats []string // float32 parameters, broadcast to the registers from 14 down
	unroll int
	setup  func(v *vector)
	body   func(v *vector, u int)
	finish func(v *vector)
}

func (f *file) vectorFunc(d vectorFunc) {
	f.functions = append(f.functions, d)
	name := d.name + f.name
	params := []string{}
	for i, a := range d.arrays {
		params = append(params, a+" "+pointers[i])
	}
	params = append(append(params, "n CX"), d.params...)
	f.header(name, d, params)
	v := &vector{file: f, arrays: d.arrays}
	if d.setup != nil {
		d.setup(v)
	}
	round := func(label, next string, count int) {
		f.label(label)
		f.op("CMPQ CX, $%d", count*f.width)
		f.op("JLT %s", next)
		for u := range count {
			v.offset = u * f.bytes()
			d.body(v, u)
		}
		for i := range d.arrays {
			f.op("ADDQ $%d, %s", count*f.bytes(), pointers[i])
		}
		f.op("SUBQ $%d, CX", count*f.width)
		f.op("JMP %s", label)
	}
	if d.unroll > 1 {
		round("several", "single", d.unroll)
	}
	round("single", "rest", 1)
	f.label("rest")
	f.op("TESTQ CX, CX")
	f.op("JZ done")
	f.maskRest()
	v.offset, v.lastOne = 0, true
	d.body(v, 0)
	f.label("done")
	if d.finish != nil {
		d.finish(v)
	}
	f.ret()
}

// header writes the function's signature and loads its parameters.
func (f *file) header(name string, d vectorFunc, params []string) {
	list := strings.Join(d.arrays, ", ") + " *float32, n int"
	for _, p := range d.params {
		param, _, _ := strings.Cut(p, " ")
		list += ", " + param
	}
	size := 8 * len(params)
	if len(d.floats) > 0 {
		list += ", " + strings.Join(d.floats, ", ") + " float32"
	}
	fmt.Fprintf(&f.buf, "\n// func %s(%s)\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", name, list, name, size+4*len(d.floats))
	for i, p := range params {
		param, register, _ := strings.Cut(p, " ")
		f.op("MOVQ %s+%d(FP), %s", param, 8*i, register)
	}
	for i, p := range d.floats {
		f.op("VBROADCASTSS %s+%d(FP), %s", p, size+4*i, f.r(14-i))
	}
}

// maskRest makes the mask of the first CX lanes.
func (f *file) maskRest() { f.maskFirst("vectorLanes") }

// maskFirst does, with the table of the file.
func (f *file) maskFirst(table string) {
	if f.name == "avx512" {
		f.op("MOVL $1, AX")
		f.op("SHLL CX, AX")
		f.op("DECL AX")
		f.op("KMOVW AX, K1")
		return
	}
	f.op("LEAQ %s<>+32(SB), AX", table)
	f.op("SHLQ $2, CX")
	f.op("SUBQ CX, AX")
	f.op("VMOVUPS (AX), Y15")
}

// constant is an operand in memory, named by the bits of its lanes.
type constant uint32

// number is the constant with the value x.
func number(x float32) constant { return constant(math.Float32bits(x)) }

// integer is the constant with the integer x.
func integer(x int32) constant { return constant(x) }

// param is a float32 in the block that register base points to.
type param struct {
	base   string
	offset string
}

// do writes a three-operand instruction: dst = b op a in the order of Go's
// assembler. a is a register number, a constant or a param.
func (f *file) do(op string, a any, b, dst int) {
	switch a := a.(type) {
	case int:
		f.op("%s %s, %s, %s", op, f.r(a), f.r(b), f.r(dst))
	case constant:
		f.op("%s%s %s, %s, %s", op, f.broadcast(), f.memory(a), f.r(b), f.r(dst))
	case param:
		if f.name == "avx512" {
			f.op("%s.BCST %s(%s), %s, %s", op, a.offset, a.base, f.r(b), f.r(dst))
			return
		}
		f.op("VBROADCASTSS %s(%s), Y14", a.offset, a.base)
		f.op("%s Y14, %s, %s", op, f.r(b), f.r(dst))
	default:
		panic(fmt.Sprintf("operand %v", a))
	}
}

// broadcast is the suffix of an instruction that reads one constant.
func (f *file) broadcast() string {
	if f.name == "avx512" {
		return ".BCST"
	}
	return ""
}

// memory names a constant's place and makes sure that it is written.
func (f *file) memory(c constant) string {
	if f.constants == nil {
		f.constants = map[constant]bool{}
	}
	f.constants[c] = true
	return fmt.Sprintf("c%08x<>(SB)", uint32(c))
}

// set loads a constant into a register.
func (f *file) set(c constant, dst int) { f.op("VBROADCASTSS %s, %s", f.memory(c), f.r(dst)) }

// setParam loads a parameter of a block into a register.
func (f *file) setParam(p param, dst int) {
	f.op("VBROADCASTSS %s(%s), %s", p.offset, p.base, f.r(dst))
}

// move copies a register.
func (f *file) move(src, dst int) { f.op("VMOVAPS %s, %s", f.r(src), f.r(dst)) }

// Predicates of VCMPPS, quiet.
const (
	equal      = 0x00
	less       = 0x11
	notLess    = 0x15 // or not a number
	greater    = 0x1e
	notGreater = 0x1a // or not a number
)

// choose sets dst to yes in the lanes where x predicate y holds, else to no.
// temp is destroyed (AVX2).
func (f *file) choose(predicate int, x int, y any, yes, no, dst, temp int) {
	if f.name == "avx2" {
		f.do(fmt.Sprintf("VCMPPS $%#x,", predicate), y, x, temp)
		f.op("VBLENDVPS %s, %s, %s, %s", f.r(temp), f.r(yes), f.r(no), f.r(dst))
		return
	}
	operand := ""
	switch y := y.(type) {
	case int:
		operand = f.r(y)
	case constant:
		operand = f.memory(y)
	}
	suffix := ""
	if _, ok := y.(constant); ok {
		suffix = ".BCST"
	}
	f.op("VCMPPS%s $%#x, %s, %s, K2", suffix, predicate, operand, f.r(x))
	f.op("VBLENDMPS %s, %s, K2, %s", f.r(yes), f.r(no), f.r(dst))
}

// vectorFile writes the element-wise functions and their constants.
func vectorFile(f *file) {
	f.simpleFunctions()
	f.mathFunctions()
	f.sums()
	f.largest()
	f.adam()
	f.data()
}

//go:build ignore

package main

import (
	"fmt"
	"slices"
)

// simpleFunctions writes the functions that only load, compute once and store.
func (f *file) simpleFunctions() {
	unary := []string{"dst", "x"}
	binary := []string{"dst", "x", "y"}
	for _, d := range []struct {
		name   string
		arrays []string
		floats []string
		inputs int
		emit   func(r int) // inputs in r, r+1, r+2; result in r
	}{
		{"relu", unary, nil, 1, func(r int) { f.do("VMAXPS", r, 12, r) }},
		{"square", unary, nil, 1, func(r int) { f.do("VMULPS", r, r, r) }},
		{"affine", unary, []string{"k", "t"}, 1, func(r int) { f.do("VFMADD213PS", 13, 14, r) }},
		{"scale", unary, []string{"k"}, 1, func(r int) { f.do("VMULPS", 14, r, r) }},
		{"add", binary, nil, 2, func(r int) { f.do("VADDPS", r+1, r, r) }},
		{"sub", binary, nil, 2, func(r int) { f.do("VSUBPS", r+1, r, r) }},
		{"mul", binary, nil, 2, func(r int) { f.do("VMULPS", r+1, r, r) }},
		{"div", binary, nil, 2, func(r int) { f.do("VDIVPS", r+1, r, r) }},
		{"addScaled", binary, []string{"k"}, 2, func(r int) { f.do("VFMADD231PS", 14, r+1, r) }},
		{"mulAdd", []string{"dst", "x", "y", "z"}, nil, 3, func(r int) { f.do("VFMADD213PS", r+2, r+1, r) }},
		{"keep", binary, nil, 2, func(r int) { f.do("VANDPS", r+1, r, r) }},
		{"addKept", []string{"dst", "x", "y", "mask"}, nil, 3, func(r int) {
			f.do("VANDPS", r+2, r+1, r+1)
			f.do("VADDPS", r+1, r, r)
		}},
		{"reluGrad", binary, nil, 2, func(r int) { f.keepPositive(f.r(r+1), f.r(12), f.r(r)) }},
	} {
		f.vectorFunc(vectorFunc{name: d.name, arrays: d.arrays, floats: d.floats, unroll: 4,
			setup: func(v *vector) { v.zero(12) },
			body: func(v *vector, u int) {
				for i := range d.inputs {
					v.get(i+1, 3*u+i)
				}
				d.emit(3 * u)
				v.put(3*u, 0)
			}})
	}
}

// toFloat64 splits a register: lanes of its lower and upper half as float64 in lo
// and hi.
func (f *file) toFloat64(src, lo, hi int) {
	if f.name == "avx2" {
		f.op("VEXTRACTF128 $1, Y%d, X%d", src, hi)
		f.op("VCVTPS2PD X%d, Y%d", src, lo)
		f.op("VCVTPS2PD X%d, Y%d", hi, hi)
		return
	}
	f.op("VEXTRACTF64X4 $1, Z%d, Y%d", src, hi)
	f.op("VCVTPS2PD Y%d, Z%d", src, lo)
	f.op("VCVTPS2PD Y%d, Z%d", hi, hi)
}

// sums writes the reductions. Each adds in float64 to the lanes at sums.
func (f *file) sums() {
	reduce := func(name string, arrays []string, body func(v *vector)) {
		f.vectorFunc(vectorFunc{name: name, arrays: arrays, params: []string{"sums R10"}, types: []string{"*[sumLanes]float64"},
			setup: func(v *vector) {
				v.op("VMOVUPS (R10), %s", v.r(12))
				v.op("VMOVUPS %d(R10), %s", v.bytes(), v.r(13))
			},
			body: func(v *vector, _ int) { body(v) },
			finish: func(v *vector) {
				v.op("VMOVUPS %s, (R10)", v.r(12))
				v.op("VMOVUPS %s, %d(R10)", v.r(13), v.bytes())
			}})
	}
	accumulate := func(r int) { // adds float32 register r
		f.toFloat64(r, 10, 11)
		f.do("VADDPD", 10, 12, 12)
		f.do("VADDPD", 11, 13, 13)
	}
	reduce("sum", []string{"x"}, func(v *vector) {
		v.get(0, 0)
		accumulate(0)
	})
	reduce("dot", []string{"x", "y"}, func(v *vector) {
		v.get(0, 0)
		v.get(1, 1)
		v.toFloat64(0, 2, 3)
		v.toFloat64(1, 4, 5)
		v.do("VFMADD231PD", 2, 4, 12)
		v.do("VFMADD231PD", 3, 5, 13)
	})
	// 2 logs + (z-mean)^2 exp(-2 logs)
	reduce("gaussian", []string{"z", "mean", "logs"}, func(v *vector) {
		v.get(2, 4)
		v.do("VADDPS", 4, 4, 4)
		v.do("VXORPS", signBit, 4, 0)
		v.exp()
		v.get(0, 5)
		v.get(1, 6)
		v.do("VSUBPS", 6, 5, 5)
		v.do("VMULPS", 5, 5, 5)
		v.do("VFMADD231PS", 5, 0, 4)
		accumulate(4)
	})
}

// largest writes the maximum of the magnitudes, whose order as integers is theirs as numbers, with
// infinity and NaN above all.
func (f *file) largest() {
	f.vectorFunc(vectorFunc{name: "largest", arrays: []string{"x"}, params: []string{"lanes R10"}, types: []string{"*[maxLanes]uint32"}, unroll: 4,
		setup: func(v *vector) { v.op("VMOVUPS (R10), %s", v.r(12)) },
		body: func(v *vector, u int) {
			v.op("PREFETCHT0 %d(%s)", 2048+v.offset, pointers[0])
			v.get(0, u)
			and := "VPAND"
			if v.name == "avx512" {
				and = "VPANDD"
			}
			v.do(and, constant(0x7fffffff), u, u)
			v.do("VPMAXUD", u, 12, 12)
		},
		finish: func(v *vector) { v.op("VMOVUPS %s, (R10)", v.r(12)) }})
}

// adam writes the optimiser step; the parameters come as a block of float32,
// type adamBlock in adam.go. No multiply-add: the portable version rounds every
// step, and both shall give the same bits. adamOuter makes its gradient of two
// vectors.
func (f *file) adam() {
	p := func(field string) param { return param{"R10", "adamBlock_" + field} }
	smallest := number(0x1p-126)
	flush := func(r, temp, temp2 int) { // denormals become 0
		f.do("VANDPS", constant(0x7fffffff), r, temp)
		if f.name == "avx2" {
			f.do("VCMPPS $0x15,", smallest, temp, temp2)
			f.do("VANDPS", temp2, r, r)
			return
		}
		f.op("VCMPPS.BCST $0x15, %s, %s, K2", f.memory(smallest), f.r(temp))
		f.op("VMOVAPS.Z %s, K2, %s", f.r(r), f.r(r))
	}
	step := func(name string, arrays []string, gradient func(v *vector)) {
		f.vectorFunc(vectorFunc{name: name, arrays: arrays, params: []string{"block R10"}, types: []string{"*adamBlock"}, body: func(v *vector, _ int) {
			for i, pointer := range pointers[:4] { // the next pages, which the hardware does not foresee
				if i != 1 || len(arrays) == 4 {
					v.op("PREFETCHT0 2048(%s)", pointer)
				}
			}
			gradient(v)
			v.do("VMULPS", p("scale"), 1, 1)
			v.setParam(p("clip"), 4)
			v.do("VMINPS", 1, 4, 1) // this operand order keeps NaN
			v.setParam(p("clipBelow"), 4)
			v.do("VMAXPS", 1, 4, 1)
			v.get(2, 2)
			v.do("VMULPS", p("beta1"), 2, 2)
			v.do("VMULPS", p("rest1"), 1, 4)
			v.do("VADDPS", 4, 2, 2)
			flush(2, 4, 5)
			v.get(3, 3)
			v.do("VMULPS", p("beta2"), 3, 3)
			v.do("VMULPS", 1, 1, 4)
			v.do("VMULPS", p("rest2"), 4, 4)
			v.do("VADDPS", 4, 3, 3)
			flush(3, 4, 5)
			v.put(2, 2)
			v.put(3, 3)
			v.op("VSQRTPS %s, %s", v.r(3), v.r(3))
			v.do("VMULPS", p("correction2"), 3, 3)
			v.do("VADDPS", p("epsilon"), 3, 3)
			v.do("VMULPS", p("step"), 2, 2)
			v.do("VDIVPS", 3, 2, 2)
			v.get(0, 0)
			v.do("VSUBPS", 2, 0, 0)
			v.put(0, 0)
		}})
	}
	step("adam", []string{"p", "grad", "m", "v"}, func(v *vector) { v.get(1, 1) })
	step("adamOuter", []string{"p", "b0", "m", "v", "b1"}, func(v *vector) {
		v.get(1, 1)
		v.do("VMULPS", p("factor0"), 1, 1)
		v.get(4, 4)
		v.do("VMULPS", p("factor1"), 4, 4)
		v.do("VADDPS", 4, 1, 1)
	})
}

// data writes the constants that the functions used, eight lanes each, and the
// table of masks.
func (f *file) data() {
	list := make([]constant, 0, len(f.constants))
	for c := range f.constants {
		list = append(list, c)
	}
	slices.Sort(list)
	f.buf.WriteString("\n")
	for _, c := range list {
		name := fmt.Sprintf("c%08x<>", uint32(c))
		for i := range 4 {
			fmt.Fprintf(&f.buf, "DATA %s+%d(SB)/8, $%#016x\n", name, 8*i, uint64(c)<<32|uint64(c))
		}
		fmt.Fprintf(&f.buf, "GLOBL %s(SB), RODATA|NOPTR, $32\n", name)
	}
	if f.name == "avx2" {
		f.lanes("vectorLanes")
	}
}

//go:build ignore

package main

import "math"

// The polynomials interpolate at Chebyshev points, computed with 40 digits;
// beside each the largest relative error of the whole function before rounding.
var (
	// exp(r) = 1 + r + r^2 P(r), |r| <= 0.347: 1.0e-8
	expPoly = []float32{0.5, 0.166665763, 0.0416665524, 0.00836324692, 0.00139262679}
	// tanh(x) = x + x^3 P(x^2), x^2 <= 0.4: 1.9e-8
	tanhPoly = []float32{-0.333333284, 0.133327186, -0.0538432635, 0.0209613293, -0.00604516501}
	// 2 atanh(s) = 2s + s^3 P(s^2), s^2 <= 1/9: 1.6e-8
	log1pPoly = []float32{0.666666389, 0.400075614, 0.282366186, 0.268514991}
	// the same for s^2 <= 0.0296: 2.6e-9
	logPoly = []float32{0.666666865, 0.399886549, 0.295856804}
)

const (
	log2E    = 1.44269502
	ln2High  = 0.693147182     // float32(log 2)
	ln2Low   = -1.90465421e-09 // log 2 - ln2High
	sqrtHalf = 0x3f3504f3      // bits of sqrt(1/2)
	signBit  = constant(0x80000000)
	oneBits  = constant(0x3f800000)
)

var infinity = number(float32(math.Inf(1)))

// poly sets dst = c[0] + c[1]*x + ...
func (f *file) poly(c []float32, x, dst int) {
	f.set(number(c[len(c)-1]), dst)
	for i := len(c) - 2; i >= 0; i-- {
		f.do("VFMADD213PS", number(c[i]), x, dst)
	}
}

// exp sets register 0 to exp(register 0); registers 1 to 3 are used. NaN stays,
// results beyond the range become 0 and +Inf, small ones denormal.
func (f *file) exp() {
	f.set(number(89), 1)
	f.do("VMINPS", 0, 1, 0) // this operand order keeps NaN
	f.set(number(-104), 1)
	f.do("VMAXPS", 0, 1, 0)
	f.do("VMULPS", number(log2E), 0, 1)
	if f.name == "avx2" {
		f.op("VROUNDPS $0, Y1, Y1")
	} else {
		f.op("VRNDSCALEPS $0, Z1, Z1")
	}
	f.do("VFNMADD231PS", number(ln2High), 1, 0)
	f.do("VFNMADD231PS", number(ln2Low), 1, 0)
	f.poly(expPoly, 0, 2)
	f.do("VMULPS", 0, 0, 3)
	f.do("VFMADD213PS", 0, 3, 2)
	f.do("VADDPS", oneBits, 2, 2)
	if f.name == "avx512" {
		f.op("VSCALEFPS Z1, Z2, Z0")
		return
	}
	f.op("VCVTPS2DQ Y1, Y1") // 2^n in two steps: n is between -150 and 128
	f.op("VPSRAD $1, Y1, Y3")
	f.op("VPSUBD Y3, Y1, Y1")
	for _, r := range []int{1, 3} {
		f.do("VPADDD", integer(127), r, r)
		f.op("VPSLLD $23, Y%d, Y%d", r, r)
		f.do("VMULPS", r, 2, 2)
	}
	f.move(2, 0)
}

// sigmoid sets register 0 to 1/(1+exp(-register 0)); registers 1 to 4 are used.
// With e = exp(-|x|) it is 1/(1+e) for x >= 0 and e/(1+e) below.
func (f *file) sigmoid() {
	f.move(0, 4)
	f.do("VORPS", signBit, 0, 0)
	f.exp()
	f.do("VADDPS", oneBits, 0, 1)
	f.set(oneBits, 2)
	f.do("VDIVPS", 1, 2, 1)
	f.do("VMULPS", 0, 1, 2)
	f.choose(less, 4, number(0), 2, 1, 0, 3)
}

// tanh sets register 0 to its tanh; registers 1 to 5 are used: a polynomial up
// to 0.625, beyond it sign(x) (1 - 2/(1+exp(2|x|))).
func (f *file) tanh() {
	f.move(0, 4)
	f.do("VANDPS", constant(0x7fffffff), 0, 0)
	f.move(0, 5)
	f.do("VADDPS", 0, 0, 0)
	f.exp()
	f.do("VADDPS", oneBits, 0, 0)
	f.set(number(2), 1)
	f.do("VDIVPS", 0, 1, 0)
	f.set(oneBits, 1)
	f.do("VSUBPS", 0, 1, 0)
	f.do("VANDPS", signBit, 4, 1)
	f.do("VORPS", 1, 0, 0)
	f.do("VMULPS", 4, 4, 1)
	f.poly(tanhPoly, 1, 2)
	f.do("VMULPS", 4, 1, 1)
	f.do("VFMADD213PS", 4, 1, 2)
	f.choose(less, 5, number(0.625), 2, 0, 0, 3)
}

// logSigmoid sets register 0 to min(x,0) - log(1+exp(-|x|)); registers 1 to 5
// are used. log(1+e) = 2 atanh(e/(2+e)).
func (f *file) logSigmoid() {
	f.zero(1)
	f.do("VMINPS", 0, 1, 4)
	f.do("VORPS", signBit, 0, 0)
	f.exp()
	f.do("VADDPS", number(2), 0, 1)
	f.do("VDIVPS", 1, 0, 0) // s
	f.do("VMULPS", 0, 0, 1) // s^2
	f.poly(log1pPoly, 1, 2)
	f.do("VMULPS", 0, 1, 1)
	f.do("VFMADD213PS", 0, 1, 2) // s + s^3 P
	f.do("VADDPS", 0, 2, 2)
	f.do("VSUBPS", 2, 4, 0)
}

// log sets register 0 to its natural logarithm; registers 1 to 7 are used.
// x = 2^e (1+f) with 1+f in [sqrt(1/2), sqrt 2); s = f/(2+f);
// log(1+f) = f - f^2/2 + s (f^2/2 + s^2 P(s^2)).
func (f *file) log() {
	f.move(0, 7)
	f.do("VMULPS", number(1<<23), 0, 1) // for denormals
	f.set(number(-23), 2)
	f.zero(3)
	f.choose(less, 7, number(0x1p-126), 2, 3, 6, 4) // 6: exponent's share
	f.choose(less, 7, number(0x1p-126), 1, 0, 0, 4)
	f.do("VPSUBD", constant(sqrtHalf), 0, 0)
	f.op("VPSRAD $23, %s, %s", f.r(0), f.r(1))
	f.op("VCVTDQ2PS %s, %s", f.r(1), f.r(1))
	f.do("VADDPS", 1, 6, 6) // e
	f.do("VANDPS", constant(0x007fffff), 0, 0)
	f.do("VPADDD", constant(sqrtHalf), 0, 0)
	f.do("VSUBPS", oneBits, 0, 0)     // f
	f.do("VADDPS", number(2), 0, 1)   // 2+f
	f.do("VDIVPS", 1, 0, 1)           // s
	f.do("VMULPS", 1, 1, 2)           // s^2
	f.poly(logPoly, 2, 3)             //
	f.do("VMULPS", 2, 3, 3)           // R
	f.do("VMULPS", 0, 0, 4)           // f^2
	f.do("VMULPS", number(0.5), 4, 4) // h
	f.do("VADDPS", 4, 3, 3)           // h+R
	f.do("VMULPS", 1, 3, 3)           // s(h+R)
	f.do("VFMADD231PS", number(ln2Low), 6, 3)
	f.do("VSUBPS", 3, 4, 4) // h - (...)
	f.do("VSUBPS", 4, 0, 0) // f - h + ...
	f.do("VFMADD231PS", number(ln2High), 6, 0)
	// NaN and +Inf stay; 0 gives -Inf, below it NaN.
	f.choose(notLess, 7, infinity, 7, 0, 0, 1)
	f.set(constant(0x7fc00000), 2)
	f.choose(less, 7, number(0), 2, 0, 0, 1)
	f.set(number(float32(math.Inf(-1))), 2)
	f.choose(equal, 7, number(0), 2, 0, 0, 1)
}

// mathFunctions writes the functions of one array.
func (f *file) mathFunctions() {
	for _, d := range []struct {
		name string
		emit func()
	}{{"exp", f.exp}, {"log", f.log}, {"tanh", f.tanh}, {"sigmoid", f.sigmoid}, {"logSigmoid", f.logSigmoid}} {
		f.vectorFunc(vectorFunc{name: d.name, arrays: []string{"dst", "x"}, body: func(v *vector, _ int) {
			v.get(1, 0)
			d.emit()
			v.put(0, 0)
		}})
	}
}

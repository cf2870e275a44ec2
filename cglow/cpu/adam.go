package cpu

import (
	"fmt"
	"math"
)

// Adam holds the numbers of one Adam step (Kingma & Ba, ICLR 2015, algorithm
// 1, in the order of operations that PyTorch uses).
type Adam struct {
	Rate    float64 // learning rate of this step
	Beta1   float64 // decay of the mean of the gradients
	Beta2   float64 // decay of the mean of their squares
	Epsilon float64 // added to the root of the second moment
	Scale   float64 // the gradients are multiplied by it first: norm clipping
	Clip    float64 // then each value is limited to [-Clip, Clip]; +Inf: no limit
	Step    int     // number of this step, from 1: bias correction
}

// adamBlock is what the assembly reads, rounded once.
type adamBlock struct {
	scale, clip, clipBelow     float32
	beta1, rest1, beta2, rest2 float32
	step, correction2, epsilon float32
	factor0, factor1           float32 // adamOuter: the gradient is factor0 b0 + factor1 b1
}

func (a Adam) block() adamBlock {
	return adamBlock{
		scale:       float32(a.Scale),
		clip:        float32(a.Clip),
		clipBelow:   float32(-a.Clip),
		beta1:       float32(a.Beta1),
		rest1:       float32(1 - a.Beta1),
		beta2:       float32(a.Beta2),
		rest2:       float32(1 - a.Beta2),
		step:        float32(a.Rate / (1 - math.Pow(a.Beta1, float64(a.Step)))),
		correction2: float32(1 / math.Sqrt(1-math.Pow(a.Beta2, float64(a.Step)))),
		epsilon:     float32(a.Epsilon),
	}
}

// Apply does one step on parameters p with gradients g, first moments m and
// second moments v, all of one length, in one pass. It replaces
//
//	for i {
//		x := clamp(Scale*g[i], -Clip, Clip)
//		m[i] = Beta1*m[i] + (1-Beta1)*x
//		v[i] = Beta2*v[i] + (1-Beta2)*x*x
//		p[i] -= Rate/(1-Beta1^Step) * m[i] / (sqrt(v[i])/sqrt(1-Beta2^Step) + Epsilon)
//	}
//
// with moments below the smallest normal float32 set to 0: a moment that only
// decays would stay denormal for ever, and slow. g is not changed. A gradient
// that is not a number makes its parameter one. All instruction sets give the
// same bits, and so does any division of the arrays into parts.
func (a Adam) Apply(p, g, m, v []float32) {
	if len(g) != len(p) || len(m) != len(p) || len(v) != len(p) || a.Step < 1 {
		panic(fmt.Sprintf("cpu: Adam: step %d on %d parameters, %d gradients, %d and %d moments",
			a.Step, len(p), len(g), len(m), len(v)))
	}
	b := a.block()
	active.adam(p, g, m, v, &b)
}

// Outer is a matrix [Out,In] that is the sum of N outer products, each of the two parts of a row of
// F [N,Out+In]: g[i][j] = sum over n of F[n][i]*F[n][Out+j]. That is the gradient of the weights of
// a fully connected layer for a batch of N.
type Outer struct {
	F          []float32
	N, Out, In int
}

func (o *Outer) check(what string, from, count int) {
	if o.N < 1 || o.Out < 1 || o.In < 1 || len(o.F) < o.N*(o.Out+o.In) || from < 0 || count < 0 || from+count > o.Out*o.In {
		panic(fmt.Sprintf("cpu: %s: values %d to %d of %d outer products %dx%d with %d factors", what, from, from+count, o.N, o.Out, o.In, len(o.F)))
	}
}

// Write sets g to all values, row by row.
func (o Outer) Write(g []float32) {
	row := o.Out + o.In
	Gemm(true, false, o.Out, o.In, o.N, o.F, row, o.F[o.Out:], row, g, o.In, 0)
}

// outerPiece is the most values of an outer product that are made at a time.
const outerPiece = 4096

// Each makes count values in row-major order, from value from on, and calls do with runs of them
// and with their places, counted from 0. A run stays in the first-level cache and is gone when do
// returns.
func (o Outer) Each(from, count int, do func(at int, g []float32)) {
	o.check("Outer.Each", from, count)
	var room [outerPiece]float32
	row := o.Out + o.In
	for at := 0; at < count; {
		i, j := (from+at)/o.In, (from+at)%o.In
		rows, cols := 1, min(o.In-j, count-at, outerPiece)
		if cols == o.In { // whole rows
			rows = min((count-at)/o.In, outerPiece/o.In)
		}
		g := room[:rows*cols]
		p := product{transA: true, m: rows, n: cols, k: o.N, a: o.F[i:], lda: row, b: o.F[o.Out+j:], ldb: row, c: g, ldc: cols}
		active.gemm(&p)
		do(at, g)
		at += len(g)
	}
}

// ApplyOuter is [Adam.Apply] with the values of o from value from on as gradients, which are made on
// the way.
func (a Adam) ApplyOuter(p, m, v []float32, o Outer, from int) {
	o.check("Adam", from, len(p))
	if len(m) != len(p) || len(v) != len(p) || a.Step < 1 {
		panic(fmt.Sprintf("cpu: Adam: step %d on %d parameters, %d and %d moments", a.Step, len(p), len(m), len(v)))
	}
	active.applyOuter(a.block(), p, m, v, o, from)
}

func (s isa) applyOuter(b adamBlock, p, m, v []float32, o Outer, from int) {
	if o.N > 2 {
		o.Each(from, len(p), func(at int, g []float32) {
			to := at + len(g)
			s.adam(p[at:to], g, m[at:to], v[at:to], &b)
		})
		return
	}
	row := o.Out + o.In
	for at := 0; at < len(p); {
		i, j := (from+at)/o.In, (from+at)%o.In
		to := min(len(p), at+o.In-j)
		last := (o.N - 1) * row
		b.factor0, b.factor1 = o.F[i], o.F[last+i]
		if o.N == 1 {
			b.factor1 = 0
		}
		s.adamOuter(p[at:to], o.F[o.Out+j:][:to-at], m[at:to], v[at:to], o.F[last+o.Out+j:][:to-at], &b)
		at = to
	}
}

// adamOuterGeneric rounds after every operation.
func adamOuterGeneric(p, b0, m, v, b1 []float32, b *adamBlock) {
	for i := range p {
		g := [1]float32{float32(b0[i]*b.factor0) + float32(b1[i]*b.factor1)}
		adamGeneric(p[i:i+1], g[:], m[i:i+1], v[i:i+1], b)
	}
}

// adamGeneric rounds after every operation (the conversions keep the compiler
// from fusing multiplication and addition).
func adamGeneric(p, g, m, v []float32, b *adamBlock) {
	for i, x := range g {
		x = max(min(x*b.scale, b.clip), b.clipBelow)
		mean := flushed(float32(b.beta1*m[i]) + float32(b.rest1*x))
		square := flushed(float32(b.beta2*v[i]) + float32(b.rest2*float32(x*x)))
		m[i], v[i] = mean, square
		root := float32(math.Sqrt(float64(square)))
		p[i] -= float32(b.step*mean) / (float32(root*b.correction2) + b.epsilon)
	}
}

// flushed sets denormals to 0.
func flushed(x float32) float32 {
	if x > -0x1p-126 && x < 0x1p-126 {
		return 0
	}
	return x
}

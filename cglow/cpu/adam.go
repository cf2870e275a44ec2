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

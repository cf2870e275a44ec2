package optim

import (
	"math"

	"glownotes/cglow/cpu"
)

// update holds the constants of one step.
type update struct {
	beta1, beta2, eps float64
	step              int
	learnRate         float64
	rate              float64 // learning rate / (1 - beta1^t)
	root              float64 // sqrt(1 - beta2^t)
	clip              float64 // 0: off
	scale             float64 // of the gradient after clipping by value
}

// step64 is one step of Adam in float64.
func step64(w, g, m, v []float64, u update) {
	for i, gi := range g {
		gi = limit(gi, u.clip) * u.scale
		mi := u.beta1*m[i] + (1-u.beta1)*gi
		vi := u.beta2*v[i] + (1-u.beta2)*gi*gi
		m[i], v[i] = mi, vi
		w[i] -= u.rate * mi / (math.Sqrt(vi)/u.root + u.eps)
	}
}

// kernel returns the float32 step. The kernel scales first and clips then;
// clipping to ±clip and scaling is scaling and clipping to ±clip*scale.
func (u update) kernel() cpu.Adam {
	clip := u.clip * u.scale
	if u.clip == 0 {
		clip = math.Inf(1)
	}
	return cpu.Adam{Rate: u.learnRate, Beta1: u.beta1, Beta2: u.beta2, Epsilon: u.eps,
		Scale: u.scale, Clip: clip, Step: u.step}
}

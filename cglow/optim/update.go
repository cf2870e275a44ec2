package optim

import "math"

// update holds the constants of one step.
type update struct {
	beta1, beta2, eps float64
	rate              float64 // learning rate / (1 - beta1^t)
	root              float64 // sqrt(1 - beta2^t)
	clip              float64 // 0: off
	scale             float64 // of the gradient after clipping by value
}

// tiny is the smallest moment that is kept: below it, float32 moments of
// parameters without gradient would decay into denormals, which are several
// times slower on many processors (2^-100; its square root is far below any
// useful epsilon).
const tiny = 0x1p-100

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

// step32 is one step of Adam in float32.
func step32(w, g, m, v []float32, u update) {
	b1, b2, eps := float32(u.beta1), float32(u.beta2), float32(u.eps)
	c1, c2 := float32(1-u.beta1), float32(1-u.beta2)
	rate, root, clip, scale := float32(u.rate), float32(1/u.root), float32(u.clip), float32(u.scale)
	if clip == 0 {
		clip = math.MaxFloat32
	}
	m, v, w = m[:len(g)], v[:len(g)], w[:len(g)]
	for i, gi := range g {
		gi = max(-clip, min(clip, gi)) * scale
		mi := b1*m[i] + c1*gi
		vi := b2*v[i] + c2*gi*gi
		if mi < tiny && mi > -tiny {
			mi = 0
		}
		if vi < tiny {
			vi = 0
		}
		m[i], v[i] = mi, vi
		w[i] -= rate * mi / (float32(math.Sqrt(float64(vi)))*root + eps)
	}
}

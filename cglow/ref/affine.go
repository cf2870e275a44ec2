package ref

import "math"

// Affine are the sizes and the form of an affine coupling: v [N,C,P] is scaled and shifted by what
// raw [N,2C,P] says, shift in the even channels and scale in the odd ones. With r = tanh raw if
// Tanh is set, else raw, b and a its even and odd channels,
//
//	Sigmoid: s = sigmoid(a + 2),    else: log s = Bound tanh(a/Bound)
//	u = s v + b,    BiasFirst: u = s (v + b),    logdet[n] = sum log s.
type Affine struct {
	N, C, P                  int
	Sigmoid, Tanh, BiasFirst bool
	Bound                    float64
}

// AffineOffset is added to the scale before its sigmoid: a new network's scale is near 0.88.
const AffineOffset = 2

// scale returns s, log s and d log s/da.
func (d Affine) scale(a float64) (s, logs, slope float64) {
	if d.Sigmoid {
		a += AffineOffset
		return sigmoid(a), logSigmoid(a), sigmoid(-a)
	}
	t := math.Tanh(a / d.Bound)
	logs = d.Bound * t
	return math.Exp(logs), logs, 1 - t*t
}

// affineAt returns shift and scale before their functions at element i of v, and the derivatives of
// tanh there; and where they stand in raw.
func affineAt[T Float](d Affine, raw []T, i int) (b, a, db, da float64, even, odd int) {
	even = i/d.P*2*d.P + i%d.P
	odd = even + d.P
	b, a, db, da = float64(raw[even]), float64(raw[odd]), 1, 1
	if d.Tanh {
		b, a = math.Tanh(b), math.Tanh(a)
		db, da = 1-b*b, 1-a*a
	}
	return
}

// AffineForward sets u and logdet. Either may be nil.
func AffineForward[T Float](u, logdet, raw, v []T, d Affine) {
	for n := range d.N {
		sum := 0.0
		for i := n * d.C * d.P; i < (n+1)*d.C*d.P; i++ {
			b, a, _, _, _, _ := affineAt(d, raw, i)
			s, logs, _ := d.scale(a)
			sum += logs
			switch {
			case u == nil:
			case d.BiasFirst:
				u[i] = T((float64(v[i]) + b) * s)
			default:
				u[i] = T(float64(v[i])*s + b)
			}
		}
		if logdet != nil {
			logdet[n] = T(sum)
		}
	}
}

// AffineGrad sets the gradients of raw and v for those of u and logdet. gu or gdet may be nil, for
// zero; so may dv, which is then not wanted.
func AffineGrad[T Float](draw, dv, raw, v, gu, gdet []T, d Affine) {
	for i := range v {
		b, a, db, da, even, odd := affineAt(d, raw, i)
		s, _, slope := d.scale(a)
		g, dlogs := 0.0, 0.0
		if gu != nil {
			g = float64(gu[i])
		}
		if gdet != nil {
			dlogs = float64(gdet[i/(d.C*d.P)])
		}
		shifted, dshift := float64(v[i]), g
		if d.BiasFirst {
			shifted, dshift = shifted+b, g*s
		}
		dlogs += g * s * shifted
		draw[even], draw[odd] = T(dshift*db), T(dlogs*slope*da)
		if dv != nil {
			dv[i] = T(g * s)
		}
	}
}

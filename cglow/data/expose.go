package data

import "math/rand/v2"

// expose writes the canvas to x as a photograph of it: [3][S][S] in [0,1]. With
// noise, brightness, tone curve and colour balance vary and every value gets
// Gaussian noise of standard deviation 0 to 0.03.
func expose(r *rand.Rand, c *canvas, noisy bool, x []float32) {
	gain, lift, sigma := rgb{1, 1, 1}, 0.0, 0.0
	bend := 0.0
	if noisy {
		k := uniform(r, .8, 1.12)
		for i := range gain {
			gain[i] = k * uniform(r, .94, 1.06)
		}
		lift, bend, sigma = uniform(r, -.03, .06), uniform(r, -.3, .3), uniform(r, 0, .03)
	}
	plane := c.size * c.size
	for i, p := range c.pix {
		for ch, v := range p {
			v = lift + gain[ch]*v
			v += bend * v * (1 - v)
			if sigma > 0 {
				v += sigma * r.NormFloat64()
			}
			x[ch*plane+i] = float32(min(1, max(0, v)))
		}
	}
}

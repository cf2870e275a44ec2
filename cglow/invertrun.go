package cglow

import (
	"math"

	"glownotes/cglow/data"
)

// maxRoundTrip is the largest difference between y and its reconstruction, in
// the flow's units, at which gradients by inversion are trusted. Beyond it the
// recomputed activations are not those of the forward pass (Behrmann et al.,
// "Understanding and mitigating exploding inverses", 2021).
const maxRoundTrip = 1e-3

// write binds x in every program; the inputs are separate nodes.
func (v *inverter) writeX(x []float32) {
	if !v.m.cfg.Conditional() {
		return
	}
	for _, l := range v.levels {
		for _, p := range []*stepProgram{l.forward, l.inverse, l.backward} {
			write(p.x, x)
		}
	}
	for _, p := range v.priors {
		write(p.x, x)
	}
	write(v.target.x, x)
}

// run computes log p - log q of every example and all gradients for the batch
// that load has written into the target and writeX everywhere else.
func (v *inverter) run() (logp []float64, err error) {
	start, logq, err := v.start()
	if err != nil {
		return nil, err
	}
	outs, logp, err := v.forward(start)
	if err != nil {
		return nil, err
	}
	back, g, err := v.backward(outs, logp)
	if err != nil {
		return nil, err
	}
	v.maxTrip = 0
	for i, y := range back {
		v.maxTrip = math.Max(v.maxTrip, math.Abs(y-start[i]))
		if y != y {
			v.maxTrip = math.Inf(1)
		}
	}
	if logq == nil {
		return logp, nil
	}
	for i := range logp {
		logp[i] -= logq[i]
	}
	write(v.target.g, g)
	if err := v.target.vm.run(); err != nil {
		return nil, err
	}
	for name, grad := range v.target.grads {
		v.grads.keep(name, grad)
	}
	return logp, nil
}

// start returns the dequantized batch and log q, nil for uniform noise.
func (v *inverter) start() (y, logq []float64, err error) {
	t := v.target
	if t.t.logq == nil {
		return values(t.t.v), nil, nil
	}
	if err := t.vm.run(); err != nil {
		return nil, nil, err
	}
	return values(t.t.v), values(t.t.logq), nil
}

// forward runs every step and returns the output of every level and the sum of
// the log-determinants.
func (v *inverter) forward(y []float64) (outs [][]float64, det []float64, err error) {
	det = make([]float64, v.n)
	shape := v.m.cfg.Target()
	for i, s := range v.m.steps {
		if i == 0 || v.m.steps[i-1].level != s.level {
			y = squeezeAll(y, v.n, shape)
			shape = data.Shape{C: s.c, H: s.h, W: s.w}
		}
		p := v.levels[s.level].forward
		if err := p.run(v, s.prefix, y, nil); err != nil {
			return nil, nil, err
		}
		y = values(p.out)
		for n, d := range values(p.det) {
			det[n] += d
		}
		if !s.last {
			continue
		}
		outs = append(outs, y)
		if s.level < v.m.cfg.Levels-1 {
			y = firstHalf(y, v.n, shape)
			shape.C /= 2
		}
	}
	return outs, det, nil
}

// backward goes from the levels' outputs to y and the gradient of the loss with
// respect to it, filling in the gradients of the parameters on the way and
// adding the priors to logp.
func (v *inverter) backward(outs [][]float64, logp []float64) (u, g []float64, err error) {
	for i := len(v.m.steps) - 1; i >= 0; i-- {
		s := v.m.steps[i]
		if s.last {
			u = outs[s.level]
			p := v.priors[s.level]
			if err := p.run(v, "", u, g); err != nil {
				return nil, nil, err
			}
			g = values(p.out)
			for n, l := range values(p.logp) {
				logp[n] += l
			}
		}
		l := v.levels[s.level]
		if err := l.inverse.run(v, s.prefix, u, nil); err != nil {
			return nil, nil, err
		}
		u = values(l.inverse.out)
		if err := l.backward.run(v, s.prefix, u, g); err != nil {
			return nil, nil, err
		}
		g = values(l.backward.out)
		if s.index == 0 {
			shape := data.Shape{C: s.c, H: s.h, W: s.w}
			u, g = unsqueezeAll(u, v.n, shape), unsqueezeAll(g, v.n, shape)
		}
	}
	return u, g, nil
}

// unsqueezeAll is the inverse of squeezeAll.
func unsqueezeAll(v []float64, n int, s data.Shape) []float64 {
	out := make([]float64, len(v))
	h, w := 2*s.H, 2*s.W
	for i := range n * s.C / 4 {
		for r := range h {
			for c := range w {
				channel := 4*i + 2*(r%2) + c%2
				out[(i*h+r)*w+c] = v[(channel*s.H+r/2)*s.W+c/2]
			}
		}
	}
	return out
}

// activationBytes is the memory of intermediate results, from the planner: the
// programs' arenas and the levels' outputs. Gradients of parameters are not
// counted; any way of training has them.
func (v *inverter) activationBytes() int {
	total := 0
	for _, l := range v.levels {
		for _, p := range []*stepProgram{l.forward, l.inverse, l.backward} {
			total += p.vm.vm.Stats().ArenaBytes
		}
	}
	for _, p := range v.priors {
		total += p.vm.vm.Stats().ArenaBytes
	}
	for _, s := range v.m.cfg.LevelShapes() {
		total += 8 * v.n * s.Len()
	}
	return total
}

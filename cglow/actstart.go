package cglow

import (
	"fmt"
	"math"

	"glownotes/cglow/data"
)

// stdFloor is the least standard deviation that actnorm divides by. Tiled or
// constant channels have none of their own (a 1/0 here is the well-known NaN
// of actnorm on binary masks).
const stdFloor = 0.05

// boundShare limits the start of a log-scale to this share of NormBound, where
// a tanh(./a) still has a useful slope.
const boundShare = 0.9

// StartActNorm gives every actnorm its data-dependent start: for the given
// images each channel behind it has mean 0 and variance 1 (Glow, section 3.1,
// there per layer; here the last bias of the network on x, whose last weights
// are zero). Training calls it once, before the first step; later calls, and
// calls on the paper form, do nothing.
//
// It needs no graph: at the start every coupling is the identity and W = W0,
// so the activations are known in closed form.
func (m *Model) StartActNorm(y data.Images) error {
	if err := m.checkImages("y", y, m.cfg.Y); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.started || m.cfg.Form != Live {
		return nil
	}
	v := make([]float64, y.N*m.cfg.Target().Len())
	for i := range y.N {
		n := m.cfg.Target().Len()
		m.dequantize(v[i*n:(i+1)*n], y.Row(i), Key{Seed: m.seed, Stream: StreamInit, Step: 1, Layer: uint32(i)})
	}
	shape := m.cfg.Target()
	for i, s := range m.steps {
		if i == 0 || m.steps[i-1].level != s.level {
			v = squeezeAll(v, y.N, shape)
			shape = data.Shape{C: s.c, H: s.h, W: s.w}
		}
		if err := m.startStep(s, v, y.N); err != nil {
			return err
		}
		if i+1 < len(m.steps) && m.steps[i+1].level != s.level {
			v = firstHalf(v, y.N, shape)
			shape.C /= 2
		}
	}
	m.started = true
	return nil
}

// startStep normalises v [n,c,h,w] by the step's actnorm, whose parameters it
// sets, and applies W0, both in place.
func (m *Model) startStep(s step, v []float64, n int) error {
	name := s.prefix + "act.fc2.b"
	if !m.cfg.Conditional() {
		name = s.prefix + "act.raw"
	}
	p := m.store.byName[name]
	if p == nil {
		return fmt.Errorf("cglow: parameter %s is not declared", name)
	}
	area := s.h * s.w
	raw := make([]float64, 2*s.c)
	for c := range s.c {
		mean, std := channelMoments(v, n, s.c, area, c)
		bound := m.cfg.NormBound
		logs := max(-boundShare*bound, min(boundShare*bound, -math.Log(max(std, stdFloor))))
		raw[c] = bound * math.Atanh(logs/bound)
		scale := math.Exp(logs)
		raw[s.c+c] = -mean * scale
		if m.cfg.BiasFirst {
			raw[s.c+c] = -mean
		}
		for i := range n {
			row := v[(i*s.c+c)*area:][:area]
			for k := range row {
				row[k] = (row[k] - mean) * scale
			}
		}
	}
	m.store.set(p, raw)
	w := m.startMatrix(s)
	column := make([]float64, s.c)
	for i := range n {
		for k := range area {
			at := i*s.c*area + k
			for c := range s.c {
				column[c] = v[at+c*area]
			}
			for r := range s.c {
				v[at+r*area] = dot(w[r*s.c:(r+1)*s.c], column)
			}
		}
	}
	return nil
}

// startMatrix returns W at the start: W0, or the last bias of a raw matrix.
func (m *Model) startMatrix(s step) []float64 {
	for _, name := range []string{"inv.w0", "inv.fc2.b", "inv.raw"} {
		if p := m.store.byName[s.prefix+name]; p != nil {
			return m.store.get(p)
		}
	}
	panic("cglow: " + s.prefix + " has no matrix")
}

// channelMoments returns mean and standard deviation of channel c of v.
func channelMoments(v []float64, n, channels, area, c int) (mean, std float64) {
	count := float64(n * area)
	for i := range n {
		for _, x := range v[(i*channels+c)*area:][:area] {
			mean += x / count
		}
	}
	for i := range n {
		for _, x := range v[(i*channels+c)*area:][:area] {
			std += (x - mean) * (x - mean) / count
		}
	}
	return mean, math.Sqrt(std)
}

// squeezeAll maps [n,C,H,W] to [n,4C,H/2,W/2], channel 4c + 2 (row parity) +
// column parity, the plain form of op.Squeeze.
func squeezeAll(v []float64, n int, s data.Shape) []float64 {
	out := make([]float64, len(v))
	h, w := s.H/2, s.W/2
	for i := range n * s.C {
		for r := range s.H {
			for c := range s.W {
				channel := 4*i + 2*(r%2) + c%2
				out[(channel*h+r/2)*w+c/2] = v[(i*s.H+r)*s.W+c]
			}
		}
	}
	return out
}

// firstHalf returns the first half of the channels of v.
func firstHalf(v []float64, n int, s data.Shape) []float64 {
	size := s.Len()
	out := make([]float64, 0, len(v)/2)
	for i := range n {
		out = append(out, v[i*size:i*size+size/2]...)
	}
	return out
}

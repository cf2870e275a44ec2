package cglow

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/cpu"
	"glownotes/cglow/data"
)

// SampleOptions says how to draw from p(y|x).
type SampleOptions struct {
	Count int // samples per x
	// Temperature multiplies the standard deviation of the latents: 1 is the
	// model itself, 0 the image of the latents' means.
	Temperature float64
	// Antithetic draws the samples in pairs with opposite latents, which
	// lowers the variance of their mean.
	Antithetic bool
	// Round moves the values of discrete y to their nearest level.
	Round bool
	Seed  uint64
}

// Sampling returns the usual options: count independent samples at temperature
// 1, rounded, with the given seed.
func Sampling(count int, seed uint64) SampleOptions {
	return SampleOptions{Count: count, Temperature: 1, Round: true, Seed: seed}
}

// validate returns an error that names the wrong option.
func (o SampleOptions) validate() error {
	if o.Count < 1 || o.Count > 1<<20 {
		return fmt.Errorf("cglow: sample option Count: is %d, must be in 1..%d", o.Count, 1<<20)
	}
	if o.Temperature < 0 || math.IsNaN(o.Temperature) || math.IsInf(o.Temperature, 0) {
		return fmt.Errorf("cglow: sample option Temperature: is %v, must be at least 0 and finite", o.Temperature)
	}
	return nil
}

// Sample draws from p(y|x): element i of the result holds the samples for image
// i of x. A flow without x takes empty images and returns one element. Values
// are on the scale of y, [0,1], not limited unless Round is set. When ctx is
// done, the images that are finished are returned with ctx.Err().
func (m *Model) Sample(ctx context.Context, x data.Images, o SampleOptions) ([]data.Images, error) {
	var out []data.Images
	err := m.sampleEach(ctx, x, o, func(_ int, v [][]float64) {
		s := data.NewImages(o.Count, m.cfg.Y)
		for k := range v {
			m.cfg.quantize(s.Row(k), v[k])
		}
		if o.Round {
			s = m.cfg.Round(s)
		}
		out = append(out, s)
	})
	return out, err
}

// sampleEach draws Count samples v (in the flow's units) for every x and hands
// them to f, image after image.
func (m *Model) sampleEach(ctx context.Context, x data.Images, o SampleOptions, f func(image int, v [][]float64)) error {
	if err := o.validate(); err != nil {
		return err
	}
	if err := m.checkX(x, 0); err != nil {
		return err
	}
	n := x.N
	if !m.cfg.Conditional() {
		n = 1
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	cond, err := m.conditionProgram(min(n, evalBatch))
	if err != nil {
		return err
	}
	return batches(ctx, n, evalBatch, func(from, to int) error {
		if err := cond.run(m, x, from, to); err != nil {
			return err
		}
		return m.samplesOf(ctx, cond, from, to, o, f)
	})
}

// draw names one sample to be drawn: an image and a number.
type draw struct{ image, k int }

// samplesOf draws all samples of images from..to-1, whose conditioning is in
// the rows of cond, in passes of up to evalBatch samples of any of the images.
func (m *Model) samplesOf(ctx context.Context, cond *conditionProgram, from, to int, o SampleOptions, f func(int, [][]float64)) error {
	var draws []draw
	for i := from; i < to; i++ {
		for k := range o.Count {
			draws = append(draws, draw{i, k})
		}
	}
	size := min(len(draws), evalBatch)
	dec, err := m.decodeProgram(size)
	if err != nil {
		return err
	}
	copies := cond.copies(dec.conds, true)
	var done [][]float64
	next := from
	return batches(ctx, len(draws), size, func(a, b int) error {
		copies.rows(size, func(r int) int { return draws[min(a+r, b-1)].image - from })
		cpu.Parallel(size, func(r int) { m.drawLatents(dec, r, draws[min(a+r, b-1)], o) })
		if err := dec.vm.run(); err != nil {
			return err
		}
		done = append(done, rowsOf(dec.y, b-a)...)
		for len(done) >= o.Count {
			f(next, done[:o.Count])
			done, next = done[o.Count:], next+1
		}
		return nil
	})
}

// drawLatents fills row r of the latents for one draw.
func (m *Model) drawLatents(dec *decodeProgram, r int, d draw, o SampleOptions) {
	k, sign := d.k, 1.0
	if o.Antithetic {
		sign = 1 - 2*float64(d.k%2)
		k = d.k / 2
	}
	for l, e := range dec.eps {
		v := dec.room[r][:e.Shape().TotalSize()/e.Shape()[0]]
		Normal(Key{Seed: o.Seed, Stream: StreamSample, Step: uint32(d.image), Layer: uint32(k)<<8 | uint32(l)}, v)
		for i := range v {
			v[i] *= sign * o.Temperature
		}
		writeRow(e, r, v)
	}
}

// decodeProgram is the compiled inverse direction for conditioning and latents
// that are inputs.
type decodeProgram struct {
	conds []conditioning
	eps   []*gorgonia.Node
	y     *gorgonia.Node
	vm    *machine
	room  [][]float64 // for the largest latent of each row
}

func (m *Model) decodeProgram(n int) (*decodeProgram, error) {
	return cached(m, "decode", n, func() (*decodeProgram, error) {
		b := m.builder()
		p := &decodeProgram{conds: b.conditionInputs(n, true), eps: b.latents(n)}
		p.y = b.decode(p.conds, p.eps)
		size := 0
		for _, e := range p.eps {
			size = max(size, e.Shape().TotalSize()/n)
		}
		for range n {
			p.room = append(p.room, make([]float64, size))
		}
		var err error
		p.vm, err = b.compile("sample", p.y)
		return p, err
	})
}

// rowsOf returns copies of the first n rows of a node's value.
func rowsOf(node *gorgonia.Node, n int) [][]float64 {
	v := values(node)
	size := len(v) / node.Shape()[0]
	out := make([][]float64, n)
	for i := range out {
		out[i] = v[i*size : (i+1)*size]
	}
	return out
}

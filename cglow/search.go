package cglow

import (
	"context"
	"fmt"
	"math"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/ad"
	"glownotes/cglow/data"
	"glownotes/cglow/op"
)

// MAPOptions says how to search for the most probable y.
type MAPOptions struct {
	Steps     int     // the most gradient steps
	LearnRate float64 // of Adam on y, in the flow's units (a mask is 2 wide)
	// Patience and Tolerance are the stopping rule: an image stops when its best
	// bits/dim has not improved by Tolerance in the last Patience steps.
	Patience  int
	Tolerance float64
	// StartSamples is how many samples are averaged for the starting point; 0
	// starts at the image of the latents' means.
	StartSamples int
	Seed         uint64
}

// Searching returns settings that suit masks: up to steps steps of Adam at
// 0.02 from the mean of 10 samples, patience 20 at 0.001 bits/dim.
func Searching(steps int) MAPOptions {
	return MAPOptions{Steps: steps, LearnRate: 0.02, Patience: 20, Tolerance: 1e-3, StartSamples: 10}
}

// validate returns an error that names the wrong option.
func (o MAPOptions) validate() error {
	for _, r := range []rule{
		{o.Steps >= 1, "Steps", fmt.Sprintf("is %d, must be at least 1", o.Steps)},
		{o.LearnRate > 0 && !math.IsInf(o.LearnRate, 0), "LearnRate", fmt.Sprintf("is %v, must be positive and finite", o.LearnRate)},
		{o.Patience >= 1, "Patience", fmt.Sprintf("is %d, must be at least 1", o.Patience)},
		{o.Tolerance >= 0, "Tolerance", fmt.Sprintf("is %v, must be at least 0", o.Tolerance)},
		{o.StartSamples >= 0, "StartSamples", fmt.Sprintf("is %d, must be at least 0", o.StartSamples)},
	} {
		if !r.ok {
			return fmt.Errorf("cglow: MAP option %s: %s", r.field, r.reason)
		}
	}
	return nil
}

// MAPResult is the outcome of a search.
type MAPResult struct {
	Y       data.Images // the best y found for each x, on the scale of y
	Rounded data.Images // Y moved to the nearest level
	// Curves holds, per image, bits/dim of the density at every step, the
	// starting point first; lower is more probable.
	Curves [][]float64
	// Stopped reports, per image, that the stopping rule ended the search and
	// not the limit on the steps.
	Stopped []bool
}

// searchProgram is log p(y|x) with its gradient with respect to y, for
// conditioning that is an input.
type searchProgram struct {
	conds []conditioning
	y     *gorgonia.Node
	logp  *gorgonia.Node
	grad  *gorgonia.Node
	vm    *machine
}

func (m *Model) searchProgram(n int) (*searchProgram, error) {
	return cached(m, "search", n, func() (*searchProgram, error) {
		b := m.builder()
		p := &searchProgram{conds: b.conditionInputs(n, false), y: b.images("y", m.cfg.Target(), n)}
		p.logp = b.encode(p.conds, p.y).logProb()
		// the mean over n examples, times n: the gradient of each one's own
		grads, err := ad.Grad(op.Scale(op.Mean(p.logp), float64(n)), p.y)
		if err != nil {
			return nil, err
		}
		p.grad = grads[0]
		p.vm, err = b.compile("MAP", p.logp, p.grad)
		return p, err
	})
}

// MAP searches for the y of highest density given x by gradient steps on y
// (paper, Eq. 3: gradient-based inference, as in its Fig. 2). Discrete y stays
// within the range that dequantized data has. When ctx is done, the images that
// are finished are returned with ctx.Err().
func (m *Model) MAP(ctx context.Context, x data.Images, o MAPOptions) (*MAPResult, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	first := SampleOptions{Count: max(o.StartSamples, 1), Temperature: 1, Antithetic: true, Seed: o.Seed}
	if o.StartSamples == 0 {
		first.Temperature = 0
	}
	var starts [][]float64
	err := m.sampleEach(ctx, x, first, func(_ int, v [][]float64) {
		mean := make([]float64, len(v[0]))
		for _, one := range v {
			for i, p := range one {
				mean[i] += p / float64(len(v))
			}
		}
		starts = append(starts, mean)
	})
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &MAPResult{}
	var pix []float32
	err = batches(ctx, len(starts), min(len(starts), evalBatch), func(from, to int) error {
		found, err := m.searchRows(ctx, x, starts, from, to, o)
		if err != nil {
			return err
		}
		for _, s := range found {
			y := make([]float32, m.cfg.Y.Len())
			m.cfg.quantize(y, s.best)
			pix = append(pix, y...)
			r.Curves, r.Stopped = append(r.Curves, s.curve), append(r.Stopped, s.stopped)
		}
		return nil
	})
	r.Y = data.Images{N: len(r.Curves), C: m.cfg.Y.C, H: m.cfg.Y.H, W: m.cfg.Y.W, Pix: pix}
	r.Rounded = m.cfg.Round(r.Y)
	return r, err
}

// search is the state of one image's search.
type search struct {
	y, best    []float64
	m, v       []float64 // Adam's moments
	bits       float64   // of best
	mark       float64   // bits of best when it last improved by the tolerance
	markedAt   int
	curve      []float64
	stopped    bool
	low, limit float64 // y is kept within low..limit
}

// searchRows searches for images from..to-1 together.
func (m *Model) searchRows(ctx context.Context, x data.Images, starts [][]float64, from, to int, o MAPOptions) ([]*search, error) {
	n := min(len(starts), evalBatch)
	cond, err := m.conditionProgram(n)
	if err != nil {
		return nil, err
	}
	if err := cond.run(m, x, from, to); err != nil {
		return nil, err
	}
	p, err := m.searchProgram(n)
	if err != nil {
		return nil, err
	}
	rows := make([]*search, to-from)
	pick := make([]int, n)
	for i := range n {
		pick[i] = min(i, to-from-1)
	}
	cond.fill(p.conds, pick, false)
	for i := range rows {
		rows[i] = m.newSearch(starts[from+i])
	}
	for t := 0; t <= o.Steps; t++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for i := range n {
			writeRow(p.y, i, rows[pick[i]].y)
		}
		if err := p.vm.run(); err != nil {
			return nil, err
		}
		logp, grad := values(p.logp), values(p.grad)
		size := len(starts[0])
		open := false
		for i, s := range rows {
			s.step(t, m.cfg.BitsPerDim(logp[i]), grad[i*size:(i+1)*size], o)
			open = open || !s.stopped
		}
		if !open {
			break
		}
	}
	return rows, nil
}

// newSearch returns a search that starts at y.
func (m *Model) newSearch(y []float64) *search {
	s := &search{y: append([]float64(nil), y...), best: y, m: make([]float64, len(y)), v: make([]float64, len(y)),
		bits: math.Inf(1), mark: math.Inf(1), low: math.Inf(-1), limit: math.Inf(1)}
	if m.cfg.Bins > 0 {
		s.low = m.cfg.offset()
		s.limit = s.low + float64(m.cfg.Bins)*m.cfg.BinWidth()
	}
	s.clamp()
	return s
}

func (s *search) clamp() {
	for i, v := range s.y {
		s.y[i] = max(s.low, min(s.limit, v))
	}
}

// step records bits/dim at the present y and, unless the search has ended,
// takes one step of Adam (betas 0.9 and 0.999) up the gradient of log p.
func (s *search) step(t int, bits float64, grad []float64, o MAPOptions) {
	if s.stopped {
		return
	}
	s.curve = append(s.curve, bits)
	if bits < s.bits {
		s.bits, s.best = bits, append([]float64(nil), s.y...)
	}
	if s.bits < s.mark-o.Tolerance {
		s.mark, s.markedAt = s.bits, t
	}
	if t-s.markedAt >= o.Patience {
		s.stopped = true
		return
	}
	const beta1, beta2, eps = 0.9, 0.999, 1e-8
	c1, c2 := 1-math.Pow(beta1, float64(t+1)), 1-math.Pow(beta2, float64(t+1))
	for i, g := range grad {
		s.m[i] = beta1*s.m[i] + (1-beta1)*g
		s.v[i] = beta2*s.v[i] + (1-beta2)*g*g
		s.y[i] += o.LearnRate * s.m[i] / c1 / (math.Sqrt(s.v[i]/c2) + eps)
	}
	s.clamp()
}

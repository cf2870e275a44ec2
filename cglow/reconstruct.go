package cglow

import (
	"context"
	"fmt"
	"math"

	"glownotes/cglow/data"
)

// Reconstruction is y taken to the latents and back.
type Reconstruction struct {
	Y data.Images // on the scale of y
	// MaxError is, per image, the largest |v - g(f(v))| in the flow's units: how
	// well the inverse inverts in the model's precision.
	MaxError []float64
}

// Reconstruct maps y to its latents given x and back. When ctx is done, the
// images that are finished are returned with ctx.Err().
func (m *Model) Reconstruct(ctx context.Context, x, y data.Images) (*Reconstruction, error) {
	if err := m.checkPair(x, y); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &Reconstruction{}
	var pix []float32
	err := batches(ctx, y.N, min(y.N, evalBatch), func(from, to int) error {
		p, err := m.encodeRows(x, y, from, to)
		if err != nil {
			return err
		}
		back, err := m.decodeLatents(x, from, to, min(y.N, evalBatch), p.e)
		if err != nil {
			return err
		}
		before := rowsOf(p.y.v, to-from)
		for i, row := range back[:to-from] {
			worst := 0.0
			for j, v := range row {
				worst = math.Max(worst, math.Abs(v-before[i][j]))
			}
			r.MaxError = append(r.MaxError, worst)
			image := make([]float32, m.cfg.Y.Len())
			m.cfg.quantize(image, row)
			pix = append(pix, image...)
		}
		return nil
	})
	r.Y = data.Images{N: len(r.MaxError), C: m.cfg.Y.C, H: m.cfg.Y.H, W: m.cfg.Y.W, Pix: pix}
	return r, err
}

// roundTrip returns the largest error of Reconstruct over a batch.
func (m *Model) roundTrip(x, y data.Images) (float64, error) {
	r, err := m.Reconstruct(context.Background(), x, y)
	if err != nil {
		return 0, err
	}
	_, worst := extremes(r.MaxError)
	return worst, nil
}

// decodeLatents runs the inverse direction for the latents of an encoding of
// images from..to-1 of x.
func (m *Model) decodeLatents(x data.Images, from, to, n int, e encoding) ([][]float64, error) {
	cond, err := m.conditionProgram(n)
	if err != nil {
		return nil, err
	}
	if err := cond.run(m, x, from, to); err != nil {
		return nil, err
	}
	dec, err := m.decodeProgram(n)
	if err != nil {
		return nil, err
	}
	pick := make([]int, n)
	for i := range pick {
		pick[i] = i
	}
	cond.fill(dec.conds, pick, true)
	for l, eps := range e.Eps {
		write(dec.eps[l], values(eps))
	}
	if err := dec.vm.run(); err != nil {
		return nil, err
	}
	return rowsOf(dec.y, n), nil
}

// Interpolate walks from a to b, one image each, through the latents given x
// (one image): n images, the first the reconstruction of a, the last that of b.
// Between them the standardised latents turn from one to the other on the great
// circle (slerp), which keeps their length typical.
func (m *Model) Interpolate(ctx context.Context, x, a, b data.Images, n int) (data.Images, error) {
	if n < 2 {
		return data.Images{}, fmt.Errorf("cglow: interpolation over %d images, want at least 2", n)
	}
	ends, err := data.Concat(a, b)
	if err != nil {
		return data.Images{}, fmt.Errorf("cglow: interpolation: %w", err)
	}
	if a.N != 1 || b.N != 1 || m.cfg.Conditional() && x.N != 1 {
		return data.Images{}, fmt.Errorf("cglow: interpolation takes one image each, got %d, %d and x %d", a.N, b.N, x.N)
	}
	if err := m.checkImages("y", ends, m.cfg.Y); err != nil {
		return data.Images{}, err
	}
	if err := m.checkX(x, 0); err != nil {
		return data.Images{}, err
	}
	both := x
	if m.cfg.Conditional() {
		both = x.Select(0, 0)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p, err := m.encodeRows(both, ends, 0, 2)
	if err != nil {
		return data.Images{}, err
	}
	eps := make([][][]float64, len(p.e.Eps))
	for l, e := range p.e.Eps {
		eps[l] = rowsOf(e, 2)
	}
	return m.between(ctx, x, eps, n)
}

// between decodes n latents from eps[l][0] to eps[l][1].
func (m *Model) between(ctx context.Context, x data.Images, eps [][][]float64, n int) (data.Images, error) {
	cond, err := m.conditionProgram(1)
	if err != nil {
		return data.Images{}, err
	}
	if err := cond.run(m, x, 0, 1); err != nil {
		return data.Images{}, err
	}
	size := min(n, evalBatch)
	dec, err := m.decodeProgram(size)
	if err != nil {
		return data.Images{}, err
	}
	cond.fill(dec.conds, make([]int, size), true)
	var pix []float32
	count := 0
	err = batches(ctx, n, size, func(from, to int) error {
		for r := range size {
			t := float64(min(from+r, to-1)) / float64(n-1)
			for l, e := range eps {
				writeRow(dec.eps[l], r, slerp(e[0], e[1], t))
			}
		}
		if err := dec.vm.run(); err != nil {
			return err
		}
		for _, v := range rowsOf(dec.y, to-from) {
			image := make([]float32, m.cfg.Y.Len())
			m.cfg.quantize(image, v)
			pix = append(pix, image...)
			count++
		}
		return nil
	})
	return data.Images{N: count, C: m.cfg.Y.C, H: m.cfg.Y.H, W: m.cfg.Y.W, Pix: pix}, err
}

// slerp returns the point at t in [0,1] on the arc from a to b: with w the
// angle between them, (sin((1-t) w) a + sin(t w) b) / sin(w); the straight line
// when they are parallel.
func slerp(a, b []float64, t float64) []float64 {
	out := make([]float64, len(a))
	c := dot(a, b) / math.Sqrt(dot(a, a)*dot(b, b))
	w := math.Acos(max(-1, min(1, c)))
	p, q := 1-t, t
	if s := math.Sin(w); s > 1e-6 {
		p, q = math.Sin((1-t)*w)/s, math.Sin(t*w)/s
	}
	for i := range out {
		out[i] = p*a[i] + q*b[i]
	}
	return out
}

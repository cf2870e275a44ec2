package cglow

import (
	"context"
	"fmt"

	"glownotes/cglow/data"
)

// Encode takes y to its latents given x, standardised: what a sampler would have
// to draw, from the standard normal, to get y back. Element l holds the latents
// of all images that leave after level l, the last element those of the top;
// their shapes are Config.LatentShapes. Discrete y is dequantized as LogProb does
// it. When ctx is done, the images that are finished are returned with ctx.Err().
func (m *Model) Encode(ctx context.Context, x, y data.Images) ([]data.Images, error) {
	if err := m.checkPair(x, y); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	shapes := m.cfg.LatentShapes()
	out := make([]data.Images, len(shapes))
	for l, s := range shapes {
		out[l] = data.NewImages(0, s)
	}
	err := batches(ctx, y.N, min(y.N, evalBatch), func(from, to int) error {
		p, err := m.encodeRows(x, y, from, to)
		if err != nil {
			return err
		}
		for l, eps := range p.e.Eps {
			for _, row := range rowsOf(eps, to-from) {
				out[l].N++
				for _, v := range row {
					out[l].Pix = append(out[l].Pix, float32(v))
				}
			}
		}
		return nil
	})
	return out, err
}

// Decode takes latents, standardised and in the order of Encode, to images given
// x: the flow backwards. x holds one image for each latent, or one for all; a
// flow without x takes empty images. Values are on the scale of y, [0,1], neither
// limited nor rounded (see Config.Round). When ctx is done, the images that are
// finished are returned with ctx.Err().
func (m *Model) Decode(ctx context.Context, x data.Images, latents []data.Images) (data.Images, error) {
	if err := m.checkLatents(latents); err != nil {
		return data.Images{}, err
	}
	n := latents[0].N
	if err := m.checkX(x, 0); err != nil {
		return data.Images{}, err
	}
	if m.cfg.Conditional() && x.N != 1 && x.N != n {
		return data.Images{}, fmt.Errorf("cglow: %d images x for %d latents", x.N, n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	size := min(n, evalBatch)
	cond, err := m.conditionProgram(min(max(x.N, 1), size))
	if err != nil {
		return data.Images{}, err
	}
	dec, err := m.decodeProgram(size)
	if err != nil {
		return data.Images{}, err
	}
	pick := make([]int, size)
	one := !m.cfg.Conditional() || x.N == 1
	if one {
		if err := cond.run(m, x, 0, 1); err != nil {
			return data.Images{}, err
		}
		cond.fill(dec.conds, pick, true)
	}
	out := data.NewImages(0, m.cfg.Y)
	err = batches(ctx, n, size, func(from, to int) error {
		if !one {
			if err := cond.run(m, x, from, to); err != nil {
				return err
			}
			for i := range pick {
				pick[i] = i
			}
			cond.fill(dec.conds, pick, true)
		}
		for r := range size {
			for l, eps := range dec.eps {
				writeRow(eps, r, latents[l].Row(min(from+r, to-1)))
			}
		}
		if err := dec.vm.run(); err != nil {
			return err
		}
		for _, v := range rowsOf(dec.y, to-from) {
			image := make([]float32, m.cfg.Y.Len())
			m.cfg.quantize(image, v)
			out.N++
			out.Pix = append(out.Pix, image...)
		}
		return nil
	})
	return out, err
}

// checkLatents returns an error unless latents are those of at least one image.
func (m *Model) checkLatents(latents []data.Images) error {
	shapes := m.cfg.LatentShapes()
	if len(latents) != len(shapes) {
		return fmt.Errorf("cglow: latents of %d levels, the model has %d", len(latents), len(shapes))
	}
	for l, v := range latents {
		if err := m.checkImages(fmt.Sprintf("latent %d", l), v, shapes[l]); err != nil {
			return err
		}
		if v.N != latents[0].N {
			return fmt.Errorf("cglow: latent %d is of %d images, latent 0 of %d", l, v.N, latents[0].N)
		}
	}
	return nil
}

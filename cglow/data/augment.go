package data

import "fmt"

// AugmentConfig describes random changes of pairs that leave their meaning as
// it is. The c-Glow paper trains without any.
type AugmentConfig struct {
	Draws  int     // variants of each pair
	Mirror bool    // left and right exchanged in half of the variants
	Shift  int     // moved by up to so many pixels along both axes; edges are repeated
	Light  float64 // x times a factor between 1-Light and 1+Light, clipped to [0,1]
	Seed   uint64
}

// Validate names the field that is out of its range.
func (c AugmentConfig) Validate() error {
	switch {
	case c.Draws < 1:
		return fmt.Errorf("data: augment: Draws is %d, want 1 or more", c.Draws)
	case c.Shift < 0:
		return fmt.Errorf("data: augment: Shift is %d, want 0 or more", c.Shift)
	case !(c.Light >= 0 && c.Light < 1):
		return fmt.Errorf("data: augment: Light is %v, want 0 or more and less than 1", c.Light)
	}
	return nil
}

// Augment returns a finite dataset of variants: index i is variant i/n of pair
// i%n, n the number of pairs, and depends on Seed and i alone. Variant 0 is the
// pair itself. x and y move together, which needs pictures of equal height and
// width.
func Augment(d Dataset, cfg AugmentConfig) (Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := d.Len()
	if n == 0 {
		return nil, fmt.Errorf("data: augment: %s is endless", d.Name())
	}
	sx, sy := d.Shapes()
	if sx.H != sy.H || sx.W != sy.W {
		return nil, fmt.Errorf("data: augment: %s: x %v and y %v have different sizes", d.Name(), sx, sy)
	}
	if cfg.Shift >= min(sx.H, sx.W) {
		return nil, fmt.Errorf("data: augment: Shift is %d, pictures are %v", cfg.Shift, sx)
	}
	return &pairs{
		name: fmt.Sprintf("%s augmented %d times", d.Name(), cfg.Draws), n: n * cfg.Draws, sx: sx, sy: sy,
		pair: func(i int, x, y []float32) error {
			px, py, err := d.Load([]int{i % n})
			if err != nil {
				return err
			}
			if i < n {
				copy(x, px.Pix)
				copy(y, py.Pix)
				return nil
			}
			r := stream(cfg.Seed, i)
			mirror := cfg.Mirror && chance(r, .5)
			dx, dy := r.IntN(2*cfg.Shift+1)-cfg.Shift, r.IntN(2*cfg.Shift+1)-cfg.Shift
			moved(x, px, mirror, dx, dy)
			moved(y, py, mirror, dx, dy)
			if cfg.Light > 0 {
				k := float32(uniform(r, 1-cfg.Light, 1+cfg.Light))
				for j, v := range x {
					x[j] = min(1, max(0, k*v))
				}
			}
			return nil
		},
	}, nil
}

// moved writes the first image of m to out, mirrored and moved.
func moved(out []float32, m Images, mirror bool, dx, dy int) {
	for c := range m.C {
		for y := range m.H {
			sy := min(m.H-1, max(0, y-dy))
			for x := range m.W {
				sx := min(m.W-1, max(0, x-dx))
				if mirror {
					sx = m.W - 1 - sx
				}
				out[(c*m.H+y)*m.W+x] = m.At(0, c, sy, sx)
			}
		}
	}
}

package data

import "fmt"

// AugmentConfig describes random changes of pairs that leave their meaning as
// it is. The c-Glow paper trains without any.
type AugmentConfig struct {
	Draws  int     // variants of each pair
	Mirror bool    // left and right exchanged in half of the variants
	Shift  int     // moved by up to so many pixels along both axes; edges are repeated
	Zoom   float64 // enlarged or shrunk about the centre by up to this part: .2 is a factor of 1/1.2 to 1.2
	Turn   float64 // turned about the centre by up to so many degrees
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
	case !(c.Zoom >= 0 && c.Zoom <= 1):
		return fmt.Errorf("data: augment: Zoom is %v, want 0 to 1", c.Zoom)
	case !(c.Turn >= 0 && c.Turn <= 180):
		return fmt.Errorf("data: augment: Turn is %v, want 0 to 180 degrees", c.Turn)
	case !(c.Light >= 0 && c.Light < 1):
		return fmt.Errorf("data: augment: Light is %v, want 0 or more and less than 1", c.Light)
	}
	return nil
}

// Augment returns a finite dataset of variants: index i is variant i/n of pair
// i%n, n the number of pairs, and depends on Seed and i alone. Variant 0 is the
// pair itself. x and y move together, which needs pictures of equal height and
// width; where y is a part in the middle of x, Mirror and Light alone are
// possible. Where Zoom or Turn asks for values between pixels, x is
// interpolated and y takes its nearest pixel, so that masks and classes stay
// such.
func Augment(d Dataset, cfg AugmentConfig) (Dataset, error) {
	return augment(d, d, 1, cfg)
}

// AugmentFrom is Augment with its changes made on larger versions of the same
// pairs: fine holds them in the same order, with sides that are a multiple of
// those of d. What was changed is shrunk to the shapes of d: x to the means of
// squares of pixels, y to the class that most of a square has. Edges of turned
// and zoomed masks thus stay as exact as those of d, where Augment leaves them
// ragged by half a pixel. Shift counts pixels of d. y must be a mask or have a
// channel for each class.
func AugmentFrom(d, fine Dataset, cfg AugmentConfig) (Dataset, error) {
	sx, sy := d.Shapes()
	fx, fy := fine.Shapes()
	k := fx.H / max(1, sx.H)
	larger := func(f, s Shape) bool { return f == Shape{C: s.C, H: k * s.H, W: k * s.W} }
	switch {
	case k < 1 || !larger(fx, sx) || !larger(fy, sy):
		return nil, fmt.Errorf("data: augment: %s has pairs of %v and %v, which are no multiple of %v and %v of %s", fine.Name(), fx, fy, sx, sy, d.Name())
	case fine.Len() != d.Len():
		return nil, fmt.Errorf("data: augment: %s has %d pairs, %s has %d", fine.Name(), fine.Len(), d.Name(), d.Len())
	}
	return augment(d, fine, k, cfg)
}

// augment makes variants of d's pairs from those of fine, whose sides are k times
// as long.
func augment(d, fine Dataset, k int, cfg AugmentConfig) (Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := d.Len()
	if n == 0 {
		return nil, fmt.Errorf("data: augment: %s is endless", d.Name())
	}
	sx, sy := d.Shapes()
	if moves := cfg.Shift > 0 || cfg.Zoom > 0 || cfg.Turn > 0; moves && (sx.H != sy.H || sx.W != sy.W) {
		return nil, fmt.Errorf("data: augment: %s: x %v and y %v have different sizes: Mirror and Light alone are possible", d.Name(), sx, sy)
	}
	if cfg.Shift >= min(sx.H, sx.W) {
		return nil, fmt.Errorf("data: augment: Shift is %d, pictures are %v", cfg.Shift, sx)
	}
	name := fmt.Sprintf("%s augmented %d times", d.Name(), cfg.Draws)
	if k > 1 {
		fx, _ := fine.Shapes()
		name += fmt.Sprintf(" at %v", fx)
	}
	return &pairs{
		name: name, n: n * cfg.Draws, sx: sx, sy: sy,
		pair: func(i int, x, y []float32) error {
			from := fine
			if i < n {
				from = d
			}
			px, py, err := from.Load([]int{i % n})
			if err != nil {
				return err
			}
			if i < n {
				copy(x, px.Pix)
				copy(y, py.Pix)
				return nil
			}
			r := stream(cfg.Seed, i)
			mirror, shift := cfg.Mirror && chance(r, .5), cfg.Shift*k
			dx, dy := r.IntN(2*shift+1)-shift, r.IntN(2*shift+1)-shift
			switch {
			case k > 1:
				w := newWarp(r, cfg, mirror, dx, dy)
				shrink(x, w.applied(px, true), k)
				shrink(y, w.applied(py, false), k)
				pure(y, sy)
			case cfg.Zoom > 0 || cfg.Turn > 0:
				w := newWarp(r, cfg, mirror, dx, dy)
				w.apply(x, px, true)
				w.apply(y, py, false)
			default:
				moved(x, px, mirror, dx, dy)
				moved(y, py, mirror, dx, dy)
			}
			if cfg.Light > 0 {
				f := float32(uniform(r, 1-cfg.Light, 1+cfg.Light))
				for j, v := range x {
					x[j] = min(1, max(0, f*v))
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

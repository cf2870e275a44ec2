package jupyter

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
)

// The logo shows what a normalizing flow does: a density with two peaks of
// unequal height, glowing, on a dark tile. It is drawn by formula on the unit
// square, y downwards.

// density is the height of the curve above the bottom of the tile at x.
func density(x float64) float64 {
	peak := func(at, width, height float64) float64 {
		d := (x - at) / width
		return height * math.Exp(-d*d/2)
	}
	return 0.2 + peak(0.34, 0.085, 0.52) + peak(0.66, 0.11, 0.28)
}

var (
	logoTop    = [3]float64{22, 28, 56}    // tile, at the top
	logoBottom = [3]float64{13, 62, 86}    // tile, at the bottom
	logoGlow   = [3]float64{0, 173, 216}   // below the curve: the blue of Go
	logoLine   = [3]float64{214, 247, 255} // the curve
)

const logoRadius = 0.2 // of the tile's corners

// LogoPNG draws the logo, size by size pixels.
func LogoPNG(size int) ([]byte, error) {
	const sub = 4 // samples per pixel side
	line := newCurve()
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	for py := range size {
		for px := range size {
			var sum [4]float64
			for s := range sub * sub {
				x := (float64(px) + (float64(s%sub)+0.5)/sub) / float64(size)
				y := (float64(py) + (float64(s/sub)+0.5)/sub) / float64(size)
				c, inside := logoAt(line, x, y)
				if inside {
					for i, v := range c {
						sum[i] += v
					}
					sum[3]++
				}
			}
			if n := sum[3]; n > 0 {
				img.SetNRGBA(px, py, color.NRGBA{uint8(sum[0] / n), uint8(sum[1] / n), uint8(sum[2] / n), uint8(255 * n / (sub * sub))})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("jupyter: %w", err)
	}
	return b.Bytes(), nil
}

// logoAt is the colour at a point, and whether the point is on the tile.
func logoAt(line *curve, x, y float64) (c [3]float64, inside bool) {
	dx := math.Max(0, math.Abs(x-0.5)-(0.5-logoRadius))
	dy := math.Max(0, math.Abs(y-0.5)-(0.5-logoRadius))
	if math.Hypot(dx, dy) > logoRadius {
		return c, false
	}
	c = mix(logoTop, logoBottom, y)
	above := (1 - density(x)) - y // positive above the curve
	dist := line.distance(x, y)
	if above < 0 {
		c = mix(c, logoGlow, 0.75*math.Exp(above/0.45))
	} else {
		c = mix(c, logoGlow, 0.5*math.Exp(-dist/0.07))
	}
	return mix(c, logoLine, math.Min(1, math.Max(0, 1.5-dist/0.022))), true
}

// A curve is the density at places that are closer to each other than the
// line is wide.
type curve [161][2]float64

func newCurve() *curve {
	var c curve
	for i := range c {
		x := float64(i) / float64(len(c)-1)
		c[i] = [2]float64{x, 1 - density(x)}
	}
	return &c
}

// distance is how far the point lies from the curve.
func (c *curve) distance(x, y float64) float64 {
	best := math.Inf(1)
	for _, p := range c {
		dx, dy := p[0]-x, p[1]-y
		best = min(best, dx*dx+dy*dy)
	}
	return math.Sqrt(best)
}

func mix(a, b [3]float64, t float64) [3]float64 {
	for i := range a {
		a[i] += t * (b[i] - a[i])
	}
	return a
}

// LogoSVG is the same drawing as a scalable picture.
func LogoSVG() string {
	hex := func(c [3]float64) string { return fmt.Sprintf("#%02x%02x%02x", int(c[0]), int(c[1]), int(c[2])) }
	var points strings.Builder
	for x := 0.0; x <= 1.0001; x += 0.02 {
		fmt.Fprintf(&points, "%.1f,%.1f ", 100*x, 100*(1-density(x)))
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">
<defs><linearGradient id="t" x2="0" y2="1"><stop stop-color="%s"/><stop offset="1" stop-color="%s"/></linearGradient>
<linearGradient id="g" x2="0" y2="1"><stop stop-color="%s" stop-opacity=".8"/><stop offset="1" stop-color="%s" stop-opacity=".15"/></linearGradient>
<clipPath id="c"><rect width="100" height="100" rx="%g"/></clipPath></defs>
<g clip-path="url(#c)"><rect width="100" height="100" fill="url(#t)"/>
<polygon points="0,100 %s100,100" fill="url(#g)"/>
<polyline points="%s" fill="none" stroke="%s" stroke-width="4.4" stroke-linejoin="round"/></g>
</svg>
`, hex(logoTop), hex(logoBottom), hex(logoGlow), hex(logoGlow), 100*logoRadius, points.String(), strings.TrimSpace(points.String()), hex(logoLine))
}

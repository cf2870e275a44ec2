package viz

import (
	"image"
	"image/color"
)

// paletted returns the raster with at most 256 colours, so that its PNG is half
// as large; nil when that would show. Colours are gathered in cubes of the
// colour space and each cube becomes its most frequent colour: plain areas stay
// exact and the mixed colours at the edges of lines move by at most
// coarsest-1 of 255. With exact, no pixel may move.
func paletted(m *image.RGBA, exact bool) *image.Paletted {
	const coarsest = 24
	count := map[[3]uint8]int{}
	var run int // of pixels with the same colour: most of a drawing
	for i := 0; i < len(m.Pix); i += 4 {
		if m.Pix[i+3] != 255 {
			return nil
		}
		run++
		if i+4 == len(m.Pix) || [4]uint8(m.Pix[i:i+4]) != [4]uint8(m.Pix[i+4:i+8]) {
			count[[3]uint8(m.Pix[i:i+3])] += run
			run = 0
		}
	}
	for _, edge := range []uint8{1, 8, 12, 16, 20, coarsest} {
		if cubes := gather(count, edge); cubes != nil {
			return repaint(m, cubes, edge)
		}
		if exact {
			break
		}
	}
	return nil
}

// gather returns the most frequent colour of each cube (the darkest of
// equals); nil when there are more than 256 cubes.
func gather(count map[[3]uint8]int, edge uint8) map[[3]uint8][3]uint8 {
	cubes := map[[3]uint8][3]uint8{}
	for c, n := range count {
		cube := [3]uint8{c[0] / edge, c[1] / edge, c[2] / edge}
		best, seen := cubes[cube]
		if !seen && len(cubes) == 256 {
			return nil
		}
		if !seen || n > count[best] || n == count[best] && before(c, best) {
			cubes[cube] = c
		}
	}
	return cubes
}

func before(a, b [3]uint8) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// repaint maps every pixel to the colour of its cube; the palette is in order
// of first use.
func repaint(m *image.RGBA, cubes map[[3]uint8][3]uint8, edge uint8) *image.Paletted {
	out := image.NewPaletted(m.Rect, nil)
	index := map[[3]uint8]uint8{}
	for i := range out.Pix {
		p := m.Pix[4*i : 4*i+3]
		if i > 0 && [3]uint8(p) == [3]uint8(m.Pix[4*i-4:4*i-1]) {
			out.Pix[i] = out.Pix[i-1]
			continue
		}
		cube := [3]uint8{p[0] / edge, p[1] / edge, p[2] / edge}
		k, seen := index[cube]
		if !seen {
			k = uint8(len(out.Palette))
			index[cube] = k
			c := cubes[cube]
			out.Palette = append(out.Palette, color.RGBA{c[0], c[1], c[2], 255})
		}
		out.Pix[i] = k
	}
	return out
}

package viz

import (
	"image"
	"image/color"
)

// rgb is an opaque colour.
type rgb [3]uint8

// paletted returns the raster with at most 256 colours, so that its PNG is half
// as large; nil when that would show. A colour of more than 1/5000 of the pixels
// is kept as it is: plain areas stay exact. The rest, the mixed colours at the
// edges of lines, are gathered in cubes of the colour space, and each cube
// becomes its most frequent colour, so that they move by at most coarsest-1 of
// 255. With exact, no pixel may move.
func paletted(m *image.RGBA, exact bool) *image.Paletted {
	const coarsest = 40
	count := map[rgb]int{}
	var run int // of pixels with the same colour: most of a drawing
	for i := 0; i < len(m.Pix); i += 4 {
		if m.Pix[i+3] != 255 {
			return nil
		}
		run++
		if i+4 == len(m.Pix) || rgb(m.Pix[i:i+3]) != rgb(m.Pix[i+4:i+7]) {
			count[rgb(m.Pix[i:i+3])] += run
			run = 0
		}
	}
	plain := len(m.Pix) / 4 / 5000
	for _, edge := range []uint8{1, 8, 12, 16, 20, 24, 32, coarsest} {
		if become := gather(count, plain, edge); become != nil {
			return repaint(m, become)
		}
		if exact {
			break
		}
	}
	return nil
}

// gather returns what each colour becomes; nil when that takes more than 256
// colours. Colours of more than plain pixels stay; others become the most
// frequent of their cube (of equals the first in order).
func gather(count map[rgb]int, plain int, edge uint8) map[rgb]rgb {
	kept := 0
	cubes := map[rgb]rgb{}
	cubeOf := func(c rgb) rgb { return rgb{c[0] / edge, c[1] / edge, c[2] / edge} }
	for c, n := range count {
		if n > plain {
			kept++
			continue
		}
		best, seen := cubes[cubeOf(c)]
		if !seen || n > count[best] || n == count[best] && before(c, best) {
			cubes[cubeOf(c)] = c
		}
		if kept+len(cubes) > 256 {
			return nil
		}
	}
	if kept+len(cubes) > 256 {
		return nil
	}
	become := make(map[rgb]rgb, len(count))
	for c, n := range count {
		become[c] = c
		if n <= plain {
			become[c] = cubes[cubeOf(c)]
		}
	}
	return become
}

func before(a, b rgb) bool {
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// repaint maps every pixel to what its colour becomes; the palette is in order
// of first use.
func repaint(m *image.RGBA, become map[rgb]rgb) *image.Paletted {
	out := image.NewPaletted(m.Rect, nil)
	index := map[rgb]uint8{}
	for i := range out.Pix {
		c := rgb(m.Pix[4*i : 4*i+3])
		if i > 0 && c == rgb(m.Pix[4*i-4:4*i-1]) {
			out.Pix[i] = out.Pix[i-1]
			continue
		}
		to := become[c]
		k, seen := index[to]
		if !seen {
			k = uint8(len(out.Palette))
			index[to] = k
			out.Palette = append(out.Palette, color.RGBA{to[0], to[1], to[2], 255})
		}
		out.Pix[i] = k
	}
	return out
}

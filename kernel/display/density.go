package display

import (
	"encoding/binary"
	"math"
)

// cssPerMetre is the number of CSS pixels in a metre: 96 in an inch.
const cssPerMetre = 96 / 0.0254

// pngSize returns the size in CSS pixels at which a PNG is meant to be shown,
// when it states its density (chunk pHYs, PNG specification 11.3.4.3): a
// picture of 192 pixels per inch has two pixels for each CSS pixel, and would
// show at twice its size without being told.
func pngSize(data []byte) (width, height int, ok bool) {
	const signature, ihdr = 8, 8 + 8
	if len(data) < ihdr+8 {
		return 0, 0, false
	}
	w, h := binary.BigEndian.Uint32(data[ihdr:]), binary.BigEndian.Uint32(data[ihdr+4:])
	for at := signature; at+8 <= len(data); {
		n, kind := int(binary.BigEndian.Uint32(data[at:])), string(data[at+4:at+8])
		body := at + 8
		if kind == "IDAT" || n < 0 || n > len(data)-body {
			return 0, 0, false // pHYs stands before the pixels
		}
		if kind == "pHYs" && n == 9 && data[body+8] == 1 { // per metre
			x, y := binary.BigEndian.Uint32(data[body:]), binary.BigEndian.Uint32(data[body+4:])
			if x == 0 || y == 0 {
				return 0, 0, false
			}
			css := func(px, density uint32) int { return int(math.Round(float64(px) * cssPerMetre / float64(density))) }
			return css(w, x), css(h, y), true
		}
		at = body + n + 4
	}
	return 0, 0, false
}

package viz

import (
	"image/color"
	"math"
)

// A Theme is a set of colours.
type Theme struct {
	Background color.NRGBA
	Ink        color.NRGBA   // titles and data labels
	Soft       color.NRGBA   // axis labels
	Rule       color.NRGBA   // grid lines
	Series     []color.NRGBA // one for each series in turn
}

// series returns the colour of series i.
func (t *Theme) series(i int) color.NRGBA { return t.Series[i%len(t.Series)] }

// order returns the colour of t in [0,1] for lines that have an order: a part of
// Sequential that can be seen on the ground.
func (t *Theme) order(v float64) color.NRGBA {
	if lightness(t.Background) > .5 {
		return Sequential()(.08 + .7*v)
	}
	return Sequential()(.38 + .6*v)
}

// depth returns the colour of t in [0,1] on the way from the ground to the first
// series' colour, not all of it, so that lines can be seen on it; NaN is the
// ground.
func (t *Theme) depth(v float64) color.NRGBA {
	if !(v > 0) {
		return t.Background
	}
	return mix(t.Background, t.Series[0], .8*min(1, v))
}

// mix returns the colour k of the way from a to b.
func mix(a, b color.NRGBA, k float64) color.NRGBA {
	part := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + k*(float64(y)-float64(x)))) }
	return color.NRGBA{part(a.R, b.R), part(a.G, b.G), part(a.B, b.B), 255}
}

func hex(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// Light is dark ink on white. The series are the colours of Okabe & Ito
// (2008), chosen to stay apart for colour-blind readers, darkest first.
func Light() Theme {
	return Theme{
		Background: hex(0xffffff), Ink: hex(0x1f2328), Soft: hex(0x59636e), Rule: hex(0xe4e7eb),
		Series: []color.NRGBA{hex(0x0072b2), hex(0xd55e00), hex(0x009e73), hex(0xcc79a7), hex(0xe69f00), hex(0x56b4e9), hex(0x4d4d4d)},
	}
}

// Dark is light ink on a dark ground, for dark notebooks and slides.
func Dark() Theme {
	return Theme{
		Background: hex(0x16191d), Ink: hex(0xe8eaed), Soft: hex(0xa3adb8), Rule: hex(0x2d333b),
		Series: []color.NRGBA{hex(0x56b4e9), hex(0xe69f00), hex(0x2bc59b), hex(0xe09bc4), hex(0xf0e442), hex(0xff8c42), hex(0xb8bec6)},
	}
}

// fade returns the colour with opacity a.
func fade(c color.NRGBA, a float64) color.NRGBA {
	c.A = uint8(math.Round(float64(c.A) * a))
	return c
}

// A Ramp is a colour scale: it returns the colour of t in [0,1]; values
// outside are clipped and NaN is transparent.
type Ramp func(t float64) color.NRGBA

// Sequential returns the scale for quantities from little to much: from dark
// violet over blue and green to light yellow, its lightness (L of OKLab) rising
// evenly from 0.22 to 0.95, so that it reads in gray as well.
func Sequential() Ramp {
	return table(func(t float64) (l, c, h float64) {
		return .22 + .73*t, .105 + .055*math.Sin(math.Pi*t) - .02*t, 300 - 195*t
	})
}

// Diverging returns the scale for signed quantities: blue below, near white in
// the middle, orange above; equal distances from the middle are equally dark.
func Diverging() Ramp {
	return table(func(t float64) (l, c, h float64) {
		d := math.Abs(2*t - 1)
		h = 250
		if t > .5 {
			h = 50
		}
		return .97 - .45*d, .15 * d, h
	})
}

// Gray returns the scale from black to white of sRGB.
func Gray() Ramp {
	return func(t float64) color.NRGBA {
		if math.IsNaN(t) {
			return color.NRGBA{}
		}
		v := uint8(math.Round(255 * min(1, max(0, t))))
		return color.NRGBA{v, v, v, 255}
	}
}

// table tabulates a scale given as lightness, chroma and hue (degrees) of
// OKLab.
func table(f func(t float64) (l, c, h float64)) Ramp {
	const n = 256
	colours := make([]color.NRGBA, n)
	for i := range colours {
		colours[i] = oklch(f(float64(i) / (n - 1)))
	}
	return func(t float64) color.NRGBA {
		if math.IsNaN(t) {
			return color.NRGBA{}
		}
		return colours[int(math.Round((n-1)*min(1, max(0, t))))]
	}
}

// oklch returns the sRGB colour of a lightness, chroma and hue of OKLab
// (Ottosson 2020, "A perceptual color space for image processing"), with the
// chroma lowered until the colour exists in sRGB.
func oklch(l, c, h float64) color.NRGBA {
	sin, cos := math.Sincos(h * math.Pi / 180)
	for ; ; c *= .96 {
		a, b := c*cos, c*sin
		p := cube(l + .3963377774*a + .2158037573*b)
		q := cube(l - .1055613458*a - .0638541728*b)
		s := cube(l - .0894841775*a - 1.2914855480*b)
		lin := [3]float64{
			4.0767416621*p - 3.3077115913*q + .2309699292*s,
			-1.2684380046*p + 2.6097574011*q - .3413193965*s,
			-.0041960863*p - .7034186147*q + 1.7076147010*s,
		}
		inside := true
		var out [3]uint8
		for i, v := range lin {
			inside = inside && v >= -1e-4 && v <= 1+1e-4
			out[i] = uint8(math.Round(255 * gamma(min(1, max(0, v)))))
		}
		if inside || c < 1e-3 {
			return color.NRGBA{out[0], out[1], out[2], 255}
		}
	}
}

func cube(v float64) float64 { return v * v * v }

// gamma returns the sRGB value of a linear intensity (IEC 61966-2-1).
func gamma(v float64) float64 {
	if v <= .0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - .055
}

// lightness returns the relative luminance of a colour in [0,1], to choose ink
// that can be read on it.
func lightness(c color.NRGBA) float64 {
	lin := func(v uint8) float64 { return math.Pow(float64(v)/255, 2.2) }
	return .2126*lin(c.R) + .7152*lin(c.G) + .0722*lin(c.B)
}

// readable returns black or white, whichever can be read better on c.
func readable(c color.NRGBA) color.NRGBA {
	if lightness(c) > .30 {
		return hex(0x1f2328)
	}
	return hex(0xffffff)
}

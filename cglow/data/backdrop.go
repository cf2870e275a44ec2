package data

import (
	"math"
	"math/rand/v2"
)

// palettes of surfaces: a dark, a middle and a light colour each.
var surfaces = [][3]rgb{
	{{.16, .25, .08}, {.33, .45, .16}, {.58, .66, .32}}, // meadow
	{{.22, .24, .12}, {.42, .40, .22}, {.66, .60, .38}}, // dry grass
	{{.28, .20, .13}, {.47, .36, .25}, {.68, .56, .42}}, // earth
	{{.55, .45, .32}, {.74, .64, .47}, {.88, .80, .66}}, // sand
	{{.62, .67, .72}, {.80, .84, .88}, {.95, .96, .98}}, // snow
	{{.05, .12, .06}, {.13, .24, .12}, {.30, .42, .22}}, // forest
	{{.24, .24, .25}, {.43, .43, .43}, {.64, .64, .62}}, // stone
	{{.30, .17, .10}, {.50, .30, .18}, {.72, .50, .34}}, // wood, brick
	{{.40, .28, .12}, {.66, .48, .20}, {.85, .70, .40}}, // autumn
}

// skies, from the horizon up.
var skies = [][2]rgb{
	{{.80, .88, .95}, {.35, .55, .85}}, {{.92, .92, .90}, {.66, .70, .74}},
	{{.96, .80, .62}, {.50, .46, .60}}, {{.60, .66, .70}, {.36, .42, .48}},
	{{.88, .90, .86}, {.72, .80, .84}},
}

// coats of animals: two colours each.
var coats = [][2]rgb{
	{{.43, .24, .12}, {.20, .10, .05}}, {{.62, .38, .20}, {.85, .70, .50}}, {{.13, .11, .10}, {.30, .26, .24}},
	{{.90, .88, .84}, {.62, .60, .58}}, {{.52, .50, .49}, {.78, .77, .76}}, {{.76, .62, .42}, {.93, .86, .72}},
	{{.33, .20, .12}, {.92, .90, .86}}, {{.15, .13, .12}, {.90, .88, .86}}, {{.36, .34, .22}, {.60, .56, .38}},
}

// tint returns the colour with brightness and hue changed a little.
func tint(r *rand.Rand, c rgb) rgb {
	k := uniform(r, .82, 1.18)
	for i := range c {
		c[i] = min(1, max(0, c[i]*k+uniform(r, -.035, .035)))
	}
	return c
}

// surface returns the shader of a textured plane: three colours mixed by
// noise of the given frequency, stretched along x or y.
func surface(r *rand.Rand, p [3]rgb, freq, stretch float64) shader {
	a, b, c := tint(r, p[0]), tint(r, p[1]), tint(r, p[2])
	n, warp := noise(r.Uint64()), noise(r.Uint64())
	return func(x, y float64) rgb {
		w := warp.at(2.5*x, 2.5*y) - .5
		v := n.octaves(freq*x/stretch+2*w, freq*y*stretch+2*w, 3)
		v = step(.22, .78, v)
		if v < .5 {
			return a.mix(b, 2*v)
		}
		return b.mix(c, 2*v-1)
	}
}

// planks returns the shader of a wall of boards or bars.
func planks(r *rand.Rand, p [3]rgb) shader {
	base := surface(r, p, uniform(r, 5, 9), uniform(r, .35, .6))
	gap := tint(r, p[0]).times(.7)
	n := math.Floor(uniform(r, 4, 9))
	off := r.Float64()
	shade := noise(r.Uint64())
	lying := chance(r, .5)
	return func(x, y float64) rgb {
		u := x
		if lying {
			u = y
		}
		u = u*n + off
		board := math.Floor(u)
		c := base(x, y).times(.8 + .4*shade.at(board*3.7, .5))
		edge := math.Abs(u - board - .5)
		return c.mix(gap, step(.42, .49, edge))
	}
}

// backdrop fills the canvas with a place: open country with a horizon, a
// surface seen from close by, or a wall over ground. The ground's upper edge
// is above feet; its height is returned (0: ground everywhere).
func backdrop(r *rand.Rand, c *canvas, feet float64) float64 {
	ground := surface(r, surfaces[r.IntN(len(surfaces))], uniform(r, 5, 12), uniform(r, .7, 1.1))
	v := r.Float64()
	if v < .30 {
		c.fill(ground)
		return 0
	}
	var behind shader
	edge := uniform(r, .30, max(.35, min(.85, feet-.06)))
	switch {
	case v < .62:
		sky := skies[r.IntN(len(skies))]
		low, high := tint(r, sky[0]), tint(r, sky[1])
		clouds, cover := noise(r.Uint64()), uniform(r, 0, .8)
		behind = func(x, y float64) rgb {
			s := low.mix(high, min(1, max(0, (edge-y)/edge)))
			return s.mix(rgb{.96, .96, .97}, cover*step(.45, .75, clouds.octaves(3*x, 6*y, 3)))
		}
	case v < .82:
		behind = surface(r, surfaces[r.IntN(len(surfaces))], uniform(r, 4, 10), uniform(r, .8, 1.5))
	default:
		behind = planks(r, surfaces[6+r.IntN(2)])
	}
	hill, tilt := noise(r.Uint64()), uniform(r, -.12, .12)
	rough, soft := uniform(r, .02, .16), uniform(r, .01, .05)
	skyline := make([]float64, c.size) // by column
	for i := range skyline {
		x := (float64(i) + .5) / float64(c.size)
		skyline[i] = edge + tilt*(x-.5) + rough*(hill.octaves(4*x, .5, 2)-.5)
	}
	c.fill(func(x, y float64) rgb {
		h := skyline[int(x*float64(c.size))]
		t := step(h-soft, h+soft, y)
		switch {
		case t <= 0:
			return behind(x, y)
		case t >= 1:
			return ground(x, y)
		}
		return behind(x, y).mix(ground(x, y), t)
	})
	return edge
}

// coat returns the shader of an animal's skin: plain, mottled, spotted,
// striped or in patches, lighter above than below.
func coat(r *rand.Rand, p [2]rgb, top, height float64) shader {
	a, b := tint(r, p[0]), tint(r, p[1])
	n, m := noise(r.Uint64()), noise(r.Uint64())
	kind := r.IntN(7)
	freq := uniform(r, 5, 9)
	turn := uniform(r, -.5, .5)
	light := uniform(r, .05, .35)
	return func(x, y float64) rgb {
		fine := m.octaves(14*x, 14*y, 2)
		c := a
		switch kind {
		case 0, 1, 5: // mottled
			c = a.mix(b, .55*n.octaves(freq*x, freq*y, 2))
		case 2: // patches
			c = a.mix(b, step(.50, .56, n.octaves(freq*.7*x, freq*.7*y, 2)))
		case 3: // spots
			c = a.mix(b, step(.62, .70, n.at(2.6*freq*x, 2.6*freq*y)))
		case 4: // stripes
			u := 4*freq*(x+turn*y) + 3*n.at(4*x, 4*y)
			c = a.mix(b, step(-.2, .5, math.Sin(u)))
		}
		down := (y - top) / height
		return c.times((1 + light*(.5-down)) * (.86 + .28*fine))
	}
}

package data

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
)

// PortraitConfig describes a set of drawn faces.
type PortraitConfig struct {
	Size  int    // height and width in pixels: 32, 64 or 128
	Seed  uint64 // sets with different seeds have no pair in common
	Noise bool   // camera noise and changes of exposure
}

// Portraits32 is the small set of drawn faces.
func Portraits32() PortraitConfig { return PortraitConfig{Size: 32, Seed: 1, Noise: true} }

// Portraits64 is Portraits32 at 64x64: the same faces, drawn finer.
func Portraits64() PortraitConfig { return PortraitConfig{Size: 64, Seed: 1, Noise: true} }

// Validate names the field that is out of its range.
func (c PortraitConfig) Validate() error {
	switch c.Size {
	case 32, 64, 128:
		return nil
	}
	return fmt.Errorf("data: portraits: Size is %d, want 32, 64 or 128", c.Size)
}

// Portraits returns an endless set of drawn faces like LFW: x is a 3xSxS picture
// and y the classes [Background], [Face] (neck and ears included) and [Hair],
// 3xSxS, 1 where the pixel has the class of most of its 4x4 samples. Pair i
// depends on Seed and i alone and shows the same face at every Size.
func Portraits(cfg PortraitConfig) (Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	draw := painter(cfg)
	return &pairs{
		name: fmt.Sprintf("portraits %dx%d seed %d", cfg.Size, cfg.Size, cfg.Seed),
		sx:   Shape{3, cfg.Size, cfg.Size}, sy: Shape{faceClasses, cfg.Size, cfg.Size},
		pair: func(i int, x, y []float32) error {
			draw(i, x, y)
			return nil
		},
	}, nil
}

// OccludedPortraits returns an endless set of drawn faces like CelebA: the
// central quarter of x is HiddenValue, y is what it hides.
func OccludedPortraits(cfg PortraitConfig) (Dataset, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	draw := painter(cfg)
	name := fmt.Sprintf("occluded portraits %dx%d seed %d", cfg.Size, cfg.Size, cfg.Seed)
	return occluded(name, 0, cfg.Size, func(i int, x []float32) error {
		draw(i, x, make([]float32, faceClasses*cfg.Size*cfg.Size))
		return nil
	}), nil
}

// painter returns the function that draws pair i.
func painter(cfg PortraitConfig) func(i int, x, y []float32) {
	canvases := sync.Pool{New: func() any { return newCanvas(cfg.Size) }}
	return func(i int, x, y []float32) {
		c := canvases.Get().(*canvas)
		defer canvases.Put(c)
		portrait(c, cfg, i, x, y)
	}
}

// Layers of a portrait, from behind.
const (
	hairBehind = 1 << iota
	skin
	hairBefore
)

var (
	skins = []rgb{{.96, .80, .69}, {.89, .70, .56}, {.78, .57, .42}, {.62, .42, .29}, {.43, .28, .19}, {.30, .19, .13}}
	hairs = []rgb{{.10, .08, .07}, {.22, .14, .09}, {.38, .24, .13}, {.62, .45, .22}, {.84, .70, .42}, {.55, .54, .53}, {.86, .85, .84}, {.48, .19, .09}}
)

// head holds the proportions of a face; places are on the canvas.
type head struct {
	at         point   // centre
	w, h       float64 // half width and half height of the skull
	lean, turn float64 // tilt of the axis; how far the features are shifted sideways
}

// on returns a place on the face: (0,0) is the centre, (1,1) right and below.
func (h *head) on(x, y float64) point {
	s, c := math.Sincos(h.lean)
	dx, dy := (x+h.turn)*h.w, y*h.h
	return point{h.at.x + c*dx - s*dy, h.at.y + s*dx + c*dy}
}

// portrait draws pair i into x and y.
func portrait(c *canvas, cfg PortraitConfig, i int, x, y []float32) {
	r := stream(cfg.Seed, i)
	size := uniform(r, .22, .29)
	h := &head{
		at: point{uniform(r, .42, .58), uniform(r, .44, .54)}, w: size, h: size * uniform(r, 1.22, 1.42),
		lean: uniform(r, -.16, .16), turn: uniform(r, -.18, .18),
	}
	tone, lock := tint(r, skins[r.IntN(len(skins))]), tint(r, hairs[r.IntN(len(hairs))])
	backdrop(r, c, .9)
	clutter(r, c, .2, [2]rgb{tone, lock}, 8)

	behind, before := hairstyle(r, h)
	marked := c.mark(hairBehind, behind)
	strands := noise(r.Uint64())
	hair := func(x, y float64) rgb {
		return lock.times(.7 + .6*strands.octaves(30*x, 7*y, 2))
	}
	c.paint(hairBehind, 0, marked, func(x, y float64) rgb { return hair(x, y).times(.75) })
	shirt(r, c, h)
	face := c.mark(skin, skinOf(h))
	c.paint(skin, 0, face, complexion(r, h, tone))
	features(r, c, h, tone, lock)
	front := c.mark(hairBefore, before)
	c.paint(hairBefore, 0, front, hair)
	classify(c, y)
	c.clear(hairBehind|skin|hairBefore, marked.union(face).union(front))
	expose(r, c, cfg.Noise, x)
}

// skinOf returns the bones of skull, jaw, ears and neck.
func skinOf(h *head) []bone {
	chin := h.on(-h.turn*.6, .80)
	brow := h.on(-h.turn, -.42)
	jaw := h.on(-h.turn*.8, .28)
	neck := h.on(-h.turn, 1.75)
	return []bone{
		{brow, jaw, h.w * .98, h.w * .86}, {jaw, chin, h.w * .86, h.w * .42},
		{chin, neck, h.w * .46, h.w * .52},
		{h.on(-1.0-h.turn, .0), h.on(-.97-h.turn, .22), h.w * .15, h.w * .11},
		{h.on(1.0-h.turn, .0), h.on(.97-h.turn, .22), h.w * .15, h.w * .11},
	}
}

// hairstyle returns the hair behind the head and in front of it; both are
// empty on a bald one.
func hairstyle(r *rand.Rand, h *head) (behind, before []bone) {
	kind := r.Float64()
	if kind < .07 {
		return nil, nil
	}
	crown := h.on(-h.turn, -.52)
	volume := uniform(r, 1.06, 1.22) * h.w
	behind = append(behind, bone{crown, h.on(-h.turn, -.2), volume, volume})
	if kind > .5 { // long
		fall := uniform(r, .7, 1.7)
		for _, side := range []float64{-1, 1} {
			behind = append(behind, bone{h.on(side*.62-h.turn, -.2), h.on(side*uniform(r, .65, .95)-h.turn, fall), h.w * .52, h.w * uniform(r, .2, .42)})
		}
	}
	// The fringe follows the line of the hair from one temple to the other.
	line := uniform(r, -.95, -.62)
	parting := uniform(r, -.7, .7)
	thick := uniform(r, .20, .30) * h.w
	top := func(t float64) point { return h.on(t*.8-h.turn, -1.07+.38*t*t) }
	arch := func(t float64) point { // t from -1 to 1
		return h.on(t*.93-h.turn, line+.55*t*t+.12*math.Abs(t-parting))
	}
	for k := range 10 {
		a, b := -1+.2*float64(k), -.8+.2*float64(k)
		before = append(before, bone{arch(a), arch(b), thick, thick}, bone{arch(a), top(a), thick, thick})
	}
	if kind > .25 { // sideburns
		for _, side := range []float64{-1, 1} {
			before = append(before, bone{arch(side), h.on(side*.98-h.turn, uniform(r, -.1, .25)), thick * .7, thick * .3})
		}
	}
	return behind, before
}

// shirt draws shoulders, which belong to the background.
func shirt(r *rand.Rand, c *canvas, h *head) {
	wide := uniform(r, 1.9, 2.6)
	cloth := surface(r, surfaces[r.IntN(len(surfaces))], uniform(r, 4, 14), 1)
	if chance(r, .6) {
		plain := rgb{r.Float64(), r.Float64(), r.Float64()}
		cloth = func(x, y float64) rgb { return plain }
	}
	left, right := h.on(-wide-h.turn, 2.25), h.on(wide-h.turn, 2.25)
	mid := h.on(-h.turn, 2.05)
	c.draw([]bone{{left, mid, h.w * .7, h.w * .6}, {mid, right, h.w * .6, h.w * .7}, {mid, mid.add(point{0, .5}), h.w * 1.6, h.w * 2.5}}, cloth)
}

// complexion shades skin: light from one side, darker below the chin.
func complexion(r *rand.Rand, h *head, tone rgb) shader {
	side, strength := uniform(r, -1, 1), uniform(r, .1, .45)
	rough := noise(r.Uint64())
	return func(x, y float64) rgb {
		u, v := (x-h.at.x)/h.w, (y-h.at.y)/h.h
		k := 1 + strength*side*u*.5 - .12*max(0, v)
		k *= 1 - .25*step(.85, 1.05, v)
		return tone.times(k * (.95 + .1*rough.octaves(12*x, 12*y, 2)))
	}
}

// features draws eyes, brows, nose and mouth.
func features(r *rand.Rand, c *canvas, h *head, tone, lock rgb) {
	flat := func(p rgb) shader { return func(x, y float64) rgb { return p } }
	apart, high := uniform(r, .36, .44), uniform(r, -.16, -.04)
	open := uniform(r, .05, .11) * h.w
	iris := []rgb{{.20, .13, .08}, {.25, .38, .52}, {.28, .40, .25}, {.10, .08, .06}}[r.IntN(4)]
	for _, side := range []float64{-1, 1} {
		eye := h.on(side*apart, high)
		c.draw([]bone{{eye.add(point{-.12 * h.w, 0}), eye.add(point{.12 * h.w, 0}), open * .9, open * .9}}, flat(rgb{.93, .92, .90}))
		c.draw([]bone{{eye, eye, open, open}}, flat(iris))
		lift := uniform(r, .20, .26)
		c.draw([]bone{{h.on(side*(apart-.17), high-lift), h.on(side*(apart+.2), high-lift+.04), h.w * .055, h.w * .03}}, flat(lock.times(.8)))
	}
	nose := h.on(h.turn*.5, .28)
	c.draw([]bone{{h.on(h.turn*.3, -.05), nose, h.w * .05, h.w * .09}}, flat(tone.times(1.08)))
	c.draw([]bone{{nose.add(point{-.1 * h.w, .05 * h.h}), nose.add(point{.1 * h.w, .05 * h.h}), h.w * .035, h.w * .035}}, flat(tone.times(.72)))
	width, smile := uniform(r, .22, .38), uniform(r, -.04, .10)
	lips := rgb{tone[0] * .85, tone[1] * .55, tone[2] * .55}
	centre := h.on(0, .56+smile)
	bones := []bone{{h.on(-width, .56), centre, h.w * .04, h.w * .075}, {centre, h.on(width, .56), h.w * .075, h.w * .04}}
	c.draw(bones, flat(lips))
	if chance(r, .3) {
		c.draw([]bone{{h.on(-width*.6, .565+smile*.6), h.on(width*.6, .565+smile*.6), h.w * .03, h.w * .03}}, flat(rgb{.95, .94, .92}))
	}
}

// classify writes the class of each pixel: that of most of its samples, the
// lowest of equals.
func classify(c *canvas, y []float32) {
	w := c.size * samples
	class := make([]uint8, w*w)
	for i, m := range c.marks {
		switch {
		case m&hairBefore != 0:
			class[i] = Hair
		case m&skin != 0:
			class[i] = Face
		case m&hairBehind != 0:
			class[i] = Hair
		}
	}
	oneHot(y, vote(class, w, samples))
}

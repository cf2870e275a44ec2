package data

import (
	"math"
	"math/rand/v2"
)

// clutter draws things that are not the animal, before it is drawn: rocks,
// bushes, trees, fences, tufts and limbs without a body. Two in five have the
// colours of the animal's coat, so that colour alone tells nothing. There are
// between three eighths of most and most.
func clutter(r *rand.Rand, c *canvas, edge float64, own [2]rgb, most int) {
	few := (3*most + 7) / 8
	n := few + r.IntN(most-few+1)
	for range n {
		at := point{uniform(r, -.05, 1.05), uniform(r, max(.1, edge-.25), 1.02)}
		var skin shader
		if chance(r, .4) {
			skin = coat(r, own, at.y-.15, .3)
		} else {
			skin = surface(r, surfaces[r.IntN(len(surfaces))], uniform(r, 6, 16), 1)
		}
		var things []bone
		switch r.IntN(6) {
		case 0:
			things = rock(r, at)
		case 1:
			things = bush(r, at)
		case 2:
			things = tree(r, at)
		case 3:
			things = fence(r, at)
		case 4:
			things = tuft(r, at)
		case 5:
			things = stump(r, at)
		}
		c.draw(things, skin)
	}
}

// rock is two to four discs in a heap, wider than high.
func rock(r *rand.Rand, at point) []bone {
	size := uniform(r, .05, .15)
	var out []bone
	for range 2 + r.IntN(3) {
		p := at.add(point{uniform(r, -1.1, 1.1) * size, uniform(r, -.4, .2) * size})
		q := p.add(point{uniform(r, .2, 1) * size, uniform(r, -.2, .2) * size})
		out = append(out, bone{p, q, jitter(r, size, .3), jitter(r, size*.8, .3)})
	}
	return out
}

// bush is many small discs in a round.
func bush(r *rand.Rand, at point) []bone {
	size := uniform(r, .07, .18)
	var out []bone
	for range 9 + r.IntN(8) {
		s, c := math.Sincos(uniform(r, 0, 2*math.Pi))
		d := size * math.Sqrt(r.Float64())
		p := at.add(point{d * c, .7*d*s - .5*size})
		out = append(out, bone{p, p, size * .32, size * .32})
	}
	return out
}

// tree is a trunk with branches, some with a crown.
func tree(r *rand.Rand, at point) []bone {
	height, thick := uniform(r, .4, 1), uniform(r, .018, .05)
	up := math.Pi/2 + uniform(r, -.12, .12)
	trunk := arc(at, up, uniform(r, -.3, .3), height/4, 4)
	out := spine(nil, trunk, ramp(thick, thick*.55, 4))
	for i := 1; i <= 4; i++ {
		for range 1 + r.IntN(2) {
			dir := up + uniform(r, .4, 1.3)*float64(2*r.IntN(2)-1)
			tip := trunk[i].towards(dir, uniform(r, .08, .25))
			out = append(out, bone{trunk[i], tip, thick * .5, thick * .2})
			if i > 2 && chance(r, .4) {
				out = append(out, bone{tip, tip, uniform(r, .05, .1), .05})
			}
		}
	}
	return out
}

// fence is a row of posts with one to three rails.
func fence(r *rand.Rand, at point) []bone {
	gap, height, thick := uniform(r, .1, .22), uniform(r, .15, .35), uniform(r, .008, .02)
	tilt := uniform(r, -.08, .08)
	var out []bone
	for x := math.Mod(at.x, gap) - gap; x < 1+gap; x += gap {
		p := point{x, at.y + tilt*x}
		out = append(out, bone{p, p.add(point{uniform(r, -.01, .01), -height}), thick, thick})
	}
	for k := range 1 + r.IntN(3) {
		y := at.y - height*(.9-.32*float64(k))
		out = append(out, bone{point{-.1, y - .1*tilt}, point{1.1, y + 1.1*tilt}, thick * .8, thick * .8})
	}
	return out
}

// tuft is a fan of blades.
func tuft(r *rand.Rand, at point) []bone {
	var out []bone
	long := uniform(r, .08, .25)
	for range 6 + r.IntN(8) {
		root := at.add(point{uniform(r, -.05, .05), 0})
		blade := arc(root, math.Pi/2+uniform(r, -.6, .6), uniform(r, -.5, .5), jitter(r, long, .4)/2, 2)
		out = spine(out, blade, []float64{.009, .007, .003})
	}
	return out
}

// stump is a trunk with two to four limbs that stand or hang like legs.
func stump(r *rand.Rand, at point) []bone {
	half, thick := uniform(r, .08, .22), uniform(r, .03, .08)
	tilt := uniform(r, -.4, .4)
	a, b := at.towards(tilt+math.Pi, half), at.towards(tilt, half)
	out := []bone{{a, b, thick, jitter(r, thick, .3)}}
	dir := -math.Pi / 2
	if chance(r, .5) {
		dir = math.Pi / 2
	}
	for range 2 + r.IntN(3) {
		t := r.Float64()
		root := point{a.x + (b.x-a.x)*t, a.y + (b.y-a.y)*t}
		out = spine(out, arc(root, dir+uniform(r, -.5, .5), uniform(r, -.4, .4), uniform(r, .05, .14), 2), ramp(thick*.55, thick*.25, 2))
	}
	return out
}

package data

import (
	"math"
	"math/rand/v2"
)

// build holds the proportions of a four-legged animal. Lengths are in units of
// the distance from hip to shoulder; thicknesses are radii.
type build struct {
	rump, belly, chest      float64 // torso, from the back to the front
	leg, thigh, shin        float64 // length of a leg, radii at its top and bottom
	neck, nape, lift        float64 // length, radius at the head, angle in degrees
	head, skull, muzzle     float64 // length and radii
	ear, horn               float64 // lengths; 0: none
	tail, tailTop, tailEnd  float64 // length and radii
	tailLift, mane, antlers float64 // tail's angle in degrees; radius of a mane; length of antlers
}

// builds are the animals that a scene starts from; every number is then varied.
var builds = []build{
	{ // horse
		rump: .235, belly: .225, chest: .25, leg: .86, thigh: .13, shin: .047,
		neck: .56, nape: .105, lift: 52, head: .40, skull: .11, muzzle: .065,
		ear: .11, tail: .62, tailTop: .045, tailEnd: .085, tailLift: -62, mane: .07,
	},
	{ // dog
		rump: .19, belly: .165, chest: .235, leg: .68, thigh: .12, shin: .05,
		neck: .32, nape: .115, lift: 48, head: .34, skull: .125, muzzle: .065,
		ear: .15, tail: .50, tailTop: .05, tailEnd: .03, tailLift: 35,
	},
	{ // deer
		rump: .20, belly: .19, chest: .215, leg: .92, thigh: .105, shin: .036,
		neck: .52, nape: .075, lift: 64, head: .30, skull: .09, muzzle: .05,
		ear: .16, tail: .14, tailTop: .05, tailEnd: .03, tailLift: -20, antlers: .42,
	},
	{ // cow
		rump: .255, belly: .275, chest: .265, leg: .70, thigh: .13, shin: .055,
		neck: .40, nape: .13, lift: 18, head: .40, skull: .125, muzzle: .085,
		ear: .13, horn: .17, tail: .62, tailTop: .03, tailEnd: .045, tailLift: -82,
	},
	{ // cat
		rump: .165, belly: .15, chest: .165, leg: .46, thigh: .11, shin: .05,
		neck: .17, nape: .11, lift: 42, head: .16, skull: .135, muzzle: .075,
		ear: .12, tail: .82, tailTop: .045, tailEnd: .035, tailLift: 50,
	},
	{ // bear
		rump: .285, belly: .275, chest: .27, leg: .60, thigh: .15, shin: .085,
		neck: .36, nape: .155, lift: 20, head: .36, skull: .16, muzzle: .08,
		ear: .08, tail: .08, tailTop: .06, tailEnd: .05, tailLift: -40,
	},
	{ // sheep
		rump: .275, belly: .285, chest: .27, leg: .58, thigh: .11, shin: .045,
		neck: .36, nape: .115, lift: 42, head: .32, skull: .11, muzzle: .07,
		ear: .13, tail: .16, tailTop: .07, tailEnd: .05, tailLift: -70,
	},
}

// vary returns the proportions with every number changed on its own by up to
// 14 %, and with horns or antlers in half of the animals that can have them.
func (b build) vary(r *rand.Rand) build {
	for _, v := range []*float64{
		&b.rump, &b.belly, &b.chest, &b.leg, &b.thigh, &b.shin, &b.neck, &b.nape, &b.head, &b.skull,
		&b.muzzle, &b.ear, &b.horn, &b.tail, &b.tailTop, &b.tailEnd, &b.mane, &b.antlers,
	} {
		*v = jitter(r, *v, .14)
	}
	if chance(r, .5) {
		b.horn, b.antlers = 0, 0
	}
	b.tailLift += uniform(r, -25, 25)
	return b
}

// pose holds the angles of an animal's joints, in degrees.
type pose struct {
	stride, phase float64 // half the swing of the legs, place in the gait
	gallop        bool    // the legs of a pair swing together
	neck, head    float64 // added to the neck's lift; the head's angle to the neck
	curl          float64 // bend of the tail along its length
	sag           float64 // of the back, in units of length
	pitch         float64 // of the whole body
}

// strike draws a pose.
func strike(r *rand.Rand) pose {
	p := pose{
		stride: uniform(r, 4, 14), phase: uniform(r, 0, 2*math.Pi), neck: uniform(r, -14, 14),
		head: uniform(r, -105, -65), curl: uniform(r, -60, 90), sag: uniform(r, -.03, .05), pitch: uniform(r, -5, 5),
	}
	switch v := r.Float64(); {
	case v < .30: // walks
		p.stride = uniform(r, 14, 28)
	case v < .48: // runs
		p.stride, p.gallop, p.pitch = uniform(r, 28, 48), true, uniform(r, -10, 10)
		p.neck -= uniform(r, 5, 25)
		p.head = uniform(r, -70, -30)
	case v < .64: // grazes
		p.neck, p.head = uniform(r, -100, -75), uniform(r, -45, -5)
	case v < .70: // rears
		p.pitch, p.stride, p.gallop = uniform(r, 18, 38), uniform(r, 15, 30), true
	}
	return p
}

// animal is the drawing: bones behind the body (the far legs) and in front.
type animal struct {
	far, near []bone
}

// spine is a run of discs joined by bones.
func spine(out []bone, pts []point, radii []float64) []bone {
	for i := 1; i < len(pts); i++ {
		out = append(out, bone{pts[i-1], pts[i], radii[i-1], radii[i]})
	}
	return out
}

// arc returns n points from a in steps of d whose direction starts at angle
// and turns by turn radians in all.
func arc(a point, angle, turn, d float64, n int) []point {
	out := []point{a}
	for i := range n {
		a = a.towards(angle+turn*float64(i)/float64(n), d)
		out = append(out, a)
	}
	return out
}

// ramp returns n+1 numbers from a to b in even steps.
func ramp(a, b float64, n int) []float64 {
	out := make([]float64, n+1)
	for i := range out {
		out[i] = a + (b-a)*float64(i)/float64(n)
	}
	return out
}

const degree = math.Pi / 180

// assemble joins the parts of an animal that looks to the right, hip at the
// origin, in units of the torso's length.
func assemble(b build, p pose) animal {
	var a animal
	pitch := p.pitch * degree
	hip := point{}
	shoulder := hip.towards(pitch, 1)
	at := func(t, down float64) point { // t along the torso, down across it
		return hip.towards(pitch, t).towards(pitch-math.Pi/2, down)
	}
	body := []point{at(-.04, 0), at(.14, -.01), at(.45, p.sag+.02), at(.75, p.sag), at(.97, .0)}
	a.near = spine(a.near, body, []float64{b.rump * .86, b.rump, b.belly, (b.belly + b.chest) / 2, b.chest})

	// The neck grows out of the chest, wide at its base.
	angle := pitch + (b.lift+p.neck)*degree
	root := shoulder.towards(pitch+math.Pi/2, b.chest*.25)
	neck := arc(root, angle-.22, .44, b.neck/3, 3)
	a.near = spine(a.near, neck, ramp(b.chest*.74, b.nape, 3))
	if b.mane > 0 {
		for i := 1; i < len(neck); i++ {
			a.near = append(a.near, bone{
				neck[i-1].towards(angle+math.Pi/2, b.nape*.8), neck[i].towards(angle+math.Pi/2, b.nape*.8), b.mane, b.mane})
		}
	}
	a.near = append(a.near, headOf(b, neck[3], angle+.2, angle+p.head*degree)...)

	tail := arc(at(-.04, -b.rump*.62), math.Pi-pitch+b.tailLift*-degree, -p.curl*degree, b.tail/4, 4)
	a.near = spine(a.near, tail, ramp(b.tailTop, b.tailEnd, 4))

	// Rear and front legs of each side; the far side swings half a gait later.
	swing := func(offset float64) float64 { return math.Sin(p.phase + offset) }
	lag := math.Pi
	if p.gallop {
		lag = .5
	}
	rearTop, frontTop := at(.06, b.rump*.30), at(.92, b.chest*.34)
	a.near = append(a.near, legOf(b, rearTop, p.stride*swing(0), pitch*.3, true)...)
	a.near = append(a.near, legOf(b, frontTop, p.stride*swing(math.Pi*.9), pitch*.3, false)...)
	shift := point{.05, -.02}
	a.far = append(a.far, legOf(b, rearTop.add(shift), p.stride*swing(lag), pitch*.3, true)...)
	a.far = append(a.far, legOf(b, frontTop.add(shift), p.stride*swing(lag+math.Pi*.9), pitch*.3, false)...)
	return a
}

// headOf returns skull, muzzle, ears, horns and antlers. The skull is at top,
// up points along the neck and face from the skull to the muzzle.
func headOf(b build, top point, up, face float64) []bone {
	crown := top.towards(up, b.skull*.2)
	nose := crown.towards(face, b.head)
	cheek := crown.towards(face, b.head*.38)
	out := []bone{{crown, cheek, b.skull, b.skull * .92}, {cheek, nose, b.skull * .85, b.muzzle}}
	back := face + 125*degree
	ear := crown.towards(back, b.skull*.7)
	out = append(out, bone{ear, ear.towards(back-.3, b.ear), b.ear * .36, b.ear * .10})
	if b.horn > 0 {
		out = spine(out, arc(crown.towards(back, b.skull*.6), back-.9, .9, b.horn/3, 3), ramp(.035, .018, 3))
	}
	if b.antlers > 0 {
		stem := arc(crown.towards(back, b.skull*.6), up+.5, -.9, b.antlers/4, 4)
		out = spine(out, stem, ramp(.028, .016, 4))
		for i := 1; i < 4; i++ {
			out = append(out, bone{stem[i], stem[i].towards(up-.9, b.antlers*.3), .022, .014})
		}
	}
	return out
}

// legOf returns one leg: thigh, shank, cannon and foot. swing is the leg's
// angle in degrees, forward positive.
func legOf(b build, top point, swing, pitch float64, rear bool) []bone {
	down := -math.Pi/2 + pitch
	bend := math.Abs(swing) * .5
	upper, mid, low := -6.0, 2.0, 0.0
	fold := -bend // the front knee folds the lower leg back
	if rear {
		upper, mid, low = 16, -20, -1
		fold = -bend * .6
	}
	if swing < 0 { // the leg that pushes off is almost straight
		fold *= .3
	}
	knee := top.towards(down+(upper+swing)*degree, b.leg*.40)
	hock := knee.towards(down+(mid+swing+fold)*degree, b.leg*.33)
	foot := hock.towards(down+(low+swing+fold*1.6)*degree, b.leg*.24)
	toe := foot.towards(down+(62+swing*.6)*degree, b.shin*.9)
	middle := (b.thigh + b.shin) * .48
	return []bone{
		{top, knee, b.thigh * 1.15, middle}, {knee, hock, middle, b.shin},
		{hock, foot, b.shin, b.shin * .92}, {foot, toe, b.shin * 1.05, b.shin * .95},
	}
}

// place moves the animal into the canvas: mirrored or not, turned by a few
// degrees, scaled so that the longer side of its bounds is extent, and put at
// a random place that keeps nearly all of it inside. It returns the
// corners of its bounds.
func (a *animal) place(r *rand.Rand, extent float64) (lo, hi point) {
	mirror := chance(r, .5)
	turn := uniform(r, -4, 4) * degree
	sin, cos := math.Sincos(turn)
	lo, hi = point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	parts := [][]bone{a.far, a.near}
	for _, bones := range parts {
		for i := range bones {
			b := &bones[i]
			for _, e := range []struct {
				p *point
				r float64
			}{{&b.a, b.ra}, {&b.b, b.rb}} {
				q := point{e.p.x*cos - e.p.y*sin, e.p.x*sin + e.p.y*cos}
				if mirror {
					q.x = -q.x
				}
				*e.p = q
				lo = point{min(lo.x, q.x-e.r), min(lo.y, q.y-e.r)}
				hi = point{max(hi.x, q.x+e.r), max(hi.y, q.y+e.r)}
			}
		}
	}
	k := extent / max(hi.x-lo.x, hi.y-lo.y)
	const over = .03 // may reach this far over the edge
	free := point{1 - k*(hi.x-lo.x) + 2*over, 1 - k*(hi.y-lo.y) + 2*over}
	dx := free.x*r.Float64() - over - k*lo.x
	dy := free.y*uniform(r, .25, 1) - over - k*lo.y
	for _, bones := range parts {
		for i := range bones {
			b := &bones[i]
			b.a, b.b = point{k*b.a.x + dx, k*b.a.y + dy}, point{k*b.b.x + dx, k*b.b.y + dy}
			b.ra, b.rb = k*b.ra, k*b.rb
		}
	}
	return point{k*lo.x + dx, k*lo.y + dy}, point{k*hi.x + dx, k*hi.y + dy}
}

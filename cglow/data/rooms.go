package data

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// vec is a direction or place in a room in metres: x right, y down, z ahead.
type vec [3]float64

func (a vec) dot(b vec) float64    { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec) minus(b vec) vec      { return vec{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec) scaled(k float64) vec { return vec{k * a[0], k * a[1], k * a[2]} }
func (a vec) turned(yaw float64) vec { // about the vertical axis
	s, c := math.Sincos(yaw)
	return vec{c*a[0] + s*a[2], a[1], -s*a[0] + c*a[2]}
}

// solid is a box or a ball in a room.
type solid struct {
	at   vec
	half vec     // half the sides of a box; a ball has its radius in all three
	yaw  float64 // of a box
	ball bool
}

// hit returns the distance along the ray from the origin at which it enters the
// solid; +Inf when it does not.
func (s *solid) hit(ray vec) float64 {
	if s.ball {
		b, c := ray.dot(s.at), s.at.dot(s.at)-s.half[0]*s.half[0]
		a := ray.dot(ray)
		if d := b*b - a*c; d > 0 {
			if t := (b - math.Sqrt(d)) / a; t > 0 {
				return t
			}
		}
		return math.Inf(1)
	}
	from, dir := vec{}.minus(s.at).turned(-s.yaw), ray.turned(-s.yaw)
	near, far := 0., math.Inf(1)
	for k := range 3 { // the slab method
		if dir[k] == 0 {
			if math.Abs(from[k]) > s.half[k] {
				return math.Inf(1)
			}
			continue
		}
		t0, t1 := (-s.half[k]-from[k])/dir[k], (s.half[k]-from[k])/dir[k]
		near, far = max(near, min(t0, t1)), min(far, max(t0, t1))
	}
	if near > 0 && near < far {
		return near
	}
	return math.Inf(1)
}

// DepthScenes returns an endless set like SevenScenes with rendered rooms:
// floor, walls, boxes and balls seen by a camera with the sensor's faults. Pair
// i depends on seed and i alone.
//
// The sensor model has the main parts of the Kinect's: depth in steps of z^2 /
// 348,000 mm (7 mm at 1.6 m), Gaussian noise of half a step that is smooth over
// about three pixels, edges displaced by about a pixel, and holes beside
// edges that face away and where surfaces are seen at a flat angle.
func DepthScenes(seed uint64) *Depth {
	s := Shape{1, depthH, depthW}
	d := &Depth{pairs: pairs{name: fmt.Sprintf("depth scenes seed %d", seed), sx: s, sy: s}}
	draw := func(i int) (noisy, clean []uint16) {
		r := stream(seed, i)
		z := room(r)
		return sense(r, z), millimetres(z)
	}
	d.pair = func(i int, x, y []float32) error {
		noisy, clean := draw(i)
		writeDepths(x, y, noisy, clean)
		return nil
	}
	d.valid = func(i int) ([]bool, error) {
		noisy, clean := draw(i)
		return bothKnown(noisy, clean), nil
	}
	return d
}

// room renders a random room and returns the depth z of each pixel in metres.
func room(r *rand.Rand) []float64 {
	solids := []solid{
		{at: vec{0, uniform(r, .9, 1.4) + 2, 0}, half: vec{20, 2, 20}},                                    // floor
		{at: vec{0, 0, uniform(r, 2.4, 3.6) + 2}, half: vec{20, 20, 2}, yaw: 0},                           // back wall
		{at: vec{uniform(r, 1.2, 2.2) * sign(r), 0, 2}, half: vec{.05, 20, 20}, yaw: uniform(r, -.3, .3)}, // side wall
	}
	floor := solids[0].at[1] - 2
	if h := uniform(r, .3, .6); chance(r, .7) { // a table
		solids = append(solids, solid{
			at: vec{uniform(r, -.6, .6), floor - .4, uniform(r, 1.3, 2.2)}, half: vec{h * 1.4, .4, h}, yaw: uniform(r, -.6, .6)})
	}
	for range 4 + r.IntN(7) {
		s := uniform(r, .06, .28)
		thing := solid{
			at:   vec{uniform(r, -.9, .9), floor - uniform(r, .1, 1.2), uniform(r, 1, 2.6)},
			half: vec{s, s * uniform(r, .5, 1.6), s * uniform(r, .5, 1.3)}, yaw: uniform(r, -.8, .8), ball: chance(r, .35),
		}
		if thing.ball {
			thing.half = vec{s, s, s}
		}
		solids = append(solids, thing)
	}
	pitch := uniform(r, -.05, .25) // looking down a little
	sin, cos := math.Sincos(pitch)
	const focal = 200. // pixels: about 36 degrees wide, a crop of a full frame
	z := make([]float64, depthH*depthW)
	for i := range z {
		u, v := (float64(i%depthW)-depthW/2+.5)/focal, (float64(i/depthW)-depthH/2+.5)/focal
		ray := vec{u, cos*v + sin, cos - sin*v}
		t := math.Inf(1)
		for k := range solids {
			t = min(t, solids[k].hit(ray))
		}
		z[i] = min(t, 3.9) // depth: the ray's own z is 1
	}
	return z
}

func sign(r *rand.Rand) float64 { return float64(2*r.IntN(2) - 1) }

func millimetres(z []float64) []uint16 {
	out := make([]uint16, len(z))
	for i, v := range z {
		out[i] = uint16(math.Round(1000 * v))
	}
	return out
}

// sense returns what the sensor makes of true depths, in millimetres.
func sense(r *rand.Rand, z []float64) []uint16 {
	jx, jy, rough := noise(r.Uint64()), noise(r.Uint64()), noise(r.Uint64())
	out := make([]uint16, len(z))
	at := func(x, y int) float64 {
		return z[min(depthH-1, max(0, y))*depthW+min(depthW-1, max(0, x))]
	}
	for i := range out {
		x, y := i%depthW, i/depthW
		fx, fy := float64(x), float64(y)
		dx, dy := 2.6*(jx.at(fx/4, fy/4)-.5), 2.6*(jy.at(fx/4, fy/4)-.5)
		v := at(x+int(math.Round(dx)), y+int(math.Round(dy)))
		step := 1000 * v * v / 348 // of the disparity, in mm
		e := (rough.at(fx/1.5, fy/1.5) - .5) * 1.4 * step
		mm := math.Round((1000*v+e+.3*step*r.NormFloat64())/step) * step
		jump := at(x-1, y) - at(x+2, y)
		slope := math.Abs(at(x+1, y)-at(x-1, y)) / v
		if jump > .12 && chance(r, .8) || slope > .03 && chance(r, .25) || chance(r, .0005) {
			continue // a hole
		}
		out[i] = uint16(min(depthMost, max(1, mm)))
	}
	return out
}

package data

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// rgb is a colour, each part in [0,1].
type rgb [3]float64

// mix returns the colour t of the way from a to b.
func (a rgb) mix(b rgb, t float64) rgb {
	return rgb{a[0] + (b[0]-a[0])*t, a[1] + (b[1]-a[1])*t, a[2] + (b[2]-a[2])*t}
}

// times returns the colour with every part multiplied by k.
func (a rgb) times(k float64) rgb { return rgb{a[0] * k, a[1] * k, a[2] * k} }

// luma returns the brightness, by the weights of ITU-R BT.601.
func (a rgb) luma() float64 { return .299*a[0] + .587*a[1] + .114*a[2] }

// point is a place on the canvas; x goes right and y down, the canvas is the
// unit square.
type point struct{ x, y float64 }

func (a point) add(b point) point { return point{a.x + b.x, a.y + b.y} }
func (a point) towards(angle, d float64) point {
	return point{a.x + d*math.Cos(angle), a.y - d*math.Sin(angle)}
}

// bone is the stroke of a disc that moves from a to b while its radius changes
// evenly from ra to rb: limbs, trunks and, with a = b, discs.
type bone struct {
	a, b   point
	ra, rb float64
}

// samples is the number of samples along each side of a pixel: 16 in a pixel
// are enough for an edge in steps of 1/16. coverage depends on its being 4.
const samples = 4

// canvas is a square picture under construction: colours per pixel and a
// layer of marks at samples x samples points per pixel.
type canvas struct {
	size  int
	pix   []rgb   // [size*size]
	marks []uint8 // [size*samples * size*samples], bits of the marked layers
}

func newCanvas(size int) *canvas {
	n := size * size
	return &canvas{size: size, pix: make([]rgb, n), marks: make([]uint8, n*samples*samples)}
}

// shader gives the colour of a place on the canvas.
type shader func(x, y float64) rgb

// fill paints every pixel.
func (c *canvas) fill(s shader) {
	inv := 1 / float64(c.size)
	for y := range c.size {
		for x := range c.size {
			c.pix[y*c.size+x] = s((float64(x)+.5)*inv, (float64(y)+.5)*inv)
		}
	}
}

// box is the rectangle of pixels x0..x1-1, y0..y1-1.
type box struct{ x0, y0, x1, y1 int }

// union returns the smallest box that holds both; an empty one adds nothing.
func (a box) union(b box) box {
	if a.x0 >= a.x1 || a.y0 >= a.y1 {
		return b
	}
	if b.x0 >= b.x1 || b.y0 >= b.y1 {
		return a
	}
	return box{min(a.x0, b.x0), min(a.y0, b.y0), max(a.x1, b.x1), max(a.y1, b.y1)}
}

// mark sets a bit at every sample under the bones and returns the pixels that
// may be touched.
func (c *canvas) mark(bit uint8, bones []bone) box {
	var all box
	for i := range bones {
		all = all.union(c.markBone(bit, &bones[i]))
	}
	return all
}

// markBone marks the samples p with |p - q| <= r(q), q the nearest point of the
// axis, in each row from the first to the last of them.
func (c *canvas) markBone(bit uint8, b *bone) box {
	n := float64(c.size * samples)
	ax, ay, bx, by := b.a.x*n-.5, b.a.y*n-.5, b.b.x*n-.5, b.b.y*n-.5
	ra, dr := b.ra*n, (b.rb-b.ra)*n
	rm := max(b.ra, b.rb) * n
	end := c.size * samples
	x0 := max(0, int(math.Ceil(min(ax, bx)-rm)))
	y0 := max(0, int(math.Ceil(min(ay, by)-rm)))
	x1 := min(end, int(math.Floor(max(ax, bx)+rm))+1)
	y1 := min(end, int(math.Floor(max(ay, by)+rm))+1)
	if x0 >= x1 || y0 >= y1 {
		return box{}
	}
	dx, dy := bx-ax, by-ay
	inv := 0.0
	if l := dx*dx + dy*dy; l > 0 {
		inv = 1 / l
	}
	for y := y0; y < y1; y++ {
		py := float64(y) - ay
		l, r := b.reach(py, dx, dy, rm)
		from, to := max(x0, int(math.Ceil(ax+l))), min(x1, int(math.Floor(ax+r))+1)
		if from >= to {
			continue
		}
		in := func(x int) bool {
			px := float64(x) - ax
			t := (px*dx + py*dy) * inv
			if t < 0 {
				t = 0
			} else if t > 1 {
				t = 1
			}
			qx, qy, r := px-t*dx, py-t*dy, ra+t*dr
			return qx*qx+qy*qy <= r*r
		}
		for from < to && !in(from) {
			from++
		}
		for from < to && !in(to-1) {
			to--
		}
		row := c.marks[y*end+from : y*end+to]
		for k := range row {
			row[k] |= bit
		}
	}
	return box{x0 / samples, y0 / samples, (x1-1)/samples + 1, (y1-1)/samples + 1}
}

// reach bounds the samples of the row py below a that a bone with the axis
// (dx, dy) and the larger radius rm can cover: x from a.x+l to a.x+r.
func (b *bone) reach(py, dx, dy, rm float64) (l, r float64) {
	t0, t1 := 0.0, 1.0
	if dy != 0 { // |py - t dy| <= rm
		t0, t1 = (py-rm)/dy, (py+rm)/dy
		if t0 > t1 {
			t0, t1 = t1, t0
		}
		t0, t1 = max(0, t0), min(1, t1)
	}
	return min(t0*dx, t1*dx) - rm, max(t0*dx, t1*dx) + rm
}

// coverage returns the part of pixel (x, y) whose samples have one of the layers'
// bits.
func (c *canvas) coverage(layers uint8, x, y int) float64 {
	const ones = 0x0101010101010101
	w := c.size * samples
	o := y*samples*w + x*samples
	// The four samples of a row are one word, two rows a double one.
	a := uint64(binary.LittleEndian.Uint32(c.marks[o:])) | uint64(binary.LittleEndian.Uint32(c.marks[o+w:]))<<32
	b := uint64(binary.LittleEndian.Uint32(c.marks[o+2*w:])) | uint64(binary.LittleEndian.Uint32(c.marks[o+3*w:]))<<32
	if a|b == 0 {
		return 0
	}
	want := ones * uint64(layers)
	return float64(bytesSet(a&want)+bytesSet(b&want)) / (samples * samples)
}

// bytesSet counts the bytes of v that are not 0.
func bytesSet(v uint64) int {
	const low = 0x7f7f7f7f7f7f7f7f
	return bits.OnesCount64(((v & low) + low | v) &^ low)
}

// paint draws the marks with one of the bits over what is there, except in
// pixels that are wholly covered by hidden: they will be painted over.
func (c *canvas) paint(bits, hidden uint8, b box, s shader) {
	inv := 1 / float64(c.size)
	for y := b.y0; y < b.y1; y++ {
		for x := b.x0; x < b.x1; x++ {
			a := c.coverage(bits, x, y)
			if a == 0 || hidden != 0 && a == 1 && c.coverage(hidden, x, y) == 1 {
				continue
			}
			p := &c.pix[y*c.size+x]
			*p = p.mix(s((float64(x)+.5)*inv, (float64(y)+.5)*inv), a)
		}
	}
}

// clear removes the marks with one of the bits in the box.
func (c *canvas) clear(bits uint8, b box) {
	w := c.size * samples
	for y := b.y0 * samples; y < b.y1*samples; y++ {
		row := c.marks[y*w+b.x0*samples : y*w+b.x1*samples]
		for i := range row {
			row[i] &^= bits
		}
	}
}

// brush is the bit of marks that do not outlast a call of draw.
const brush = 1 << 7

// draw paints bones with a shader and leaves no marks.
func (c *canvas) draw(bones []bone, s shader) {
	b := c.mark(brush, bones)
	c.paint(brush, 0, b, s)
	c.clear(brush, b)
}

// shade darkens what lies under the bone, by the factor dark on its axis and
// less towards its rim: a soft shadow. It is seen from the side: the radius is
// a third as high as wide.
func (c *canvas) shade(b bone, dark float64) {
	inv := 1 / float64(c.size)
	y0, y1 := max(0, int((b.a.y-b.ra)*float64(c.size))), min(c.size, int((b.a.y+b.ra)*float64(c.size))+1)
	for y := y0; y < y1; y++ {
		dy := ((float64(y)+.5)*inv - b.a.y) * 3
		for x := range c.size {
			px := (float64(x) + .5) * inv
			dx := px - min(b.b.x, max(b.a.x, px))
			t := 1 - math.Sqrt(dx*dx+dy*dy)/b.ra
			if t > 0 {
				p := &c.pix[y*c.size+x]
				*p = p.times(1 - (1-dark)*step(0, 1, t))
			}
		}
	}
}

package cpu

import "unsafe"

// tileGeneric is the portable micro-kernel: 1 or 4 rows, up to 4 columns.
func tileGeneric(t *tile, rows int) {
	for range t.panels {
		panelGeneric(t, rows)
		t.column += t.lanes * floatSize
		t.bOffset += t.bPanel
	}
}

func panelGeneric(t *tile, rows int) {
	var sums [4][4]float32
	if rows == 4 {
		sums = sums4x4(t)
	} else {
		sums[0] = sums1x4(t)
	}
	var columnSums [4]float32
	for r := range rows {
		c := floatsAt(t.c, t.column+r*t.cRow, t.lanes)
		for j := range c {
			x := sums[r][j]
			if t.flags&flagAdd != 0 {
				x += c[j]
			}
			if t.flags&flagBias != 0 {
				x += floatsAt(t.bias, t.column, t.lanes)[j]
			}
			if t.flags&flagScale != 0 {
				x = x*floatsAt(t.scale, 0, rows)[r] + floatsAt(t.shift, 0, rows)[r]
			}
			if t.flags&flagReLU != 0 {
				x = max(x, 0)
			}
			if t.flags&flagMask != 0 && !(floatsAt(t.mask, t.column+r*t.maskRow, t.lanes)[j] > 0) {
				x = 0
			}
			if t.flags&flagGate != 0 {
				x = gateGeneric(t, r, j, x)
			}
			columnSums[j] += x
			c[j] = x
		}
	}
	if t.flags&flagColumnSums != 0 {
		for j := range t.lanes {
			floatsAt(t.columnSums, t.column, t.lanes)[j] += columnSums[j]
		}
	}
}

// gateGeneric is the gate of a [RowEpilogue] for column j of row r.
func gateGeneric(t *tile, r, j int, x float32) float32 {
	y := floatsAt(t.mask, r*t.maskRow, t.lanes)[j]
	if !(y > 0) {
		x = 0
	}
	floatsAt(t.rowDots, r*t.lanes*floatSize, t.lanes)[j] += x * y
	x *= floatsAt(t.scale, 0, r+1)[r]
	floatsAt(t.rowSums, r*t.lanes*floatSize, t.lanes)[j] += x
	return x
}

// floatsAt returns n values at p plus offset bytes.
func floatsAt(p unsafe.Pointer, offset, n int) []float32 {
	return unsafe.Slice((*float32)(unsafe.Add(p, offset)), n)
}

// jumps is how far the runs before column p of A have moved its address.
func (t *tile) jumps(p int) int {
	if t.runs == 1 {
		return 0
	}
	return p / t.k * t.aJump
}

func sums4x4(t *tile) [4][4]float32 {
	var s00, s01, s02, s03, s10, s11, s12, s13 float32
	var s20, s21, s22, s23, s30, s31, s32, s33 float32
	for p := range t.k * t.runs { // a pointer that is stepped would end beyond its array
		a := unsafe.Add(t.a, p*t.aStep+t.jumps(p))
		y := (*[4]float32)(unsafe.Add(t.b, t.bOffset+p*t.bStep))
		y0, y1, y2, y3 := y[0], y[1], y[2], y[3]
		x := *(*float32)(a)
		s00, s01, s02, s03 = s00+x*y0, s01+x*y1, s02+x*y2, s03+x*y3
		x = *(*float32)(unsafe.Add(a, t.aRow))
		s10, s11, s12, s13 = s10+x*y0, s11+x*y1, s12+x*y2, s13+x*y3
		x = *(*float32)(unsafe.Add(a, 2*t.aRow))
		s20, s21, s22, s23 = s20+x*y0, s21+x*y1, s22+x*y2, s23+x*y3
		x = *(*float32)(unsafe.Add(a, 3*t.aRow))
		s30, s31, s32, s33 = s30+x*y0, s31+x*y1, s32+x*y2, s33+x*y3
	}
	return [4][4]float32{{s00, s01, s02, s03}, {s10, s11, s12, s13}, {s20, s21, s22, s23}, {s30, s31, s32, s33}}
}

func sums1x4(t *tile) [4]float32 {
	var s0, s1, s2, s3 float32
	for p := range t.k * t.runs {
		x := *(*float32)(unsafe.Add(t.a, p*t.aStep+t.jumps(p)))
		y := (*[4]float32)(unsafe.Add(t.b, t.bOffset+p*t.bStep))
		s0, s1, s2, s3 = s0+x*y[0], s1+x*y[1], s2+x*y[2], s3+x*y[3]
	}
	return [4]float32{s0, s1, s2, s3}
}

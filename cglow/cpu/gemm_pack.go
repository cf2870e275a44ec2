package cpu

// pack copies the columns [j0+from, j0+cols) and the rows [k0, k0+kc) of op(B)
// into panels of g.wide columns (the last of g.narrow if no more are left),
// filled up with zeros; panel j/wide begins at dst[j*kc]:
//
//	for j, jj, p { dst[j*kc+p*width+jj] = opB(k0+p, j0+j+jj) }
func (g *tiled) pack(dst []float32, j0, cols, k0, kc, from int) {
	if kc == 0 {
		return
	}
	for j := from; j < cols; j += g.wide {
		width := g.wide
		if cols-j <= g.narrow {
			width = g.narrow
		}
		panel := dst[j*kc : j*kc+kc*width]
		valid := min(width, cols-j)
		if g.transB {
			g.packTransposed(panel, width, valid, g.b[(j0+j)*g.ldb+k0:], kc)
		} else {
			packRows(panel, width, valid, g.b[k0*g.ldb+j0+j:], g.ldb, kc)
		}
	}
}

// packRows copies kc rows of valid values into rows of width values.
func packRows(panel []float32, width, valid int, b []float32, ldb, kc int) {
	switch {
	case valid == 32 && width == 32:
		for p := range kc {
			*(*[32]float32)(panel[p*32:]) = *(*[32]float32)(b[p*ldb:])
		}
	case valid == 16 && width == 16:
		for p := range kc {
			*(*[16]float32)(panel[p*16:]) = *(*[16]float32)(b[p*ldb:])
		}
	case valid == 8 && width == 8:
		for p := range kc {
			*(*[8]float32)(panel[p*8:]) = *(*[8]float32)(b[p*ldb:])
		}
	default:
		for p := range kc {
			row := panel[p*width : (p+1)*width]
			copy(row, b[p*ldb:p*ldb+valid])
			clear(row[valid:])
		}
	}
}

// packTransposed does the same for B stored as rows of columns: valid rows of
// kc values become kc rows of width values.
func (g *tiled) packTransposed(panel []float32, width, valid int, b []float32, kc int) {
	v := g.lanes
	if g.isa == generic {
		v = kc + 1 // no block is large enough
	}
	for j := 0; j < width; j += g.lanes {
		p := 0
		if j+v <= valid {
			for ; p+v <= kc; p += v {
				g.isa.transpose(at(panel, p*width+j), width*floatSize, at(b, j*g.ldb+p), g.ldb*floatSize)
			}
		}
		for jj := j; jj < j+g.lanes; jj++ {
			if jj >= valid {
				for q := p; q < kc; q++ {
					panel[q*width+jj] = 0
				}
				continue
			}
			for q, x := range b[jj*g.ldb+p : jj*g.ldb+kc] {
				panel[(p+q)*width+jj] = x
			}
		}
	}
}

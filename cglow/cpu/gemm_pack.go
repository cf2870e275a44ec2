package cpu

// pack copies the columns [j0, j0+cols) and the rows [k0, k0+kc) of op(B)
// into panels of g.wide columns (the last of g.narrow if no more are left),
// filled up with zeros; panel j/wide begins at dst[j*kc]:
//
//	for j, jj, p { dst[j*kc+p*width+jj] = opB(k0+p, j0+j+jj) }
func (g *tiled) pack(dst []float32, j0, cols, k0, kc int) {
	if kc == 0 {
		return
	}
	for j := 0; j < cols; j += g.wide {
		width := g.wide
		if cols-j <= g.narrow {
			width = g.narrow
		}
		panel := dst[j*kc : j*kc+kc*width]
		valid := min(width, cols-j)
		if g.transB {
			g.packTransposed(panel, width, valid, g.b[(j0+j)*g.ldb+k0:], kc)
		} else {
			g.packRows(panel, width, valid, g.b[k0*g.ldb+j0+j:], kc)
		}
	}
}

// packRows copies kc rows of valid values into rows of width values.
func (g *tiled) packRows(panel []float32, width, valid int, b []float32, kc int) {
	switch lanes := valid - width + g.lanes; {
	case g.isa == generic:
	case valid == 2*g.lanes:
		g.isa.copyRows(at(panel, 0), at(b, 0), g.ldb*floatSize, kc)
		return
	default:
		g.isa.copyRest(at(panel, 0), at(b, 0), g.ldb*floatSize, kc, width/g.lanes, lanes)
		return
	}
	for p := range kc {
		row := panel[p*width : (p+1)*width]
		copy(row, b[p*g.ldb:p*g.ldb+valid])
		clear(row[valid:])
	}
}

// packTransposed does the same for B stored as rows of columns: valid rows of
// kc values become kc rows of width values.
func (g *tiled) packTransposed(panel []float32, width, valid int, b []float32, kc int) {
	for j := 0; j < width; j += g.lanes {
		done := 0 // values of these rows that whole blocks cover
		if blocks := kc / g.lanes; g.isa != generic && j+g.lanes <= valid && blocks > 0 {
			g.isa.transpose(at(panel, j), width*floatSize, at(b, j*g.ldb), g.ldb*floatSize, blocks)
			done = blocks * g.lanes
		}
		for jj := j; jj < j+g.lanes; jj++ {
			if jj >= valid {
				for p := range kc {
					panel[p*width+jj] = 0
				}
				continue
			}
			for p, x := range b[jj*g.ldb+done : jj*g.ldb+kc] {
				panel[(done+p)*width+jj] = x
			}
		}
	}
}

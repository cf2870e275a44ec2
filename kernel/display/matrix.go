package display

import (
	"fmt"
	"reflect"
	"strconv"
)

// matrix is what gonum's matrices have.
type matrix interface {
	Dims() (r, c int)
	At(i, j int) float64
}

// Rows and columns of a matrix that are shown.
const (
	maxMatrixRows = 20
	maxMatrixCols = 12
)

// matrixTable shows the upper left corner of a matrix.
func matrixTable(m matrix) table {
	r, c := m.Dims()
	t := table{caption: fmt.Sprintf("%d×%d matrix", r, c)}
	nr, nc := min(r, maxMatrixRows), min(c, maxMatrixCols)
	cols := nc
	if nc < c {
		cols++
	}
	for range cols {
		t.right = append(t.right, true)
	}
	for i := range nr {
		var row []string
		for j := range nc {
			row = append(row, strconv.FormatFloat(m.At(i, j), 'g', 5, 64))
		}
		if nc < c {
			row = append(row, "…")
		}
		t.rows = append(t.rows, row)
	}
	if nr < r {
		t.rows = append(t.rows, gapRow(cols))
	}
	return t
}

// noArgs calls a method that takes nothing and returns one value.
func noArgs(v reflect.Value, name string) (out reflect.Value, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	m := v.MethodByName(name)
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 {
		return reflect.Value{}, false
	}
	return m.Call(nil)[0], true
}

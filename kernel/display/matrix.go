package display

import (
	"fmt"
	"math"
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

// tensorText describes a tensor, known by its methods Shape (a slice of int)
// and Data (a slice of numbers): shape, element type, smallest, mean and
// largest element, and how many are not finite. Small tensors print themselves.
func tensorText(v any) (string, bool) {
	r := reflect.ValueOf(v)
	shape, ok := noArgs(r, "Shape")
	if !ok || shape.Kind() != reflect.Slice || shape.Type().Elem().Kind() != reflect.Int {
		return "", false
	}
	data, ok := noArgs(r, "Data")
	if !ok {
		return "", false
	}
	if data.Kind() == reflect.Interface {
		data = data.Elem()
	}
	if data.Kind() != reflect.Slice || data.Len() == 0 {
		return "", false
	}
	lo, hi, sum, odd := math.Inf(1), math.Inf(-1), 0.0, 0
	for i := range data.Len() {
		e := data.Index(i)
		var x float64
		switch {
		case e.CanFloat():
			x = e.Float()
		case e.CanInt():
			x = float64(e.Int())
		default:
			return "", false
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			odd++
			continue
		}
		lo, hi, sum = min(lo, x), max(hi, x), sum+x
	}
	dims := make([]int, shape.Len())
	for i := range dims {
		dims[i] = int(shape.Index(i).Int())
	}
	s := fmt.Sprintf("tensor %v of %s", dims, data.Type().Elem())
	if n := data.Len() - odd; n > 0 {
		s += fmt.Sprintf(", min %.4g, mean %.4g, max %.4g", lo, sum/float64(n), hi)
	}
	if odd > 0 {
		s += fmt.Sprintf(", %d NaN or Inf", odd)
	}
	if data.Len() <= maxElems {
		s += "\n" + fmt.Sprint(v)
	}
	return s, true
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

package display

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
)

// Size of a plot that is shown, in points of 1/72 inch.
const (
	plotWidth  = 432
	plotHeight = 288
)

// plotPNG draws a *plot.Plot of gonum.org/v1/plot, or what has its method
//
//	WriterTo(w, h vg.Length, format string) (io.WriterTo, error)
//
// as a picture; it returns nil for other values. The method is found by
// reflection, since vg.Length is a type of that module.
func plotPNG(v any) (data []byte, size string, err error) {
	m := reflect.ValueOf(v).MethodByName("WriterTo")
	if !m.IsValid() {
		return nil, "", nil
	}
	t := m.Type()
	if t.NumIn() != 3 || t.NumOut() != 2 || t.In(0).Kind() != reflect.Float64 || t.In(1) != t.In(0) || t.In(2).Kind() != reflect.String ||
		t.Out(0) != reflect.TypeFor[io.WriterTo]() || t.Out(1) != reflect.TypeFor[error]() {
		return nil, "", nil
	}
	length := func(x float64) reflect.Value { return reflect.ValueOf(x).Convert(t.In(0)) }
	out := m.Call([]reflect.Value{length(plotWidth), length(plotHeight), reflect.ValueOf("png").Convert(t.In(2))})
	if err, _ := out[1].Interface().(error); err != nil {
		return nil, "", err
	}
	var buf bytes.Buffer
	if _, err := out[0].Interface().(io.WriterTo).WriteTo(&buf); err != nil {
		return nil, "", err
	}
	return buf.Bytes(), fmt.Sprintf("%T, %s", v, pictureText("PNG", buf.Bytes())), nil
}

package main

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// variables are the top-level variables of all cells.
type variables struct {
	mu sync.Mutex
	m  map[int]map[string]any // serial number -> name -> pointer
}

func (v *variables) add(serial int, pairs []any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.m == nil {
		v.m = map[int]map[string]any{}
	}
	cell := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		cell[pairs[i].(string)] = pairs[i+1]
	}
	v.m[serial] = cell
}

func (v *variables) find(serial int, name string) (p any, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	p, ok = v.m[serial][name]
	return p, ok
}

// values answers with the texts of variables. While a cell runs, which may
// write them at the same moment, only those are read that one load reads whole
// or that are harmless when torn: numbers and truth values.
func (h *host) values(f hostwire.Frame) {
	out := map[string]any{}
	for name, v := range f.Data {
		serial, _ := v.(float64)
		if p, ok := h.vars.find(int(serial), name); ok {
			if v := reflect.ValueOf(p).Elem(); f.Wait {
				if s, ok := scalarText(v); ok {
					out[name] = s
				}
				continue
			}
			out[name] = valueText(p)
		}
	}
	h.conn.Send(hostwire.Frame{Kind: hostwire.Values, Data: out})
}

// scalarText writes a number or a truth value without calling its methods.
func scalarText(v reflect.Value) (string, bool) {
	switch {
	case v.CanInt(), v.CanUint(), v.CanFloat(), v.Kind() == reflect.Bool:
		return fmt.Sprint(basicOf(v)), true
	}
	return "", false
}

func basicOf(v reflect.Value) any {
	switch {
	case v.CanInt():
		return v.Int()
	case v.CanUint():
		return v.Uint()
	case v.Kind() == reflect.Float32:
		return float32(v.Float())
	case v.CanFloat():
		return v.Float()
	}
	return v.Bool()
}

// maxValue is how much of a value's text is told.
const maxValue = 200

func valueText(p any) (s string) {
	defer func() {
		if v := recover(); v != nil {
			s = fmt.Sprint("(its text panics: ", v, ")")
		}
	}()
	s = display.Text(reflect.ValueOf(p).Elem().Interface())
	s, _, more := strings.Cut(s, "\n")
	if len(s) > maxValue {
		n := maxValue
		for !utf8.RuneStart(s[n]) {
			n--
		}
		s, more = s[:n], true
	}
	if more {
		s += " ..."
	}
	return s
}

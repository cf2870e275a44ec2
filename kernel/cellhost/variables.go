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

// values answers with the texts of variables. The kernel asks only while no
// cell runs: reading them then would be a race.
func (h *host) values(f hostwire.Frame) {
	out := map[string]any{}
	for name, v := range f.Data {
		serial, _ := v.(float64)
		if p, ok := h.vars.find(int(serial), name); ok {
			out[name] = valueText(p)
		}
	}
	h.conn.Send(hostwire.Frame{Kind: hostwire.Values, Data: out})
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

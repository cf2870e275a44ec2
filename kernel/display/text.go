package display

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the text form. A notebook cell that shows a tensor by accident
// should stay readable and cheap to save.
const (
	maxElems = 60      // elements of a slice or map; the first 50 and the last 5 of longer ones
	headLen  = 50      // elements before the gap
	tailLen  = 5       // elements after the gap
	maxDepth = 6       // levels of nesting
	maxText  = 1 << 16 // bytes of a nested value's text
)

// nameMark stands before the unexported names of cells, which the engine has
// to export from the cell's package; no person should see it.
const nameMark = "Ꞌ"

// Text returns the text form of a value: the text of its Error or String
// method, a string as it is, anything else much like fmt's %+v, except that
// nested strings are quoted, nested pointers are followed, and long slices,
// maps and deep values are cut with "...".
func Text(v any) string {
	switch v := v.(type) {
	case nil:
		return "<nil>"
	case string:
		return v
	case error, fmt.Stringer:
		if !isNil(v) {
			return fmt.Sprint(v)
		}
	}
	var p printer
	p.value(reflect.ValueOf(v), 0)
	return p.b.String()
}

type printer struct {
	b    strings.Builder
	path []uintptr // pointers on the way from the root: cycles
}

func (p *printer) value(v reflect.Value, depth int) {
	if p.b.Len() > maxText || depth > maxDepth {
		p.b.WriteString("...")
		return
	}
	if depth > 0 && p.method(v) {
		return
	}
	switch v.Kind() {
	case reflect.Invalid:
		p.b.WriteString("<nil>")
	case reflect.String:
		if depth == 0 {
			p.b.WriteString(v.String())
		} else {
			p.b.WriteString(strconv.Quote(v.String()))
		}
	case reflect.Slice:
		if b, ok := printable(v); ok {
			p.b.WriteString("[]byte(" + strconv.Quote(b) + ")")
			return
		}
		p.list(v, depth)
	case reflect.Array:
		p.list(v, depth)
	case reflect.Map:
		p.mapping(v, depth)
	case reflect.Struct:
		p.structure(v, depth)
	case reflect.Interface:
		p.value(v.Elem(), max(depth, 1))
	case reflect.Pointer:
		p.pointer(v, depth)
	case reflect.Func:
		if v.IsNil() {
			p.b.WriteString("<nil>")
			return
		}
		p.b.WriteString(v.Type().String())
	case reflect.Chan:
		if v.IsNil() {
			p.b.WriteString("<nil>")
			return
		}
		fmt.Fprintf(&p.b, "%s (%d of %d)", v.Type(), v.Len(), v.Cap())
	default:
		fmt.Fprintf(&p.b, "%+v", v) // basic kinds; a reflect.Value prints what it holds
	}
}

// method prints v by its Error or String method, as fmt does for fields that
// can be read.
func (p *printer) method(v reflect.Value) bool {
	if !v.IsValid() || !v.CanInterface() {
		return false
	}
	x := v.Interface()
	switch x.(type) {
	case error, fmt.Stringer:
		if isNil(x) {
			return false
		}
		p.b.WriteString(fmt.Sprint(x))
		return true
	}
	return false
}

func (p *printer) pointer(v reflect.Value, depth int) {
	if v.IsNil() {
		p.b.WriteString("<nil>")
		return
	}
	for _, q := range p.path {
		if q == v.Pointer() {
			p.b.WriteString("&...")
			return
		}
	}
	p.path = append(p.path, v.Pointer())
	switch e := v.Elem(); e.Kind() {
	case reflect.Struct, reflect.Slice, reflect.Array, reflect.Map:
		p.b.WriteByte('&')
		p.value(e, depth+1)
	default:
		p.b.WriteString("&")
		p.value(e, depth+1)
	}
	p.path = p.path[:len(p.path)-1]
}

func (p *printer) list(v reflect.Value, depth int) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		p.b.WriteString("[]")
		return
	}
	n := v.Len()
	p.b.WriteByte('[')
	for i := 0; i < n; i++ {
		if i > 0 {
			p.b.WriteByte(' ')
		}
		if n > maxElems && i == headLen {
			p.b.WriteString("... ")
			i = n - tailLen
		}
		p.value(v.Index(i), depth+1)
	}
	p.b.WriteByte(']')
	if n > maxElems {
		fmt.Fprintf(&p.b, " (len %d)", n)
	}
}

func (p *printer) mapping(v reflect.Value, depth int) {
	p.b.WriteString("map[")
	if v.Len() > maxElems {
		i := 0
		for it := v.MapRange(); i < headLen && it.Next(); i++ {
			p.pair(it.Key(), it.Value(), i, depth)
		}
		fmt.Fprintf(&p.b, " ...] (len %d)", v.Len())
		return
	}
	for i, k := range sortedKeys(v) {
		p.pair(k, v.MapIndex(k), i, depth)
	}
	p.b.WriteByte(']')
}

func (p *printer) pair(k, v reflect.Value, i, depth int) {
	if i > 0 {
		p.b.WriteByte(' ')
	}
	p.value(k, depth+1)
	p.b.WriteByte(':')
	p.value(v, depth+1)
}

func (p *printer) structure(v reflect.Value, depth int) {
	p.b.WriteByte('{')
	t := v.Type()
	for i := range v.NumField() {
		if i > 0 {
			p.b.WriteByte(' ')
		}
		p.b.WriteString(strings.TrimPrefix(t.Field(i).Name, nameMark))
		p.b.WriteByte(':')
		p.value(v.Field(i), depth+1)
	}
	p.b.WriteByte('}')
}

// printable returns a non-empty []byte that is text.
func printable(v reflect.Value) (string, bool) {
	if v.Type().Elem().Kind() != reflect.Uint8 || v.Len() == 0 || v.Len() > 4096 {
		return "", false
	}
	s := string(v.Bytes())
	if !utf8.ValidString(s) {
		return "", false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return "", false
		}
	}
	return s, true
}

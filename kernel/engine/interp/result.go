package interp

import (
	"fmt"
	"go/ast"
	"reflect"
	"strings"

	"glownotes/kernel/display"

	xr "github.com/cosmos72/gomacro/xreflect"
)

// result makes the bundle of the values of a cell's last expression. A nil
// error at the end of a call's results says that all is well and is dropped,
// and a function of fmt that prints has no result worth showing.
func (s *session) result(st *step, vals []xr.Value, types []xr.Type) *display.Bundle {
	if stmt, ok := st.node.(*ast.ExprStmt); ok {
		call, isCall := stmt.X.(*ast.CallExpr)
		if !isCall && len(vals) > 1 {
			vals, types = vals[:1], types[:1] // v of "v, ok", which gomacro returns always
		}
		if isCall && printsText(call) {
			return nil
		}
		if n := len(vals); isCall && n > 1 && n == len(types) && types[n-1].ReflectType() == errorType && isNilValue(vals[n-1]) {
			vals, types = vals[:n-1], types[:n-1]
		}
		if isCall && len(vals) == 1 && len(types) == 1 && types[0].ReflectType() == errorType && isNilValue(vals[0]) {
			return nil
		}
	}
	for len(types) < len(vals) {
		types = append(types, nil) // the value nil has no type
	}
	if len(vals) == 0 {
		return nil
	}
	bundles := make([]display.Bundle, len(vals))
	texts := make([]string, len(vals))
	plain := true
	for i, v := range vals {
		bundles[i] = readableBundle(bundleOf(goValue(v), types[i]))
		texts[i] = bundles[i].Text()
		plain = plain && bundles[i].Plain()
	}
	last := len(bundles) - 1
	if plain && last > 0 {
		return &display.Bundle{Data: map[string]any{display.MIMEText: strings.Join(texts, " ")}, Metadata: map[string]any{}}
	}
	for _, b := range bundles[:last] {
		s.capture.Display(b, "")
	}
	return &bundles[last]
}

var errorType = reflect.TypeFor[error]()

func isNilValue(v xr.Value) bool {
	return !v.IsValid() || v.Kind() == reflect.Interface && v.IsNil() || goValue(v) == nil
}

// goValue returns what an interpreter's value holds.
func goValue(v xr.Value) any {
	if !v.IsValid() || !v.CanInterface() {
		return nil
	}
	return v.ReflectValue().Interface()
}

// printsText reports a call of fmt's Print and Fprint functions.
func printsText(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && pkg.Name == "fmt" && strings.Contains(sel.Sel.Name, "rint") && !strings.HasPrefix(sel.Sel.Name, "S")
}

// forms are the methods that a type of a cell may have to show itself, beside
// String and Error; the same as display looks for in compiled types.
var forms = []struct{ method, mime string }{
	{"PNG", display.MIMEPNG},
	{"JPEG", display.MIMEJPEG},
	{"SVG", display.MIMESVG},
	{"HTML", display.MIMEHTML},
	{"Markdown", display.MIMEMarkdown},
	{"LaTeX", display.MIMELaTeX},
}

// bundleOf returns the bundle of a value of the interpreter's type t, which
// may be nil. Methods of types that cells declare are unknown to reflection:
// they are called by way of the interpreter's type.
func bundleOf(v any, t xr.Type) display.Bundle {
	b := display.Of(v)
	if t == nil || !ofCell(t) {
		return b
	}
	for _, name := range []string{"Error", "String"} {
		if s, ok := callMethod(v, t, name); ok {
			b.Data[display.MIMEText] = fmt.Sprint(s)
			break
		}
	}
	for _, f := range forms {
		if x, ok := callMethod(v, t, f.method); ok {
			b.Data[f.mime] = x
		}
	}
	return b
}

// ofCell reports whether t, or what it points to, is a type that a cell
// declared: reflection knows its underlying type only.
func ofCell(t xr.Type) bool {
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	return t.Name() != "" && t.Kind() != reflect.Interface && t.ReflectType().Name() != t.Name()
}

func hasMethod(t xr.Type, name string) bool {
	_, ok := cellMethod(t, name)
	return ok
}

// cellMethod finds a method of a cell's type, without parameters.
func cellMethod(t xr.Type, name string) (xr.Method, bool) {
	if !ofCell(t) {
		return xr.Method{}, false
	}
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	m, n := t.MethodByName(name, "main")
	if n != 1 || m.Funs == nil || len(m.FieldIndex) > 0 || m.Index >= len(*m.Funs) || !(*m.Funs)[m.Index].IsValid() {
		return xr.Method{}, false
	}
	f := (*m.Funs)[m.Index].Type()
	return m, f.NumIn() == 1 && f.NumOut() >= 1 && f.NumOut() <= 2
}

// callMethod calls a method of a cell's type on v. It reports false when there
// is no such method or it fails: what a value shows must not fail a cell.
func callMethod(v any, t xr.Type, name string) (result any, ok bool) {
	m, ok := cellMethod(t, name)
	if !ok {
		return nil, false
	}
	defer func() {
		if r := recover(); r != nil {
			if isInterrupt(r) {
				panic(r)
			}
			result, ok = nil, false
		}
	}()
	f := (*m.Funs)[m.Index]
	recv := reflect.ValueOf(v)
	switch want := f.Type().In(0); {
	case !recv.IsValid():
		return nil, false
	case recv.Type() == want:
	case want.Kind() == reflect.Pointer && recv.Type() == want.Elem():
		p := reflect.New(recv.Type())
		p.Elem().Set(recv)
		recv = p
	case recv.Kind() == reflect.Pointer && recv.Type().Elem() == want && !recv.IsNil():
		recv = recv.Elem()
	default:
		return nil, false
	}
	out := f.Call([]reflect.Value{recv})
	if len(out) == 2 {
		if err, isErr := out[1].Interface().(error); !isErr && !out[1].IsNil() || err != nil {
			return nil, false
		}
	}
	switch out[0].Kind() {
	case reflect.String:
		return out[0].String(), true
	case reflect.Slice:
		if out[0].Type().Elem().Kind() == reflect.Uint8 {
			return out[0].Bytes(), true
		}
	}
	return nil, false
}

// withText returns v with the String or Error method that its type has in the
// interpreter, in a form that fmt honours.
func withText(v any, t xr.Type) any { return texted{v, t} }

// A texted is a value that fmt prints by the method of its cell's type.
type texted struct {
	v any
	t xr.Type
}

// Format implements fmt.Formatter by fmt's own rules: %v and %s and their like
// use the method, %#v and numeric verbs the value.
func (x texted) Format(f fmt.State, verb rune) {
	if strings.ContainsRune("vsxXq", verb) && !(verb == 'v' && f.Flag('#')) {
		for _, name := range []string{"Error", "String"} {
			if s, ok := callMethod(x.v, x.t, name); ok {
				fmt.Fprintf(f, fmt.FormatString(f, verb), s)
				return
			}
		}
	}
	fmt.Fprintf(f, fmt.FormatString(f, verb), x.v)
}

// Error and String make errors.As and other code that looks for them work.
func (x texted) String() string { return fmt.Sprint(x) }

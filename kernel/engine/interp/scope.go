package interp

import (
	"reflect"
	"sync"

	"github.com/cosmos72/gomacro/fast"
	"github.com/cosmos72/gomacro/imports"
	xr "github.com/cosmos72/gomacro/xreflect"
)

// A scopeView is what completion and inspection know of the session. It is
// brought up to date after each cell and holds nothing of the interpreter, so
// that both answer while a cell runs.
type scopeView struct {
	tables map[string]Table
	known  map[string]string // package names to paths

	mu     sync.Mutex
	names  map[string]entity
	own    map[string]bool      // the names that cells declared, and not the engine
	types  map[string]*cellType // types that cells declared
	loaded map[string]imports.Package
}

// An entity is what a name or an expression stands for.
type entity struct {
	kind string       // "variable", "function", "const", "type", "package", "field", "method"
	path string       // of a package
	typ  reflect.Type // nil when unknown
	cell *cellType    // the cell's type that typ stands for, or points to
	text string       // the type as people know it
}

// A cellType is a type that a cell declared: reflection knows what it is made
// of, not its name and methods.
type cellType struct {
	name    string
	text    string
	members map[string]entity
}

func newScopeView(tables map[string]Table) *scopeView {
	return &scopeView{
		tables: tables, known: packageNames(tables),
		names: map[string]entity{}, types: map[string]*cellType{}, loaded: map[string]imports.Package{},
	}
}

// update takes the names of the session. No cell runs meanwhile.
func (v *scopeView) update(s *session) {
	v.mu.Lock()
	defer v.mu.Unlock()
	names, own, types := map[string]entity{}, map[string]bool{}, map[string]*cellType{}
	for c := s.top.Comp; c != nil && c != s.base.Comp; c = c.Outer {
		for name := range c.Types {
			own[name] = true
		}
		for name := range c.Binds {
			own[name] = true
		}
	}
	for c := s.top.Comp; c != nil && c.Outer != nil; c = c.Outer {
		for name, t := range c.Types {
			if _, inner := types[name]; !inner && t != nil && ofCell(t) {
				types[name] = &cellType{name: name, text: readable.Replace(t.ReflectType().String())}
			}
		}
	}
	for c := s.top.Comp; c != nil && c.Outer != nil; c = c.Outer {
		for name, t := range c.Types {
			if _, inner := names[name]; !inner && t != nil {
				names[name] = describe("type", t, types)
				if ct := types[name]; ct != nil && ct.members == nil {
					ct.members = members(t, types)
				}
			}
		}
		for name, b := range c.Binds {
			if _, inner := names[name]; !inner && name[0] < 0x80 {
				names[name] = describeBind(b, types)
			}
		}
	}
	v.names, v.own, v.types = names, own, types
}

// declared returns the names that cells declared.
func (v *scopeView) declared() map[string]entity {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := map[string]entity{}
	for name := range v.own {
		if e, ok := v.names[name]; ok {
			out[name] = e
		}
	}
	return out
}

// describe makes the entity of something of an interpreter's type.
func describe(kind string, t xr.Type, types map[string]*cellType) entity {
	e := entity{kind: kind}
	if t == nil {
		return e
	}
	e.text = readable.Replace(t.String())
	e.typ = t.ReflectType()
	base := t
	if t.Kind() == reflect.Pointer && t.Name() == "" {
		base = t.Elem()
	}
	if ofCell(base) {
		e.cell = types[base.Name()]
	}
	return e
}

func describeBind(b *fast.Bind, types map[string]*cellType) entity {
	switch b.Desc.Class() {
	case fast.FuncBind:
		return describe("function", b.Type, types)
	case fast.GenericFuncBind, fast.GenericTypeBind:
		return entity{kind: "function", text: "generic"}
	case fast.ConstBind:
		switch x := b.Value.(type) {
		case *fast.Import:
			return entity{kind: "package", path: x.Path}
		case fast.Builtin, fast.Function:
			return entity{kind: "function"}
		}
		if b.Untyped() {
			return entity{kind: "const", text: "untyped constant"}
		}
		return describe("const", b.Type, types)
	}
	return describe("variable", b.Type, types)
}

// members lists the fields and methods of a cell's type.
func members(t xr.Type, types map[string]*cellType) map[string]entity {
	out := map[string]entity{}
	if t.Kind() == reflect.Struct {
		for i := range t.NumField() {
			f := t.Field(i)
			out[f.Name] = describe("field", f.Type, types)
		}
	}
	if t.Kind() != reflect.Pointer {
		for i := range t.NumMethod() {
			m := t.Method(i)
			e := describe("method", nil, types)
			if m.Type != nil {
				e = describe("method", m.Type, types)
				e.typ = withoutReceiver(e.typ)
				if m.GoFun != nil {
					e.text = readable.Replace(m.GoFun.Type().String())
				}
			}
			out[m.Name] = e
		}
	}
	return out
}

// withoutReceiver drops the first parameter of a method's function type.
func withoutReceiver(t reflect.Type) reflect.Type {
	if t == nil || t.Kind() != reflect.Func || t.NumIn() == 0 {
		return t
	}
	var in, out []reflect.Type
	for i := 1; i < t.NumIn(); i++ {
		in = append(in, t.In(i))
	}
	for i := range t.NumOut() {
		out = append(out, t.Out(i))
	}
	return reflect.FuncOf(in, out, t.IsVariadic() && len(in) > 0)
}

// pkg returns the table of a package; v.mu is held.
func (v *scopeView) pkg(path string) (imports.Package, bool) {
	if p, ok := v.loaded[path]; ok {
		return p, true
	}
	t, ok := v.tables[path]
	if !ok {
		p, ok := imports.Packages[path]
		return p, ok && !hiddenPackage(path)
	}
	p := t.Load()
	v.loaded[path] = p
	return p, true
}

// exports lists what a package offers.
func (v *scopeView) exports(path string) map[string]entity {
	out := map[string]entity{}
	p, ok := v.pkg(path)
	if !ok {
		return nil
	}
	for name, val := range p.Binds {
		e := entity{kind: "variable", typ: val.Type(), text: val.Type().String()}
		_, untyped := p.Untypeds[name]
		switch {
		case untyped:
			e = entity{kind: "const", text: "untyped constant"}
		case val.Kind() == reflect.Func && !val.CanSet():
			e.kind = "function"
		case !val.CanSet():
			e.kind = "const"
		}
		out[name] = e
	}
	for name, t := range p.Types {
		out[name] = entity{kind: "type", typ: t, text: t.String()}
	}
	return out
}

// members lists the fields and methods that a selector may name after e.
func (v *scopeView) members(e entity) map[string]entity {
	if e.kind == "package" {
		return v.exports(e.path)
	}
	if e.cell != nil {
		return e.cell.members
	}
	out := map[string]entity{}
	t := e.typ
	if t == nil {
		return out
	}
	methods := t
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	} else if t.Kind() != reflect.Interface {
		methods = reflect.PointerTo(t) // variables are addressable
	}
	if t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			name := readable.Replace(f.Name)
			if f.IsExported() {
				out[name] = v.ofReflect("field", f.Type)
			}
		}
	}
	for m := range methods.Methods() {
		mt := m.Type
		if methods.Kind() != reflect.Interface {
			mt = withoutReceiver(mt)
		}
		out[m.Name] = entity{kind: "method", typ: mt, text: mt.String()}
	}
	return out
}

func (v *scopeView) ofReflect(kind string, t reflect.Type) entity {
	return entity{kind: kind, typ: t, text: readable.Replace(t.String())}
}

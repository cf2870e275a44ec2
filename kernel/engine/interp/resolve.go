package interp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
)

// resolve finds out what an expression stands for, as far as the names of the
// session, the packages' tables and reflection tell. local has the names that
// the cell itself declares before the cursor. v.mu is held.
func (v *scopeView) resolve(x ast.Expr, local map[string]entity) (entity, bool) {
	switch x := x.(type) {
	case *ast.Ident:
		return v.name(x.Name, local)
	case *ast.ParenExpr:
		return v.resolve(x.X, local)
	case *ast.SelectorExpr:
		e, ok := v.resolve(x.X, local)
		if !ok {
			return entity{}, false
		}
		m, ok := v.members(e)[x.Sel.Name]
		return m, ok
	case *ast.CallExpr:
		return v.call(x, local)
	case *ast.IndexExpr:
		return v.element(x.X, local)
	case *ast.SliceExpr:
		return v.resolve(x.X, local)
	case *ast.StarExpr:
		e, ok := v.resolve(x.X, local)
		if ok && e.typ != nil && e.typ.Kind() == reflect.Pointer {
			e.typ = e.typ.Elem()
		}
		return e, ok
	case *ast.UnaryExpr:
		e, ok := v.resolve(x.X, local)
		if ok && x.Op == token.AND && e.typ != nil {
			e.typ, e.text = reflect.PointerTo(e.typ), "*"+e.text
		}
		return e, ok
	case *ast.CompositeLit:
		if x.Type == nil {
			return entity{}, false
		}
		e, ok := v.resolve(x.Type, local)
		e.kind = "variable"
		return e, ok
	case *ast.TypeAssertExpr:
		if x.Type == nil {
			return entity{}, false
		}
		return v.resolve(x.Type, local)
	case *ast.BasicLit:
		types := map[token.Token]reflect.Type{token.INT: reflect.TypeFor[int](), token.FLOAT: reflect.TypeFor[float64](), token.STRING: reflect.TypeFor[string](), token.CHAR: reflect.TypeFor[rune]()}
		if t := types[x.Kind]; t != nil {
			return v.ofReflect("variable", t), true
		}
	}
	return entity{}, false
}

func (v *scopeView) name(name string, local map[string]entity) (entity, bool) {
	if e, ok := local[name]; ok {
		return e, true
	}
	if e, ok := v.names[name]; ok {
		return e, true
	}
	if path, ok := v.known[name]; ok {
		return entity{kind: "package", path: path}, true
	}
	return entity{}, false
}

// call resolves a call or a conversion to its first result.
func (v *scopeView) call(x *ast.CallExpr, local map[string]entity) (entity, bool) {
	if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "new" && len(x.Args) == 1 {
		return v.resolve(&ast.UnaryExpr{Op: token.AND, X: x.Args[0]}, local)
	}
	e, ok := v.resolve(x.Fun, local)
	if !ok {
		return entity{}, false
	}
	if e.kind == "type" {
		e.kind = "variable"
		return e, true
	}
	if e.typ == nil || e.typ.Kind() != reflect.Func || e.typ.NumOut() == 0 {
		return entity{}, false
	}
	return v.ofReflect("variable", e.typ.Out(0)), true
}

func (v *scopeView) element(x ast.Expr, local map[string]entity) (entity, bool) {
	e, ok := v.resolve(x, local)
	if !ok || e.typ == nil {
		return entity{}, false
	}
	switch e.typ.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Pointer:
		return v.ofReflect("variable", e.typ.Elem()), true
	}
	return entity{}, false
}

// locals finds the names that the code declares, which may be unfinished: what
// parses of it is used.
func (v *scopeView) locals(code string) map[string]entity {
	out := map[string]entity{}
	// The parser takes named functions at package level only, and statements
	// only in functions: each reading finds its own names.
	for _, src := range []string{"package p\n" + code, "package p\nfunc _() {\n" + code + "\n}"} {
		if f, _ := parser.ParseFile(token.NewFileSet(), "", src, parser.SkipObjectResolution); f != nil {
			v.collect(f, out)
		}
	}
	delete(out, "_")
	return out
}

func (v *scopeView) collect(f *ast.File, out map[string]entity) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				v.defineLocals(out, n)
			}
		case *ast.ValueSpec:
			for i, id := range n.Names {
				e := entity{kind: "variable"}
				if n.Type != nil {
					e, _ = v.resolve(n.Type, out)
				} else if i < len(n.Values) {
					e, _ = v.resolve(n.Values[i], out)
				}
				e.kind = "variable"
				out[id.Name] = e
			}
		case *ast.Field:
			for _, id := range n.Names {
				e, _ := v.resolve(unstarred(n.Type), out)
				e.kind = "variable"
				out[id.Name] = e
			}
		case *ast.RangeStmt:
			if id, ok := n.Value.(*ast.Ident); ok {
				e, _ := v.element(n.X, out)
				e.kind = "variable"
				out[id.Name] = e
			}
		}
		return true
	})
}

func unstarred(t ast.Expr) ast.Expr {
	if p, ok := t.(*ast.StarExpr); ok {
		return p.X
	}
	return t
}

func (v *scopeView) defineLocals(out map[string]entity, n *ast.AssignStmt) {
	for i, l := range n.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			continue
		}
		e := entity{kind: "variable"}
		switch {
		case len(n.Lhs) == len(n.Rhs):
			if r, ok := v.resolve(n.Rhs[i], out); ok {
				e = r
			}
		case len(n.Rhs) == 1:
			e = v.resultAt(n.Rhs[0], i, out)
		}
		if e.kind != "package" {
			e.kind = "variable"
			out[id.Name] = e
		}
	}
}

// resultAt resolves the i-th result of a call.
func (v *scopeView) resultAt(x ast.Expr, i int, local map[string]entity) entity {
	call, ok := x.(*ast.CallExpr)
	if !ok {
		return entity{kind: "variable"}
	}
	f, ok := v.resolve(call.Fun, local)
	if !ok || f.typ == nil || f.typ.Kind() != reflect.Func || i >= f.typ.NumOut() {
		return entity{kind: "variable"}
	}
	return v.ofReflect("variable", f.typ.Out(i))
}

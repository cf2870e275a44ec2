package live

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"

	"glownotes/kernel/engine/hostwire"
)

// A cell that only looks at variables (fields, elements, slices, comparisons
// with nil, arithmetic and conversions of basic types, len, cap,
// reflect.TypeOf) or assigns constants to them is not compiled: the host reads
// the values by reflection. The checker has accepted the cell before, and the
// host refuses whatever is not plain, such as an index out of range; the cell
// is compiled then. So the result is the same, 100 times sooner.

// look translates the checked cell, or reports that it must be compiled.
func (u *unit) look() ([]hostwire.Node, bool) {
	if u.c != nil || u.quiet || len(u.funcs) > 0 || len(u.decls) > 0 || len(u.vars) > 0 || len(u.notes) > 0 || len(u.migrated) > 0 || len(u.importNames) > 0 || len(u.dots) > 0 || len(u.blanks) > 0 {
		return nil, false
	}
	list := u.run.Body.List
	var out []hostwire.Node
	for i, st := range list {
		var n hostwire.Node
		ok := false
		switch st := st.(type) {
		case *ast.AssignStmt:
			n, ok = u.lookAssign(st)
		case *ast.ExprStmt:
			n, ok = u.lookShow(st)
			ok = ok && i == len(list)-1
		}
		if !ok {
			return nil, false
		}
		out = append(out, n)
	}
	return out, len(out) > 0
}

// lookAssign translates x = constant.
func (u *unit) lookAssign(st *ast.AssignStmt) (hostwire.Node, bool) {
	if st.Tok != token.ASSIGN || len(st.Lhs) != 1 || len(st.Rhs) != 1 {
		return hostwire.Node{}, false
	}
	id, ok := st.Lhs[0].(*ast.Ident)
	if !ok {
		return hostwire.Node{}, false
	}
	v, ok := u.lookVar(id)
	if !ok {
		return v, false
	}
	c, ok := u.lookConst(st.Rhs[0])
	_, basic := u.info.Uses[id].Type().Underlying().(*types.Basic)
	return hostwire.Node{Op: "set", X: []hostwire.Node{v, c}}, ok && basic
}

// lookShow translates the last line.
func (u *unit) lookShow(st *ast.ExprStmt) (hostwire.Node, bool) {
	call, ok := st.X.(*ast.CallExpr)
	if !ok {
		return hostwire.Node{}, false
	}
	if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != showName {
		return hostwire.Node{}, false
	}
	n := hostwire.Node{Op: "show"}
	for _, a := range call.Args {
		x, ok := u.lookValue(a)
		if !ok {
			return n, false
		}
		n.X = append(n.X, x)
	}
	return n, true
}

// lookValue translates an expression that is passed on as an interface. A
// constant must be of a type whose text needs no method.
func (u *unit) lookValue(e ast.Expr) (hostwire.Node, bool) {
	if u.info.Types[e].Value == nil {
		return u.lookExpr(e)
	}
	b, ok := types.Unalias(u.info.Types[e].Type).(*types.Basic)
	if !ok {
		return hostwire.Node{}, false
	}
	x, ok := u.lookConst(e)
	x.Name = types.Default(b).String()
	return x, ok
}

// lookVar translates a variable of the session.
func (u *unit) lookVar(id *ast.Ident) (hostwire.Node, bool) {
	sy := u.sess.symbols[id.Name]
	if sy == nil || sy.kind != varSymbol || u.info.Uses[id] != sy.obj {
		return hostwire.Node{}, false
	}
	return hostwire.Node{Op: "var", Serial: sy.serial, Name: sy.name}, true
}

// lookConst translates a constant; its type is that of its surroundings.
func (u *unit) lookConst(e ast.Expr) (hostwire.Node, bool) {
	v := u.info.Types[e].Value
	if v == nil {
		return hostwire.Node{}, false
	}
	n := hostwire.Node{Op: "const"}
	switch v.Kind() {
	case constant.Bool:
		n.Kind, n.Text = "bool", v.String()
	case constant.String:
		n.Kind, n.Text = "string", constant.StringVal(v)
	case constant.Int:
		n.Kind, n.Text = "int", v.ExactString()
	case constant.Float:
		// The exact value is a fraction; it is rounded once, to the type.
		n.Kind, n.Text = "float", v.ExactString()
	default:
		return n, false
	}
	return n, true
}

// lookExpr translates an expression that is not constant.
func (u *unit) lookExpr(e ast.Expr) (hostwire.Node, bool) {
	if u.info.Types[e].Value != nil {
		return u.lookConst(e)
	}
	switch e := e.(type) {
	case *ast.ParenExpr:
		return u.lookExpr(e.X)
	case *ast.Ident:
		return u.lookVar(e)
	case *ast.StarExpr:
		return u.lookNode("deref", "", e.X)
	case *ast.SelectorExpr:
		sel := u.info.Selections[e]
		if sel == nil || sel.Kind() != types.FieldVal {
			return hostwire.Node{}, false
		}
		n, ok := u.lookNode("field", "", e.X)
		n.Path = sel.Index()
		return n, ok
	case *ast.IndexExpr:
		if u.info.Types[e.Index].IsType() {
			return hostwire.Node{}, false
		}
		return u.lookNode("index", "", e.X, e.Index)
	case *ast.SliceExpr:
		return u.lookSlice(e)
	case *ast.UnaryExpr:
		if e.Op == token.SUB || e.Op == token.NOT || e.Op == token.ADD || e.Op == token.XOR {
			return u.lookNode("unary", e.Op.String(), e.X)
		}
	case *ast.BinaryExpr:
		return u.lookBinary(e)
	case *ast.CallExpr:
		return u.lookCall(e)
	}
	return hostwire.Node{}, false
}

// lookSlice translates x[low:high:max]; what is left out has the Op "none".
func (u *unit) lookSlice(e *ast.SliceExpr) (hostwire.Node, bool) {
	n, ok := u.lookNode("slice", "", e.X)
	for _, i := range []ast.Expr{e.Low, e.High, e.Max} {
		x := hostwire.Node{Op: "none"}
		if i != nil && ok {
			x, ok = u.lookExpr(i)
		}
		n.X = append(n.X, x)
	}
	return n, ok
}

func (u *unit) lookBinary(e *ast.BinaryExpr) (hostwire.Node, bool) {
	isNil := func(x ast.Expr) bool { return u.info.Types[x].IsNil() }
	switch {
	case isNil(e.X):
		return u.lookNode("isnil", e.Op.String(), e.Y)
	case isNil(e.Y):
		return u.lookNode("isnil", e.Op.String(), e.X)
	case e.Op == token.SHL || e.Op == token.SHR:
		// A constant left side has its type from around.
		if u.info.Types[e.X].Value != nil {
			return hostwire.Node{}, false
		}
	case !u.plainOperands(e) || u.mayFuse(e):
		return hostwire.Node{}, false
	}
	return u.lookNode("binary", e.Op.String(), e.X, e.Y)
}

// mayFuse tells whether the compiler may round x*y + z once instead of twice,
// as Go allows it and processors with such an instruction do.
func (u *unit) mayFuse(e *ast.BinaryExpr) bool {
	if e.Op != token.ADD && e.Op != token.SUB || !u.pkgs.fuses() {
		return false
	}
	for _, x := range []ast.Expr{e.X, e.Y} {
		x = ast.Unparen(x)
		if m, ok := x.(*ast.UnaryExpr); ok {
			x = ast.Unparen(m.X)
		}
		b, ok := u.info.Types[x].Type.Underlying().(*types.Basic)
		if m, product := x.(*ast.BinaryExpr); product && m.Op == token.MUL && ok && b.Info()&types.IsFloat != 0 {
			return true
		}
	}
	return false
}

// lookCall translates len, cap, reflect.TypeOf and conversions to basic types.
func (u *unit) lookCall(e *ast.CallExpr) (hostwire.Node, bool) {
	if len(e.Args) != 1 {
		return hostwire.Node{}, false
	}
	fun := u.info.Types[e.Fun]
	if id, ok := e.Fun.(*ast.Ident); ok && fun.IsBuiltin() && (id.Name == "len" || id.Name == "cap") {
		return u.lookNode(id.Name, "", e.Args[0])
	}
	if path, name := u.qualified(e.Fun); path == "reflect" && name == "TypeOf" {
		x, ok := u.lookValue(e.Args[0])
		return hostwire.Node{Op: "type", X: []hostwire.Node{x}}, ok
	}
	if !fun.IsType() {
		return hostwire.Node{}, false
	}
	b, ok := types.Unalias(fun.Type).(*types.Basic)
	if !ok {
		return hostwire.Node{}, false
	}
	n, ok := u.lookNode("convert", "", e.Args[0])
	n.Name = b.Name()
	return n, ok
}

// plainOperands tells whether both sides of an operation have the same basic
// type, so that reflection computes what compiled code does.
func (u *unit) plainOperands(e *ast.BinaryExpr) bool {
	for _, x := range []ast.Expr{e.X, e.Y} {
		b, ok := u.info.Types[x].Type.Underlying().(*types.Basic)
		if !ok || b.Info()&(types.IsInteger|types.IsFloat|types.IsString|types.IsBoolean) == 0 {
			return false
		}
	}
	return true
}

func (u *unit) lookNode(op, text string, xs ...ast.Expr) (hostwire.Node, bool) {
	n := hostwire.Node{Op: op, Text: text}
	for _, x := range xs {
		c, ok := u.lookExpr(x)
		if !ok {
			return n, false
		}
		n.X = append(n.X, c)
	}
	return n, true
}

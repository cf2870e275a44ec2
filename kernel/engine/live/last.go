package live

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// lastExpr is the expression that the cell ends with, nil if it ends with
// another statement or with a semicolon.
func (u *unit) lastExpr() *ast.ExprStmt {
	l := u.run.Body.List
	if len(l) == 0 {
		return nil
	}
	for i := len(u.chunks) - 1; i >= 0; i-- {
		if c := u.chunks[i]; c.kind == stmtChunk && c.old == nil {
			if c.quiet || c.list {
				return nil
			}
			break
		}
	}
	es, _ := l[len(l)-1].(*ast.ExprStmt)
	return es
}

// showLast makes the last expression the argument of a call, if it has a value
// that a person wants to see.
func (u *unit) showLast() {
	es := u.lastExpr()
	if es == nil {
		if l := u.run.Body.List; len(l) > 0 {
			u.quietLast(l[len(l)-1])
		}
		return
	}
	tv, ok := u.info.Types[es.X]
	if c, isChan := u.receives(es.X); isChan && types.Identical(c, emptyStruct) {
		return // waiting for a goroutine: <-done
	}
	if !ok || tv.IsVoid() || isCVoid(tv.Type) || tv.IsType() || tv.IsBuiltin() || tv.Type == types.Typ[types.Invalid] || u.isPrint(es.X) {
		return
	}
	name := rtName + ".Result("
	if endsInError(es.X, tv.Type) {
		name = rtName + ".Call("
	}
	if tup, ok := tv.Type.(*types.Tuple); ok && tup.Len() == 0 {
		return
	}
	u.insert(es.Pos(), name, -9)
	u.insert(u.end(es), ")", 9)
	es.X = &ast.CallExpr{Fun: ast.NewIdent(showName), Args: []ast.Expr{es.X}}
}

var emptyStruct = types.NewStruct(nil, nil)

// receives tells what <-ch receives.
func (u *unit) receives(e ast.Expr) (types.Type, bool) {
	x, ok := ast.Unparen(e).(*ast.UnaryExpr)
	if !ok || x.Op != token.ARROW {
		return nil, false
	}
	return u.info.Types[x].Type, true
}

// quietLast lets a last expression with a semicolon behind it be evaluated
// without a use.
func (u *unit) quietLast(st ast.Stmt) {
	es, ok := st.(*ast.ExprStmt)
	if !ok {
		return
	}
	if call, ok := ast.Unparen(es.X).(*ast.CallExpr); ok && !u.info.Types[call.Fun].IsType() {
		return
	}
	if tv := u.info.Types[es.X]; tv.IsValue() && tv.Type != types.Typ[types.UntypedNil] {
		u.quiet = true
		u.insert(es.Pos(), "_ = ", -9)
		es.X = &ast.CallExpr{Fun: ast.NewIdent(showName), Args: []ast.Expr{es.X}}
	}
}

// endsInError tells whether x is a call whose last result is an error.
func endsInError(x ast.Expr, t types.Type) bool {
	if _, ok := ast.Unparen(x).(*ast.CallExpr); !ok {
		return false
	}
	if tup, ok := t.(*types.Tuple); ok {
		if tup.Len() == 0 {
			return false
		}
		t = tup.At(tup.Len() - 1).Type()
	}
	return types.Identical(t, types.Universe.Lookup("error").Type())
}

// isPrint recognises the printing functions of package fmt, whose results
// nobody wants to see.
func (u *unit) isPrint(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	path, name := u.qualified(call.Fun)
	return path == "fmt" && (strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Fprint"))
}

// qualified returns the package path and the name of pkg.Name, empty for
// anything else.
func (u *unit) qualified(e ast.Expr) (path, name string) {
	se, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	x, ok := se.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	if pn, ok := u.info.Uses[x].(*types.PkgName); ok {
		return pn.Imported().Path(), se.Sel.Name
	}
	return "", ""
}

package interp

import (
	"fmt"
	"go/ast"
	"go/printer"
	"go/token"
	"strings"

	"glownotes/kernel/core"
)

// compiledEngine is what a person can do about a limit of this engine.
const compiledEngine = "cells are run by an interpreter here, which lacks this part of Go; " +
	"with a Go toolchain installed the kernel compiles them (--engine=live)"

// hint explains errors that come from the interpreter and not from the code.
func hint(msg string, at *step) string {
	limit := false
	for _, part := range []string{
		"the interpreter failed",
		"is not among those that the interpreter knows",
		"no such field or method",
		"cannot range over",
		"unimplemented",
		"unsupported",
		"generic",
		"internal error",
	} {
		limit = limit || strings.Contains(msg, part)
	}
	for _, pkg := range []string{"slices.", "maps.", "cmp.", "iter."} {
		limit = limit || strings.HasPrefix(msg, "undefined: "+pkg)
	}
	if !limit {
		return ""
	}
	return "note: " + compiledEngine
}

// unsupported finds, before anything runs, what this engine would answer with
// a puzzling message or do wrong.
func (s *session) unsupported(pieces []piece) error {
	var found *core.CellError
	for _, p := range pieces { // types first: a method may stand before its type
		if d, ok := p.node.(*ast.GenDecl); ok {
			for _, spec := range d.Specs {
				if t, ok := spec.(*ast.TypeSpec); ok {
					s.recursive[t.Name.Name] = mentions(t.Type, t.Name.Name)
				}
			}
		}
	}
	for _, p := range pieces {
		p.inspect(func(n ast.Node) bool {
			if found != nil || n == nil {
				return false
			}
			what := ""
			switch n := n.(type) {
			case *ast.BranchStmt:
				if n.Tok == token.GOTO {
					what = "goto"
				}
			case *ast.FuncDecl:
				if n.Recv != nil && len(n.Recv.List) == 1 {
					name, generic := receiver(n.Recv.List[0].Type)
					switch {
					case generic:
						what = "methods on generic types"
					case s.recursive[name]:
						what = "methods on a type that contains itself"
					}
				}
			case *ast.ExprStmt:
				if p.node != n && !effective(n.X) {
					found = s.unused(n.X)
				}
			case *ast.BinaryExpr:
				if err := s.literals(n); err != nil {
					found = err // gomacro computes something
				}
			case *ast.ImportSpec:
				if n.Path.Value == `"C"` {
					what = "cgo"
				}
			}
			if what != "" {
				found = s.cellError("CompileError", what+" cannot be interpreted", s.fset.Position(n.Pos()), "", "note: "+compiledEngine)
			}
			return found == nil
		})
	}
	if found == nil {
		return nil
	}
	return found
}

// effective reports whether an expression can be a statement in Go: gomacro
// takes any.
func effective(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr:
		return true
	case *ast.UnaryExpr:
		return x.Op == token.ARROW
	}
	return false
}

// unused is the error of an expression that is no statement.
func (s *session) unused(x ast.Expr) *core.CellError {
	var text strings.Builder
	if err := printer.Fprint(&text, s.fset, x); err != nil {
		text.WriteString("the expression")
	}
	return s.cellError("CompileError", cleanMessage(text.String()+" is not used"), s.fset.Position(x.Pos()))
}

// literals checks that both or none of two literals are strings.
func (s *session) literals(n *ast.BinaryExpr) *core.CellError {
	x, ok := n.X.(*ast.BasicLit)
	y, ok2 := n.Y.(*ast.BasicLit)
	if !ok || !ok2 || (x.Kind == token.STRING) == (y.Kind == token.STRING) {
		return nil
	}
	kind := func(l *ast.BasicLit) string {
		switch l.Kind {
		case token.STRING:
			return "string"
		case token.CHAR:
			return "rune"
		case token.FLOAT:
			return "float"
		}
		return "int"
	}
	msg := fmt.Sprintf("invalid operation: %s %s %s (mismatched types untyped %s and untyped %s)", x.Value, n.Op, y.Value, kind(x), kind(y))
	return s.cellError("CompileError", msg, s.fset.Position(n.Pos()))
}

// receiver returns the name of a method's receiver type.
func receiver(t ast.Expr) (name string, generic bool) {
	if p, ok := t.(*ast.StarExpr); ok {
		t = p.X
	}
	switch x := t.(type) {
	case *ast.Ident:
		return x.Name, false
	case *ast.IndexExpr, *ast.IndexListExpr:
		return "", true
	}
	return "", false
}

// mentions reports whether a type refers to a name.
func mentions(t ast.Expr, name string) bool {
	found := false
	ast.Inspect(t, func(n ast.Node) bool {
		if f, ok := n.(*ast.Field); ok { // not the names of fields
			ast.Inspect(f.Type, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				found = found || ok && id.Name == name
				return true
			})
			return false
		}
		id, ok := n.(*ast.Ident)
		found = found || ok && id.Name == name
		return true
	})
	return found
}

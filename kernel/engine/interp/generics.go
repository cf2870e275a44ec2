package interp

import (
	"go/ast"
	"go/token"

	"github.com/cosmos72/gomacro/fast"
	"golang.org/x/tools/go/ast/astutil"
)

// generics rewrites type parameters into the form that gomacro compiles: it
// has generic functions and types of its own, which are compiled anew for each
// set of type arguments, as templates of C++ are. Constraints are not checked:
// a wrong type argument fails in the body.
func (s *session) generics(p *piece) {
	switch n := p.node.(type) {
	case *ast.FuncDecl:
		s.instantiations(n)
		if n.Type.TypeParams != nil {
			n.Recv = &ast.FieldList{List: []*ast.Field{nil, {Type: typeParams(n.Type.TypeParams)}}}
			n.Type.TypeParams = nil
			s.generic[n.Name.Name] = true
		}
		return
	case *ast.GenDecl:
		for _, spec := range n.Specs {
			if spec, ok := spec.(*ast.TypeSpec); ok && n.Tok == token.TYPE {
				if spec.TypeParams != nil {
					s.generic[spec.Name.Name] = true
				}
				if it, ok := spec.Type.(*ast.InterfaceType); ok && isConstraint(it) {
					spec.Type = &ast.InterfaceType{Interface: it.Interface, Methods: &ast.FieldList{Opening: it.Pos(), Closing: it.End()}}
				}
			}
		}
	}
	if p.node != nil {
		s.instantiations(p.node)
	}
	for i, v := range p.values {
		p.values[i] = s.instantiations(v).(ast.Expr)
	}
	if n, ok := p.node.(*ast.GenDecl); ok && n.Tok == token.TYPE {
		for _, spec := range n.Specs {
			if spec := spec.(*ast.TypeSpec); spec.TypeParams != nil {
				lit := typeParams(spec.TypeParams)
				lit.Type = spec.Type
				spec.Type, spec.TypeParams = lit, nil
			}
		}
	}
}

// typeParams lists type parameters as gomacro has them in a composite literal.
func typeParams(list *ast.FieldList) *ast.CompositeLit {
	lit := &ast.CompositeLit{Lbrace: list.Pos(), Rbrace: list.End()}
	for _, f := range list.List {
		for _, name := range f.Names {
			lit.Elts = append(lit.Elts, name)
		}
	}
	return lit
}

// isConstraint reports whether an interface can only be a constraint.
func isConstraint(t *ast.InterfaceType) bool {
	for _, f := range t.Methods.List {
		if len(f.Names) > 0 {
			continue
		}
		switch x := f.Type.(type) {
		case *ast.BinaryExpr, *ast.UnaryExpr, *ast.ArrayType, *ast.MapType, *ast.ChanType, *ast.StarExpr:
			return true
		case *ast.Ident:
			switch x.Name {
			case "int", "int8", "int16", "int32", "int64", "uint", "uint8", "uint16", "uint32", "uint64", "uintptr",
				"float32", "float64", "complex64", "complex128", "string", "bool", "byte", "rune", "comparable":
				return true
			}
		}
	}
	return false
}

// instantiations rewrites F[int] and T[int, string] of generic names.
func (s *session) instantiations(n ast.Node) ast.Node {
	return astutil.Apply(n, nil, func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.IndexExpr:
			if s.isGeneric(n.X) {
				if _, done := n.Index.(*ast.CompositeLit); !done {
					n.Index = &ast.CompositeLit{Lbrace: n.Lbrack, Elts: []ast.Expr{n.Index}, Rbrace: n.Rbrack}
				}
			}
		case *ast.IndexListExpr:
			if s.isGeneric(n.X) {
				c.Replace(&ast.IndexExpr{X: n.X, Lbrack: n.Lbrack, Rbrack: n.Rbrack,
					Index: &ast.CompositeLit{Lbrace: n.Lbrack, Elts: n.Indices, Rbrace: n.Rbrack}})
			}
		}
		return true
	})
}

// isGeneric reports whether x is the name of a generic function or type: one
// of an earlier cell, or of this one.
func (s *session) isGeneric(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	if sym := s.top.Comp.TryResolve(id.Name); sym != nil {
		class := sym.Desc.Class()
		return class == fast.GenericFuncBind || class == fast.GenericTypeBind
	}
	return s.generic[id.Name]
}

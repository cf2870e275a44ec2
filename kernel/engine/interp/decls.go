package interp

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"

	"github.com/cosmos72/gomacro/fast"
)

// varDecl compiles a statement that declares variables. Where a variable of
// that name and type exists, it is assigned to, so that functions and pointers
// of earlier cells see the new value; a variable of another type shadows the
// old one, which those functions keep. (gomacro alone would reuse the old
// variable's memory for a value of another type.)
func (s *session) varDecl(n ast.Stmt, names []string) *fast.Expr {
	c := s.top.Comp
	before := s.names()
	e := s.top.CompileNode(n)
	conflict, same := false, true
	for _, name := range names {
		old, now := before.binds[name], c.Binds[name]
		switch {
		case old == nil || now == nil:
			same = false
		case old.Type == nil || now.Type == nil || !old.Type.IdenticalTo(now.Type) || old.Desc != now.Desc:
			same = false
			conflict = conflict || old.Desc.Index() != fast.NoIndex
		}
	}
	define, ok := n.(*ast.AssignStmt)
	switch {
	case conflict:
		// Compile again: the old variables answer to other names, under which
		// the right-hand side finds them.
		s.restore(before)
		c.Code.Clear()
		renamed := map[string]string{}
		for _, name := range names {
			if old := before.binds[name]; old != nil {
				renamed[name] = hidden + "old" + name
				c.Binds[renamed[name]] = old
				delete(c.Binds, name)
			}
		}
		e = s.top.CompileNode(renameUses(n, renamed))
		for _, alias := range renamed {
			delete(c.Binds, alias)
		}
	case ok && same && len(names) == len(define.Lhs):
		s.restore(before)
		c.Code.Clear()
		e = s.top.CompileNode(&ast.AssignStmt{Lhs: define.Lhs, TokPos: define.TokPos, Tok: token.ASSIGN, Rhs: define.Rhs})
	}
	return e
}

// hidden begins the names that the engine itself declares. It is a letter that
// nobody types.
const hidden = "ꞏ"

// renameUses gives the identifiers on the right-hand side other names.
func renameUses(n ast.Stmt, names map[string]string) ast.Stmt {
	rename := func(e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				ast.Inspect(n.X, func(n ast.Node) bool { renameIdent(n, names); return true })
				return false
			case *ast.KeyValueExpr:
				if _, ok := n.Key.(*ast.Ident); ok { // most likely a field
					ast.Inspect(n.Value, func(n ast.Node) bool { renameIdent(n, names); return true })
					return false
				}
			default:
				renameIdent(n, names)
			}
			return true
		})
	}
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, e := range n.Rhs {
			rename(e)
		}
	case *ast.DeclStmt:
		for _, spec := range n.Decl.(*ast.GenDecl).Specs {
			for _, e := range spec.(*ast.ValueSpec).Values {
				rename(e)
			}
		}
	}
	return n
}

func renameIdent(n ast.Node, names map[string]string) {
	if id, ok := n.(*ast.Ident); ok {
		if to, ok := names[id.Name]; ok {
			id.Name = to
		}
	}
}

// funcDecl compiles a function or a method. A function of the same signature
// replaces the old one also for its earlier callers.
func (s *session) funcDecl(n *ast.FuncDecl) *fast.Expr {
	c := s.top.Comp
	if n.Recv == nil {
		s.replaceFunc(n)
	}
	if n.Recv == nil && n.Name.Name == "init" {
		return s.initFunc(n)
	}
	if n.Recv == nil {
		delete(c.Types, n.Name.Name)
	}
	return s.top.CompileNode(n)
}

// replaceFunc forgets an old declaration of the name that gomacro would
// overwrite in place though it is something else.
func (s *session) replaceFunc(n *ast.FuncDecl) {
	c := s.top.Comp
	old := c.Binds[n.Name.Name]
	if old == nil || len(funcTypeParams(n)) > 0 {
		delete(c.Binds, n.Name.Name)
		return
	}
	t, _, _ := c.TypeFunction(n.Type)
	if old.Desc.Class() != fast.FuncBind || !old.Type.IdenticalTo(t) {
		delete(c.Binds, n.Name.Name)
	}
}

// initFunc runs an init function in its place: it has no name.
func (s *session) initFunc(n *ast.FuncDecl) *fast.Expr {
	return s.top.CompileNode(&ast.CallExpr{Fun: &ast.FuncLit{Type: n.Type, Body: n.Body}})
}

// typeDecl compiles type declarations. A declaration that is repeated word for
// word changes nothing, so that old values stay usable when a cell is run
// again; a changed one makes a new type.
func (s *session) typeDecl(n *ast.GenDecl, text string) []*fast.Expr {
	c := s.top.Comp
	var out []*fast.Expr
	for _, spec := range n.Specs {
		spec := spec.(*ast.TypeSpec)
		name := spec.Name.Name
		if c.Types[name] != nil && c.Types[name].Kind() != 0 {
			if s.types[name] == text {
				continue
			}
			delete(c.Types, name)
			c.Universe.InvalidateCache()
		}
		delete(c.Binds, name)
		s.types[name] = text
		out = append(out, s.top.CompileNode(&ast.GenDecl{TokPos: n.TokPos, Tok: token.TYPE, Specs: []ast.Spec{spec}}))
	}
	return out
}

// forward declares what a step uses and a later step declares: functions that
// call each other, types that hold pointers to each other, methods.
func (p *program) forward(st *step) {
	later := map[string]*step{}
	found := false
	for _, other := range p.steps {
		if other == st {
			found = true
			continue
		}
		if found && other.movable() {
			for _, n := range other.defines() {
				later[n] = other
			}
		}
	}
	if len(later) == 0 {
		return
	}
	for _, name := range st.uses() {
		if other := later[name]; other != nil {
			p.s.declareForward(other.node, name)
		}
	}
}

// declareForward declares one name without its body. What cannot be declared
// yet is left alone: the error, if it is one, comes with the use.
func (s *session) declareForward(n ast.Node, name string) {
	c := s.top.Comp
	before := maps.Clone(c.Binds)
	defer func() {
		if recover() != nil {
			c.Binds = before
		}
	}()
	switch n := n.(type) {
	case *ast.FuncDecl:
		if len(funcTypeParams(n)) > 0 {
			return
		}
		if n.Recv != nil {
			t, _, _ := c.TypeFunctionOrMethod(n.Recv.List[0], n.Type)
			recv := t.In(0)
			if recv.Name() == "" {
				recv = recv.Elem()
			}
			recv.AddMethod(n.Name.Name, t)
			return
		}
		s.replaceFunc(n)
		if c.Binds[name] == nil {
			t, _, _ := c.TypeFunction(n.Type)
			c.NewBind(name, fast.FuncBind, t)
		}
	case *ast.GenDecl:
		if n.Tok == token.TYPE && c.Types[name] == nil {
			c.DeclNamedType(name)
		}
	}
}

func funcTypeParams(n *ast.FuncDecl) []*ast.Field {
	if n.Type.TypeParams == nil {
		return nil
	}
	return n.Type.TypeParams.List
}

// mustParse parses an expression of the engine itself.
func (s *session) mustParse(expr string) ast.Expr {
	e, err := parser.ParseExpr(expr)
	if err != nil {
		panic(fmt.Sprintf("interp: %s: %v", expr, err))
	}
	return e
}

package interp

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"github.com/cosmos72/gomacro/fast"
	"golang.org/x/tools/go/ast/astutil"
)

// rewrite changes a piece into what gomacro understands, or does right:
//
//   - a loop variable that is captured gets a copy for each iteration (Go 1.22);
//   - range over an integer becomes range over a slice of that length (Go 1.22);
//   - a deferred call of a builtin function moves into a function literal;
//   - a goroutine gets a deferred call that reports its panic;
//   - arguments of fmt's printing functions take the methods of cells' types
//     along;
//   - a constant that is converted to a type with methods becomes a value;
//   - generic functions and types take the form that gomacro knows them in.
func (s *session) rewrite(p *piece) {
	apply := func(n ast.Node) ast.Node {
		return astutil.Apply(n, nil, func(c *astutil.Cursor) bool {
			s.rewriteNode(c)
			return true
		})
	}
	if d, ok := p.node.(*ast.GenDecl); ok && d.Tok != token.VAR {
		// nothing is executed in declarations of types and constants
	} else if p.node != nil {
		p.node = apply(p.node)
	}
	for i, v := range p.values {
		p.values[i] = apply(v).(ast.Expr)
	}
	s.generics(p)
}

func (s *session) rewriteNode(c *astutil.Cursor) {
	switch n := c.Node().(type) {
	case *ast.ForStmt:
		perIteration(n)
	case *ast.RangeStmt:
		perIterationRange(n)
		n.X = rangeOver(n.X)
	case *ast.GoStmt:
		if b := s.guard(n); b != nil {
			c.Replace(b)
		}
	case *ast.DeferStmt:
		if id, ok := n.Call.Fun.(*ast.Ident); ok && builtins[id.Name] {
			// gomacro cannot defer these
			body := &ast.BlockStmt{Lbrace: n.Pos(), List: []ast.Stmt{&ast.ExprStmt{X: n.Call}}, Rbrace: n.End()}
			n.Call = &ast.CallExpr{Fun: &ast.FuncLit{Type: &ast.FuncType{Func: n.Pos(), Params: &ast.FieldList{}}, Body: body}, Lparen: n.Pos(), Rparen: n.End()}
		}
	case *ast.CallExpr:
		withMethods(n)
		if s.convertsConstant(n) {
			a := n.Args[0]
			n.Args[0] = &ast.CallExpr{Fun: &ast.Ident{NamePos: a.Pos(), Name: valueName}, Lparen: a.Pos(), Args: []ast.Expr{a}, Rparen: a.End()}
		}
	}
}

var builtins = map[string]bool{"close": true, "delete": true, "copy": true, "clear": true, "panic": true, "print": true, "println": true, "Display": true}

// perIteration gives each iteration of a three-clause loop its own variables
// when something in the loop can outlive the iteration:
//
//	for i := a; cond; post { body }
//
// becomes, with p pointing to the variable of the iteration before,
//
//	for p, first := new(a), true; ; {
//		i := *p
//		p = &i
//		if first { first = false } else { post }
//		if !cond { break }
//		{ body }
//	}
//
// which is the Go specification's rule: the copy is made before post runs.
func perIteration(n *ast.ForStmt) {
	init, ok := n.Init.(*ast.AssignStmt)
	if !ok || init.Tok != token.DEFINE || len(init.Lhs) != len(init.Rhs) {
		return
	}
	names := identNames(init.Lhs)
	captured := escapes(n.Body, names)
	if n.Cond != nil {
		captured = captured || escapes(n.Cond, names)
	}
	if n.Post != nil {
		captured = captured || escapes(n.Post, names)
	}
	if !captured {
		return
	}
	pos := n.Pos()
	id := func(name string) *ast.Ident { return &ast.Ident{NamePos: pos, Name: name} }
	assign := func(lhs ast.Expr, tok token.Token, rhs ast.Expr) ast.Stmt {
		return &ast.AssignStmt{Lhs: []ast.Expr{lhs}, TokPos: pos, Tok: tok, Rhs: []ast.Expr{rhs}}
	}
	block := func(list ...ast.Stmt) *ast.BlockStmt {
		return &ast.BlockStmt{Lbrace: pos, List: list, Rbrace: n.End()}
	}
	first := hidden + "first"
	begin := &ast.AssignStmt{Lhs: []ast.Expr{id(first)}, TokPos: pos, Tok: token.DEFINE, Rhs: []ast.Expr{id("true")}}
	var list []ast.Stmt
	for i, name := range names {
		p := hidden + "p" + name
		begin.Lhs = append(begin.Lhs, id(p))
		begin.Rhs = append(begin.Rhs, &ast.CallExpr{Fun: id(newName), Lparen: pos, Args: []ast.Expr{init.Rhs[i]}, Rparen: pos})
		if name != "_" {
			list = append(list,
				assign(id(name), token.DEFINE, &ast.StarExpr{Star: pos, X: id(p)}),
				assign(id(p), token.ASSIGN, &ast.UnaryExpr{OpPos: pos, Op: token.AND, X: id(name)}))
		}
	}
	if n.Post != nil {
		list = append(list, &ast.IfStmt{If: pos, Cond: id(first), Body: block(assign(id(first), token.ASSIGN, id("false"))), Else: block(n.Post)})
	}
	if n.Cond != nil {
		not := &ast.UnaryExpr{OpPos: pos, Op: token.NOT, X: &ast.ParenExpr{Lparen: pos, X: n.Cond, Rparen: pos}}
		list = append(list, &ast.IfStmt{If: pos, Cond: not, Body: block(&ast.BranchStmt{TokPos: pos, Tok: token.BREAK})})
	}
	body := &ast.BlockStmt{Lbrace: n.Body.Lbrace, List: n.Body.List, Rbrace: n.Body.Rbrace}
	n.Init, n.Cond, n.Post = begin, nil, nil
	n.Body.List = append(list, body)
}

// convertsConstant reports a conversion T(literal) to a type that may have
// methods.
func (s *session) convertsConstant(n *ast.CallExpr) bool {
	if len(n.Args) != 1 {
		return false
	}
	arg := ast.Unparen(n.Args[0])
	if u, ok := arg.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		arg = u.X
	}
	if _, ok := arg.(*ast.BasicLit); !ok {
		return false
	}
	switch f := n.Fun.(type) {
	case *ast.Ident:
		for c := s.top.Comp; c != nil && c.Outer != nil; c = c.Outer { // not the universe's types
			if c.Binds[f.Name] != nil {
				return false
			}
			if c.Types[f.Name] != nil {
				return true
			}
		}
	case *ast.SelectorExpr:
		pkg, ok := f.X.(*ast.Ident)
		if !ok {
			return false
		}
		if sym := s.top.Comp.TryResolve(pkg.Name); sym != nil && sym.Const() {
			imp, ok := sym.Value.(*fast.Import)
			return ok && imp.Types[f.Sel.Name] != nil
		}
	}
	return false
}

// perIterationRange gives each iteration of a range loop its own variables.
func perIterationRange(n *ast.RangeStmt) {
	if n.Tok != token.DEFINE {
		return
	}
	var vars []ast.Expr
	for _, e := range []ast.Expr{n.Key, n.Value} {
		if id, ok := e.(*ast.Ident); ok && id.Name != "_" {
			vars = append(vars, id)
		}
	}
	if len(vars) == 0 || !escapes(n.Body, identNames(vars)) {
		return
	}
	var lhs, rhs []ast.Expr
	for _, v := range vars {
		name := v.(*ast.Ident).Name
		lhs = append(lhs, &ast.Ident{NamePos: v.Pos(), Name: name})
		rhs = append(rhs, &ast.Ident{NamePos: v.Pos(), Name: name})
	}
	cp := &ast.AssignStmt{Lhs: lhs, TokPos: n.Body.Pos(), Tok: token.DEFINE, Rhs: rhs}
	n.Body.List = append([]ast.Stmt{cp}, n.Body.List...)
}

func identNames(es []ast.Expr) []string {
	var out []string
	for _, e := range es {
		if id, ok := e.(*ast.Ident); ok {
			out = append(out, id.Name)
		}
	}
	return out
}

// escapes reports whether n may keep a variable of one of these names beyond
// the iteration: inside a function literal, or by its address.
func escapes(n ast.Node, names []string) bool {
	if n == nil {
		return false
	}
	found := false
	mentions := func(n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				for _, name := range names {
					found = found || id.Name == name
				}
			}
			return !found
		})
	}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			mentions(n.Body)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				mentions(n.X)
			}
		case *ast.SelectorExpr:
			// x.Method may take the address of x
			if id, ok := n.X.(*ast.Ident); ok {
				mentions(id)
			}
		}
		return !found
	})
	return found
}

// rangeOver wraps the operand of a range clause, whose type is not known yet,
// in a call that lets gomacro range over integers.
func rangeOver(x ast.Expr) ast.Expr {
	switch ast.Unparen(x).(type) {
	case *ast.CompositeLit:
		return x
	}
	return &ast.CallExpr{Fun: &ast.Ident{NamePos: x.Pos(), Name: rangeName}, Lparen: x.Pos(), Args: []ast.Expr{x}, Rparen: x.End()}
}

// guard makes a goroutine report its panic instead of ending the kernel:
//
//	go f(a, b)
//
// becomes
//
//	{ f0, a0, b0 := f, a, b; go func() { defer report; f0(a0, b0) }() }
//
// where constants stay in place. With a function literal without arguments the
// deferred call is put into it.
func (s *session) guard(n *ast.GoStmt) ast.Stmt {
	pos := n.Pos()
	id := func(name string) *ast.Ident { return &ast.Ident{NamePos: pos, Name: name} }
	call := n.Call
	if lit, ok := call.Fun.(*ast.FuncLit); ok {
		lit.Body.List = append([]ast.Stmt{reporting(pos)}, lit.Body.List...)
		return nil
	}
	var lhs, rhs []ast.Expr
	save := func(e ast.Expr) ast.Expr {
		switch e := e.(type) {
		case *ast.BasicLit, *ast.FuncLit:
			return e
		case *ast.Ident:
			if sym := s.top.Comp.TryResolve(e.Name); sym != nil && sym.Const() {
				return e
			}
		}
		name := fmt.Sprintf("%sgo%d", hidden, len(lhs))
		lhs, rhs = append(lhs, id(name)), append(rhs, e)
		return id(name)
	}
	fun := call.Fun
	if sel, ok := fun.(*ast.SelectorExpr); !ok || !s.isPackage(sel.X) {
		if _, ok := fun.(*ast.Ident); !ok {
			fun = save(fun)
		}
	}
	args := make([]ast.Expr, len(call.Args))
	for i, a := range call.Args {
		args[i] = save(a)
	}
	body := []ast.Stmt{reporting(pos), &ast.ExprStmt{X: &ast.CallExpr{Fun: fun, Lparen: call.Lparen, Args: args, Ellipsis: call.Ellipsis, Rparen: call.Rparen}}}
	lit := &ast.FuncLit{Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{}}, Body: &ast.BlockStmt{Lbrace: pos, List: body, Rbrace: n.End()}}
	start := &ast.GoStmt{Go: pos, Call: &ast.CallExpr{Fun: lit, Lparen: pos, Rparen: n.End()}}
	if len(lhs) == 0 {
		return start
	}
	return &ast.BlockStmt{Lbrace: pos, List: []ast.Stmt{
		&ast.AssignStmt{Lhs: lhs, TokPos: pos, Tok: token.DEFINE, Rhs: rhs},
		start,
	}, Rbrace: n.End()}
}

func (s *session) isPackage(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	if !ok {
		return false
	}
	_, known := s.known[id.Name]
	return known
}

// reporting is the statement
//
//	defer func() { if r := recover(); r != nil { report(r) } }()
func reporting(pos token.Pos) ast.Stmt {
	id := func(name string) *ast.Ident { return &ast.Ident{NamePos: pos, Name: name} }
	call := func(f string, args ...ast.Expr) *ast.CallExpr {
		return &ast.CallExpr{Fun: id(f), Lparen: pos, Args: args, Rparen: pos}
	}
	r := hidden + "r"
	cond := &ast.IfStmt{
		If:   pos,
		Init: &ast.AssignStmt{Lhs: []ast.Expr{id(r)}, TokPos: pos, Tok: token.DEFINE, Rhs: []ast.Expr{call("recover")}},
		Cond: &ast.BinaryExpr{X: id(r), OpPos: pos, Op: token.NEQ, Y: id("nil")},
		Body: &ast.BlockStmt{Lbrace: pos, List: []ast.Stmt{&ast.ExprStmt{X: call(reportName, id(r))}}, Rbrace: pos},
	}
	lit := &ast.FuncLit{Type: &ast.FuncType{Func: pos, Params: &ast.FieldList{}}, Body: &ast.BlockStmt{Lbrace: pos, List: []ast.Stmt{cond}, Rbrace: pos}}
	return &ast.DeferStmt{Defer: pos, Call: &ast.CallExpr{Fun: lit, Lparen: pos, Rparen: pos}}
}

// withMethods wraps the arguments of fmt's printing functions, see compileText.
// A call as the only argument may have several results and is left alone.
func withMethods(n *ast.CallExpr) {
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || n.Ellipsis != token.NoPos {
		return
	}
	pkg, ok := sel.X.(*ast.Ident)
	if !ok || pkg.Name != "fmt" {
		return
	}
	from := 0
	switch name := sel.Sel.Name; {
	case strings.HasPrefix(name, "Fprint"):
		from = 1
	case name == "Errorf", strings.HasSuffix(name, "rint"), strings.HasSuffix(name, "rintln"), strings.HasSuffix(name, "rintf"):
	default:
		return
	}
	if strings.HasSuffix(sel.Sel.Name, "f") {
		from++
	}
	for i := from; i < len(n.Args); i++ {
		switch a := n.Args[i].(type) {
		case *ast.BasicLit, *ast.FuncLit:
			continue
		case *ast.CallExpr:
			if len(n.Args) == 1 {
				continue
			}
		case *ast.Ident:
			if a.Name == "nil" {
				continue
			}
		}
		a := n.Args[i]
		n.Args[i] = &ast.CallExpr{Fun: &ast.Ident{NamePos: a.Pos(), Name: textName}, Lparen: a.Pos(), Args: []ast.Expr{a}, Rparen: a.End()}
	}
}

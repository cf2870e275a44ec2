package live

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
)

// analyse finds the types of the variables that top-level statements define,
// makes them variables of the package, and checks the whole cell.
func (u *unit) analyse() error {
	u.addImports()
	u.declareMigrated()
	bodies := map[*ast.FuncDecl]*ast.BlockStmt{}
	for _, fd := range u.funcs {
		bodies[fd], fd.Body = fd.Body, nil
	}
	u.check(false)
	for fd, b := range bodies {
		fd.Body = b
	}
	u.hoistAll()
	u.showLast()
	if bad := u.check(true); len(bad) > 0 {
		return u.explain(bad)
	}
	return nil
}

// hoistAll turns the definitions of the top level into assignments.
func (u *unit) hoistAll() {
	var list []ast.Stmt
	for _, st := range u.run.Body.List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE {
				u.hoistDefine(st)
			}
		case *ast.DeclStmt:
			if gd, ok := st.Decl.(*ast.GenDecl); ok && gd.Tok == token.VAR {
				if stmts, ok := u.hoistVar(gd); ok {
					list = append(list, stmts...)
					continue
				}
			}
		}
		list = append(list, st)
	}
	u.run.Body.List = list
	u.renameOldUses()
	for _, v := range u.vars {
		u.declareVar(v.name, types.TypeString(v.typ, u.qualify))
	}
}

// hoistDefine handles x, y := e.
func (u *unit) hoistDefine(st *ast.AssignStmt) {
	var defs []*ast.Ident
	for _, l := range st.Lhs {
		id, ok := l.(*ast.Ident)
		if !ok {
			return
		}
		if id.Name != "_" && !u.canHoist(id) {
			u.keepLocal(st, st.Lhs)
			return
		}
		defs = append(defs, id)
	}
	for _, id := range defs {
		u.hoist(id)
	}
	u.replace(st.TokPos, st.TokPos+2, "=")
	st.Tok = token.ASSIGN
}

// hoistVar handles var x, y T = e and var ( ... ). Without values the
// variables get the zero value.
func (u *unit) hoistVar(gd *ast.GenDecl) ([]ast.Stmt, bool) {
	for _, sp := range gd.Specs {
		for _, id := range sp.(*ast.ValueSpec).Names {
			if id.Name != "_" && !u.canHoist(id) {
				var ids []ast.Expr
				for _, sp := range gd.Specs {
					for _, id := range sp.(*ast.ValueSpec).Names {
						ids = append(ids, id)
					}
				}
				u.keepLocal(gd, ids)
				return nil, false
			}
		}
	}
	u.replace(gd.Pos(), gd.Pos()+3, "")
	if gd.Lparen.IsValid() {
		u.replace(gd.Lparen, gd.Lparen+1, "")
		u.replace(gd.Rparen, gd.Rparen+1, "")
	}
	var out []ast.Stmt
	for _, sp := range gd.Specs {
		out = append(out, u.hoistSpec(sp.(*ast.ValueSpec)))
	}
	return out, true
}

func (u *unit) hoistSpec(vs *ast.ValueSpec) ast.Stmt {
	st := &ast.AssignStmt{Tok: token.ASSIGN, TokPos: vs.Pos()}
	var zeros []string
	for _, id := range vs.Names {
		if o := u.info.Defs[id]; o != nil && id.Name != "_" {
			zeros = append(zeros, "*new("+types.TypeString(o.Type(), u.qualify)+")")
		} else {
			zeros = append(zeros, "0")
		}
		u.hoist(id)
		st.Lhs = append(st.Lhs, id)
	}
	st.Rhs = vs.Values
	last := u.end(vs.Names[len(vs.Names)-1])
	if vs.Type != nil {
		if len(vs.Values) > 0 && vs.Names[0].Name == "_" && len(vs.Names) == 1 {
			// var _ T = e checks that e is a T.
			st.Rhs = []ast.Expr{&ast.CallExpr{Fun: &ast.ParenExpr{X: vs.Type}, Args: vs.Values}}
			u.insert(vs.Type.Pos(), "= (", 0)
			u.replace(u.end(vs.Type), vs.Values[0].Pos(), ")(")
			u.insert(u.end(vs.Values[0]), ")", 9)
			return st
		}
		u.replace(vs.Type.Pos(), u.end(vs.Type), "")
	}
	if len(vs.Values) == 0 {
		u.insert(last, " = "+strings.Join(zeros, ", "), 9)
		for _, z := range zeros {
			st.Rhs = append(st.Rhs, u.parseExpr(z))
		}
	}
	return st
}

// canHoist tells whether the type of a definition is known and can be written
// in another package.
func (u *unit) canHoist(id *ast.Ident) bool {
	obj := u.info.Defs[id]
	if obj == nil {
		return true // x of x, y := e that exists already
	}
	if obj.Type() == types.Typ[types.Invalid] || obj.Type() == types.Typ[types.UntypedNil] {
		return false // the second pass reports why
	}
	if bad := unnameable(obj.Type(), map[types.Type]bool{}); bad != "" {
		u.notes = append(u.notes, fmt.Sprintf("%s has the unexported type %s: it lives in this cell only", plain(id.Name), plain(bad)))
		return false
	}
	return true
}

// keepLocal leaves a definition in the function of the cell; it does not
// matter whether the cell uses the variables.
func (u *unit) keepLocal(n ast.Node, ids []ast.Expr) {
	for _, x := range ids {
		id, ok := x.(*ast.Ident)
		if !ok || id.Name == "_" {
			continue
		}
		if o := u.info.Defs[id]; o != nil {
			u.locals[o] = true
			u.insert(u.end(n), "; _ = "+id.Name, 9)
		}
	}
}

// hoist makes a variable of the session out of a definition: the older one of
// that name if it has the same type, else a new one.
func (u *unit) hoist(id *ast.Ident) {
	obj := u.info.Defs[id]
	if obj == nil || id.Name == "_" {
		return
	}
	if old := u.sess.symbols[id.Name]; old != nil && old.kind == varSymbol && types.Identical(old.typ, obj.Type()) && u.migrated[id.Name] == nil {
		return
	}
	for _, v := range u.vars {
		if v.name == id.Name {
			return
		}
	}
	if u.migrated[id.Name] != nil {
		return
	}
	u.vars = append(u.vars, &variable{id.Name, obj.Type()})
}

// renameOldUses lets statements that stand before the new definition of a name
// mean the older variable: x := strconv.Itoa(x).
func (u *unit) renameOldUses() {
	fresh := map[string]bool{}
	for _, v := range u.vars {
		fresh[v.name] = true
	}
	for id, obj := range u.info.Uses {
		old := u.sess.symbols[id.Name]
		if old == nil || old.obj != obj || !fresh[id.Name] || old.kind != varSymbol {
			continue
		}
		alias := mark + mark + "old" + id.Name
		u.aliases[alias] = old
		id.Name = alias
	}
}

// declareVar adds var name T to the tree.
func (u *unit) declareVar(name, typ string) {
	spec := &ast.ValueSpec{Names: []*ast.Ident{ast.NewIdent(name)}, Type: u.parseExpr(typ)}
	u.file.Decls = append(u.file.Decls, &ast.GenDecl{Tok: token.VAR, Specs: []ast.Spec{spec}})
}

// parseExpr parses generated text, which always parses.
func (u *unit) parseExpr(text string) ast.Expr {
	x, err := parser.ParseExprFrom(u.fset, "generated", text, 0)
	if err != nil {
		panic(fmt.Sprintf("live: generated expression %q: %v", text, err))
	}
	return x
}

// qualify names a package in generated text, for the checker too: packages
// that the cell does not import get a name of their own.
func (u *unit) qualify(p *types.Package) string {
	if p == u.pkg || p.Path() == cellPath(u.serial) {
		return ""
	}
	for _, im := range u.imports {
		if im.path == p.Path() {
			return im.name
		}
	}
	name := mark + mark + p.Name()
	if n, ok := serialOf(p.Path()); ok {
		name = cellName(n)
	}
	for _, im := range u.imports {
		if im.name == name {
			name += fmt.Sprint(len(u.imports))
			break
		}
	}
	u.imports = append(u.imports, importSpec{name, p.Path()})
	spec := &ast.ImportSpec{Name: ast.NewIdent(name), Path: &ast.BasicLit{Kind: token.STRING, Value: fmt.Sprintf("%q", p.Path())}}
	u.file.Imports = append(u.file.Imports, spec)
	u.file.Decls = append([]ast.Decl{&ast.GenDecl{Tok: token.IMPORT, Specs: []ast.Spec{spec}}}, u.file.Decls...)
	return name
}

// cellName is the import name of an earlier cell's package.
func cellName(serial int) string { return fmt.Sprintf("%s%sc%d", mark, mark, serial) }

package live

import (
	"fmt"
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// emit writes the Go file of the checked cell.
func (u *unit) emit() []byte {
	for _, name := range slices.Sorted(maps.Keys(u.migrated)) {
		u.vars = append(u.vars, &variable{name, u.pkg.Scope().Lookup(name).Type()})
	}
	u.bindFuncs()
	u.emitNames()
	u.emitStatements()
	u.used[rtName] = cellrtPath
	vars := ""
	for _, v := range u.vars {
		vars += fmt.Sprintf(", %q, %s", v.name, v.name)
	}
	start := fmt.Sprintf(" %s.Enter(&%s%s); ", rtName, stopName, vars)
	start += u.startC() + strings.Join(u.patches, "")
	u.insert(u.run.Body.Lbrace+1, start, 0)
	body := apply(u.text, u.edits)
	head := "package " + u.pkgs.cellPackage() + "\n"
	body = body[len(head):]

	decls := u.varDecls()
	var b strings.Builder
	b.WriteString(head)
	for _, n := range slices.Sorted(maps.Keys(u.used)) {
		fmt.Fprintf(&b, "import %s %q\n", n, u.used[n])
	}
	for _, p := range u.usedDots() {
		fmt.Fprintf(&b, "import . %q\n", p)
	}
	for _, p := range u.blanks {
		fmt.Fprintf(&b, "import _ %q\n", p)
	}
	if u.pkgs.image != nil {
		b.WriteString(imageImports)
	}
	fmt.Fprintf(&b, "var %s %s.Flag\n", stopName, rtName)
	b.WriteString(decls + u.keepC())
	if u.pkgs.image != nil {
		b.WriteString(u.imageDecls())
	}
	b.Write(body)
	return []byte(b.String())
}

// varDecls declares the variables of the cell: pointers, so that a later cell
// can share their memory under another type.
func (u *unit) varDecls() string {
	var b strings.Builder
	for _, v := range u.vars {
		if old := u.migrated[v.name]; old != nil {
			u.used[unsafeName] = "unsafe"
			fmt.Fprintf(&b, "var %s = (*%s)(%s.Pointer(%s.%s))\n", v.name, u.typeText(v.typ), unsafeName, u.useCell(old.serial), old.name)
			continue
		}
		fmt.Fprintf(&b, "var %s = new(%s)\n", v.name, u.typeText(v.typ))
	}
	for _, s := range u.binds {
		b.WriteString(s)
	}
	return b.String()
}

// typeText writes a type in the generated file and notes the packages it uses.
func (u *unit) typeText(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		q := u.qualify(p)
		if q != "" {
			u.used[q] = p.Path()
		}
		return q
	})
}

func (u *unit) useCell(serial int) string {
	n := cellName(serial)
	u.used[n] = cellPath(serial)
	return n
}

// bindFuncs makes the functions of the cell late bound: f becomes a variable
// of function type that holds the code of f. A later cell that declares f with
// the same signature puts its code there, and everything that calls f sees it.
func (u *unit) bindFuncs() {
	inits := 0
	for _, fd := range u.funcs {
		if fd.Recv != nil || fd.Type.TypeParams != nil || fd.Body == nil {
			continue
		}
		name := fd.Name.Name
		switch {
		case isInit(name):
			inits++
			impl := fmt.Sprintf("%s%sinit%d", mark, mark, inits)
			u.renameText(fd.Name, impl)
			u.runInit(fd, impl)
			continue
		case name == "_":
			continue
		}
		sig := u.info.Defs[fd.Name].Type()
		u.renameText(fd.Name, name+implSuffix)
		if old := u.sess.symbols[name]; old != nil && old.kind == funcSymbol && types.Identical(old.typ, sig) {
			u.patched[name] = true
			u.patches = append(u.patches, fmt.Sprintf("%s.%s = %s%s; ", u.useCell(old.serial), name, name, implSuffix))
			continue
		}
		u.binds = append(u.binds, fmt.Sprintf("var %s %s\n", name, u.typeText(sig)))
		u.patches = append(u.patches, fmt.Sprintf("%s = %s%s; ", name, name, implSuffix))
	}
	u.callMain()
}

// runInit calls an init function where it stands in the cell, and after the
// declarations of variables that follow it, as a program initialises its
// variables before.
func (u *unit) runInit(fd *ast.FuncDecl, impl string) {
	at := u.fset.Position(fd.Pos())
	for _, st := range u.run.Body.List {
		pos := startOf(st)
		if p := u.fset.Position(pos); p.Line < at.Line || p.Line == at.Line && p.Column < at.Column || u.isVarChunk(p) {
			continue
		}
		u.insert(pos, impl+"(); ", -20)
		return
	}
	u.insert(u.run.Body.Rbrace, "; "+impl+"(); ", -1)
}

// startOf is where a statement begins in the source: the last one may have
// become the argument of a call.
func startOf(st ast.Stmt) token.Pos {
	if es, ok := st.(*ast.ExprStmt); ok {
		if call, ok := es.X.(*ast.CallExpr); ok && !call.Fun.Pos().IsValid() && len(call.Args) > 0 {
			return call.Args[0].Pos()
		}
	}
	return st.Pos()
}

// isVarChunk reports that the statement of the top level at this place declares
// variables with the keyword var.
func (u *unit) isVarChunk(p token.Position) bool {
	var at *chunk // the last one that begins at or before p
	for i, c := range u.chunks {
		if c.line < p.Line || c.line == p.Line && c.col <= p.Column {
			at = &u.chunks[i]
		}
	}
	return at != nil && at.kind == stmtChunk && u.declaresVars(*at)
}

func (u *unit) declaresVars(c chunk) bool {
	var s scanner.Scanner
	src := u.src[c.off:c.end]
	s.Init(token.NewFileSet().AddFile("", -1, len(src)), src, nil, 0)
	_, tok, _ := s.Scan()
	return tok == token.VAR
}

// callMain runs the main function of a program that was pasted whole, after the
// initialisation of its variables.
func (u *unit) callMain() {
	for _, c := range u.chunks {
		if c.kind == stmtChunk && !u.declaresVars(c) {
			return
		}
	}
	for _, fd := range u.funcs {
		if fd.Recv == nil && fd.Name.Name == mark+"main" && fd.Type.Params.NumFields() == 0 && fd.Type.Results.NumFields() == 0 {
			u.insert(u.run.Body.Rbrace, "; "+mark+"main"+implSuffix+"() ", 0)
		}
	}
}

// renameText gives an identifier of the source another text.
func (u *unit) renameText(id *ast.Ident, text string) {
	off := u.offset(id.Pos())
	u.edits = append(u.edits, edit{off: off, end: u.offset(u.end(id)), text: text, rank: 1})
	delete(u.orig, id)
}

// emitNames writes every identifier as the generated file needs it.
func (u *unit) emitNames() {
	qualified := map[*ast.Ident]bool{}
	ast.Inspect(u.file, func(n ast.Node) bool {
		if se, ok := n.(*ast.SelectorExpr); ok {
			if p, _ := u.qualified(se); p != "" {
				qualified[se.Sel] = true
			}
		}
		return true
	})
	done := map[*ast.Ident]bool{}
	for id, obj := range u.info.Uses {
		if !u.written(id) || qualified[id] {
			continue
		}
		text, ok := u.useText(id, obj)
		if ok {
			done[id] = true
			u.edits = append(u.edits, edit{off: u.offset(id.Pos()), end: u.offset(u.end(id)), text: text, rank: 1, name: true})
		}
	}
	// A definition of the top level is an assignment now.
	ast.Inspect(u.file, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || !u.written(id) || done[id] {
			return true
		}
		if _, changed := u.orig[id]; changed {
			off := u.offset(id.Pos())
			u.edits = append(u.edits, edit{off: off, end: off, text: mark, rank: 1, name: true})
		}
		return true
	})
}

// useText is how a use of an object is written, if not by its marked name.
func (u *unit) useText(id *ast.Ident, obj types.Object) (string, bool) {
	if pn, ok := obj.(*types.PkgName); ok {
		u.used[id.Name] = pn.Imported().Path()
		return "", false
	}
	if obj.Pkg() == nil {
		code, ok := builtinCode[obj.Name()]
		return code, ok && obj.Parent() != types.Universe
	}
	if v, ok := obj.(*types.Var); ok && v.IsField() {
		return "", false
	}
	if f, ok := obj.(*types.Func); ok && f.Signature().Recv() != nil {
		return "", false
	}
	if sy := u.aliases[obj.Name()]; sy != nil {
		return fmt.Sprintf("(*%s.%s)", u.useCell(sy.serial), sy.name), true
	}
	sy := u.sess.symbols[obj.Name()]
	if sy != nil && sy.obj == obj {
		q := u.useCell(sy.serial)
		if sy.kind == varSymbol {
			return fmt.Sprintf("(*%s.%s)", q, sy.name), true
		}
		return q + "." + sy.name, true
	}
	if obj.Pkg() != u.pkg || obj.Parent() != u.pkg.Scope() {
		return "", false
	}
	if u.patched[obj.Name()] && sy != nil {
		return u.useCell(sy.serial) + "." + sy.name, true
	}
	if _, ok := obj.(*types.Var); ok && !isC(obj.Name()) {
		return "(*" + obj.Name() + ")", true
	}
	return "", false
}

// usedDots lists the dot imports that the cell uses: Go rejects the others.
func (u *unit) usedDots() []string {
	set := map[string]bool{}
	for id, obj := range u.info.Uses {
		if u.written(id) && obj.Pkg() != nil && obj.Parent() == obj.Pkg().Scope() && slices.Contains(u.allDots(), obj.Pkg().Path()) {
			set[obj.Pkg().Path()] = true
		}
	}
	ast.Inspect(u.file, func(n ast.Node) bool {
		if se, ok := n.(*ast.SelectorExpr); ok {
			if p, _ := u.qualified(se); p != "" {
				delete(set, p) // written with its package: cannot be told apart cheaply
			}
		}
		return true
	})
	return slices.Sorted(maps.Keys(set))
}

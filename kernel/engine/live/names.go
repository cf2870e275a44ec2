package live

import (
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"strconv"
	"strings"
)

// marked returns the name that an identifier has in generated code: exported
// names and the blank stay as they are.
func marked(n string) string {
	if n == "_" || ast.IsExported(n) || strings.HasPrefix(n, mark) {
		return n
	}
	return mark + n
}

// cellPackage is how the name of a type argument starts that a cell declares.
var cellPackage = regexp.MustCompile(cellPrefix + `\d+\.`)

// quotedTag is how hiddenTag reads in the text of a type.
var quotedTag = " " + strconv.Quote(hiddenTag)

// plain cuts from a text what the engine has added to the names of a cell: the
// marks, the paths of cells' packages, which occur in the names of generic
// types, and the tags of unexported fields.
func plain(s string) string {
	if strings.Contains(s, quotedTag) {
		s = strings.ReplaceAll(s, quotedTag, "")
	}
	if strings.Contains(s, cellPrefix) {
		s = cellPackage.ReplaceAllString(s, "main.")
	}
	return strings.ReplaceAll(s, mark, "")
}

// hiddenTag keeps fields with unexported names out of what encoders write, as
// they would be if the name was not exported by the mark.
const hiddenTag = `json:"-" xml:"-" yaml:"-"`

// markNames puts the mark before every unexported identifier in the tree,
// except predeclared names and packages. A name before a dot is a package if
// nothing else of that name is declared and a package of that name is
// imported or known.
func (u *unit) markNames() {
	u.collectTops()
	u.collectMembers()
	skip := map[*ast.Ident]bool{u.file.Name: true}
	force := map[*ast.Ident]bool{}
	u.distinguishInits(skip)
	ast.Inspect(u.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && u.isPackage(x, n.Sel.Name) {
				skip[x], skip[n.Sel] = true, true
				return true
			}
			force[n.Sel] = true
		case *ast.FuncDecl:
			if n.Recv != nil {
				force[n.Name] = true
			}
		case *ast.StructType:
			u.hideFields(n)
			forceFields(n.Fields, force)
		case *ast.InterfaceType:
			forceFields(n.Methods, force)
		case *ast.KeyValueExpr:
			// A predeclared name as a key is a field, unless it is a value.
			if k, ok := n.Key.(*ast.Ident); ok && k.Obj == nil && !isValueName(k.Name) {
				force[k] = true
			}
		case *ast.Ident:
			if !skip[n] && !u.isCgoName(n.Name) && (force[n] || !u.isPredeclared(n)) {
				u.rename(n, marked(n.Name))
			}
		}
		return true
	})
}

// distinguishInits lets a cell have several init functions: with the mark the
// name is an ordinary one for the checker, so each gets another number of
// marks.
func (u *unit) distinguishInits(skip map[*ast.Ident]bool) {
	name := mark + "init"
	for _, d := range u.file.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok && fd.Recv == nil && fd.Name.Name == "init" {
			u.rename(fd.Name, name)
			skip[fd.Name] = true
			name += mark
		}
	}
}

// isInit reports the name that an init function has in generated code.
func isInit(name string) bool {
	return strings.HasPrefix(name, mark+"init") && strings.Trim(name, mark) == "init"
}

func (u *unit) rename(id *ast.Ident, name string) {
	if id.Name == name {
		return
	}
	if _, ok := u.orig[id]; !ok {
		u.orig[id] = id.Name
	}
	id.Name = name
}

func forceFields(l *ast.FieldList, force map[*ast.Ident]bool) {
	for _, f := range l.List {
		for _, n := range f.Names {
			force[n] = true
		}
	}
}

func isValueName(n string) bool {
	return n == "true" || n == "false" || n == "nil" || n == "iota"
}

// isPredeclared tells whether an identifier is one of Go's own names and not
// one that the session or the cell declares.
func (u *unit) isPredeclared(id *ast.Ident) bool {
	return types.Universe.Lookup(id.Name) != nil && id.Obj == nil &&
		u.sess.symbols[marked(id.Name)] == nil && !u.tops[marked(id.Name)]
}

// collectTops lists the names that the top-level statements define; the parser
// does not see that functions of the cell mean them.
func (u *unit) collectTops() {
	for _, st := range u.run.Body.List {
		switch st := st.(type) {
		case *ast.AssignStmt:
			if st.Tok == token.DEFINE {
				for _, l := range st.Lhs {
					if id, ok := l.(*ast.Ident); ok {
						u.tops[marked(id.Name)] = true
					}
				}
			}
		case *ast.DeclStmt:
			names, _ := declNames(st.Decl)
			for _, n := range names {
				u.tops[marked(n)] = true
			}
		}
	}
}

// collectMembers lists what the cell selects from each name that may be a
// package: math/rand/v2 and math/rand both have New, but one has NewSource.
func (u *unit) collectMembers() {
	u.members = map[string][]string{}
	ast.Inspect(u.file, func(n ast.Node) bool {
		if se, ok := n.(*ast.SelectorExpr); ok && ast.IsExported(se.Sel.Name) {
			if x, ok := se.X.(*ast.Ident); ok && x.Obj == nil {
				u.members[x.Name] = append(u.members[x.Name], se.Sel.Name)
			}
		}
		return true
	})
}

// isPackage tells whether x in x.sel is a package, and notes its import.
func (u *unit) isPackage(x *ast.Ident, sel string) bool {
	if x.Obj != nil {
		return false
	}
	if _, ok := u.importNames[x.Name]; ok {
		return true
	}
	inRun := u.run.Pos() <= x.Pos() && x.Pos() < u.run.End()
	if u.tops[marked(x.Name)] && !inRun {
		return false
	}
	if u.sess.symbols[marked(x.Name)] != nil {
		return false
	}
	if path, ok := u.sess.imports[x.Name]; ok {
		u.auto[x.Name] = path
		return true
	}
	if path, ok := u.auto[x.Name]; ok {
		return u.pkgs.exports(path, sel) || !u.tops[marked(x.Name)]
	}
	if !ast.IsExported(sel) {
		return false
	}
	if path, ok := u.pkgs.guess(x.Name, u.members[x.Name]); ok {
		u.auto[x.Name] = path
		return true
	}
	return false
}

// hideFields gives the fields of a struct whose names are unexported a tag
// that hides them from encoders. A list that mixes both kinds stays as it is.
func (u *unit) hideFields(st *ast.StructType) {
	for _, f := range st.Fields.List {
		hidden := len(f.Names) > 0
		for _, n := range f.Names {
			hidden = hidden && !ast.IsExported(n.Name) && n.Name != "_"
		}
		if !hidden || !u.written(f) {
			continue
		}
		at := u.end(f.Type)
		if f.Tag == nil {
			tag := "`" + hiddenTag + "`"
			u.insert(at, " "+tag, 5)
			f.Tag = &ast.BasicLit{ValuePos: at, Kind: token.STRING, Value: tag}
			continue
		}
		q := f.Tag.Value[:1] // keeps the kind of quotes
		tag := hiddenTag + " "
		if q == `"` {
			tag = strings.ReplaceAll(tag, `"`, `\"`)
		}
		u.insert(f.Tag.Pos()+1, tag, 0)
		f.Tag.Value = q + tag + f.Tag.Value[1:]
	}
}

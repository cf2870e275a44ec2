package live

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// A cell may import "C", with C code in the comment above the import, as in any
// Go package. The cgo tool translates the assembled text of the cell: what it
// writes has the lines and columns of the source and takes the place of the
// text; the declarations that it adds (_Ctype_int, _Cfunc_add) are marked as the
// cell's own names are, so that later cells can reach them.
//
// In a later cell C.name means what it meant in the earlier one: the same
// function, variable or type. For that, wrappers are made of everything that the
// C code of a cell defines, not only of what the cell uses. A name that no
// earlier cell has, such as a function of a header that one includes, is looked
// up with the preprocessor lines of the earlier cells. C code of one cell does
// not see C code of another one.

// A cgoCell is the C part of a cell.
type cgoCell struct {
	text     string   // the comments, as lines of "//" comments with #line directives
	detached bool     // a comment stands above the import, with an empty line between
	implicit bool     // no import: made of the preprocessor lines of earlier cells
	exports  []string // Go functions that C may call
	refs     string   // uses of everything that the C code defines

	goFile  *ast.File // what cgo declares, for the checker
	goText  []byte    // the same, for the compiler
	types   map[string]string
	objects []string // compiled C code
	notes   []string // warnings of the C compiler
}

// A cgoSession is what cells with C code have left for later ones.
type cgoSession struct {
	types map[string]string // marked name of a type -> its declaration, as cgo wrote it
	heads string            // preprocessor lines, as in cgoCell.text
}

// readC notes the C code above an import of "C".
func (u *unit) readC(c chunk, before int) {
	if u.c == nil {
		u.c = &cgoCell{}
	}
	// Parsed alone, with the column of the first line kept.
	start := bytes.LastIndexByte(u.src[:before], '\n') + 1
	head := "package p\n" + strings.Repeat(" ", before-start)
	region := slices.Clone(u.src[before:c.end])
	if len(region) > 0 && region[0] == ';' {
		region[0] = ' '
	}
	line := 1 + bytes.Count(u.src[:before], []byte("\n"))
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", head+string(region), parser.ParseComments|parser.ImportsOnly)
	if err != nil {
		return // readImports reports it
	}
	for _, d := range f.Decls {
		gd, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, sp := range gd.Specs {
			im, ok := sp.(*ast.ImportSpec)
			if !ok || im.Path.Value != `"C"` {
				continue
			}
			doc := im.Doc
			if doc == nil && len(gd.Specs) == 1 {
				doc = gd.Doc
			}
			if doc == nil {
				u.c.detached = len(f.Comments) > 0
				continue
			}
			for _, cm := range doc.List {
				at := fset.Position(cm.Pos())
				u.c.text += cLines(cm.Text, u.number, at.Line-1+line-1, at.Column)
			}
		}
	}
}

// cLines lays out a comment of C code as "//" comments, whatever it was before:
// with spaces for the slashes, so that columns stay, and under a directive that
// names its place.
func cLines(comment string, number, line, col int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "//#line %d %q\n", line, cellFile(number))
	block := strings.HasPrefix(comment, "/*")
	text := comment[2:]
	if block {
		text = strings.TrimSuffix(text, "*/")
	}
	text = strings.Repeat(" ", col+1) + text
	for l := range strings.SplitSeq(text, "\n") {
		l = strings.TrimRight(l, "\r")
		if strings.HasPrefix(l, "line ") || strings.HasPrefix(l, "export ") {
			l = " " + l // must not read as a directive of Go
		}
		b.WriteString("//" + l + "\n")
	}
	return b.String()
}

// flushName is the function that lets C code's standard output appear: line by
// line while the cell runs, as on a terminal, and the rest at its end.
const flushName = mark + mark + "flush"

const flushCode = `//#line 1 "glownotes"
//#include <stdio.h>
//static void glownotes_flush(void) { static int once; if (!once) { once = 1; setvbuf(stdout, 0, _IOLBF, 0); } fflush(stdout); }
import "C"
func ` + flushName + `() { C.glownotes_flush() }
`

// refsName is a function that exists only while cgo runs.
const refsName = mark + mark + "refs"

// cgoHead is what stands above the declarations of a cell with C code.
func (u *unit) cgoHead() string {
	if u.c == nil {
		return ""
	}
	head := "\n" + u.c.text + "import \"C\"\n"
	if u.sess.c == nil {
		head += "\n" + flushCode
	}
	return head
}

// cgoTail makes cgo write wrappers of all that the C code defines.
func (u *unit) cgoTail() string {
	if u.c == nil {
		return ""
	}
	return "func " + refsName + "() {\n" + u.c.refs + "}\n"
}

var exportLine = regexp.MustCompile(`(?m)^//export +(\w+)[ \t\r]*$`)

// exportsAbove returns the export directives in the comment above a function.
func (u *unit) exportsAbove(i int) string {
	if u.c == nil {
		return ""
	}
	from := 0
	if i > 0 {
		from = u.chunks[i-1].end
	}
	out := ""
	for _, m := range exportLine.FindAllSubmatch(u.src[from:u.chunks[i].off], -1) {
		u.c.exports = append(u.c.exports, string(m[1]))
		out += string(m[0]) + "\n"
	}
	return out
}

// usesC tells whether the text selects something from C.
func usesC(text []byte) bool { return selectsC.Match(text) }

var selectsC = regexp.MustCompile(`\bC\.[A-Za-z_]`)

// knownC writes the names of C that earlier cells have as what cgo named them:
// in a cell without import "C" all of them, in one with C code of its own those
// that do not occur there.
func (u *unit) knownC(text []byte) []byte {
	if u.sess.c == nil || !usesC(text) {
		return text
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "glownotes", text, parser.ParseComments)
	if err != nil {
		return text // reported when the text is parsed for good
	}
	var edits []edit
	pairs := map[ast.Expr]bool{} // calls whose second value is errno
	calls := map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Lhs) == 2 && len(n.Rhs) == 1 {
				pairs[n.Rhs[0]] = true
			}
		case *ast.CallExpr:
			calls[n.Fun] = true
			if pairs[n] {
				pairs[n.Fun] = true
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); !ok || x.Name != "C" || x.Obj != nil {
				return true
			}
			if u.c != nil && hasWord(u.c.text, n.Sel.Name) {
				return true
			}
			if name, ok := u.sessionC(n.Sel.Name, calls[n], pairs[n]); ok {
				from, to := fset.Position(n.Pos()), fset.Position(n.End())
				a, b := fset.File(n.Pos()).Offset(n.Pos()), fset.File(n.Pos()).Offset(n.End())
				edits = append(edits, edit{off: a, end: b, text: fmt.Sprintf(" /*line :%d:%d*/%s /*line :%d:%d*/", from.Line, from.Column, name, to.Line, to.Column)})
			}
		}
		return true
	})
	return apply(text, edits)
}

func hasWord(text, word string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(word) + `\b`).MatchString(text)
}

// sessionC returns how a name of C is written that an earlier cell has.
func (u *unit) sessionC(name string, call, pair bool) (string, bool) {
	forms := []string{"_Ctype_%s", "_Ciconst_%s", "_Cfconst_%s", "_Csconst_%s", "(*_Cvar_%s)", "_Cfpvar_fp_%s"}
	if pair {
		forms = slices.Insert(forms, 0, "_C2func_%s")
	} else if call {
		forms = slices.Insert(forms, 0, "_Cfunc_%s")
	}
	if name == "malloc" && call {
		name = "_CMalloc"
	}
	for _, f := range forms {
		text := strings.Replace(fmt.Sprintf(f, name), "_C", mark+"_C", 1) // cgo rejects names that look like its own
		if u.sess.symbols[strings.Trim(text, "(*)")] != nil {
			return text, true
		}
	}
	return "", false
}

// adoptC takes the text that cgo wrote in place of the unit's.
func (u *unit) adoptC(cgo1 []byte) error {
	head := []byte("package " + u.pkgs.cellPackage() + "\n")
	i := bytes.Index(cgo1, head)
	if i < 0 {
		return fmt.Errorf("live: cgo wrote no package clause")
	}
	text := bytes.ReplaceAll(cgo1[i:], []byte(`import _ "unsafe"`), []byte(`                 `))
	if i := bytes.LastIndex(text, []byte("func "+refsName+"()")); i >= 0 {
		text = text[:i]
	}
	u.text = text
	return nil
}

// isCgoName tells the names that cgo uses in the translated text and that no
// later cell needs.
func (u *unit) isCgoName(name string) bool {
	return u.c != nil && (strings.HasPrefix(name, "_cgo") || strings.HasPrefix(name, "_Cgo_"))
}

// isC tells whether a marked name is one that cgo made.
func isC(name string) bool { return strings.HasPrefix(name, mark+"_C") }

// keepC mentions the wrappers: the linker must not drop those that only later
// cells use, who would get copies with variables of their own.
func (u *unit) keepC() string {
	if u.c == nil {
		return ""
	}
	var names []string
	for _, d := range u.c.goFile.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if isC(d.Name.Name) {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				if vs, ok := sp.(*ast.ValueSpec); ok && d.Tok == token.VAR {
					for _, id := range vs.Names {
						if isC(id.Name) {
							names = append(names, id.Name)
						}
					}
				}
			}
		}
	}
	return fmt.Sprintf("var %s []any\nfunc %s() { %s = []any{%s} }\n", keepCName, keepCName+"All", keepCName, strings.Join(names, ", "))
}

const keepCName = mark + mark + "keepC"

// heads are the preprocessor lines of the C code, for later cells.
func (c *cgoCell) heads() string {
	var b strings.Builder
	more := false // the line before ended in a backslash
	where, line := "", 0
	for l := range strings.Lines(c.text) {
		text := strings.TrimSpace(strings.TrimPrefix(l, "//"))
		if n, err := fmt.Sscanf(text, "#line %d %s", &line, &where); err == nil && n == 2 {
			continue
		}
		if more || strings.HasPrefix(text, "#") {
			fmt.Fprintf(&b, "//#line %d %s\n%s", line, where, l)
			more = strings.HasSuffix(text, `\`)
		}
		line++
	}
	return b.String()
}

// commitC returns what later cells know of C code.
func (s *cgoSession) commitC(c *cgoCell) *cgoSession {
	if c == nil {
		return s
	}
	n := &cgoSession{types: map[string]string{}}
	if s != nil {
		n.heads = s.heads
		for k, v := range s.types {
			n.types[k] = v
		}
	}
	for k, v := range c.types {
		n.types[k] = v
	}
	if !c.implicit && !strings.Contains(n.heads, c.heads()) {
		n.heads += c.heads()
	}
	return n
}

// startC is what the function of a cell with C code does first.
func (u *unit) startC() string {
	if u.c == nil {
		return ""
	}
	start := keepCName + "All(); "
	if u.sess.c == nil {
		u.patches = append(u.patches, fmt.Sprintf("%s.AtEnd(%s); ", rtName, flushName))
	}
	return start
}

// isCVoid tells what a C function without a result returns in Go.
func isCVoid(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.Obj().Name() == mark+"_Ctype_void"
}

package live

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"glownotes/kernel/engine/hostwire"
)

// mark stands before the unexported names of cells.
const mark = hostwire.NameMark

// Names in generated code that no cell can write.
const (
	runName    = hostwire.RunName     // the function with the statements of a cell
	showName   = mark + mark + "show" // takes the values of the last line
	rtName     = mark + mark + "rt"   // package cellrt
	stopName   = "ꞌstop"              // the flag of the cell's loops; not exported: see imagecell.go
	unsafeName = mark + mark + "unsafe"
	implSuffix = "ꞋꞋimpl" // a late-bound function's code
)

// cellPackage is the name of every cell's package. %T and panics show it: it
// reads "main", with the mark where a package named main could not be imported
// by later cells.
func (p *packages) cellPackage() string {
	if p != nil && p.image != nil {
		return "main"
	}
	return mark + "main"
}

const cellrtPath = "glownotes/kernel/cellrt"

// A unit is one cell on its way from source to generated Go. The source is
// parsed once; names and statements are then changed in the syntax tree, whose
// positions stay those of the source, so that every error has the line and
// column that the person wrote. The generated text is the source with edits at
// those positions.
type unit struct {
	sess   *session
	pkgs   *packages
	serial int
	number int
	src    []byte
	chunks []chunk

	text  []byte // header and chunks with //line directives
	fset  *token.FileSet
	file  *ast.File
	tf    *token.File
	run   *ast.FuncDecl
	ends  map[ast.Node]token.Pos // before names were changed
	orig  map[*ast.Ident]string  // names that were changed
	tops  map[string]bool        // marked names that top-level statements define
	funcs []*ast.FuncDecl        // functions and methods of the cell

	imports     []importSpec      // for the checker
	importNames map[string]string // explicit imports: name -> path
	dots        []string
	blanks      []string
	auto        map[string]string   // packages imported by their use
	members     map[string][]string // what is selected from names that may be packages

	vars     []*variable
	aliases  map[string]*symbol // names given to older variables that the cell redefines
	locals   map[types.Object]bool
	migrated map[string]*symbol // variables whose type is declared again
	again    map[string]bool    // names that are declared again
	decls    []*declaration
	notes    []string

	pkg  *types.Package
	info *types.Info

	edits   []edit
	used    map[string]string // imports of the generated file: name -> path
	patches []string          // statements at the start of Run
	binds   []string          // late-bound function variables
	patched map[string]bool   // functions that replace one of the same signature
	copied  []ast.Node        // expressions whose text was moved to another place
	temps   int

	c     *cgoCell        // C code of the cell, nil without
	quiet bool            // the last line is an expression that is not shown
	nodes []hostwire.Node // instead of code, for a cell that only looks
}

// A variable is one that a top-level statement defines.
type variable struct {
	name string // marked
	typ  types.Type
}

type importSpec struct{ name, path string }

// newUnit prepares a cell.
func newUnit(sess *session, pkgs *packages, serial, number int, code string) *unit {
	return &unit{
		sess: sess, pkgs: pkgs, serial: serial, number: number, src: []byte(code),
		orig: map[*ast.Ident]string{}, tops: map[string]bool{},
		importNames: map[string]string{}, auto: map[string]string{}, aliases: map[string]*symbol{},
		locals: map[types.Object]bool{}, migrated: map[string]*symbol{},
		used: map[string]string{}, patched: map[string]bool{},
	}
}

// parse splits and parses the cell. Syntax errors have cell positions.
func (u *unit) parse() error {
	chunks, err := split(u.src)
	if err != nil {
		return u.syntaxErrors(err)
	}
	if at := embedDirective.FindIndex(u.src); at != nil {
		line := 1 + strings.Count(string(u.src[:at[0]]), "\n")
		return problems{{message: "a cell cannot embed files: it is not in a folder of a package", number: u.number, line: line, col: 1, hint: "read the file: os.ReadFile(name)"}}
	}
	markList(u.src, chunks)
	u.chunks = chunks
	return nil
}

var embedDirective = regexp.MustCompile(`(?m)^//go:embed `)

// parseText parses the assembled text.
func (u *unit) parseText() error {
	if u.text == nil { // else cgo has made it of the assembled text
		u.text = u.assemble()
	}
	u.fset = token.NewFileSet()
	file, err := parser.ParseFile(u.fset, "glownotes", u.text, parser.ParseComments)
	if err != nil {
		return u.syntaxErrors(err)
	}
	u.file = file
	u.prepare()
	if u.c != nil {
		return u.shapeTypes(u.c.goText)
	}
	return nil
}

// prepare records what later steps need to know of the tree as it was parsed.
func (u *unit) prepare() {
	u.tf = u.fset.File(u.file.Pos())
	u.ends = map[ast.Node]token.Pos{}
	ast.Inspect(u.file, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.CommentGroup, *ast.Comment:
		default:
			u.ends[n] = n.End()
		}
		return true
	})
	for _, d := range u.file.Decls {
		if fd, ok := d.(*ast.FuncDecl); ok {
			if fd.Name.Name == runName {
				u.run = fd
			} else {
				u.funcs = append(u.funcs, fd)
			}
		}
	}
}

// assemble lays the chunks out as a Go file.
func (u *unit) assemble() []byte {
	var b strings.Builder
	b.WriteString("package " + u.pkgs.cellPackage() + "\n" + u.cgoHead())
	for i, c := range u.chunks {
		switch {
		case c.old != nil:
			fmt.Fprintf(&b, "//line %s:%d:%d\n%s\n", cellFile(c.old.number), c.old.line, c.old.col, c.old.text)
		case c.kind == declChunk:
			b.WriteString(u.exportsAbove(i))
			fmt.Fprintf(&b, "//line %s:%d:%d\n%s\n", cellFile(u.number), c.line, c.col, u.src[c.off:c.end])
		}
	}
	b.WriteString("func " + runName + "() {\n")
	for _, c := range u.chunks {
		if c.kind != stmtChunk || c.old != nil {
			continue
		}
		if c.list {
			fmt.Fprintf(&b, "%s(/*line %s:%d:%d*/%s)\n", showName, cellFile(u.number), c.line, c.col, u.src[c.off:c.end])
			continue
		}
		fmt.Fprintf(&b, "//line %s:%d:%d\n%s\n", cellFile(u.number), c.line, c.col, u.src[c.off:c.end])
	}
	b.WriteString("//line " + endFile + ":1:1\n}\n" + u.cgoTail())
	return []byte(b.String())
}

// endFile names the position behind the last line of a cell.
const endFile = "cell[end]"

// cellFile is the file name that positions in a cell have.
func cellFile(number int) string { return fmt.Sprintf("cell[%d]", number) }

// cellOf returns the number in a file name of cellFile, which the compiler may
// have made a path.
func cellOf(file string) (number int, ok bool) {
	i := strings.LastIndex(file, "cell[")
	if i < 0 || i > 0 && file[i-1] != '/' {
		return 0, false
	}
	n, err := fmt.Sscanf(file[i:], "cell[%d]", &number)
	return number, n == 1 && err == nil
}

// offset is the place of a position in the text.
func (u *unit) offset(p token.Pos) int { return u.tf.Offset(p) }

// end is where a node of the source ends.
func (u *unit) end(n ast.Node) token.Pos { return u.ends[n] }

// source is the text of a node as the person wrote it.
func (u *unit) source(n ast.Node) string {
	return string(u.text[u.offset(n.Pos()):u.offset(u.end(n))])
}

// written tells whether a node is part of the source (and not made by a step).
func (u *unit) written(n ast.Node) bool {
	_, ok := u.ends[n]
	return ok
}

func (u *unit) insert(at token.Pos, text string, rank int) {
	off := u.offset(at)
	u.edits = append(u.edits, edit{off: off, end: off, text: text, rank: rank})
}

// replace replaces the bytes between two positions; line breaks stay.
func (u *unit) replace(from, to token.Pos, text string) {
	a, b := u.offset(from), u.offset(to)
	u.edits = append(u.edits, edit{off: a, end: b, text: text + blank(u.text[a:b])})
}

// syntaxErrors converts the errors of scanner and parser.
func (u *unit) syntaxErrors(err error) error {
	if err == errIncomplete {
		return u.incomplete()
	}
	list, ok := err.(scanner.ErrorList)
	if !ok {
		return err
	}
	var out problems
	for _, e := range list {
		p := problem{message: e.Msg, number: u.number, line: e.Pos.Line, col: e.Pos.Column}
		switch n, ok := cellOf(e.Pos.Filename); {
		case ok:
			p.number = n
		case e.Pos.Filename == endFile:
			p.line, p.col = endOf(u.src)
		}
		out = append(out, p)
	}
	return out
}

// incomplete reports open brackets at the place of the last one that is open.
func (u *unit) incomplete() error {
	var open []lexeme
	var s scanner.Scanner
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(u.src))
	s.Init(f, u.src, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		switch tok {
		case token.EOF:
			p := problem{message: "syntax error: unexpected end of the cell", number: u.number}
			p.line, p.col = endOf(u.src)
			if len(open) > 0 {
				last := open[len(open)-1]
				at := f.Position(token.Pos(f.Base() + last.off))
				p.message = fmt.Sprintf("syntax error: this %s is not closed", last.tok)
				p.line, p.col = at.Line, at.Column
			}
			return problems{p}
		case token.LPAREN, token.LBRACE, token.LBRACK:
			open = append(open, lexeme{f.Offset(pos), tok, lit})
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if len(open) > 0 {
				open = slices.Delete(open, len(open)-1, len(open))
			}
		}
	}
}

// endOf is the line and column behind a text.
func endOf(src []byte) (line, col int) {
	s := strings.TrimRight(string(src), " \t\r\n")
	line = strings.Count(s, "\n") + 1
	return line, len(s) - strings.LastIndexByte(s, '\n')
}

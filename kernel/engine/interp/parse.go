package interp

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// A piece is a parsed chunk.
type piece struct {
	node   ast.Node // an ast.Decl or an ast.Stmt; nil with values
	text   string
	quiet  bool         // its value is not shown
	values []ast.Expr   // the last line "a, b", which is no statement
	free   []*ast.Ident // names that the chunk uses and does not declare
}

// parseCell parses a cell. Positions in the file set are those of the cell:
// its file name is cellName(number).
func parseCell(fset *token.FileSet, code string, number int) ([]piece, error) {
	chunks, _ := split(code)
	var pieces []piece
	for i, c := range chunks {
		last := i == len(chunks)-1
		p, err := parseChunk(fset, code, number, c, last)
		if err != nil {
			return nil, err
		}
		pieces = append(pieces, p...)
	}
	return pieces, nil
}

func cellName(number int) string { return fmt.Sprintf("cell[%d]", number) }

// parseChunk parses one chunk as what it looks like. The text stays as it is,
// behind a line comment that gives its place in the cell.
func parseChunk(fset *token.FileSet, code string, number int, c chunk, last bool) ([]piece, error) {
	line, col := 1+strings.Count(code[:c.off], "\n"), 1+c.off-(1+strings.LastIndexByte(code[:c.off], '\n'))
	text := code[c.off:c.end]
	place := fmt.Sprintf("//line %s:%d:%d\n", cellName(number), line, col)
	parse := func(head, tail string) (*ast.File, error) {
		return parser.ParseFile(fset, "", head+place+text+tail, 0)
	}
	if c.decl {
		if strings.HasPrefix(text, "package") {
			return nil, nil // a pasted file's package clause has no meaning here
		}
		f, err := parse("package p\n", "\n")
		if err != nil {
			return nil, err
		}
		var out []piece
		for _, d := range f.Decls {
			out = append(out, piece{node: d, text: text, free: f.Unresolved})
		}
		return out, nil
	}
	f, err := parse("package p\nfunc _() {\n", "\n}")
	if err != nil {
		if last {
			if f, err := parse("package p\nvar _ = f(\n", ")"); err == nil {
				call := f.Decls[0].(*ast.GenDecl).Specs[0].(*ast.ValueSpec).Values[0].(*ast.CallExpr)
				if len(call.Args) > 1 && call.Ellipsis == token.NoPos {
					return []piece{{values: call.Args, quiet: c.quiet, text: text, free: f.Unresolved}}, nil
				}
			}
		}
		return nil, err
	}
	var out []piece
	for _, d := range f.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if !ok || fd.Name.Name != "_" || fd.Body == nil {
			return nil, scanner.ErrorList{{Pos: fset.Position(d.Pos()), Msg: "syntax error: unexpected }"}}
		}
		for _, s := range fd.Body.List {
			out = append(out, piece{node: s, quiet: c.quiet, text: text, free: f.Unresolved})
		}
	}
	return out, nil
}

// firstSyntaxError returns the place and the message of a parse error.
func firstSyntaxError(err error) (token.Position, string) {
	var list scanner.ErrorList
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Pos, list[0].Msg
	}
	return token.Position{}, err.Error()
}

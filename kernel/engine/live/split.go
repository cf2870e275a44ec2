package live

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
)

// A chunkKind says where a piece of a cell goes in the generated file.
type chunkKind int

const (
	importChunk chunkKind = iota
	declChunk             // type, const, func: package level
	stmtChunk             // anything else: the body of the cell's function
)

// A chunk is a top-level declaration or statement of a cell.
type chunk struct {
	kind      chunkKind
	off, end  int  // bytes of the cell's source
	line, col int  // 1-based, of off
	list      bool // the last line "a, b": expressions to show
	quiet     bool // a semicolon was written behind it: its value is not shown
	old       *declaration
}

// errIncomplete means that brackets are open at the end of the source.
var errIncomplete = errors.New("live: brackets are open at the end of the cell")

// A lexeme is a token of a cell.
type lexeme struct {
	off int
	tok token.Token
	lit string
}

// split cuts a cell at the semicolons of nesting depth 0, which go/scanner
// inserts as the compiler does. A package clause is dropped, so that whole
// programs can be pasted.
func split(src []byte) ([]chunk, error) {
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(src))
	var errs scanner.ErrorList
	var s scanner.Scanner
	s.Init(f, src, func(p token.Position, m string) { errs.Add(p, m) }, 0)
	var out []chunk
	var cur []lexeme
	depth := 0
	flush := func(end int, semicolon bool) {
		if len(cur) > 0 && cur[0].tok != token.PACKAGE {
			p := fset.Position(token.Pos(f.Base() + cur[0].off))
			out = append(out, chunk{kind: classify(cur), off: cur[0].off, end: end, line: p.Line, col: p.Column, quiet: semicolon})
		}
		cur = nil
	}
	for {
		pos, tok, lit := s.Scan()
		off := int(pos) - f.Base()
		switch tok {
		case token.EOF:
			flush(len(src), false)
			if depth != 0 && errs.Len() == 0 {
				if depth < 0 {
					return out, scanner.ErrorList{{Pos: fset.Position(pos), Msg: "a closing bracket too many"}}
				}
				return out, errIncomplete
			}
			return out, errs.Err()
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		case token.SEMICOLON:
			if depth <= 0 {
				flush(off, lit == ";")
				continue
			}
		}
		cur = append(cur, lexeme{off, tok, lit})
	}
}

// classify looks at the first tokens of a chunk. "func (" is a method if a
// name and a bracket follow the closing one, else a function literal.
func classify(ts []lexeme) chunkKind {
	switch ts[0].tok {
	case token.IMPORT:
		return importChunk
	case token.TYPE, token.CONST:
		return declChunk
	case token.FUNC:
		if len(ts) > 1 && ts[1].tok == token.IDENT {
			return declChunk
		}
		depth := 0
		for i := 1; i < len(ts); i++ {
			switch ts[i].tok {
			case token.LPAREN:
				depth++
			case token.RPAREN:
				depth--
			}
			if depth == 0 {
				if i+2 < len(ts) && ts[i+1].tok == token.IDENT && ts[i+2].tok == token.LPAREN {
					return declChunk
				}
				break
			}
		}
	}
	return stmtChunk
}

// markList finds out whether the last statement is a list of expressions,
// "a, b", which Go does not have.
func markList(src []byte, chunks []chunk) {
	if len(chunks) == 0 {
		return
	}
	c := &chunks[len(chunks)-1]
	if c.kind != stmtChunk {
		return
	}
	text := string(src[c.off:c.end])
	if parses("package p\nfunc _() {\n" + text + "\n}\n") {
		return
	}
	c.list = parses("package p\nfunc _() { _(\n"+text+",\n) }\n") && !startsWithKeyword(text)
}

func parses(text string) bool {
	_, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	return err == nil
}

func startsWithKeyword(text string) bool {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(text)), []byte(text), nil, 0)
	_, tok, _ := s.Scan()
	return tok.IsKeyword() && tok != token.FUNC && tok != token.MAP && tok != token.STRUCT && tok != token.INTERFACE && tok != token.CHAN
}

// declNames lists what a declaration declares, as written; for a method also
// the base type of its receiver.
func declNames(d ast.Decl) (names []string, recv string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return []string{d.Name.Name}, receiver(d)
	case *ast.GenDecl:
		for _, sp := range d.Specs {
			switch sp := sp.(type) {
			case *ast.TypeSpec:
				names = append(names, sp.Name.Name)
			case *ast.ValueSpec:
				for _, n := range sp.Names {
					names = append(names, n.Name)
				}
			}
		}
	}
	return names, ""
}

// receiver is the name of the type that a method belongs to, "" for functions.
func receiver(fd *ast.FuncDecl) string {
	if fd.Recv == nil || len(fd.Recv.List) == 0 {
		return ""
	}
	t := fd.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

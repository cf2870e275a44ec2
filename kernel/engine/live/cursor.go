package live

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cursorName is the identifier that completion puts at the cursor.
const cursorName = mark + mark + "cursor"

// A cursorUnit is a cell that is being written, checked as far as it goes.
type cursorUnit struct {
	*unit
	prefix     string // of the identifier, up to the cursor
	start, end int    // bytes of the whole identifier
	sel        *ast.SelectorExpr
	id         *ast.Ident
	path       []ast.Node // from the file to id
}

// byteOffset converts a code-point offset, limited to the text.
func byteOffset(code string, cursor int) int {
	off := 0
	for n := 0; n < cursor && off < len(code); n++ {
		_, size := utf8.DecodeRuneInString(code[off:])
		off += size
	}
	return off
}

func isIdentRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// identAt finds the identifier around an offset.
func identAt(code string, off int) (start, end int) {
	start, end = off, off
	for start > 0 {
		r, size := utf8.DecodeLastRuneInString(code[:start])
		if !isIdentRune(r) {
			break
		}
		start -= size
	}
	for end < len(code) {
		r, size := utf8.DecodeRuneInString(code[end:])
		if !isIdentRune(r) {
			break
		}
		end += size
	}
	return start, end
}

// inText tells whether an offset lies in a comment or a string.
func inText(code string, off int) bool {
	var s scanner.Scanner
	fset := token.NewFileSet()
	f := fset.AddFile("", -1, len(code))
	s.Init(f, []byte(code), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, lit := s.Scan()
		at := f.Offset(pos)
		if tok == token.EOF || at >= off {
			return false
		}
		end := at + len(lit)
		switch tok {
		case token.COMMENT:
			if off < end || off == end && strings.HasPrefix(lit, "//") || !strings.HasSuffix(lit, "*/") && strings.HasPrefix(lit, "/*") {
				return true
			}
		case token.STRING, token.CHAR:
			if off < end || off == end && (len(lit) < 2 || lit[len(lit)-1] != lit[0]) {
				return true
			}
		}
	}
}

// newCursorUnit checks a cell with an identifier of its own at the cursor, or
// with the one that is there. What is not finished is closed.
func (e *Engine) newCursorUnit(code string, off int, replace bool) *cursorUnit {
	start, end := identAt(code, off)
	c := &cursorUnit{prefix: code[start:off], start: start, end: end}
	text := code
	if replace {
		text = code[:start] + cursorName + code[end:]
	}
	text += closers(text)
	c.unit = newUnit(e.session(), e.packages(), 0, 0, text)
	c.chunks, _ = split(c.src)
	local := func(path string) (string, error) {
		n, _ := e.packages().known().name(path)
		return n, nil
	}
	_ = c.readImports(local)
	delete(c.importNames, "")
	c.text = c.assemble()
	c.fset = token.NewFileSet()
	c.file, _ = parser.ParseFile(c.fset, "glownotes", c.text, parser.ParseComments|parser.AllErrors)
	if c.file == nil {
		return nil
	}
	c.prepare()
	if c.run == nil {
		return nil
	}
	c.markNames()
	c.addImports()
	c.check(false)
	return c
}

// closers are the brackets that are open at the end of the text.
func closers(text string) string {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(text)), []byte(text), func(token.Position, string) {}, 0)
	var open []byte
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.LPAREN:
			open = append(open, ')')
		case token.LBRACE:
			open = append(open, '}')
		case token.LBRACK:
			open = append(open, ']')
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		case token.EOF:
			out := ""
			for i := len(open) - 1; i >= 0; i-- {
				out += string(open[i])
			}
			return out
		}
	}
}

// locate finds the identifier of the tree that f accepts, and what it is in.
func (c *cursorUnit) locate(f func(id *ast.Ident) bool) bool {
	var stack []ast.Node
	ast.Inspect(c.file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		if id, ok := n.(*ast.Ident); ok && c.id == nil && c.written(id) && f(id) {
			c.id = id
			c.path = append([]ast.Node(nil), stack...)
			if len(stack) > 1 {
				if se, ok := stack[len(stack)-2].(*ast.SelectorExpr); ok && se.Sel == id {
					c.sel = se
				}
			}
		}
		return true
	})
	return c.id != nil
}

package nb

import (
	"go/scanner"
	"go/token"
	"go/types"
	"html"
	"strings"
)

// highlight marks the parts of Go source with spans of the classes k
// (keyword), s (string), n (number), c (comment), b (predeclared name), t
// (type) and f (function). Go's own scanner finds the parts; source that is
// not Go, such as a magic command, comes out with few colours, but whole.
func highlight(source string) string {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, []byte(source), func(token.Position, string) {}, scanner.ScanComments)
	type piece struct {
		from, to int
		tok      token.Token
	}
	var pieces []piece
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		from := file.Offset(pos)
		n := len(lit)
		if n == 0 {
			n = len(tok.String())
		}
		if tok == token.SEMICOLON && lit != ";" { // inserted at the end of a line
			continue
		}
		if tok == token.STRING || tok == token.COMMENT { // lit lacks the \r of the source
			n = len(source[from:]) - len(skipLiteral(source[from:], lit))
		}
		pieces = append(pieces, piece{from, min(from+n, len(source)), tok})
	}
	var b strings.Builder
	last := 0
	for i, p := range pieces {
		if p.from < last {
			continue
		}
		b.WriteString(html.EscapeString(source[last:p.from]))
		text := source[p.from:p.to]
		next, prev := token.ILLEGAL, token.ILLEGAL
		if i+1 < len(pieces) {
			next = pieces[i+1].tok
		}
		if i > 0 {
			prev = pieces[i-1].tok
		}
		if class := tokenClass(p.tok, text, prev, next); class != "" {
			b.WriteString("<span class=\"" + class + "\">" + html.EscapeString(text) + "</span>")
		} else {
			b.WriteString(html.EscapeString(text))
		}
		last = p.to
	}
	b.WriteString(html.EscapeString(source[last:]))
	return b.String()
}

// skipLiteral is what follows lit in source, where the scanner dropped
// carriage returns from lit.
func skipLiteral(source, lit string) string {
	for lit != "" && source != "" {
		if source[0] == lit[0] {
			lit = lit[1:]
		}
		source = source[1:]
	}
	return source
}

func tokenClass(tok token.Token, text string, prev, next token.Token) string {
	switch {
	case tok.IsKeyword():
		return "k"
	case tok == token.STRING || tok == token.CHAR:
		return "s"
	case tok == token.INT || tok == token.FLOAT || tok == token.IMAG:
		return "n"
	case tok == token.COMMENT:
		return "c"
	case tok != token.IDENT:
		return ""
	}
	if prev != token.PERIOD {
		switch types.Universe.Lookup(text).(type) {
		case *types.TypeName:
			return "t"
		case nil:
		default:
			return "b"
		}
	}
	if next == token.LPAREN || prev == token.FUNC {
		return "f"
	}
	return ""
}

package interp

import (
	"go/parser"
	"go/scanner"
	"go/token"
)

// A chunk is one top-level piece of a cell: an import, a declaration or a
// statement.
type chunk struct {
	off, end int // byte offsets in the cell
	decl     bool
	quiet    bool // a semicolon is written behind it: its value is not shown
}

// split cuts a cell at the semicolons, written or implied, that stand outside
// of all brackets. unclosed tells that the cell ends inside a bracket, a
// comment or a raw string.
func split(code string) (chunks []chunk, unclosed bool) {
	sc := lex(code)
	start := -1 // index of the chunk's first token
	depth := 0
	flush := func(i, end int) {
		if start >= 0 {
			chunks = append(chunks, chunk{sc[start].off, end, isDecl(sc[start:i]), sc[i].lit == ";"})
		}
		start = -1
	}
	for i, t := range sc {
		switch t.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		case token.SEMICOLON:
			if depth <= 0 && (start < 0 || !openHeader(code[sc[start].off:t.off], sc[start:i])) {
				flush(i, t.off)
				depth = 0
				continue
			}
		case token.EOF:
			flush(i, len(code))
			return chunks, depth > 0 || t.lit == unterminated
		}
		if start < 0 && t.tok != token.SEMICOLON {
			start = i
		}
	}
	return chunks, depth > 0
}

type lexeme struct {
	off int
	tok token.Token
	lit string
}

// unterminated is the literal of the EOF token of a source that ends inside a
// comment or a raw string.
const unterminated = "unterminated"

// lex returns the tokens of code, with the semicolons that the scanner adds,
// and EOF as the last one.
func lex(code string) []lexeme {
	var out []lexeme
	open := false
	var s scanner.Scanner
	f := token.NewFileSet().AddFile("", -1, len(code))
	s.Init(f, []byte(code), func(_ token.Position, msg string) {
		if msg == "comment not terminated" || msg == "raw string literal not terminated" {
			open = true
		}
	}, 0)
	for {
		pos, tok, lit := s.Scan()
		l := lexeme{f.Offset(pos), tok, lit}
		if tok == token.EOF {
			if open {
				l.lit = unterminated
			}
			return append(out, l)
		}
		out = append(out, l)
	}
}

// openHeader reports that the text is the beginning of a control statement
// whose header holds the semicolon that follows, as in "for i := 0; i < n; i++
// {": it is so when the text alone is no statement.
func openHeader(text string, toks []lexeme) bool {
	for len(toks) > 2 && toks[0].tok == token.IDENT && toks[1].tok == token.COLON {
		toks = toks[2:] // a label
	}
	if len(toks) == 0 {
		return false
	}
	switch toks[0].tok {
	case token.FOR, token.IF, token.SWITCH, token.SELECT:
		_, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+text+"\n}", parser.SkipObjectResolution)
		return err != nil
	}
	return false
}

// isDecl reports whether tokens begin a declaration of package level. A
// top-level var is treated as a statement: it runs in its turn.
func isDecl(toks []lexeme) bool {
	at := func(i int) token.Token {
		if i < len(toks) {
			return toks[i].tok
		}
		return token.EOF
	}
	switch at(0) {
	case token.IMPORT, token.TYPE, token.CONST, token.PACKAGE:
		return true
	case token.FUNC:
		if at(1) == token.IDENT {
			return true
		}
		// func (recv) Name( is a method, func (x int) int { a literal
		i, depth := 1, 0
		for ; i < len(toks); i++ {
			switch toks[i].tok {
			case token.LPAREN:
				depth++
			case token.RPAREN:
				depth--
			}
			if depth == 0 {
				break
			}
		}
		return at(i+1) == token.IDENT && at(i+2) == token.LPAREN
	}
	return false
}

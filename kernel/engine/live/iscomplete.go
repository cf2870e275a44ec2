package live

import (
	"errors"
	"go/scanner"
	"go/token"
	"strings"

	"glownotes/kernel/core"
)

// IsComplete implements core.Engine: open brackets, an open raw string or
// comment, or an error only at the end of the input mean that more follows.
func (e *Engine) IsComplete(code string) core.Completeness { return isComplete(code) }

func isComplete(code string) core.Completeness {
	u := newUnit(newSession(), nil, 0, 0, code)
	chunks, err := split(u.src)
	if errors.Is(err, errIncomplete) {
		return core.Completeness{Status: "incomplete", Indent: strings.Repeat("\t", max(0, depthOf(code)))}
	}
	if list := (scanner.ErrorList)(nil); errors.As(err, &list) {
		for _, e := range list {
			if strings.Contains(e.Msg, "raw string literal not terminated") || strings.Contains(e.Msg, "comment not terminated") {
				return core.Completeness{Status: "incomplete"}
			}
		}
		return core.Completeness{Status: "invalid"}
	}
	markList(u.src, chunks)
	u.chunks = chunks
	err = u.parseText()
	var list problems
	switch {
	case err == nil:
		return core.Completeness{Status: "complete"}
	case errors.As(err, &list) && atEnd(list[0], u.src):
		return core.Completeness{Status: "incomplete"}
	}
	return core.Completeness{Status: "invalid"}
}

// atEnd tells whether a problem lies behind the last token.
func atEnd(p problem, src []byte) bool {
	line, col := endOf(src)
	return p.line > line || p.line == line && p.col >= col
}

// depthOf counts the brackets that are open at the end.
func depthOf(code string) int {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(code)), []byte(code), nil, 0)
	depth := 0
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.EOF:
			return depth
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		}
	}
}

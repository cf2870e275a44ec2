package interp

import (
	"errors"
	"go/scanner"
	"go/token"
	"strings"

	"glownotes/kernel/core"
)

// IsComplete tells a console whether Enter should run the code: it should not
// inside brackets, comments and raw strings, and where the parser wants more.
func (e *Engine) IsComplete(code string) core.Completeness {
	if strings.TrimSpace(code) == "" {
		return core.Completeness{Status: "complete"}
	}
	depth := openBrackets(code)
	if depth < 0 {
		return core.Completeness{Status: "invalid"}
	}
	_, unclosed := split(code)
	_, err := parseCell(token.NewFileSet(), code, 1)
	switch {
	case unclosed && (depth == 0 || err == nil || !errorBefore(err, code, 1)):
		return core.Completeness{Status: "incomplete", Indent: strings.Repeat("\t", depth)}
	case err == nil:
		return core.Completeness{Status: "complete"}
	case !errorBefore(err, code, 0):
		return core.Completeness{Status: "incomplete"}
	}
	return core.Completeness{Status: "invalid"}
}

// openBrackets counts the brackets that are open at the end; it is negative
// when more are closed than opened somewhere.
func openBrackets(code string) int {
	depth := 0
	for _, t := range lex(code) {
		switch t.tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if depth--; depth < 0 {
				return depth
			}
		}
	}
	return depth
}

// errorBefore reports whether a syntax error stands before the end of the code
// or, with slack, before its last lines.
func errorBefore(err error, code string, slack int) bool {
	var list scanner.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return true
	}
	trimmed := strings.TrimRight(code, " \t\r\n")
	lines := strings.Split(trimmed, "\n")
	pos := list[0].Pos
	if pos.Line < len(lines)-slack {
		return true
	}
	return slack == 0 && pos.Line == len(lines) && pos.Column <= len(lines[len(lines)-1])
}

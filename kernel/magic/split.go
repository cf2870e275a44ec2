package magic

import (
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
)

// A part is a stretch of a cell: Go source, or one magic or shell line.
type part struct {
	text  string // of a line: without what joins it to its continuation
	line  int    // first line in the cell, from 0
	magic bool
}

// split cuts a cell into Go and magic lines. Cells without any give one part.
func split(code string) []part {
	lines := strings.SplitAfter(code, "\n")
	var parts []part
	goStart := 0
	flush := func(end int) {
		if text := strings.Join(lines[goStart:end], ""); text != "" {
			parts = append(parts, part{text: text, line: goStart})
		}
	}
	for i := 0; i < len(lines); i++ {
		if !marked(lines[i]) || !atStatement(strings.Join(lines[goStart:i], "")) {
			continue
		}
		flush(i)
		first := i
		text := strings.TrimSpace(lines[i])
		for strings.HasPrefix(text, "!") && strings.HasSuffix(text, "\\") && i+1 < len(lines) {
			i++
			text = strings.TrimSuffix(text, "\\") + " " + strings.TrimSpace(lines[i])
		}
		parts = append(parts, part{text: text, line: first, magic: true})
		goStart = i + 1
	}
	flush(len(lines))
	return parts
}

// question is a name, perhaps with a package or a value before it, asked about
// by one or two question marks before or after it.
var question = regexp.MustCompile(`^(\?\??[\pL_][\pL\pN_.]*|[\pL_][\pL\pN_.]*\?\??)$`)

// marked reports whether a line looks like a magic: % or %% and a letter, ! and
// anything but an operator, or a question.
func marked(line string) bool {
	s := strings.TrimSpace(line)
	if len(s) < 2 {
		return false
	}
	if question.MatchString(s) {
		return true
	}
	switch c := s[1]; s[0] {
	case '%':
		return c >= 'a' && c <= 'z' || c == '%'
	case '!':
		return c != '=' && c != '(' && c != '!'
	}
	return false
}

// atStatement reports whether a statement may start after src: all brackets
// and literals are closed and the last line does not go on.
func atStatement(src string) bool {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var s scanner.Scanner
	open := false
	s.Init(file, []byte(src), func(_ token.Position, msg string) {
		// A literal or comment that has no end in src goes on in this line.
		open = open || strings.Contains(msg, "not terminated")
	}, 0)
	depth, last := 0, token.SEMICOLON
	for {
		_, tok, _ := s.Scan()
		switch tok {
		case token.EOF:
			return !open && depth == 0 && last == token.SEMICOLON
		case token.LPAREN, token.LBRACK, token.LBRACE:
			depth++
		case token.RPAREN, token.RBRACK, token.RBRACE:
			depth--
		}
		last = tok
	}
}

// blank returns the Go part with as many empty lines before it as the cell
// has, so that positions in errors are those of the cell.
func blank(p part) string { return strings.Repeat("\n", p.line) + p.text }

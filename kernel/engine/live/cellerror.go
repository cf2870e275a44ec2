package live

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"glownotes/kernel/core"
)

// Names of the errors that cells end with.
const (
	nameCompile     = "CompileError"
	namePanic       = "Panic"
	nameInterrupted = "Interrupted"
	nameHostDied    = "HostDied"
	nameExit        = "Exit"
)

// Colours of tracebacks.
const (
	red   = "\x1b[31m"
	blue  = "\x1b[34m"
	grey  = "\x1b[90m"
	bold  = "\x1b[1m"
	reset = "\x1b[0m"
)

// compileError makes the error of a cell that does not compile: all problems,
// each with its line and a caret.
func compileError(s *session, list problems) *core.CellError {
	first := list[0]
	e := &core.CellError{Name: nameCompile, Message: firstLine(first.message), Cell: first.number, Line: first.line, Col: runeCol(s, first)}
	if n := len(list); n > 1 {
		e.Message += fmt.Sprintf(" (and %d more)", n-1)
	}
	e.Traceback = append(e.Traceback, red+bold+nameCompile+reset)
	for _, p := range list {
		e.Traceback = append(e.Traceback, report(s, p)...)
	}
	return e
}

// report shows one problem.
func report(s *session, p problem) []string {
	at := ""
	if p.line > 0 {
		at = fmt.Sprintf("%s:%d:%d: ", cellFile(p.number), p.line, runeCol(s, p))
	}
	lines := strings.Split(p.message, "\n")
	out := []string{blue + at + reset + lines[0]}
	out = append(out, lines[1:]...)
	out = append(out, excerpt(s, p.number, p.line, p.col)...)
	if p.hint != "" {
		out = append(out, grey+"    hint: "+p.hint+reset)
	}
	return out
}

// excerpt quotes a line of a cell, with a caret below column col if that is
// positive.
func excerpt(s *session, number, line, col int) []string {
	text, ok := sourceLine(s, number, line)
	if !ok {
		return nil
	}
	gutter := fmt.Sprintf("%5d | ", line)
	out := []string{grey + gutter + reset + text}
	if col > 0 && col <= len(text)+1 {
		pad := strings.Map(func(r rune) rune {
			if r == '\t' {
				return r
			}
			return ' '
		}, text[:col-1])
		out = append(out, strings.Repeat(" ", len(gutter))+pad+red+"^"+reset)
	}
	return out
}

func sourceLine(s *session, number, line int) (string, bool) {
	code, ok := s.sources[number]
	if !ok || line < 1 {
		return "", false
	}
	lines := strings.Split(code, "\n")
	if line > len(lines) {
		return "", false
	}
	return strings.TrimRight(lines[line-1], "\r"), true
}

// runeCol is the column in code points; the checker counts bytes.
func runeCol(s *session, p problem) int {
	text, ok := sourceLine(s, p.number, p.line)
	if !ok || p.col < 1 || p.col > len(text)+1 {
		return p.col
	}
	return utf8.RuneCountInString(text[:p.col-1]) + 1
}

func firstLine(s string) string {
	l, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(l)
}

// interruptedError is the error of a cell that was stopped before it ran.
func interruptedError(number int) *core.CellError {
	return &core.CellError{Name: nameInterrupted, Message: "the cell was interrupted", Cell: number,
		Traceback: []string{red + bold + nameInterrupted + reset + ": the cell was interrupted before it ran"}}
}

// asCellError turns what preparing a cell returned into the error for the
// person, nil if it is a failure of the engine.
func asCellError(s *session, number int, err error) *core.CellError {
	var list problems
	var imp *importError
	var conflict *conflictError
	switch {
	case errors.As(err, &list):
		return compileError(s, list)
	case errors.As(err, &imp), errors.As(err, &conflict):
		return compileError(s, problems{{message: err.Error(), number: number}})
	}
	return nil
}

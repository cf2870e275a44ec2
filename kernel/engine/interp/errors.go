package interp

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"strings"

	"glownotes/kernel/core"

	"github.com/cosmos72/gomacro/fast"
)

// ANSI colours of tracebacks, as notebooks show them.
const (
	red   = "\x1b[31m"
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

// A frame is a place in a cell that was being executed.
type frame struct {
	pos  token.Position
	name string // of the function, empty at the top level
}

// trace returns where the interpreter is, innermost first. It is called on the
// worker right after a panic.
func (s *session) trace(run *fast.Run) []frame {
	var out []frame
	for env := run.CurrEnv; env != nil && len(out) < maxFrames; {
		pos := token.NoPos
		if env.IP >= 0 && env.IP < len(env.DebugPos) {
			pos = env.DebugPos[env.IP]
		} else if env.Run == run && env.Caller == nil && len(env.DebugPos) == 0 {
			pos = s.at // the step is an expression
		}
		if pos != token.NoPos {
			f := frame{s.fset.Position(pos), s.funcAt(pos)}
			if n := len(out); n == 0 || out[n-1] != f {
				out = append(out, f)
			}
		}
		// Blocks have no caller of their own: their function does.
		for env.Caller == nil && env.Outer != nil && env.Outer != env {
			env = env.Outer
		}
		env = env.Caller
	}
	return out
}

// maxFrames bounds a trace that is kept; of those at most shownFrames are
// printed.
const (
	maxFrames   = 200
	shownFrames = 12
)

// A funcSpan tells which function of a cell a position is in.
type funcSpan struct {
	pos, end token.Pos
	name     string
}

func spanOf(n *ast.FuncDecl) funcSpan {
	name := n.Name.Name
	if n.Recv != nil && len(n.Recv.List) == 1 {
		t := n.Recv.List[0].Type
		star := ""
		if p, ok := t.(*ast.StarExpr); ok {
			t, star = p.X, "*"
		}
		if id, ok := t.(*ast.Ident); ok {
			name = "(" + star + id.Name + ")." + name
		}
	}
	return funcSpan{n.Pos(), n.End(), name}
}

func (s *session) funcAt(pos token.Pos) string {
	for i := len(s.funcs) - 1; i >= 0; i-- {
		if f := s.funcs[i]; f.pos <= pos && pos < f.end {
			return f.name
		}
	}
	return ""
}

// cellError makes an error at a position, with an excerpt of the source.
func (s *session) cellError(name, msg string, pos token.Position, more ...string) *core.CellError {
	e := &core.CellError{Name: name, Message: msg}
	if n, ok := cellNumber(pos.Filename); ok {
		e.Cell, e.Line, e.Col = n, pos.Line, pos.Column
	}
	head := red + bold + name + plain + ": " + msg
	if e.Line > 0 {
		head = fmt.Sprintf("%s%s:%d:%d:%s %s", dim, cellName(e.Cell), e.Line, e.Col, plain, head)
	}
	e.Traceback = append([]string{head}, s.excerpt(e.Cell, e.Line, e.Col)...)
	e.Traceback = append(e.Traceback, more...)
	return e
}

// excerpt shows a line of a cell with a caret, and the line before it.
func (s *session) excerpt(cell, line, col int) []string {
	lines := strings.Split(s.sources[cell], "\n")
	if line < 1 || line > len(lines) {
		return nil
	}
	var out []string
	for n := max(1, line-1); n <= line; n++ {
		out = append(out, fmt.Sprintf("%s%5d |%s %s", dim, n, plain, lines[n-1]))
	}
	text := lines[line-1]
	if col >= 1 && col <= len(text)+1 {
		// Tabs stay tabs, so that the caret stands below its place.
		blank := strings.Map(func(r rune) rune {
			if r == '\t' {
				return r
			}
			return ' '
		}, text[:col-1])
		out = append(out, fmt.Sprintf("%s      |%s %s%s^%s", dim, plain, blank, red, plain))
	}
	return out
}

func cellNumber(file string) (int, bool) {
	s, ok := strings.CutPrefix(file, "cell[")
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSuffix(s, "]"))
	return n, err == nil
}

func (s *session) syntaxError(err error) *core.CellError {
	pos, msg := firstSyntaxError(err)
	return s.cellError("CompileError", msg, pos)
}

// compileError describes a panic of gomacro's compiler.
func (s *session) compileError(at *step, r any) *core.CellError {
	pos := s.fset.Position(s.top.Comp.Pos)
	if _, ok := cellNumber(pos.Filename); !ok && at != nil && at.node != nil {
		pos = s.fset.Position(at.node.Pos())
	}
	var ce *core.CellError
	if err, ok := r.(error); ok && errors.As(err, &ce) {
		return ce
	}
	msg := cleanMessage(fmt.Sprint(r))
	if _, ok := r.(interface{ RuntimeError() }); ok {
		msg = "the interpreter failed on this code: " + msg
	}
	var more []string
	if h := hint(msg, at); h != "" {
		more = append(more, "", h)
	}
	return s.cellError("CompileError", msg, pos, more...)
}

// phrases turns gomacro's messages into those that Go programmers know.
var phrases = []struct {
	re *regexp.Regexp
	to string
}{
	{regexp.MustCompile(`^(repl\.go:\d+:\d+: )+`), ""},
	{regexp.MustCompile(hidden + `\pL+\(([^()]*)\)`), "$1"}, // calls that rewriting put around
	{regexp.MustCompile(hidden + `(old)?`), ""},
	{regexp.MustCompile(`undefined identifier: `), "undefined: "},
	{regexp.MustCompile(`^undefined "(\w+)" in \S+ <\*ast\.\w+>$`), "undefined: $1"},
	{regexp.MustCompile(`^not a package: "\w+" in (\S+) <\*ast\.\w+>$`), "$1 undefined: no such field or method"},
	{regexp.MustCompile(`^invalid qualified type, expecting packagename\.identifier, found: (.*) <\*ast\.\w+>$`), "$1 undefined: no such field or method"},
	{regexp.MustCompile(`^not a type: (\S+) <\*ast\.\w+>$`), "undefined: $1"},
	{regexp.MustCompile(`^package (\S+) "[^"]*" has no symbol (\w+)$`), "undefined: $1.$2"},
	{regexp.MustCompile(` <\*ast\.\w+>`), ""},
}

// cleanMessage makes gomacro's message one line of bearable length.
func cleanMessage(msg string) string {
	msg = strings.Join(strings.Fields(msg), " ")
	for _, p := range phrases {
		msg = p.re.ReplaceAllString(msg, p.to)
	}
	msg = readable.Replace(msg)
	if r := []rune(msg); len(r) > 300 {
		msg = string(r[:300]) + "..."
	}
	return msg
}

// panicked describes a panic of the cell's code.
func (s *session) panicked(fail *failure) *core.CellError {
	name, msg := "Panic", ""
	switch v := fail.value.(type) {
	case exit:
		name, msg = "Exit", v.Error()
	case error:
		msg = v.Error()
		switch v {
		case errTooDeep:
			msg = fmt.Sprintf("stack overflow: calls are nested more than %d deep", maxDepth)
		case errGoexit:
			name = "Exit"
		}
	default:
		msg = fmt.Sprint(v)
	}
	msg = readable.Replace(msg)
	s.log.Debug("interp: cell panicked", "panic", msg, "stack", string(fail.stack))
	var pos token.Position
	if len(fail.trace) > 0 {
		pos = fail.trace[0].pos
	}
	more := traceLines(fail.trace, msg)
	if strings.HasPrefix(msg, "reflect: Call using ") {
		more = append(more, "", "note: the interpreter passes values of named basic types without their methods; convert explicitly, as in fmt.Stringer(x)")
	}
	return s.cellError(name, oneLine(msg), pos, more...)
}

// oneLine returns the first line of a message; the traceback has the rest.
func oneLine(msg string) string {
	first, _, more := strings.Cut(msg, "\n")
	if more {
		first += " ..."
	}
	return first
}

// traceLines lists the calls that led to a panic, and the message's other
// lines.
func traceLines(trace []frame, msg string) []string {
	var out []string
	if _, rest, ok := strings.Cut(msg, "\n"); ok {
		out = append(out, strings.Split(rest, "\n")...)
	}
	if len(trace) < 2 {
		return out
	}
	out = append(out, "")
	for i, f := range trace {
		if i == shownFrames && len(trace) > shownFrames+1 {
			out = append(out, fmt.Sprintf("%s  ... %d more%s", dim, len(trace)-i, plain))
			break
		}
		line := fmt.Sprintf("  %s:%d", f.pos.Filename, f.pos.Line)
		if f.name != "" {
			line += "  " + f.name
		}
		out = append(out, line)
	}
	return out
}

// interrupted is the error of a cell whose context ended.
func (s *session) interrupted(fail *failure, left bool) *core.CellError {
	msg := "the cell was interrupted"
	if left {
		msg = "the cell was interrupted; it did not stop within a second, and its goroutine was left behind"
	}
	var pos token.Position
	if len(fail.trace) > 0 {
		pos = fail.trace[0].pos
	}
	return s.cellError("Interrupted", msg, pos)
}

package magic

import (
	"slices"
	"strings"

	"glownotes/kernel/core"
)

// A magic is one entry of the table; line or cell is nil where that use makes
// no sense.
type magic struct {
	name, usage, help string
	line, cell        func(*call) (core.Result, error)
}

// magics is the table, in the order in which %help shows it.
func magics() []magic {
	return []magic{
		{"help", "%help", "this list", help, nil},
		{"who", "%who", "what the session holds: name, type, value", who, nil},
		{"reset", "%reset", "forget the session", reset, nil},
		{"time", "%time statement, %%time", "run and print how long it took", timeLine, timeCell},
		{"timeit", "%timeit statement, %%timeit", "run often enough to measure one run", timeitLine, timeitCell},
		{"cd", "%cd folder", "change the working directory", cd, nil},
		{"env", "%env, %env NAME, %env NAME=value", "show or set environment variables", env, nil},
		{"get", "%get module@version", "make a module importable; your go.mod stays as it is", get, nil},
		{"test", "%test [arguments]", "go test in the working directory", goTool("test"), nil},
		{"vet", "%vet [packages]", "go vet in the working directory", goTool("vet"), nil},
		{"fmt", "%%fmt", "replace the cell by its text in gofmt's form", nil, format},
		{"load", "%load file", "replace the cell by a file's text", load, nil},
		{"writefile", "%%writefile [-a] file", "write (-a: append) the rest of the cell to a file", nil, writeFile},
		{"bash", "%%bash", "run the rest of the cell with bash", nil, bash},
		{"goroutines", "%goroutines", "what every goroutine of the session is doing", goroutines, nil},
		{"stack", "%stack", "where the running cell is, or where the last one failed", stack, nil},
		{"replay", "%replay", "run the successful cells again after the session was lost", replay, nil},
	}
}

// nearest returns the known name that differs least from name, or "" when all
// differ by more than two letters.
func (e *Engine) nearest(name string, whole bool) string {
	best, at := "", 3
	for _, m := range e.table {
		if whole && m.cell == nil || !whole && m.line == nil {
			continue
		}
		if d := core.EditDistance(name, m.name); d < at {
			best, at = m.name, d
		}
	}
	return best
}

// names lists the magics that can stand in a place, sorted.
func (e *Engine) names(whole bool) []string {
	var out []string
	for _, m := range e.table {
		if whole && m.cell != nil || !whole && m.line != nil {
			out = append(out, m.name)
		}
	}
	slices.Sort(out)
	return out
}

func help(c *call) (core.Result, error) {
	var b strings.Builder
	b.WriteString("!command                            run a shell command\n")
	b.WriteString("name?                               documentation of a name; name?? for more\n")
	for _, m := range magics() {
		b.WriteString(m.usage + strings.Repeat(" ", max(1, 36-len(m.usage))) + m.help + "\n")
	}
	c.out.Stream("stdout", b.String())
	return core.Result{}, nil
}

package live

import (
	"fmt"
	"strings"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/hostwire"
)

// runError makes the error of a cell that failed while it ran.
func runError(s *session, number int, f *hostwire.Failure) *core.CellError {
	e := &core.CellError{Cell: number, Message: firstLine(plain(f.Message))}
	calls := trimCalls(f.Calls)
	head := ""
	switch f.Kind {
	case hostwire.FailPanic:
		e.Name, head = namePanic, "panic: "+plain(f.Message)
		if t := plain(f.Type); t != "string" && !strings.HasPrefix(t, "runtime.") && t != "*errors.errorString" {
			head += grey + "  (" + t + ")" + reset
		}
		if f.Left {
			head += "\nThe cell waited for the goroutine that panicked, and was ended."
		}
	case hostwire.FailInterrupt:
		e.Name, head = nameInterrupted, nameInterrupted+": "+plain(f.Message)
		if f.Left {
			if len(f.Calls) > 0 && f.Calls[0].File == "" {
				head += " [" + f.Calls[0].Func + "]"
			}
			head += "\nVariables are kept. What the goroutine waits for may wake it up later."
		}
	case hostwire.FailGoexit:
		e.Name, head = "Goexit", plain(f.Message)
	case hostwire.FailExit:
		e.Name, head = nameExit, plain(f.Message)+"; the session goes on"
	case hostwire.FailOpen:
		e.Name, head = "LoadError", "the compiled cell could not be loaded: "+plain(f.Message)
	default:
		e.Name, head = f.Kind, plain(f.Message)
	}
	e.Traceback = append(e.Traceback, strings.Split(red+bold+head+reset, "\n")...)
	for _, c := range calls {
		if n, ok := cellOf(c.File); ok && e.Line == 0 {
			e.Cell, e.Line = n, c.Line
		}
		e.Traceback = append(e.Traceback, callLines(s, c)...)
	}
	return e
}

// maxCalls is how many functions of a stack are shown.
const maxCalls = 12

// trimCalls keeps the part of a stack that a person can use: from the function
// that panicked to the cell, without the runtime, the engine and repetitions.
func trimCalls(calls []hostwire.Call) []hostwire.Call {
	last := -1
	for i, c := range calls {
		if _, ok := cellOf(c.File); ok {
			last = i
		}
	}
	var out []hostwire.Call
	for i, c := range calls {
		if i > last {
			break
		}
		if c.File == "" || strings.HasPrefix(c.Func, "runtime.") || strings.Contains(c.File, "kernel/cellrt/") ||
			strings.HasPrefix(c.Func, "main.") || c.Func == "panic" {
			continue
		}
		if n := len(out); n > 0 && out[n-1] == c {
			continue
		}
		out = append(out, c)
	}
	if len(out) > maxCalls {
		out = append(out[:maxCalls-3:maxCalls-3], out[len(out)-3:]...)
	}
	return out
}

// callLines shows one function of a stack, with its source if it is a cell's.
func callLines(s *session, c hostwire.Call) []string {
	name := funcName(c.Func)
	if n, ok := cellOf(c.File); ok {
		at := fmt.Sprintf("%s:%d", cellFile(n), c.Line)
		if name != "" {
			at += " in " + name
		}
		return append([]string{blue + at + reset}, excerpt(s, n, c.Line, 0)...)
	}
	return []string{grey + fmt.Sprintf("%s (%s:%d)", name, c.File, c.Line) + reset}
}

// funcName is the name of a function as the person knows it: of a cell's
// function without package, marks and the suffix of late binding.
func funcName(f string) string {
	if i := strings.LastIndexByte(f, '/'); i >= 0 {
		f = f[i+1:]
	}
	f = strings.ReplaceAll(f, implSuffix, "")
	if pkg, name, ok := strings.Cut(f, "."); ok && (strings.HasPrefix(pkg, "c") && isNumber(pkg[1:])) {
		f = name
	}
	f = strings.ReplaceAll(f, runName, "")
	f = plain(f)
	if strings.HasPrefix(f, ".func") {
		f = "func literal"
	}
	return f
}

func isNumber(s string) bool {
	if s == "" {
		return false
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

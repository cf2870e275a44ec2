package interp

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"

	"glownotes/kernel/core"
	"glownotes/kernel/display"

	"github.com/cosmos72/gomacro/fast"
)

var (
	_ core.VariableLister  = (*Engine)(nil)
	_ core.Resetter        = (*Engine)(nil)
	_ core.GoroutineDumper = (*Engine)(nil)
)

// maxValue is how much of a variable's text is listed.
const maxValue = 120

// Variables implements core.VariableLister. While a cell runs the values are
// not known: it may change them.
func (e *Engine) Variables() []core.Variable {
	idle := e.run.TryLock()
	if idle {
		defer e.run.Unlock()
	}
	var out []core.Variable
	for name, b := range e.scope.declared() {
		v := core.Variable{Name: name, Kind: kinds[b.kind], Type: b.text}
		if b.kind == "package" {
			v.Type = b.path
		}
		if idle && e.s != nil && (b.kind == "variable" || b.kind == "const") {
			v.Value = e.s.valueText(name)
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b core.Variable) int {
		if a.Kind != b.Kind {
			return -strings.Compare(a.Kind, b.Kind)
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// kinds are the kinds of entities as they are listed.
var kinds = map[string]string{"variable": "var", "function": "func", "const": "const", "type": "type", "package": "package"}

// valueText is the beginning of a variable's text. A method of the value that
// panics must not end the kernel.
func (s *session) valueText(name string) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	sym := s.top.Comp.TryResolve(name)
	if sym == nil {
		return ""
	}
	if c, ok := sym.Value.(fast.UntypedLit); ok {
		return c.Val.String()
	}
	text = readable.Replace(bundleOf(goValue(s.top.ValueOf(name)), sym.Type).Text())
	text, _, _ = strings.Cut(text, "\n")
	if r := []rune(text); len(r) > maxValue {
		text = string(r[:maxValue]) + "…"
	}
	return text
}

// Reset implements core.Resetter: a new interpreter without any names. What
// goroutines of the old one print is lost.
func (e *Engine) Reset(ctx context.Context) error {
	e.run.Lock()
	defer e.run.Unlock()
	if err := e.start(); err != nil {
		return err
	}
	e.s.close()
	e.started = false
	display.Flush()
	return e.start()
}

// Goroutines implements core.GoroutineDumper. The interpreter's goroutines are
// those of the kernel's process; where they are in cells their stacks do not
// tell.
func (e *Engine) Goroutines(ctx context.Context) (string, error) {
	buf := make([]byte, 1<<20)
	n := runtime.Stack(buf, true)
	if n == 0 {
		return "", errors.New("interp: the runtime tells no goroutines")
	}
	return string(buf[:n]), nil
}

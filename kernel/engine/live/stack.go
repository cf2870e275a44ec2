package live

import (
	"context"
	"fmt"
	"strings"

	"glownotes/kernel/engine/hostwire"
)

// A failed is how the last cell failed, for Stack.
type failed struct {
	number  int
	failure *hostwire.Failure
	crash   string // the last words of the host, if it died
}

func (e *Engine) noteFailure(f *failed) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failure = f
}

// Stack implements core.StackDumper: the whole stack, where an error shows the
// part of it that is the person's.
func (e *Engine) Stack(ctx context.Context) (string, error) {
	s := e.session()
	if p := e.process(); p != nil && p.alive() {
		f, err := e.stacks()
		if err != nil {
			return "", err
		}
		var b strings.Builder
		for _, r := range f.Running {
			fmt.Fprintf(&b, "%s is running [%s]\n%s", cellFile(s.numbers[r.Cell]), r.State, stackText(s, r.Calls))
		}
		if b.Len() > 0 {
			return b.String(), nil
		}
	}
	e.mu.Lock()
	f := e.failure
	e.mu.Unlock()
	switch {
	case f == nil:
		return "no cell is running, and none has failed while it ran", nil
	case f.failure == nil:
		return fmt.Sprintf("%s ended the process that runs the cells\n%s", cellFile(f.number), crashText(f.crash)), nil
	}
	return fmt.Sprintf("%s failed: %s\n%s", cellFile(f.number), firstLine(plain(f.failure.Message)), stackText(s, f.failure.Calls)), nil
}

// stackText writes a stack as Go does, with the lines of cells quoted, without
// the functions of the engine.
func stackText(s *session, calls []hostwire.Call) string {
	var b strings.Builder
	for _, c := range calls {
		if c.File == "" || strings.HasPrefix(c.Func, "main.") || strings.Contains(c.File, "kernel/cellrt/") || c.Func == "runtime.goexit" {
			continue
		}
		n, ok := cellOf(c.File)
		if !ok {
			fmt.Fprintf(&b, "%s\n\t%s:%d\n", plain(c.Func), c.File, c.Line)
			continue
		}
		name := funcName(c.Func)
		if name == "" {
			name = "top level"
		}
		text, _ := sourceLine(s, n, c.Line)
		fmt.Fprintf(&b, "%s\n\t%s:%d\t%s\n", name, cellFile(n), c.Line, strings.TrimSpace(text))
	}
	return b.String()
}

// maxCrash is how many lines of the runtime's last words are shown.
const maxCrash = 200

// crashText is a dump of all goroutines without the engine's names.
func crashText(words string) string {
	lines := strings.SplitAfter(strings.ReplaceAll(words, implSuffix, ""), "\n")
	if len(lines) > maxCrash {
		lines = append(lines[:maxCrash:maxCrash], fmt.Sprintf("... (%d more lines)\n", len(lines)-maxCrash))
	}
	return plain(strings.Join(lines, ""))
}

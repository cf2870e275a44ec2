package magic

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// at finds the line that the cursor stands in, up to the cursor, and whether
// it is the first of the cell.
func at(code string, cursor int) (line string, start int, first bool) {
	runes := []rune(code)
	cursor = min(max(cursor, 0), len(runes))
	start = cursor
	for start > 0 && runes[start-1] != '\n' {
		start--
	}
	return string(runes[start:cursor]), start, strings.TrimSpace(string(runes[:start])) == ""
}

// isMagicAt reports whether the line before the cursor is a magic.
func isMagicAt(code, line string, start int) bool {
	before := string([]rune(code)[:start])
	return (strings.HasPrefix(line, "%") || marked(line)) && atStatement(before)
}

// Complete completes the names of magics and the files that they take, and
// leaves the rest to the engine below.
func (e *Engine) Complete(ctx context.Context, code string, cursor int) (core.Completion, error) {
	line, start, first := at(code, cursor)
	if !isMagicAt(code, line, start) {
		return e.Engine.Complete(ctx, code, cursor)
	}
	end := start + len([]rune(line))
	name, arg, hasArg := strings.Cut(line, " ")
	if !hasArg && strings.HasPrefix(name, "%") {
		return e.completeName(name, start, end, first), nil
	}
	word := arg[strings.LastIndexAny(arg, " \t=")+1:]
	if !hasArg {
		word = strings.TrimPrefix(name, "!")
	}
	c := core.Completion{Start: end - len([]rune(word)), End: end}
	for _, f := range e.files(word) {
		c.Items = append(c.Items, core.CompletionItem{Text: f, Type: "path"})
	}
	return c, nil
}

func (e *Engine) completeName(typed string, start, end int, first bool) core.Completion {
	c := core.Completion{Start: start, End: end}
	add := func(mark string, names []string) {
		for _, n := range names {
			if strings.HasPrefix(mark+n, typed) {
				c.Items = append(c.Items, core.CompletionItem{Text: mark + n, Type: "magic"})
			}
		}
	}
	if !strings.HasPrefix(typed, "%%") {
		add("%", e.names(false))
	}
	if first {
		add("%%", e.names(true))
	}
	return c
}

// files lists the paths that begin with word; folders end in a slash.
func (e *Engine) files(word string) []string {
	dir, base := filepath.Split(word)
	entries, err := os.ReadDir(filepath.Clean(e.resolve(dir)))
	if err != nil {
		return nil
	}
	var out []string
	for _, f := range entries {
		if !strings.HasPrefix(f.Name(), base) || base == "" && strings.HasPrefix(f.Name(), ".") {
			continue
		}
		p := dir + f.Name()
		if f.IsDir() {
			p += "/"
		}
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Inspect documents a magic, and leaves the rest to the engine below.
func (e *Engine) Inspect(ctx context.Context, code string, cursor, detail int) (core.Inspection, error) {
	line, start, _ := at(code, cursor)
	if !isMagicAt(code, line, start) {
		return e.Engine.Inspect(ctx, code, cursor, detail)
	}
	rest := string([]rune(code)[start:])
	name := strings.TrimLeft(strings.FieldsFunc(rest+" ", func(r rune) bool { return r == ' ' || r == '\n' })[0], "%")
	for _, m := range e.table {
		if m.name == name {
			return core.Inspection{Found: true, Bundle: display.Of(display.Markdown("`" + m.usage + "`\n\n" + m.help))}, nil
		}
	}
	return core.Inspection{}, nil
}

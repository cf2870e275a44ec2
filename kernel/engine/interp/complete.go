package interp

import (
	"cmp"
	"context"
	"fmt"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"glownotes/kernel/core"
	"glownotes/kernel/display"

	"github.com/cosmos72/gomacro/imports"
)

// Complete lists the names that may stand at the cursor: what the session and
// the cell declare, packages and what they export, fields and methods.
func (e *Engine) Complete(ctx context.Context, code string, cursor int) (core.Completion, error) {
	at := byteOffset(code, cursor)
	v := e.scope
	v.mu.Lock()
	defer v.mu.Unlock()
	if start, ok := importPath(code[:at]); ok {
		return completion(code, start, at, v.importPaths(code[start:at])), nil
	}
	start := identStart(code, at)
	prefix := code[start:at]
	var items []core.CompletionItem
	if operand, ok := operandBefore(code, start); ok {
		x, err := parser.ParseExpr(operand)
		if err == nil {
			if e, ok := v.resolve(x, v.locals(code[:at])); ok {
				items = matching(v.members(e), prefix, true)
			}
		}
	} else {
		items = v.unqualified(code[:at], prefix)
	}
	return completion(code, start, at, items), nil
}

func completion(code string, start, end int, items []core.CompletionItem) core.Completion {
	return core.Completion{
		Items: items,
		Start: utf8.RuneCountInString(code[:start]),
		End:   utf8.RuneCountInString(code[:end]),
	}
}

// unqualified lists what may stand where no selector is.
func (v *scopeView) unqualified(code, prefix string) []core.CompletionItem {
	all := map[string]entity{}
	for name, path := range v.known {
		all[name] = entity{kind: "package", path: path, text: path}
	}
	for _, w := range universe {
		all[w.name] = entity{kind: w.kind}
	}
	maps.Copy(all, v.names)
	local := v.locals(code)
	delete(local, prefix) // the name that is being typed
	maps.Copy(all, local)
	return matching(all, prefix, false)
}

type word struct{ name, kind string }

// universe has the keywords and the names of Go's universe.
var universe = func() []word {
	var out []word
	for t := token.BREAK; t <= token.VAR; t++ {
		out = append(out, word{t.String(), "keyword"})
	}
	for kind, names := range map[string]string{
		"type":     "any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr",
		"function": "append cap clear close complex copy delete imag len make max min new panic print println real recover Display",
		"const":    "true false iota nil",
	} {
		for _, n := range strings.Fields(names) {
			out = append(out, word{n, kind})
		}
	}
	return out
}()

// matching lists the names with a prefix in order. After a selector no prefix
// lists all; elsewhere at least a letter is asked for.
func matching(all map[string]entity, prefix string, selector bool) []core.CompletionItem {
	var out []core.CompletionItem
	for name, e := range all {
		if !strings.HasPrefix(name, prefix) || prefix == "" && !selector {
			continue
		}
		out = append(out, core.CompletionItem{Text: name, Type: e.kind, Signature: e.text})
	}
	slices.SortFunc(out, func(a, b core.CompletionItem) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

// importPath reports that the cursor is in the path of an import declaration,
// and where the path begins.
func importPath(before string) (start int, ok bool) {
	line := before[strings.LastIndexByte(before, '\n')+1:]
	quote := strings.LastIndexByte(line, '"')
	if quote < 0 || strings.Count(line, `"`)%2 == 0 {
		return 0, false
	}
	head := strings.TrimSpace(line[:quote])
	inGroup := strings.LastIndex(before, "import (") > strings.LastIndexByte(before, ')')
	if !strings.HasPrefix(head, "import") && !inGroup {
		return 0, false
	}
	return len(before) - len(line) + quote + 1, true
}

func (v *scopeView) importPaths(prefix string) []core.CompletionItem {
	all := map[string]entity{}
	for p := range v.tables {
		all[p] = entity{kind: "package"}
	}
	for p := range imports.Packages {
		if !hiddenPackage(p) {
			all[p] = entity{kind: "package"}
		}
	}
	return matching(all, prefix, true)
}

// byteOffset turns an offset in code points into one in bytes.
func byteOffset(code string, cursor int) int {
	n := 0
	for i := range code {
		if n == cursor {
			return i
		}
		n++
	}
	return len(code)
}

func isIdent(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// identStart returns where the identifier that ends at a place begins.
func identStart(code string, at int) int {
	for at > 0 {
		r, n := utf8.DecodeLastRuneInString(code[:at])
		if !isIdent(r) {
			break
		}
		at -= n
	}
	return at
}

// operandBefore returns the expression before the dot that stands before at.
func operandBefore(code string, at int) (string, bool) {
	head := strings.TrimRight(code[:at], " \t\r\n")
	if !strings.HasSuffix(head, ".") {
		return "", false
	}
	end := len(head) - 1
	return strings.TrimSpace(code[primaryStart(code, end):end]), true
}

// primaryStart returns where the primary expression that ends at a place
// begins: names, selectors, calls, indexes and composite literals.
func primaryStart(code string, end int) int {
	at := end
	for at > 0 {
		r, n := utf8.DecodeLastRuneInString(code[:at])
		switch {
		case isIdent(r), r == '.', r == '"', r == '`', r == '&' && at < end:
			at -= n
		case r == ')' || r == ']' || r == '}':
			open := matchingOpen(code, at-n)
			if open < 0 {
				return at
			}
			at = open
		default:
			return at
		}
	}
	return at
}

// matchingOpen returns the place of the bracket that the one at a place closes.
func matchingOpen(code string, at int) int {
	depth := 0
	for i := at; i >= 0; i-- {
		switch code[i] {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth == 0 {
				return i
			}
		case '"':
			for i--; i > 0 && code[i] != '"'; i-- { // over a string
			}
		}
	}
	return -1
}

// Inspect tells what the name at the cursor is. Detail 1 adds the fields and
// methods, or a package's names.
func (e *Engine) Inspect(ctx context.Context, code string, cursor, detail int) (core.Inspection, error) {
	at := byteOffset(code, cursor)
	for at < len(code) {
		r, n := utf8.DecodeRuneInString(code[at:])
		if !isIdent(r) {
			break
		}
		at += n
	}
	start := identStart(code, at)
	if start == at {
		return core.Inspection{}, nil
	}
	x, err := parser.ParseExpr(code[primaryStart(code, at):at])
	if err != nil {
		return core.Inspection{}, nil
	}
	v := e.scope
	v.mu.Lock()
	defer v.mu.Unlock()
	ent, ok := v.resolve(x, v.locals(code[:at]))
	if !ok {
		return core.Inspection{}, nil
	}
	name := code[start:at]
	text := describeText(name, ent)
	if detail > 0 {
		for _, m := range matching(v.members(ent), "", true) {
			text += fmt.Sprintf("\n    %-8s %s %s", m.Type, m.Text, m.Signature)
		}
	}
	return core.Inspection{Found: true, Bundle: display.Bundle{
		Data:     map[string]any{display.MIMEText: text},
		Metadata: map[string]any{},
	}}, nil
}

// describeText is one line about a name, as Go would declare it.
func describeText(name string, e entity) string {
	switch e.kind {
	case "package":
		return fmt.Sprintf("package %s // import %q", name, e.path)
	case "function", "method":
		return "func " + name + strings.TrimPrefix(e.text, "func")
	case "type":
		if e.cell != nil {
			return "type " + name + " " + e.cell.text
		}
		return "type " + name + " = " + e.text
	case "const":
		return "const " + name + " " + e.text
	case "field":
		return "field " + name + " " + e.text
	}
	return "var " + name + " " + e.text
}

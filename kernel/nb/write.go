package nb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// WriteFile writes the notebook to name: first to a temporary file beside it,
// then by renaming, so that a crash never leaves half a notebook.
func (n *Notebook) WriteFile(name string) error {
	f, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("nb: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	err = n.Write(f)
	if err == nil {
		err = f.Chmod(fileMode(name))
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("nb: writing %s: %w", name, err)
	}
	return nil
}

// fileMode keeps the permissions of a file that is there.
func fileMode(name string) os.FileMode {
	if st, err := os.Stat(name); err == nil {
		return st.Mode().Perm()
	}
	return 0o644
}

// Write writes the notebook as Jupyter does: JSON with sorted keys, one space
// of indentation, only what JSON requires escaped, long texts as lists of
// lines, a line feed at the end.
func (n *Notebook) Write(w io.Writer) error {
	m := maps.Clone(n.Extra)
	if m == nil {
		m = map[string]any{}
	}
	cells := make([]any, len(n.Cells))
	for i, c := range n.Cells {
		cells[i] = c.json()
	}
	m["cells"] = cells
	m["metadata"] = orEmpty(n.Metadata)
	m["nbformat"] = majorVersion
	m["nbformat_minor"] = n.Minor
	var b strings.Builder
	if err := writeJSON(&b, m, "\n"); err != nil {
		return err
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func (c *Cell) json() map[string]any {
	m := maps.Clone(c.Extra)
	if m == nil {
		m = map[string]any{}
	}
	m["id"] = c.ID
	m["cell_type"] = string(c.Type)
	m["metadata"] = orEmpty(c.Metadata)
	m["source"] = splitLines(c.Source)
	if c.Attachments != nil {
		files := map[string]any{}
		for name, v := range c.Attachments {
			bundle, _ := v.(map[string]any)
			files[name] = splitBundle(bundle)
		}
		m["attachments"] = files
	}
	if c.Type == Code {
		outs := make([]any, len(c.Outputs))
		for i, o := range c.Outputs {
			outs[i] = o.json()
		}
		m["outputs"] = outs
		m["execution_count"] = orNull(c.ExecutionCount)
	}
	return m
}

func orNull(count int) any {
	if count == 0 {
		return nil
	}
	return count
}

func (o *Output) json() map[string]any {
	m := maps.Clone(o.Extra)
	if m == nil {
		m = map[string]any{}
	}
	m["output_type"] = string(o.Type)
	switch o.Type {
	case Stream:
		m["name"] = o.Name
		m["text"] = splitLines(o.Text)
	case DisplayData, ExecuteResult:
		m["data"] = splitBundle(o.Data)
		m["metadata"] = orEmpty(o.Metadata)
		if o.Type == ExecuteResult {
			m["execution_count"] = orNull(o.ExecutionCount)
		}
	case ErrorOutput:
		m["ename"] = o.EName
		m["evalue"] = o.EValue
		tb := make([]any, len(o.Traceback))
		for i, s := range o.Traceback {
			tb[i] = s
		}
		m["traceback"] = tb
	}
	return m
}

// splitBundle splits the texts of a mimebundle as Jupyter's writer does, and
// encodes bytes.
func splitBundle(bundle map[string]any) map[string]any {
	m := make(map[string]any, len(bundle))
	for mime, v := range bundle {
		if b, ok := v.([]byte); ok {
			if text := strings.HasPrefix(mime, "text/") || mime == "image/svg+xml"; text && utf8.Valid(b) {
				v = string(b)
			} else {
				v = base64.StdEncoding.EncodeToString(b)
			}
		}
		s, ok := v.(string)
		if ok && (strings.HasPrefix(mime, "text/") || mime == "application/javascript" || mime == "image/svg+xml") {
			v = splitLines(s)
		}
		m[mime] = v
	}
	return m
}

// splitLines cuts after every line boundary of Python's str.splitlines, which
// Jupyter's writer uses: \n, \r, \r\n, \v, \f, \x1c to \x1e, \x85, U+2028, U+2029.
func splitLines(s string) []any {
	lines := []any{}
	start := 0
	for i, r := range s {
		switch r {
		case '\n', '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		case '\r':
			if strings.HasPrefix(s[i+1:], "\n") {
				continue
			}
		default:
			continue
		}
		end := i + utf8.RuneLen(r)
		lines = append(lines, s[start:end])
		start = end
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

// writeJSON writes v as Python's json.dumps(indent=1, sort_keys=True,
// ensure_ascii=False). nl is a line feed followed by the current indentation.
func writeJSON(b *strings.Builder, v any, nl string) error {
	switch v := v.(type) {
	case map[string]any:
		return writeObject(b, v, nl)
	case []any:
		if len(v) == 0 {
			b.WriteString("[]")
			return nil
		}
		for i, e := range v {
			b.WriteByte("[,"[min(i, 1)])
			b.WriteString(nl + " ")
			if err := writeJSON(b, e, nl+" "); err != nil {
				return err
			}
		}
		b.WriteString(nl + "]")
	case string:
		writeString(b, v)
	case nil, bool, int, int64, float64, json.Number:
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("nb: %w", err)
		}
		b.Write(text)
	default: // what a display put into its bundle: structs, typed slices
		text, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("nb: a value of type %T cannot be stored: %w", v, err)
		}
		plain, err := decodeJSON(text)
		if err != nil {
			return err
		}
		return writeJSON(b, plain, nl)
	}
	return nil
}

func writeObject(b *strings.Builder, m map[string]any, nl string) error {
	if len(m) == 0 {
		b.WriteString("{}")
		return nil
	}
	for i, k := range slices.Sorted(maps.Keys(m)) {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(nl + " ")
		writeString(b, k)
		b.WriteString(": ")
		if err := writeJSON(b, m[k], nl+" "); err != nil {
			return err
		}
	}
	b.WriteString(nl + "}")
	return nil
}

// writeString escapes what Python's encoder escapes, and nothing else.
func writeString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s { // invalid UTF-8 becomes U+FFFD
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			if r < 0x20 {
				fmt.Fprintf(b, `\u%04x`, r)
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
}

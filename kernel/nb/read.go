package nb

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
)

const (
	majorVersion = 4
	minorVersion = 5 // the first minor version with cell ids
)

// A FormatError says where a file departs from nbformat 4.
type FormatError struct {
	File string // may be empty
	Path string // such as "cells[3].outputs[0].text", or "line 7, column 2"
	Msg  string
}

func (e *FormatError) Error() string {
	s := "nb: "
	if e.File != "" {
		s += e.File + ": "
	}
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.Msg
}

// ReadFile reads a notebook file.
func ReadFile(name string) (*Notebook, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("nb: %w", err)
	}
	n, err := Read(b)
	var fe *FormatError
	if errors.As(err, &fe) {
		fe.File = name
	}
	return n, err
}

// Read decodes a notebook of nbformat 4.0 to 4.5; the error is a
// *FormatError. Cells of files older than 4.5 get ids. Fields that nbformat
// does not define are kept in Extra.
func Read(b []byte) (*Notebook, error) {
	top, err := decodeJSON(b)
	if err != nil {
		return nil, err
	}
	m, ok := top.(map[string]any)
	if !ok {
		return nil, &FormatError{Msg: "not a notebook: the file holds " + kindOf(top) + ", want an object"}
	}
	r := &reader{}
	n := r.notebook(object{r: r, fields: maps.Clone(m)})
	if r.err != nil {
		return nil, r.err
	}
	return n, nil
}

// decodeJSON parses the text; numbers stay as written (json.Number).
func decodeJSON(b []byte) (any, error) {
	if len(bytes.TrimSpace(b)) == 0 {
		return nil, &FormatError{Msg: "the file is empty"}
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var top any
	if err := d.Decode(&top); err != nil {
		off := d.InputOffset()
		var se *json.SyntaxError
		if errors.As(err, &se) {
			off = se.Offset - 1
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, &FormatError{Path: position(b, int64(len(b))), Msg: "not JSON: the file ends too early"}
		}
		return nil, &FormatError{Path: position(b, off), Msg: "not JSON: " + strings.TrimPrefix(err.Error(), "json: ")}
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, &FormatError{Path: position(b, d.InputOffset()), Msg: "text after the end of the notebook"}
	}
	return top, nil
}

func position(b []byte, off int64) string {
	before := b[:max(0, min(off, int64(len(b))))]
	line := bytes.Count(before, []byte("\n")) + 1
	col := len(before) - bytes.LastIndexByte(before, '\n')
	return fmt.Sprintf("line %d, column %d", line, col)
}

// reader keeps the first error.
type reader struct{ err *FormatError }

func (r *reader) fail(path, format string, args ...any) {
	if r.err == nil {
		r.err = &FormatError{Path: path, Msg: fmt.Sprintf(format, args...)}
	}
}

func (r *reader) notebook(o object) *Notebook {
	n := &Notebook{}
	switch major, ok := o.integer("nbformat", true); {
	case !ok:
	case major < majorVersion:
		r.fail("nbformat", "version %d: open the notebook in JupyterLab and save it, which upgrades it to version 4", major)
	case major > majorVersion:
		r.fail("nbformat", "version %d is newer than this program (%d)", major, majorVersion)
	}
	n.Minor, _ = o.integer("nbformat_minor", true)
	n.Metadata = o.object("metadata", true)
	for _, k := range []string{"orig_nbformat", "orig_nbformat_minor", "signature"} {
		delete(n.Metadata, k) // as Jupyter does: they are not for files
	}
	for i, v := range o.list("cells", true) {
		if c, ok := o.element("cells", i, v); ok {
			n.Cells = append(n.Cells, r.cell(c, n.Minor >= minorVersion))
		}
	}
	n.Extra = o.rest()
	if r.err == nil {
		r.ids(n)
	}
	return n
}

// ids checks that ids are unique and gives one to cells without.
func (r *reader) ids(n *Notebook) {
	seen := map[string]int{}
	for i, c := range n.Cells {
		if c.ID == "" {
			continue
		}
		if j, dup := seen[c.ID]; dup {
			r.fail(fmt.Sprintf("cells[%d].id", i), "%q is also the id of cells[%d]", c.ID, j)
		}
		seen[c.ID] = i
	}
	for i, c := range n.Cells {
		for try := 0; c.ID == ""; try++ {
			id := cellID(c.Source, i, try)
			if _, dup := seen[id]; !dup {
				c.ID, seen[id] = id, i
			}
		}
	}
	n.Minor = max(n.Minor, minorVersion)
}

// idPattern is the cell_id definition of the nbformat 4.5 schema.
var idPattern = regexp.MustCompile(`^[a-zA-Z0-9-_]{1,64}$`)

func (r *reader) cell(o object, wantID bool) *Cell {
	c := &Cell{}
	c.ID = o.text("id", wantID)
	if c.ID != "" && !idPattern.MatchString(c.ID) {
		r.fail(o.at("id"), "%q: an id has 1 to 64 letters, digits, - and _", c.ID)
	}
	c.Type = CellType(o.text("cell_type", true))
	c.Metadata = o.object("metadata", true)
	delete(c.Metadata, "trusted")
	c.Source = o.lines("source", true)
	switch c.Type {
	case Code:
		for i, v := range o.list("outputs", true) {
			if out, ok := o.element("outputs", i, v); ok {
				c.Outputs = append(c.Outputs, r.output(out))
			}
		}
		c.ExecutionCount = o.count("execution_count")
	case Markdown, Raw:
		c.Attachments = o.object("attachments", false)
		for name, v := range c.Attachments {
			bundle, ok := v.(map[string]any)
			if !ok {
				r.fail(o.at("attachments."+name), "%s, want an object", kindOf(v))
			}
			rejoin(bundle)
		}
	default:
		r.fail(o.at("cell_type"), "unknown type %q, want code, markdown or raw", c.Type)
	}
	c.Extra = o.rest()
	return c
}

func (r *reader) output(o object) *Output {
	out := &Output{Type: OutputType(o.text("output_type", true))}
	switch out.Type {
	case Stream:
		out.Name = o.text("name", true)
		out.Text = o.lines("text", true)
	case DisplayData, ExecuteResult:
		out.Data = o.object("data", true)
		rejoin(out.Data)
		out.Metadata = o.object("metadata", true)
		if out.Type == ExecuteResult {
			out.ExecutionCount = o.count("execution_count")
		}
	case ErrorOutput:
		out.EName = o.text("ename", true)
		out.EValue = o.text("evalue", true)
		for i, v := range o.list("traceback", true) {
			s, ok := v.(string)
			if !ok {
				r.fail(o.at("traceback["+strconv.Itoa(i)+"]"), "%s, want a string", kindOf(v))
			}
			out.Traceback = append(out.Traceback, s)
		}
	default:
		r.fail(o.at("output_type"), "unknown type %q, want stream, display_data, execute_result or error", out.Type)
	}
	out.Extra = o.rest()
	return out
}

// rejoin turns values that Jupyter split into lines back into strings.
func rejoin(bundle map[string]any) {
	for mime, v := range bundle {
		if list, ok := v.([]any); ok && !isJSONMime(mime) {
			if s, ok := joinLines(list); ok {
				bundle[mime] = s
			}
		}
	}
}

func joinLines(list []any) (string, bool) {
	var b strings.Builder
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return "", false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

func isJSONMime(mime string) bool {
	return mime == "application/json" || strings.HasPrefix(mime, "application/") && strings.HasSuffix(mime, "+json")
}

package nb

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// jupyter.ipynb was written by Jupyter's nbformat package: testdata/make.py.
const jupyterFile = "testdata/jupyter.ipynb"

func TestRoundTripIsByteExact(t *testing.T) {
	want, err := os.ReadFile(jupyterFile)
	if err != nil {
		t.Fatal(err)
	}
	n, err := ReadFile(jupyterFile)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := n.Write(&got); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		a, b := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Fatalf("line %d:\ngot  %s\nwant %s", i+1, a[i], b[i])
			}
		}
		t.Fatalf("got %d lines, want %d", len(a), len(b))
	}
}

func TestReadContent(t *testing.T) {
	n, err := ReadFile(jupyterFile)
	if err != nil {
		t.Fatal(err)
	}
	c := n.Cells[1]
	if want := "x := 1\nfmt.Println(\"<b> & 'q' \\\\ \", x)\n"; c.Source != want {
		t.Errorf("source: got %q, want %q", c.Source, want)
	}
	if !c.HasTag("parameters") || c.HasTag("other") {
		t.Errorf("tags: got %q", c.Tags())
	}
	if c.ExecutionCount != 3 || len(c.Outputs) != 5 {
		t.Fatalf("got count %d and %d outputs, want 3 and 5", c.ExecutionCount, len(c.Outputs))
	}
	if want := "one\ntwo\r\nthree\vfour\u2028five\u0085six"; c.Outputs[0].Text != want {
		t.Errorf("stream: got %q, want %q", c.Outputs[0].Text, want)
	}
	if got := c.Outputs[2].Data["text/plain"]; got != "a\nb" {
		t.Errorf("text/plain: got %q", got)
	}
	if got := c.Outputs[4].Traceback; len(got) != 2 || got[1] != "line" {
		t.Errorf("traceback: got %q", got)
	}
	if n.Cells[3].ExecutionCount != 0 {
		t.Errorf("null execution count: got %d, want 0", n.Cells[3].ExecutionCount)
	}
}

// file wraps one cell in the smallest notebook.
func file(cell string) string {
	return `{"cells":[` + cell + `],"metadata":{},"nbformat":4,"nbformat_minor":5}`
}

func TestReadErrors(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", " \n", "nb: the file is empty"},
		{"not JSON", "{\n \"cells\": [,]\n}", "nb: line 2, column 12: not JSON: invalid character ',' looking for beginning of value"},
		{"cut", `{"cells": [`, "nb: line 1, column 12: not JSON: the file ends too early"},
		{"twice", file("") + "{}", "text after the end of the notebook"},
		{"list", `[]`, "nb: not a notebook: the file holds a list, want an object"},
		{"old", `{"nbformat":3,"nbformat_minor":0,"metadata":{},"worksheets":[]}`, "nb: nbformat: version 3: open the notebook in JupyterLab"},
		{"new", `{"nbformat":5,"nbformat_minor":0,"metadata":{},"cells":[]}`, "version 5 is newer than this program"},
		{"no cells", `{"nbformat":4,"nbformat_minor":5,"metadata":{}}`, `the required field "cells" is missing`},
		{"cell is text", file(`"x"`), "nb: cells[0]: a string, want an object"},
		{"no id", file(`{"cell_type":"raw","metadata":{},"source":""}`), `nb: cells[0]: the required field "id" is missing`},
		{"bad id", file(`{"id":"a b","cell_type":"raw","metadata":{},"source":""}`), `nb: cells[0].id: "a b": an id has`},
		{"bad type", file(`{"id":"a","cell_type":"heading","metadata":{},"source":""}`), `cells[0].cell_type: unknown type "heading"`},
		{"bad source", file(`{"id":"a","cell_type":"raw","metadata":{},"source":[1]}`), "cells[0].source: a list with something else than strings"},
		{"no outputs", file(`{"id":"a","cell_type":"code","metadata":{},"source":"","execution_count":null}`), `cells[0]: the required field "outputs" is missing`},
		{"bad count", file(`{"id":"a","cell_type":"code","metadata":{},"source":"","outputs":[],"execution_count":1.5}`), "cells[0].execution_count: a number, want a whole number"},
		{"bad output", file(`{"id":"a","cell_type":"code","metadata":{},"source":"","outputs":[{"output_type":"pyout"}]}`), `cells[0].outputs[0].output_type: unknown type "pyout"`},
		{"bad data", file(`{"id":"a","cell_type":"code","metadata":{},"source":"","outputs":[{"output_type":"display_data","data":null,"metadata":{}}]}`), "cells[0].outputs[0].data: null, want an object"},
		{"same id", `{"cells":[{"id":"a","cell_type":"raw","metadata":{},"source":""},{"id":"a","cell_type":"raw","metadata":{},"source":""}],"metadata":{},"nbformat":4,"nbformat_minor":5}`, `cells[1].id: "a" is also the id of cells[0]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read([]byte(tt.in))
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("got %v, want a *FormatError", err)
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got  %q\nwant %q", err, tt.want)
			}
		})
	}
}

func TestUpgradeGivesIDs(t *testing.T) {
	old := `{"cells":[{"cell_type":"raw","metadata":{},"source":"a"},{"cell_type":"raw","metadata":{},"source":"a"}],"metadata":{},"nbformat":4,"nbformat_minor":2}`
	var texts [2]string
	for i := range texts {
		n, err := Read([]byte(old))
		if err != nil {
			t.Fatal(err)
		}
		if n.Minor != 5 || n.Cells[0].ID == "" || n.Cells[0].ID == n.Cells[1].ID {
			t.Fatalf("got minor %d, ids %q and %q", n.Minor, n.Cells[0].ID, n.Cells[1].ID)
		}
		var b strings.Builder
		if err := n.Write(&b); err != nil {
			t.Fatal(err)
		}
		texts[i] = b.String()
	}
	if texts[0] != texts[1] {
		t.Error("two readings of one file gave different ids")
	}
}

func TestUnknownFieldsAreKept(t *testing.T) {
	in := `{"cells":[{"id":"a","cell_type":"code","metadata":{"x":{"y":[1]}},"source":[],"outputs":[{"output_type":"stream","name":"stdout","text":[],"later":7}],"execution_count":null,"new":true}],"metadata":{"k":1.0},"nbformat":4,"nbformat_minor":6,"top":"t"}`
	n, err := Read([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := n.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"later": 7`, `"new": true`, `"top": "t"`, `"k": 1.0`, `"nbformat_minor": 6`, `"source": []`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is missing in:\n%s", want, b.String())
		}
	}
}

func TestWriteValuesOfDisplays(t *testing.T) {
	n := New()
	c := NewCell(Code, "x", 0)
	c.Outputs = []*Output{{Type: DisplayData, Data: map[string]any{
		"image/png": []byte{0xff, 0, 1}, "image/svg+xml": []byte("<svg>\n</svg>"),
		"application/json": map[string]int{"b": 2, "a": 1},
	}}}
	n.Cells = append(n.Cells, c)
	var b strings.Builder
	if err := n.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"image/png": "/wAB"`, `"<svg>\n",`, "\"a\": 1,\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is missing in:\n%s", want, b.String())
		}
	}
	back, err := Read([]byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Cells[0].Outputs[0].Data["image/svg+xml"]; got != "<svg>\n</svg>" {
		t.Errorf("svg: got %q", got)
	}
	c.Outputs[0].Data["application/json"] = func() {}
	if err := n.Write(&b); err == nil {
		t.Error("a value that JSON cannot hold was written")
	}
}

func TestWriteFileKeepsOldFileOnError(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.ipynb")
	if err := os.WriteFile(name, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	n := New()
	n.Metadata["bad"] = make(chan int)
	if err := n.WriteFile(name); err == nil {
		t.Fatal("no error for a value that JSON cannot hold")
	}
	if b, _ := os.ReadFile(name); string(b) != "old" {
		t.Errorf("the file was changed to %q", b)
	}
	delete(n.Metadata, "bad")
	if err := n.WriteFile(name); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(name)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", st.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

func FuzzRead(f *testing.F) {
	b, err := os.ReadFile(jupyterFile)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(file(`{"id":"a","cell_type":"raw","metadata":{},"source":""}`)))
	f.Fuzz(func(t *testing.T, in []byte) {
		n, err := Read(in)
		if err != nil {
			return
		}
		var one, two bytes.Buffer
		if err := n.Write(&one); err != nil {
			t.Fatal(err)
		}
		m, err := Read(one.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%s", err, one.Bytes())
		}
		if err := m.Write(&two); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Error("writing is not stable")
		}
	})
}

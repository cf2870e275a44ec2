package live

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// output records what a cell shows, as text. It leaves out the note on
// packages that are compiled at their first use: that depends on the machine.
type output struct {
	mu     sync.Mutex
	text   strings.Builder
	inputs []string
	noted  bool // the note is on show
}

func (o *output) add(s string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.WriteString(s)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func (o *output) Stream(name, text string) {
	if name == "stderr" {
		text = "!" + text
	}
	o.add(text)
}
func (o *output) Display(b display.Bundle, id string) {
	if o.note(id == progressID) {
		return
	}
	o.add("[show " + b.Text() + "]")
}
func (o *output) Update(b display.Bundle, id string) {
	if id != progressID {
		o.add("[update " + b.Text() + "]")
	}
}
func (o *output) Clear(wait bool) {
	o.mu.Lock()
	mine := !o.noted
	o.noted = false
	o.mu.Unlock()
	if mine {
		o.add("[clear]")
	}
}
func (o *output) note(begins bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.noted = o.noted || begins
	return begins
}
func (o *output) Comm(m core.CommMessage) { o.add("[comm " + m.Kind + "]") }
func (o *output) Input(ctx context.Context, prompt string, password bool) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.inputs) == 0 {
		return "", core.ErrNoInput
	}
	s := o.inputs[0]
	o.inputs = o.inputs[1:]
	return s, nil
}

// shared are the engines of all tests, one for each mode: a start costs
// seconds, and building the image a minute.
var shared [Image + 1]struct {
	once sync.Once
	e    *Engine
	err  error
}

func TestMain(m *testing.M) {
	code := m.Run()
	for i := range shared {
		if shared[i].e != nil {
			shared[i].e.Close()
		}
	}
	os.Exit(code)
}

// engine returns the shared engine in image mode with an empty session, in
// plain mode on a machine that cannot have an image.
func engine(t *testing.T) *Engine {
	t.Helper()
	e := engineOf(t, Image)
	var reason *imageError
	if errors.As(e.noImage, &reason) && imageSupport(e.tc) == nil {
		t.Fatal(e.noImage)
	}
	return e
}

// engineOf returns the shared engine of a mode with an empty session.
func engineOf(t *testing.T, mode Mode) *Engine {
	t.Helper()
	s := &shared[mode]
	s.once.Do(func() {
		if s.e, s.err = New(Options{ModuleRoot: "../../..", Mode: mode}); s.err == nil {
			s.err = s.e.Start(context.Background(), nil)
		}
	})
	if missing := new(MissingToolError); errors.As(s.err, &missing) {
		t.Skip(s.err)
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	s.e.reset()
	return s.e
}

// inBothModes runs a test in both modes.
func inBothModes(t *testing.T, test func(*testing.T, *Engine)) {
	t.Run("mode=plain", func(t *testing.T) { test(t, engineOf(t, Plain)) })
	t.Run("mode=image", func(t *testing.T) {
		e := engine(t)
		if e.packages().image == nil {
			t.Skip(e.noImage)
		}
		test(t, e)
	})
}

// A step is a cell of a script with what it must show.
type step struct {
	code, out, value, err string
}

// readScripts reads a file of scripts: "== name" starts a script, "--" the
// next cell, "| text" is a line of output, "=> text" the value, "! text" the
// error.
func readScripts(t *testing.T, file string) (names []string, scripts map[string][]step) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	scripts = map[string][]step{}
	for part := range strings.SplitSeq("\n"+string(data), "\n== ") {
		name, body, ok := strings.Cut(part, "\n")
		if !ok || name == "" {
			continue
		}
		names = append(names, name)
		for cell := range strings.SplitSeq(strings.TrimRight(body, "\n"), "\n--\n") {
			var s step
			for l := range strings.SplitSeq(cell, "\n") {
				switch {
				case strings.HasPrefix(l, "| "):
					s.out += l[2:] + "\n"
				case strings.HasPrefix(l, "=> "):
					s.value = l[3:]
				case strings.HasPrefix(l, "! "):
					s.err = l[2:]
				default:
					s.code += l + "\n"
				}
			}
			scripts[name] = append(scripts[name], s)
		}
	}
	return names, scripts
}

func TestSemantics(t *testing.T) { runScripts(t, "testdata/semantics.txt") }

var (
	rowHead  = regexp.MustCompile(`(?s)# Semantics, and what checks them\n(.*?)\n// # `)
	rowNames = regexp.MustCompile(`"([^"]{4,})"(?:,|$)|\b(Test\w+)`)
)

// TestRows: every row of the table in the package comment has a script or a
// test, and every script a row.
func TestRows(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	section := rowHead.FindSubmatch(doc)
	if section == nil {
		t.Fatal("doc.go has no table of the semantics")
	}
	tests := declaredTests(t)
	names, scripts := readScripts(t, "testdata/semantics.txt")
	listed := map[string]bool{}
	rows := 0
	for l := range strings.Lines(string(section[1])) {
		row, ok := strings.CutPrefix(strings.TrimRight(l, "\n"), "//\t")
		if !ok {
			continue
		}
		rows++
		found := rowNames.FindAllStringSubmatch(row, -1)
		if len(found) == 0 {
			t.Errorf("no test for %q", row)
		}
		for _, f := range found {
			if script := f[1]; script != "" && scripts[script] == nil || script == "" && !tests[f[2]] {
				t.Errorf("%q names %q, which does not exist", row, f[0])
			}
			listed[f[1]] = true
		}
	}
	if rows < 25 {
		t.Errorf("%d rows were read", rows)
	}
	for _, n := range names {
		if !listed[n] {
			t.Errorf("the script %q has no row", n)
		}
	}
}

// declaredTests lists the test functions of the package.
func declaredTests(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range testFunc.FindAllSubmatch(data, -1) {
			out[string(m[1])] = true
		}
	}
	return out
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(t \*testing\.T\)`)

// TestProbes is a set of small programs over two or three cells each, the kind
// of Go that people bring along.
func TestProbes(t *testing.T) { runScripts(t, "testdata/probes.txt") }

// runScripts runs a file of scripts in both modes: the output must not depend
// on the mode.
func runScripts(t *testing.T, file string) {
	names, scripts := readScripts(t, file)
	inBothModes(t, func(t *testing.T, e *Engine) {
		for _, name := range names {
			t.Run(name, func(t *testing.T) {
				e.reset()
				for i, s := range scripts[name] {
					checkStep(t, e, i+1, s)
				}
			})
		}
	})
}

// colours are what tracebacks are coloured by.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

func checkStep(t *testing.T, e *Engine, number int, s step) {
	t.Helper()
	out := new(output)
	r, err := e.Execute(t.Context(), core.Cell{Code: s.code, Number: number}, out)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if s.err == "" && err != nil || !strings.HasPrefix(text, s.err) {
		t.Fatalf("cell %d:\n%serror %q, want %q", number, s.code, text, s.err)
	}
	if got := strings.TrimRight(colours.ReplaceAllString(out.String(), ""), "\n"); got != strings.TrimRight(s.out, "\n") {
		t.Errorf("cell %d:\n%soutput\n%s\nwant\n%s", number, s.code, got, s.out)
	}
	value := ""
	if r.Value != nil {
		value = r.Value.Text()
	}
	if value != s.value {
		t.Errorf("cell %d:\n%svalue %q, want %q", number, s.code, value, s.value)
	}
}

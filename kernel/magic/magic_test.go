package magic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// recorder is an engine that remembers its cells, and an output that
// remembers its text.
type recorder struct {
	core.Engine
	cells []string
	fail  error

	mu   sync.Mutex
	text map[string]string
}

func (r *recorder) Execute(_ context.Context, c core.Cell, _ core.Output) (core.Result, error) {
	r.cells = append(r.cells, c.Code)
	b := display.Of(len(r.cells))
	return core.Result{Value: &b}, r.fail
}

func (r *recorder) IsComplete(code string) core.Completeness {
	if strings.Count(code, "{") != strings.Count(code, "}") {
		return core.Completeness{Status: "incomplete"}
	}
	return core.Completeness{Status: "complete"}
}

func (r *recorder) Complete(context.Context, string, int) (core.Completion, error) {
	return core.Completion{Items: []core.CompletionItem{{Text: "below"}}}, nil
}

func (r *recorder) Inspect(_ context.Context, code string, cursor, detail int) (core.Inspection, error) {
	if code != "fmt.Println" || cursor != len(code) {
		return core.Inspection{}, nil
	}
	return core.Inspection{Found: true, Bundle: display.Of(display.Markdown(fmt.Sprintf("doc %d", detail)))}, nil
}

func (r *recorder) Variables() []core.Variable {
	return []core.Variable{{Name: "x", Kind: "var", Type: "int", Value: "3"}}
}

func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.text == nil {
		r.text = map[string]string{}
	}
	r.text[name] += text
}

func (r *recorder) Display(display.Bundle, string) {}
func (r *recorder) Update(display.Bundle, string)  {}
func (r *recorder) Clear(bool)                     {}
func (r *recorder) Comm(core.CommMessage)          {}
func (r *recorder) Input(context.Context, string, bool) (string, error) {
	return "", core.ErrNoInput
}

func run(t *testing.T, r *recorder, code string) (core.Result, error) {
	t.Helper()
	return Wrap(r, "").Execute(t.Context(), core.Cell{Code: code, Number: 7}, r)
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       []string // magic parts are marked by ">"
	}{
		{"plain Go", "x := 1\nx\n", []string{"x := 1\nx\n"}},
		{"shell first", "!ls\nx := 1", []string{">!ls", "x := 1"}},
		{"between", "x := 1\n%env A=b\ny := 2\n", []string{"x := 1\n", ">%env A=b", "y := 2\n"}},
		{"inside braces", "for {\n!ok\n}\n", []string{"for {\n!ok\n}\n"}},
		{"raw string", "s := `\n%d items\n!x\n`\n", []string{"s := `\n%d items\n!x\n`\n"}},
		{"comment", "/*\n%help\n*/\n", []string{"/*\n%help\n*/\n"}},
		{"expression goes on", "x := a &&\n!b\n", []string{"x := a &&\n!b\n"}},
		{"modulo over lines", "x := (7\n%3)\n", []string{"x := (7\n%3)\n"}},
		{"not equal", "!= 3", []string{"!= 3"}},
		{"continued shell", "!echo a \\\n  b\nx", []string{">!echo a  b", "x"}},
		{"indented", "  %who\n", []string{">%who"}},
		{"cell magic", "%%bash\necho hi\n", []string{">%%bash", "echo hi\n"}},
		{"line comment", "// %who\n", []string{"// %who\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range split(c.code) {
				if p.magic {
					p.text = ">" + p.text
				}
				got = append(got, p.text)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestGoKeepsItsLines(t *testing.T) {
	r := &recorder{}
	res, err := run(t, r, "a := 1\n!true\nb := 2\nb")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a := 1\n", "\n\nb := 2\nb"}
	if !slices.Equal(r.cells, want) {
		t.Errorf("cells %q, want %q", r.cells, want)
	}
	if res.Value == nil || res.Value.Text() != "2" {
		t.Errorf("value %v, want that of the last part", res.Value)
	}
	if res, _ := run(t, r, "b\n!true"); res.Value != nil {
		t.Errorf("a cell that ends in a shell line has the value %v", res.Value)
	}
}

func TestQuestion(t *testing.T) {
	for code, want := range map[string]string{"fmt.Println?": "doc 0", "?fmt.Println": "doc 0", "x := 1\nfmt.Println??": "doc 1"} {
		res, err := run(t, &recorder{}, code)
		if err != nil || len(res.Payload) != 1 || res.Payload[0]["source"] != "page" {
			t.Errorf("%q: %v, payload %v", code, err, res.Payload)
			continue
		}
		data, _ := res.Payload[0]["data"].(map[string]any)
		if data[display.MIMEMarkdown] != want {
			t.Errorf("%q: page %v, want %q", code, data, want)
		}
	}
	if _, err := run(t, &recorder{}, "nothing?"); err == nil || !strings.Contains(err.Error(), "nothing is known about nothing") {
		t.Errorf("error %v", err)
	}
}

func TestStopsAtTheFirstError(t *testing.T) {
	r := &recorder{}
	_, err := run(t, r, "!exit 3\nx := 1")
	var ce *core.CellError
	if !errors.As(err, &ce) || ce.Name != "ShellError" || !strings.Contains(ce.Message, "exit status 3") || ce.Line != 1 {
		t.Errorf("error %v, want a ShellError of line 1 with the status", err)
	}
	if len(r.cells) > 0 {
		t.Errorf("the Go after it ran: %q", r.cells)
	}
}

func TestShell(t *testing.T) {
	r := &recorder{}
	if _, err := run(t, r, "!printf 'é%s' x; echo bad >&2"); err != nil {
		t.Fatal(err)
	}
	if r.text["stdout"] != "éx" || r.text["stderr"] != "bad\n" {
		t.Errorf("text %q", r.text)
	}
	if _, err := run(t, r, "%%bash a b\necho $2-$#"); err != nil || !strings.HasSuffix(r.text["stdout"], "b-2\n") {
		t.Errorf("bash: %v, text %q", err, r.text["stdout"])
	}
}

func TestInterruptEndsTheGroup(t *testing.T) {
	r := &recorder{}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	start := time.Now()
	_, err := Wrap(r, "").Execute(ctx, core.Cell{Code: "!sleep 30; sleep 30", Number: 1}, r)
	var ce *core.CellError
	if !errors.As(err, &ce) || ce.Name != "Interrupted" {
		t.Errorf("error %v, want Interrupted", err)
	}
	if took := time.Since(start); took > 29*time.Second {
		t.Errorf("came back after %v", took)
	}
}

func TestErrorsHelp(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"nearest", "%whoo", "did you mean %who?"},
		{"nearest cell magic", "%%bsh\nls", "did you mean %%bash?"},
		{"nothing near", "%abrakadabra", "%help lists them"},
		{"wrong place", "x\n%%bash", "must be the first line"},
		{"line of a cell magic", "%bash", "used as %%bash"},
		{"argument missing", "%load", "name a file"},
		{"not set", "%env GLOWNOTES_NO_SUCH", "is not set"},
		{"cannot", "%get a@v1", "cannot get modules"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(t, &recorder{}, c.code)
			var ce *core.CellError
			if !errors.As(err, &ce) || !strings.Contains(ce.Message, c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
			if ce != nil && (len(ce.Traceback) == 0 || ce.Cell != 7) {
				t.Errorf("error without its place: %+v", ce)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	r := &recorder{}
	for _, code := range []string{"%%writefile a.go\npackage a\n", "%%writefile -a a.go\nvar  X=1\n"} {
		if _, err := run(t, r, code); err != nil {
			t.Fatal(err)
		}
	}
	if text, _ := os.ReadFile("a.go"); string(text) != "package a\nvar  X=1\n" {
		t.Errorf("file %q", text)
	}
	res, err := run(t, r, "%load a.go")
	if err != nil || len(res.Payload) != 1 || res.Payload[0]["text"] != "package a\nvar  X=1\n" {
		t.Errorf("load: %v, payload %v", err, res.Payload)
	}
	res, err = run(t, r, "%%fmt\nfor i:=range 3 {\nx( i)}\n")
	if err != nil || res.Payload[0]["text"] != "for i := range 3 {\n\tx(i)\n}\n" || res.Payload[0]["replace"] != true {
		t.Errorf("fmt: %v, payload %v", err, res.Payload)
	}
}

func TestDirectoryAndEnvironment(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	t.Setenv("GLOWNOTES_MAGIC_TEST", "before")
	if err := os.Mkdir("sub", 0o777); err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	e := Wrap(r, dir)
	for _, code := range []string{"%cd sub", "%env GLOWNOTES_MAGIC_TEST=a b", "!pwd", "%%writefile here\n"} {
		if _, err := e.Execute(t.Context(), core.Cell{Code: code}, r); err != nil {
			t.Fatal(err)
		}
	}
	sub := filepath.Join(dir, "sub")
	if !strings.Contains(r.text["stdout"], sub+"\n"+"wrote") || os.Getenv("GLOWNOTES_MAGIC_TEST") != "a b" {
		t.Errorf("output %q, variable %q", r.text["stdout"], os.Getenv("GLOWNOTES_MAGIC_TEST"))
	}
	if _, err := os.Stat(filepath.Join(sub, "here")); err != nil {
		t.Error(err)
	}
	if wd, _ := os.Getwd(); wd != dir {
		t.Errorf("this process went to %s", wd)
	}
	if len(r.cells) != 2 || !strings.Contains(r.cells[0], "os.Chdir(") || !strings.Contains(r.cells[1], `os.Setenv("GLOWNOTES_MAGIC_TEST", "a b")`) {
		t.Errorf("the session was not told: %q", r.cells)
	}
}

func TestWhoAndTime(t *testing.T) {
	r := &recorder{}
	res, err := run(t, r, "%who")
	if err != nil || res.Value == nil || !strings.Contains(res.Value.Text(), "int") {
		t.Errorf("who: %v, %v", err, res.Value)
	}
	if _, err := run(t, r, "\n%time f()"); err != nil || r.cells[len(r.cells)-1] != "\nf()" || !strings.Contains(r.text["stdout"], "s, compiling included") {
		t.Errorf("time: %v, cells %q, text %q", err, r.cells, r.text["stdout"])
	}
	if _, err := run(t, r, "%timeit x+1"); err != nil || !strings.Contains(r.cells[len(r.cells)-1], "_ = x+1") {
		t.Errorf("timeit: %v, cells %q", err, r.cells)
	}
}

func TestIsComplete(t *testing.T) {
	for code, want := range map[string]string{
		"%who":              "complete",
		"!ls\nfor {":        "incomplete",
		"%%bash\nls":        "incomplete",
		"%%bash\nls\n\n":    "complete",
		"x := 1\n%time f()": "complete",
		"!echo \\":          "incomplete",
	} {
		if got := Wrap(&recorder{}, "").IsComplete(code).Status; got != want {
			t.Errorf("%q: %s, want %s", code, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("data.txt", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, code string
		start      int
		want       []string
	}{
		{"line", "%ti", 0, []string{"%time", "%timeit"}},
		{"later line", "x := 1\n%wh", 7, []string{"%who"}},
		{"cell magic", "%%wr", 0, []string{"%%writefile"}},
		{"no cell magic below", "x := 1\n%%wr", 7, nil},
		{"file", "!cat da", 5, []string{"data.txt"}},
		{"Go", "fm", 0, []string{"below"}},
		{"modulo", "x = a %\nb", 0, []string{"below"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Wrap(&recorder{}, "").Complete(t.Context(), c.code, len([]rune(c.code)))
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, it := range got.Items {
				texts = append(texts, it.Text)
			}
			if !slices.Equal(texts, c.want) || got.Start != c.start {
				t.Errorf("got %q from %d, want %q from %d", texts, got.Start, c.want, c.start)
			}
		})
	}
}

func TestWholeRunes(t *testing.T) {
	for in, want := range map[string]int{"": 0, "abc": 3, "é": 2, "a\xc3": 1, "a\xf0\x9f\x98": 1, "\xff": 1, "a\xe2\x82": 1, "€": 3} {
		if got := wholeRunes([]byte(in)); got != want && !(in == "\xff" && got == 0) {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func FuzzSplit(f *testing.F) {
	for _, s := range []string{"!ls\nx", "%%bash\n", "s := `\n%x`", "/*", "for {\n!a\n}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, code string) {
		lines := 0
		for _, p := range split(code) {
			if p.line < lines {
				t.Fatalf("part %+v begins before line %d", p, lines)
			}
			lines = p.line
		}
		if parts := split(code); !hasMagic(parts) && len(parts) > 0 && parts[0].text != code {
			t.Fatalf("code without magics changed: %q", parts[0].text)
		}
	})
}

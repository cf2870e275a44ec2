package live

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
)

// cut splits a text at the cursor "|" and returns its offset in code points.
func cut(s string) (code string, cursor int) {
	head, tail, _ := strings.Cut(s, "|")
	return head + tail, len([]rune(head))
}

func TestComplete(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "type point struct{ x, y int }\nfunc (p *point) move(dx int) {}\nfunc (p *point) Norm() float64 { return 0 }\np := &point{1, 2}\ncount := 3\nconst limit = 5\nfunc compute(a int) string { return \"\" }\nimport str \"strings\"\nfmt.Println()")
	tests := []struct {
		name, code string
		want       []string // among the items
		never      []string
	}{
		{"members", "p.|", []string{"x", "y", "move", "Norm"}, []string{"count"}},
		{"members with a prefix", "q := p\nq.m|", []string{"move"}, []string{"x"}},
		{"session names", "co|", []string{"count", "compute", "const", "continue", "copy", "context"}, []string{"limit"}},
		{"package members", "fmt.Pri|", []string{"Print", "Printf", "Println"}, []string{"Sprint"}},
		{"renamed import", "str.Rep|", []string{"Repeat", "Replace", "ReplaceAll"}, nil},
		{"package that no cell used yet", "csv.New|", []string{"NewReader", "NewWriter"}, nil},
		{"package name", "fm|", []string{"fmt"}, nil},
		{"locals", "func f(alpha int) {\n\tfor beta := range alpha {\n\t\tal|\n\t}\n}", []string{"alpha"}, nil},
		{"inside a call", "é := 1; fmt.Println(cou|)", []string{"count"}, nil},
		{"unfinished code", "for i := range count {\n\tp.N|", []string{"Norm"}, nil},
		{"struct literal", "point{|}", []string{"x", "y"}, nil},
		{"import path", "import \"encoding/j|", []string{"encoding/json"}, nil},
		{"import block", "import (\n\t\"fmt\"\n\t\"glownotes/v|\n)", []string{"glownotes/viz"}, nil},
		{"chained", "time.Now().Add(3).Ye|", []string{"Year", "YearDay"}, nil},
		{"keyword", "ret|", []string{"return"}, nil},
		{"in a string", "x := \"fm|\"", nil, []string{"fmt"}},
		{"in a comment", "// fm|", nil, []string{"fmt"}},
		{"beyond the end", "cou|", []string{"count"}, nil},
		{"cell variables", "width := 3\nheight := width\nwi|", []string{"width"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, cursor := cut(tt.code)
			c, err := e.Complete(t.Context(), code, cursor)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, it := range c.Items {
				got = append(got, it.Text)
				if strings.Contains(it.Text+it.Signature, mark) || it.Type == "" {
					t.Errorf("item %+v", it)
				}
			}
			for _, w := range tt.want {
				if !slices.Contains(got, w) {
					t.Errorf("%q is not among %q", w, got)
				}
			}
			for _, w := range tt.never {
				if slices.Contains(got, w) {
					t.Errorf("%q is among %q", w, got)
				}
			}
			runes := []rune(code)
			if c.Start < 0 || c.Start > c.End || c.End != cursor {
				t.Fatalf("replaces %d..%d, cursor %d", c.Start, c.End, cursor)
			}
			if len(tt.want) > 0 && !strings.HasPrefix(tt.want[0], string(runes[c.Start:c.End])) {
				t.Errorf("replaces %q", string(runes[c.Start:c.End]))
			}
		})
	}
	for _, cursor := range []int{-5, 0, 1000} {
		if _, err := e.Complete(t.Context(), "co", cursor); err != nil {
			t.Errorf("cursor %d: %v", cursor, err)
		}
	}
}

func TestCompleteDetails(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "type point struct{ x int }\nfunc (p *point) move(dx int) {}\np := &point{1}\nfmt.Println()")
	want := map[string]core.CompletionItem{
		"p.|":       {Text: "move", Type: "method", Signature: "func (*point).move(dx int)"},
		"p.x|":      {Text: "x", Type: "field", Signature: "field x int"},
		"fmt.Erro|": {Text: "Errorf", Type: "function", Signature: "func fmt.Errorf(format string, a ...any) (err error)"},
		"poi|":      {Text: "point", Type: "type", Signature: "type point struct{x int}"},
	}
	for text, w := range want {
		code, cursor := cut(text)
		c, _ := e.Complete(t.Context(), code, cursor)
		if !slices.Contains(c.Items, w) {
			t.Errorf("%s: %+v is not among %+v", text, w, c.Items)
		}
	}
}

// Completion must not wait for a running cell.
func TestCompleteWhileRunning(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "value := 1")
	done := make(chan struct{})
	out := new(output)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(done)
		e.Execute(ctx, core.Cell{Code: "fmt.Println(\"go\")\n<-ctx.Done()", Number: 2}, out)
	}()
	for out.String() == "" {
		time.Sleep(time.Millisecond)
	}
	c, err := e.Complete(t.Context(), "val", 3)
	if err != nil || len(c.Items) == 0 || c.Items[0].Text != "value" {
		t.Errorf("got %v, %v", c, err)
	}
	if s, err := e.Goroutines(t.Context()); err != nil || !strings.Contains(s, "cell[2]:2") {
		t.Errorf("goroutines: %v\n%s", err, s)
	}
	select {
	case <-done:
		t.Error("the cell ended before the completion: nothing was tested")
	default:
	}
	stop()
	<-done
}

func TestInspect(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "// move moves.\ntype point struct{ x int }\np := &point{1}\nfunc area(w, h int) int { return w * h }\nfmt.Println()")
	for _, tt := range []struct {
		code string
		want []string
	}{
		{"fmt.Print|ln(1)", []string{"func Println(a ...any) (n int, err error)", "formats using the default formats"}},
		{"fmt.Println(1, |", []string{"Println formats using"}},
		{"strings.NewRead|er", []string{"NewReader returns a new"}},
		{"sort|.Ints", []string{"package sort", "Package sort provides"}},
		{"time.Now().Unix|()", []string{"Unix returns t as a Unix time"}},
		{"p|", []string{"var p *point", "declared in cell 1", "&{x:1}"}},
		{"area|(1, 2)", []string{"func area(w int, h int) int", "cell 1"}},
		{"var q poi|nt", []string{"type point struct{ x int }"}},
	} {
		code, cursor := cut(tt.code)
		in, err := e.Inspect(t.Context(), code, cursor, 0)
		if err != nil || !in.Found {
			t.Errorf("%s: found %v, %v", tt.code, in.Found, err)
			continue
		}
		text := in.Bundle.Text()
		for _, w := range tt.want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not in\n%s", tt.code, w, text)
			}
		}
		if strings.Contains(text, mark) {
			t.Errorf("%s: the text shows the mark: %s", tt.code, text)
		}
		if strings.Count(text, "func ") > 1 {
			t.Errorf("%s: the declaration comes twice: %s", tt.code, text)
		}
	}
	if in, err := e.Inspect(t.Context(), "nothing_here", 3, 0); err != nil || in.Found {
		t.Errorf("an unknown name: %v, %v", in, err)
	}
}

func TestIsComplete(t *testing.T) {
	for code, want := range map[string]string{
		"x := 1":                    "complete",
		"":                          "complete",
		"a, b":                      "complete",
		"func f() {":                "incomplete \t",
		"for {\n\tif x {":           "incomplete \t\t",
		"f(1,":                      "incomplete \t",
		"x := `abc":                 "incomplete ",
		"/* open":                   "incomplete ",
		"x :=":                      "incomplete ",
		"x := = 1":                  "invalid ",
		"}":                         "invalid ",
		"x := \"abc":                "invalid ",
		"import \"fmt\"\nfmt.Pri()": "complete",
		"func f() {\n\treturn\n}":   "complete",
	} {
		c := isComplete(code)
		if got := c.Status + " " + c.Indent; strings.TrimRight(got, " ") != strings.TrimRight(want, " ") {
			t.Errorf("%q: %q, want %q", code, got, want)
		}
	}
}

func TestVariablesAndReset(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "x := 3\nname := \"Ada\"\nfunc f(n int) {}\ntype T struct{ a int }\nconst k = 7\nimport \"math\"\nt := T{2}\nmath.Abs(1);")
	got := map[string]core.Variable{}
	for _, v := range e.Variables() {
		got[v.Name] = v
	}
	for _, want := range []core.Variable{
		{Name: "x", Kind: "var", Type: "int", Value: "3", Cell: 1},
		{Name: "name", Kind: "var", Type: "string", Value: "Ada", Cell: 1},
		{Name: "t", Kind: "var", Type: "T", Value: "{a:2}", Cell: 1},
		{Name: "f", Kind: "func", Type: "func(n int)", Cell: 1},
		{Name: "k", Kind: "const", Type: "untyped int", Value: "7", Cell: 1},
		{Name: "math", Kind: "package", Type: "math"},
	} {
		if got[want.Name] != want {
			t.Errorf("got %+v, want %+v", got[want.Name], want)
		}
	}
	if err := e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(e.Variables()); n != 0 {
		t.Errorf("%d names after Reset", n)
	}
	if ce, _ := fails(t, t.Context(), e, 2, "x"); ce.Message != "undefined: x" {
		t.Errorf("after Reset: %v", ce)
	}
}

func TestReplay(t *testing.T) {
	e := engine(t)
	if err := e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	execute(t, e, 1, "a := 1")
	execute(t, e, 2, "a += 41")
	fails(t, t.Context(), e, 3, "undefinedName")
	fails(t, t.Context(), e, 4, "syscall.Kill(os.Getpid(), syscall.SIGKILL)\ntime.Sleep(time.Hour)")
	out := new(output)
	if err := e.Replay(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if v, _ := execute(t, e, 5, "a"); v != "42" {
		t.Errorf("after the replay a = %s; %s", v, out)
	}
}

package interp

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// split2 cuts a source at the cursor mark "|" and returns the cursor in code
// points.
func split2(t *testing.T, src string) (code string, cursor int) {
	t.Helper()
	before, after, ok := strings.Cut(src, "|")
	if !ok {
		t.Fatalf("no cursor in %q", src)
	}
	return before + after, len([]rune(before))
}

func TestComplete(t *testing.T) {
	nb := newNotebook(t, Options{})
	nb.must("type Point struct { X, Y int; label string }\nfunc (p *Point) Scale(k int) { p.X *= k; p.Y *= k }\nfunc (p Point) Norm() float64 { return math.Hypot(float64(p.X), float64(p.Y)) }")
	nb.must("pt := Point{1, 2, \"a\"}\nptr := &pt\npts := []Point{pt}\nvar buf bytes.Buffer\nreader := strings.NewReader(\"x\")\ngrößer := 1\nconst limit = 10")
	for _, c := range []struct {
		name, src string
		want      []string // all of these are offered
		not       []string
		only      bool   // and nothing else
		text      string // what is replaced
	}{
		{"variable", "lim|", []string{"limit"}, []string{"len"}, true, "lim"},
		{"variables", "x := p|", []string{"pt", "ptr", "pts", "panic", "package"}, []string{"Point"}, false, "p"},
		{"unicode", "grö|", []string{"größer"}, nil, true, "grö"},
		{"after text beyond ASCII", "s := \"äöü\"; lim|", []string{"limit"}, nil, true, "lim"},
		{"type", "Po|", []string{"Point"}, nil, true, "Po"},
		{"package", "strc|", []string{"strconv"}, nil, true, "strc"},
		{"exports", "strings.Tri|", []string{"Trim", "TrimSpace", "TrimLeft"}, []string{"Repeat"}, false, "Tri"},
		{"all exports", "math.|", []string{"Pi", "Sqrt", "MaxInt64"}, nil, false, ""},
		{"fields and methods of a cell's type", "pt.|", []string{"X", "Y", "label", "Scale", "Norm"}, nil, true, ""},
		{"of a pointer", "ptr.N|", []string{"Norm"}, nil, true, "N"},
		{"of a compiled type", "buf.Wri|", []string{"Write", "WriteByte", "WriteRune", "WriteString", "WriteTo"}, nil, true, "Wri"},
		{"of a pointer to a compiled type", "reader.Le|", []string{"Len"}, nil, true, "Le"},
		{"of a call's result", "strings.NewReader(\"a.b(\").Le|", []string{"Len"}, nil, true, "Le"},
		{"of a chain", "time.Now().UTC().Wee|", []string{"Weekday"}, nil, true, "Wee"},
		{"of a local variable", "r := strings.NewReader(\"x\")\nr.Si|", []string{"Size"}, nil, true, "Si"},
		{"of a second result", "resp, err := http.Get(\"x\")\nerr.|", []string{"Error"}, nil, true, ""},
		{"of a parameter", "func f(b *bytes.Buffer) {\n\tb.Ca|\n}", []string{"Cap"}, nil, true, "Ca"},
		{"of a range variable", "for _, b := range []bytes.Buffer{} {\n\tb.Ca|\n}", nil, nil, false, "Ca"},
		{"unknown", "nothing.|", nil, nil, true, ""},
		{"import path", "import \"encoding/js|", []string{"encoding/json"}, nil, true, "encoding/js"},
		{"in the middle", "strings.Tr|im(x)", []string{"Trim"}, nil, false, "Tr"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, cursor := split2(t, c.src)
			got, err := nb.e.Complete(t.Context(), code, cursor)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, it := range got.Items {
				names = append(names, it.Text)
				if it.Type == "" {
					t.Errorf("%s has no type", it.Text)
				}
			}
			for _, w := range c.want {
				if !slices.Contains(names, w) {
					t.Errorf("%s is not among %v", w, names)
				}
			}
			for _, w := range c.not {
				if slices.Contains(names, w) {
					t.Errorf("%s is among %v", w, names)
				}
			}
			if c.only && len(names) != len(c.want) {
				t.Errorf("got %v, want %v only", names, c.want)
			}
			if runes := []rune(code); string(runes[got.Start:got.End]) != c.text {
				t.Errorf("replaces %q, want %q", string(runes[got.Start:got.End]), c.text)
			}
		})
	}
}

// TestCompleteWhileRunning checks that completion does not wait for a cell.
func TestCompleteWhileRunning(t *testing.T) {
	nb := newNotebook(t, Options{})
	nb.must("limit := 1")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		nb.e.Execute(ctx, core.Cell{Code: "for { limit++ }", Number: 9}, &recorder{})
	}()
	time.Sleep(20 * time.Millisecond)
	got, err := nb.e.Complete(t.Context(), "lim", 3)
	if err != nil || len(got.Items) != 1 || got.Items[0].Text != "limit" {
		t.Errorf("got %v, %v", got, err)
	}
	select {
	case <-done:
		t.Error("the cell ended by itself")
	default:
	}
	cancel()
	<-done
}

func TestInspect(t *testing.T) {
	nb := newNotebook(t, Options{})
	nb.must("type Point struct { X, Y int }\nfunc (p Point) Norm() float64 { return 0 }\npt := Point{1, 2}\nfunc area(w, h float64) float64 { return w * h }")
	for _, c := range []struct {
		name, src string
		detail    int
		want      string // a part of the text; "" when nothing is known
	}{
		{"function", "are|a(1, 2)", 0, "func area(float64, float64) float64"},
		{"compiled function", "strings.Rep|eat", 0, "func Repeat(string, int) string"},
		{"package", "stri|ngs.Repeat", 0, `package strings // import "strings"`},
		{"variable", "pt|", 0, "var pt main.Point"},
		{"type", "Poi|nt{}", 0, "type Point struct"},
		{"field", "pt.X|", 0, "field X int"},
		{"method", "pt.No|rm()", 0, "func Norm() float64"},
		{"members", "pt|", 1, "method   Norm"},
		{"constant", "math.P|i", 0, "const Pi untyped constant"},
		{"end of the name", "area|", 0, "func area"},
		{"unknown", "nothi|ng", 0, ""},
		{"no name", "1 + | 2", 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, cursor := split2(t, c.src)
			got, err := nb.e.Inspect(t.Context(), code, cursor, c.detail)
			if err != nil {
				t.Fatal(err)
			}
			text, _ := got.Bundle.Data[display.MIMEText].(string)
			if got.Found != (c.want != "") || !strings.Contains(text, c.want) {
				t.Errorf("got %v %q, want %q", got.Found, text, c.want)
			}
		})
	}
}

func TestIsComplete(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, code, want, indent string }{
		{"empty", "", "complete", ""},
		{"expression", "1 + 2", "complete", ""},
		{"two values", "1, 2", "complete", ""},
		{"statements", "x := 1\ny := 2", "complete", ""},
		{"function", "func f() {\n}", "complete", ""},
		{"open function", "func f() {", "incomplete", "\t"},
		{"open call", "f(1,", "incomplete", "\t"},
		{"nested", "func f() {\n\tif x {", "incomplete", "\t\t"},
		{"raw string", "x := `abc", "incomplete", ""},
		{"comment", "/* abc", "incomplete", ""},
		{"operator at the end", "x := 1 +", "incomplete", ""},
		{"assignment without a value", "x :=", "incomplete", ""},
		{"nonsense", "x := = 1", "invalid", ""},
		{"closed too often", "f())", "invalid", ""},
		{"open but wrong before", "x := = 1\n\n\nfunc f() {", "invalid", ""},
		{"bad string", "x := \"abc\ny", "invalid", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := e.IsComplete(c.code); got.Status != c.want || got.Indent != c.indent {
				t.Errorf("IsComplete(%q) = %+v, want %s %q", c.code, got, c.want, c.indent)
			}
		})
	}
}

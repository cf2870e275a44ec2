package interp

import (
	"strings"
	"testing"

	"glownotes/kernel/core"
)

func TestVariablesAndReset(t *testing.T) {
	nb := newNotebook(t, Options{})
	nb.must("x := 3\nname := \"Ada\"\nfunc f(n int) {}\ntype T struct{ a int }\nconst k = 7\nimport \"math\"\nt := T{2}\nmath.Abs(1);")
	got := map[string]core.Variable{}
	for _, v := range nb.e.Variables() {
		got[v.Name] = v
	}
	for _, want := range []core.Variable{
		{Name: "x", Kind: "var", Type: "int", Value: "3"},
		{Name: "name", Kind: "var", Type: "string", Value: "Ada"},
		{Name: "t", Kind: "var", Type: "main.T", Value: "{a:2}"},
		{Name: "f", Kind: "func", Type: "func(int)"},
		{Name: "k", Kind: "const", Type: "untyped constant", Value: "7"},
		{Name: "math", Kind: "package", Type: "math"},
	} {
		if got[want.Name] != want {
			t.Errorf("got %+v, want %+v", got[want.Name], want)
		}
	}
	for _, name := range core.CellNames() {
		if _, listed := got[name]; listed {
			t.Errorf("%s is listed, which no cell declared", name)
		}
	}
	if text, err := nb.e.Goroutines(t.Context()); err != nil || !strings.Contains(text, "goroutine ") {
		t.Errorf("goroutines: %q, %v", text, err)
	}
	if err := nb.e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(nb.e.Variables()); n != 0 {
		t.Errorf("%d names after Reset", n)
	}
	if e := nb.cellErr("x"); !strings.Contains(e.Message, "undefined: x") {
		t.Errorf("after Reset: %v", e)
	}
	if v, r := nb.must("fmt.Println(\"hi\")\nx := 5\nx"); v != "5" || r.out() != "hi\n" {
		t.Errorf("after Reset: value %q, output %q", v, r.out())
	}
}

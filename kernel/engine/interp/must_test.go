package interp

import (
	"strings"
	"testing"
)

func TestMust(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"value", "n := Must(strconv.Atoi(\"12\"))\n---\nn + 1", "13"},
		{"value of a compiled type", "u := Must(url.Parse(\"http://h/p\"))\nu.Host", "h"},
		{"value of a cell's type", "type P struct { x int }\nfunc (p *P) Get() int { return p.x }\nfunc mk() (*P, error) { return &P{4}, nil }\n---\nMust(mk()).Get()", "4"},
		{"value of a named number", "type C float64\nfunc (c C) String() string { return \"c\" }\nfunc mk() (C, error) { return 3, nil }\nMust(mk())", "c"},
		{"two values", "a, b := Must2(func() (int, string, error) { return 1, \"x\", nil }())\n---\nfmt.Sprint(a, b)", "1x"},
		{"arguments one by one", "Must(3, nil)", "3"},
		{"two arguments one by one", "var err error\nMust2(1.5, \"s\", err)", "1.5 s"},
		{"inside a function", "func f() []byte { return Must(hex.DecodeString(\"6869\")) }\nstring(f())", "hi"},
		{"a cell's own Must", "func Must(x int) int { return x * 2 }\n---\nMust(4)", "8"},
	} {
		t.Run(c.name, func(t *testing.T) { shows(t, c.code, c.want) })
	}
	for _, c := range []struct{ name, code, class, message string }{
		{"error", "x := 1\nMust(strconv.Atoi(\"x\"))", "Panic", `strconv.Atoi: parsing "x": invalid syntax`},
		{"error of a cell's type", "type E struct { n int }\nfunc (e E) Error() string { return fmt.Sprintf(\"code %d\", e.n) }\nfunc f() (int, error) { return 0, E{3} }\nMust(f())", "Panic", "code 3"},
		{"error by its own type", "type E struct { n int }\nfunc (e E) Error() string { return fmt.Sprintf(\"code %d\", e.n) }\nfunc f() (int, E) { return 0, E{4} }\nMust(f())", "Panic", "code 4"},
		{"error as an argument", "type E struct { n int }\nfunc (e E) Error() string { return fmt.Sprintf(\"code %d\", e.n) }\nMust(1, E{5})", "Panic", "code 5"},
		{"nil as a value", "Must(nil, nil)", "CompileError", "untyped nil"},
		{"second error", "Must2(1, 2, errors.New(\"bad\"))", "Panic", "bad"},
		{"too few values", "Must(3)", "CompileError", "Must takes 1 values and an error"},
		{"no error", "Must(1, 2)", "CompileError", "cannot use"},
		{"too many", "func f() (int, int, error) { return 1, 2, nil }\nMust(f())", "CompileError", "got 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := newNotebook(t, Options{})
			if e := nb.cellErr(c.code); e.Name != c.class || !strings.Contains(e.Message, c.message) {
				t.Errorf("got %s: %s, want %s: ...%s", e.Name, e.Message, c.class, c.message)
			}
		})
	}
}

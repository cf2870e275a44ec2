package interp

import (
	"strings"
	"testing"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name, code string
		want       string // chunks joined by "|", declarations marked by "D:"
		open       bool
	}{
		{"lines", "x := 1\ny := 2", "x := 1|y := 2", false},
		{"one line", "x := 1; y := 2", "x := 1|y := 2", false},
		{"three clauses", "for i := 0; i < 3; i++ {\n\tx++\n}\ny", "for i := 0; i < 3; i++ {\n\tx++\n}|y", false},
		{"if with init and else", "if v := f(); v > 1 {\n} else if v < 0 {\n} else {\n}; z", "if v := f(); v > 1 {\n} else if v < 0 {\n} else {\n}|z", false},
		{"func literal in a header", "if f := func() int { return 1 }; f() > 0 { x = 1 }\ny", "if f := func() int { return 1 }; f() > 0 { x = 1 }|y", false},
		{"label", "outer:\nfor i := 0; i < 3; i++ {\n}\nx", "outer:\nfor i := 0; i < 3; i++ {\n}|x", false},
		{"switch", "switch x := 1; x {\ncase 1:\n\ty = 2\n}", "switch x := 1; x {\ncase 1:\n\ty = 2\n}", false},
		{"declarations", "import \"fmt\"\ntype T int\nfunc f() {\n}\nfunc (t T) M() int { return 1 }", "D:import \"fmt\"|D:type T int|D:func f() {\n}|D:func (t T) M() int { return 1 }", false},
		{"a function literal is a statement", "func(x int) int { return x }(3)", "func(x int) int { return x }(3)", false},
		{"a literal that returns a function", "func(x int) func() int { return nil }(3)()", "func(x int) func() int { return nil }(3)()", false},
		{"import group", "import (\n\"a\"\n\"b\"\n)\nx", "D:import (\n\"a\"\n\"b\"\n)|x", false},
		{"comment only", "// nothing\n/* here */", "", false},
		{"open bracket", "func f() {\n\tx := 1", "D:func f() {\n\tx := 1", true},
		{"open raw string", "x := `abc", "x := `abc", true},
		{"open comment", "x := 1 /* abc", "x := 1 /* abc", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunks, open := split(c.code)
			var got []string
			for _, ch := range chunks {
				s := strings.TrimSpace(c.code[ch.off:ch.end])
				if ch.decl {
					s = "D:" + s
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "|"); s != c.want || open != c.open {
				t.Errorf("split(%q)\n got %q, open %v\nwant %q, open %v", c.code, s, open, c.want, c.open)
			}
		})
	}
}

package live

import (
	"strings"
	"testing"
)

func TestCgo(t *testing.T) { runScripts(t, "testdata/cgo.txt") }

func TestCgoErrors(t *testing.T) {
	inBothModes(t, func(t *testing.T, e *Engine) {
		execute(t, e, 1, "// #include <math.h>\n// static int one(void) { return 1; }\nimport \"C\"\nC.one()")
		tests := []brokenCell{
			{"C syntax", "/*\nstatic int f(int a) {\n\treturn a +;\n}\n*/\nimport \"C\"\nC.f(1)", 3, 12, "C: expected expression before ';' token", []string{"return a +;"}},
			{"C syntax in line comments", "x := 1\n  // static int f(int a) { return b; }\nimport \"C\"\nC.f(1)", 2, 35, "C: 'b' undeclared (first use in this function)", nil},
			{"missing header", "/*\n#include <no/such.h>\n*/\nimport \"C\"", 2, 10, "C: no/such.h: No such file or directory", nil},
			{"unknown name", "// static int f(void) { return 1; }\nimport \"C\"\nx := 2\nC.g(x)", 4, 1, "could not determine what C.g refers to", []string{"hint"}},
			{"unknown name in a later cell", "y := 2\ny + C.nothing(1)", 2, 5, "could not determine what C.nothing refers to", []string{"hint"}},
			{"detached comment", "// static int f(void) { return 1; }\n\nimport \"C\"\nC.f()", 4, 1, "could not determine what C.f refers to", []string{"directly above"}},
			{"types", "// static int f(int n) { return n; }\nimport \"C\"\nn := 2\nC.f(n)", 4, 5, "cannot use n (variable of type int) as C.int value in argument to (C.f)", nil},
			{"types in a later cell", "C.one(1)", 1, 7, "", []string{"C.one"}},
			{"static variable", "// static int n;\nimport \"C\"\nfmt.Println(\"C.n\")\nC.n + 1", 4, 1, "C.n is a static variable, which Go cannot reach", []string{"leave out static"}},
			{"Go syntax", "// static int f(int n) { return n; }\nimport \"C\"\nn := = 2\nC.f(n)", 3, 6, "expected operand, found '='", nil},
		}
		checkCompileErrors(t, e, tests)
		if v, _ := execute(t, e, 3, "C.one()"); v != "1" {
			t.Errorf("after the errors C.one() is %s", v)
		}
	})
}

// Names of C can be completed in later cells, and stay out of other lists.
func TestCgoComplete(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "// struct pair { int left; };\n// static int half(struct pair p) { return p.left / 2; }\nimport \"C\"\npr := C.struct_pair{left: 4}")
	for code, want := range map[string]string{"C.ha": "half", "x := C.struct_": "struct_pair", "pr.le": "left", "import \"C\"\nC.ha": "half", "import \"C\"\npr": "pr"} {
		c, err := e.Complete(t.Context(), code, len(code))
		if err != nil || len(c.Items) == 0 || c.Items[0].Text != want {
			t.Errorf("%s: %+v, %v, want %s", code, c.Items, err, want)
		}
	}
	for _, v := range e.Variables() {
		if v.Name != "pr" && v.Kind != "package" {
			t.Errorf("the list of variables has %+v", v)
		}
	}
}

// What C code does to the process is told, with the line of the cell.
func TestCgoCrash(t *testing.T) {
	e := engine(t)
	ce, _ := fails(t, t.Context(), e, 1, "// static int f(int *p) { return *p; }\nimport \"C\"\nvar p *C.int\nC.f(p)")
	if ce.Name != "HostDied" || ce.Line != 4 || !strings.Contains(ce.Message, "SIGSEGV") || !strings.Contains(ce.Message, "C code") {
		t.Errorf("%v in cell[%d]:%d", ce, ce.Cell, ce.Line)
	}
	if v, _ := execute(t, e, 2, "1 + 1"); v != "2" {
		t.Errorf("the new host says 1 + 1 = %s", v)
	}
}

func TestCgoInterrupt(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "x := 5")
	ce, _, _ := interruptAfter(t, e, 2, "// #include <unistd.h>\nimport \"C\"\nC.sleep(3600)", 0)
	if all := strings.Join(ce.Traceback, " "); !strings.Contains(all, "left behind") {
		t.Errorf("traceback %s", all)
	}
	if v, _ := execute(t, e, 3, "x"); v != "5" {
		t.Errorf("x is %s", v)
	}
}

func TestCgoWithoutCompiler(t *testing.T) {
	e := engine(t)
	env := e.link.Load().builder.tc.env
	cc := env["CC"]
	defer func() { env["CC"] = cc }()
	env["CC"] = "no-such-cc -m64"
	ce, _ := fails(t, t.Context(), e, 1, "import \"C\"\nC.int(1)")
	if ce.Name != "CompileError" || !strings.Contains(ce.Message, "no-such-cc") || !strings.Contains(ce.Message, "install") {
		t.Errorf("%v", ce)
	}
	if v, _ := execute(t, e, 2, "1 + 1"); v != "2" {
		t.Errorf("a cell without C code: %s", v)
	}
}

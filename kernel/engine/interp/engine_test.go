package interp

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
)

func TestResults(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"value", "40 + 2", "42"},
		{"variable", "x := 3\n---\nx", "3"},
		{"statement", "x := 3", ""},
		{"print gives no result", "fmt.Println(12)", ""},
		{"fprint gives no result", "fmt.Fprintf(os.Stdout, \"a\")", ""},
		{"sprint does", "fmt.Sprint(12)", "12"},
		{"nil error is dropped", "strconv.Atoi(\"12\")", "12"},
		{"error is shown", "strconv.Atoi(\"x\")", "0 strconv.Atoi: parsing \"x\": invalid syntax"},
		{"only a nil error", "func f() error { return nil }\nf()", ""},
		{"several values", "func f() (int, string) { return 1, \"b\" }\nf()", "1 b"},
		{"no value", "func f() {}\nf()", ""},
		{"expression before a declaration", "x := 1\nx\nvar y = 2", ""},
		{"function declaration", "func f() int { return 1 }", ""},
		{"last expression before a function", "f()\nfunc f() int { return 1 }", ""},
		{"empty cell", "", ""},
		{"comment", "// nothing", ""},
		{"nil", "var e error\n---\ne", "<nil>"},
		{"semicolon at the end", "1 + 2;", ""},
	} {
		t.Run(c.name, func(t *testing.T) { shows(t, c.code, c.want) })
	}
	t.Run("silent", func(t *testing.T) {
		nb := newNotebook(t, Options{})
		res, err := nb.e.Execute(t.Context(), core.Cell{Code: "1 + 2", Number: 1, Silent: true}, &recorder{})
		if err != nil || res.Value != nil {
			t.Errorf("got %v, %v; want no value", res.Value, err)
		}
	})
}

func TestOutput(t *testing.T) {
	nb := newNotebook(t, Options{})
	t.Run("stdout", func(t *testing.T) {
		_, r := nb.must("fmt.Print(\"hello, \")\nfmt.Println(\"world\")")
		if got := r.out(); got != "hello, world\n" {
			t.Errorf("stdout is %q", got)
		}
	})
	t.Run("stderr", func(t *testing.T) {
		_, r := nb.must("fmt.Fprintln(os.Stderr, \"oops\")\nprintln(\"built in\", 3)")
		if got := r.err(); got != "oops\nbuilt in 3\n" {
			t.Errorf("stderr is %q", got)
		}
	})
	t.Run("log", func(t *testing.T) {
		_, r := nb.must("log.SetFlags(0)\nlog.Print(\"logged\")")
		if got := r.err(); got != "logged\n" {
			t.Errorf("stderr is %q", got)
		}
	})
	t.Run("display stands between the texts", func(t *testing.T) {
		_, r := nb.must("fmt.Println(1)\nDisplay([]int{2})\nfmt.Println(3)\nDisplay(4)")
		want := "stdout:1\n|display:[2]|stdout:3\n|display:4"
		if got := strings.Join(r.events, "|"); got != want {
			t.Errorf("events are %q, want %q", got, want)
		}
	})
	t.Run("much text", func(t *testing.T) {
		_, r := nb.must("for i := 0; i < 20000; i++ { fmt.Println(\"line\", i, \"äöü\") }")
		if got := r.out(); strings.Count(got, "\n") != 20000 || !strings.HasSuffix(got, "line 19999 äöü\n") || strings.Contains(got, "\ufffd") {
			t.Errorf("%d lines, end %q", strings.Count(got, "\n"), got[max(0, len(got)-40):])
		}
	})
	t.Run("a goroutine prints after its cell", func(t *testing.T) {
		_, r := nb.must("gate, gone := make(chan int), make(chan int)\ngo func() { <-gate; fmt.Println(\"late\"); close(gone) }()")
		if r.out() != "" {
			t.Errorf("too early: %q", r.out())
		}
		_, r = nb.must("close(gate)\n<-gone\nfmt.Println(\"end\")")
		if got := r.out(); got != "late\nend\n" {
			t.Errorf("stdout is %q", got)
		}
	})
	t.Run("input", func(t *testing.T) {
		r := &recorder{answer: "7 apples"}
		_, err := nb.e.Execute(t.Context(), core.Cell{Code: "var n int; var what string\nfmt.Scan(&n, &what)\nfmt.Println(n+1, what)", Number: 50}, r)
		if err != nil || r.out() != "8 apples\n" {
			t.Errorf("stdout is %q, error %v", r.out(), err)
		}
	})
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, code string
		class      string
		message    string // a part of it
		cell       int
		line, col  int
	}{
		{"syntax", "x := := 1", "CompileError", "expected operand", 1, 1, 6},
		{"syntax on a later line", "x := 1\n\ny = = 2", "CompileError", "expected operand", 1, 3, 5},
		{"undefined", "x := 1\nx + undefinedName", "CompileError", "undefined: undefinedName", 1, 2, 5},
		{"undefined package", "nopkg.F()", "CompileError", "undefined: nopkg", 1, 1, 1},
		{"undefined name of a package", "strings.Foo(1)", "CompileError", "undefined: strings.Foo", 1, 1, 1},
		{"undefined field", "x := 1\nx.foo()", "CompileError", "x.foo undefined", 1, 2, 1},
		{"mismatched types", "x := 1\nx + \"a\"", "CompileError", "string", 1, 2, 0},
		{"mismatched literals", "1 + \"a\"", "CompileError", "mismatched types", 1, 1, 1},
		{"in a function", "func f() int {\n\treturn \"a\"\n}", "CompileError", "cannot", 1, 2, 9},
		{"panic", "x := 1\npanic(\"boom\")", "Panic", "boom", 1, 2, 1},
		{"panic in a function of an earlier cell", "func f(i int) int {\n\txs := []int{1}\n\treturn xs[i]\n}\n---\ny := 2\nf(5)", "Panic", "index out of range", 1, 3, 9},
		{"nil map", "var m map[string]int\nm[\"a\"] = 1", "Panic", "nil map", 1, 2, 1},
		{"division", "a, b := 1, 0\na / b", "Panic", "divide by zero", 1, 0, 0},
		{"panic of a library", "regexp.MustCompile(\"(\")", "Panic", "missing closing", 1, 0, 0},
		{"error value", "panic(errors.New(\"an error\"))", "Panic", "an error", 1, 1, 1},
		{"exit", "os.Exit(3)", "Exit", "status 3", 1, 0, 0},
		{"log.Fatal", "log.Fatal(\"bad\")", "Exit", "status 1", 1, 0, 0},
		{"goexit", "runtime.Goexit()", "Exit", "Goexit", 0, 0, 0},
		{"unknown package", "import \"example.com/none\"", "CompileError", "example.com/none is not among", 1, 1, 8},
		{"goto", "func f() {\nL:\n\tgoto L\n}", "CompileError", "goto cannot be interpreted", 1, 3, 2},
		{"cgo", "import \"C\"", "CompileError", "cgo", 1, 1, 8},
		{"method on a generic type", "type S[T any] struct{ x T }\nfunc (s S[T]) Get() T { return s.x }", "CompileError", "methods on generic types", 1, 2, 1},
		{"method on a recursive type", "type L struct{ next *L }\nfunc (l *L) Len() int { return 1 }", "CompileError", "contains itself", 1, 2, 1},
		{"runaway recursion", "func f(n int) int { return f(n+1) + 1 }\nf(0)", "Panic", "stack overflow", 1, 1, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb := newNotebook(t, Options{})
			all := cells(c.code)
			for _, cell := range all[:len(all)-1] {
				nb.must(cell)
			}
			e := nb.cellErr(all[len(all)-1])
			if e.Name != c.class || !strings.Contains(e.Message, c.message) {
				t.Errorf("got %s: %s, want %s: ...%s...", e.Name, e.Message, c.class, c.message)
			}
			if strings.Contains(e.Message, "\n") {
				t.Errorf("the message has several lines: %q", e.Message)
			}
			if c.line > 0 && (e.Cell != c.cell || e.Line != c.line || c.col > 0 && e.Col != c.col) {
				t.Errorf("at cell[%d]:%d:%d, want cell[%d]:%d:%d\n%s", e.Cell, e.Line, e.Col, c.cell, c.line, c.col, strings.Join(e.Traceback, "\n"))
			}
			if v, _ := nb.must("1 + 1"); v != "2" {
				t.Errorf("after the error 1 + 1 is %q", v)
			}
		})
	}
}

// TestLacks checks that what the banner says is missing is missing, and that
// the error names the compiled engine.
func TestLacks(t *testing.T) {
	codes := map[string]string{
		"methods on generic types and on types that contain themselves": "type L struct{ next *L }\nfunc (l *L) Len() int { return 1 }",
		"range over functions":               "func seq(yield func(int) bool) { yield(1) }\nfor v := range seq { fmt.Println(v) }",
		"range over integers other than int": "n := int64(3)\nfor i := range n { fmt.Println(i) }",
		"goto":                               "func f() {\nL:\n\tgoto L\n}",
		"slices, maps, cmp and other packages of generic functions": "import \"slices\"\nslices.Sort([]int{2, 1})",
	}
	for _, what := range lacks {
		t.Run(what, func(t *testing.T) {
			nb := newNotebook(t, Options{})
			e := nb.cellErr(codes[what])
			if e.Name != "CompileError" || !strings.Contains(strings.Join(e.Traceback, "\n"), "--engine=live") {
				t.Errorf("got %s", strings.Join(e.Traceback, "\n"))
			}
		})
	}
	banner := newNotebook(t, Options{NotCompiled: "no such tool"}).e.Info().Banner
	for _, what := range append([]string{"Cells are not compiled here: no such tool"}, lacks...) {
		if !strings.Contains(banner, what) {
			t.Errorf("the banner does not say %q: %s", what, banner)
		}
	}
}

// TestFailedCells checks what a cell that fails leaves behind.
func TestFailedCells(t *testing.T) {
	nb := newNotebook(t, Options{})
	nb.must("x := 1")
	nb.cellErr("x = 2\ny := 3\nundefined()")
	if v, _ := nb.must("x"); v != "1" {
		t.Errorf("x is %s: a cell that does not compile has run", v)
	}
	if e := nb.cellErr("y"); !strings.Contains(e.Message, "undefined") {
		t.Errorf("y: %v", e)
	}
	nb.cellErr("z := 5\npanic(1)\nw := 6")
	if v, _ := nb.must("z"); v != "5" {
		t.Errorf("z is %s", v)
	}
	if e := nb.cellErr("w"); !strings.Contains(e.Message, "undefined") {
		t.Errorf("w: %v", e)
	}
	nb.must("func f() int { return 1 }")
	nb.cellErr("func f() int { return undefined }")
	if v, _ := nb.must("f()"); v != "1" {
		t.Errorf("f() is %s", v)
	}
}

func TestRedefinition(t *testing.T) {
	for _, c := range []struct{ name, code, want string }{
		{"same type: earlier functions see it", "x := 1\nfunc get() int { return x }\n---\nx := 5\n---\nget()", "5"},
		{"same type: pointers see it", "x := 1\np := &x\n---\nx := 7\n---\n*p", "7"},
		{"other type: earlier functions keep the old one", "x := 1\nfunc get() int { return x }\n---\nx := \"s\"\n---\nfmt.Sprint(get(), x)", "1s"},
		{"other numeric type", "x := 1\nfunc get() int { return x }\n---\nx := 2.5\n---\nfmt.Sprint(get(), x)", "1 2.5"},
		{"from its old value", "x := 3\n---\nx := fmt.Sprint(x, x)\n---\nx", "3 3"},
		{"function, same signature", "func f() int { return 1 }\nfunc g() int { return f() }\n---\nfunc f() int { return 2 }\n---\ng()", "2"},
		{"function, other signature", "func f() int { return 1 }\nfunc g() int { return f() }\n---\nfunc f() string { return \"s\" }\n---\nfmt.Sprint(g(), f())", "1s"},
		{"type, word for word", "type T struct { a int }\nv := T{1}\n---\ntype T struct { a int }\nfunc get(t T) int { return t.a }\n---\nget(v)", "1"},
		{"type, changed", "type T struct { a int }\nv := T{1}\n---\ntype T struct { b string }\n---\nT{\"x\"}.b + fmt.Sprint(v.a)", "x1"},
		{"method", "type T int\nfunc (t T) M() int { return 1 }\n---\nfunc (t T) M() int { return 2 }\n---\nT(0).M()", "2"},
		{"const to variable", "const c = 1\n---\nc := 2\n---\nc", "2"},
		{"variable to function", "f := 1\n---\nfunc f() int { return 3 }\n---\nf()", "3"},
		{"err again and again", "a, err := strconv.Atoi(\"1\")\n---\nb, err := strconv.Atoi(\"2\")\n---\nfmt.Sprint(a, b, err)", "1 2 <nil>"},
	} {
		t.Run(c.name, func(t *testing.T) { shows(t, c.code, c.want) })
	}
}

// interrupt runs a cell and cancels it when it has printed something.
func (nb *notebook) interrupt(code string) *core.CellError {
	nb.t.Helper()
	ctx, cancel := context.WithCancel(nb.t.Context())
	defer cancel()
	nb.n++
	r := &recorder{}
	go func() {
		for r.out() == "" && ctx.Err() == nil {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	_, err := nb.e.Execute(ctx, core.Cell{Code: code, Number: nb.n}, r)
	var ce *core.CellError
	if !errors.As(err, &ce) || ce.Name != "Interrupted" {
		nb.t.Fatalf("got %v, want Interrupted\n%s", err, code)
	}
	return ce
}

func TestInterrupt(t *testing.T) {
	nb := newNotebook(t, Options{})
	for _, c := range []struct{ name, code string }{
		{"hot loop", "n := 1\nfmt.Println(\"go\")\nfor { n++ }"},
		{"loop with calls", "n := 0\nfunc inc() { n++; if n == 1 { fmt.Println(\"go\") } }\nfor { inc() }"},
		{"recursion", "n := 0\nfunc fib(i int) int { n++; if n == 1 { fmt.Println(\"go\") }; if i < 2 { return i }; return fib(i-1) + fib(i-2) }\nfib(60)"},
		{"loop that recovers", "n := 0\nfor { func() { defer func() { recover() }(); n++; if n == 1 { fmt.Println(\"go\") } }() }"},
		{"context", "n := 1\nfmt.Println(\"go\")\n<-ctx.Done()"},
	} {
		t.Run(c.name, func(t *testing.T) {
			nb.t = t
			if ce := nb.interrupt(c.code); strings.Contains(ce.Message, "left behind") {
				t.Error(ce)
			}
			if v, _ := nb.must("n > 0"); v != "true" {
				t.Errorf("n > 0 is %q after the interrupt", v)
			}
		})
	}
	t.Run("blocked", func(t *testing.T) {
		nb.t = t
		nb.must("x, gate, passed := 1, make(chan int), false\nfunc setX() { x = 99 }")
		ce := nb.interrupt("fmt.Println(\"go\")\ny := <-gate\npassed = true\nsetX()")
		if !strings.Contains(ce.Message, "left behind") {
			t.Error(ce)
		}
		// The goroutine goes on, but stops before its next statement.
		nb.must("gate <- 1\ntime.Sleep(50 * time.Millisecond)")
		if v, _ := nb.must("fmt.Sprint(x, passed)"); v != "1 false" {
			t.Errorf("x, passed are %q", v)
		}
		if v, _ := nb.must("x := 2\nfunc g() int { return x + 1 }\ng()"); v != "3" {
			t.Errorf("g() is %q", v)
		}
		nb.interrupt("fmt.Println(\"go\")\nfor { x++ }")
	})
}

func TestGoroutinePanic(t *testing.T) {
	nb := newNotebook(t, Options{})
	for _, c := range []struct{ name, code string }{
		{"literal", "done := make(chan int)\ngo func() { defer close(done); panic(\"boom 1\") }()\n<-done"},
		{"function", "done := make(chan int)\nfunc f(s string) { defer close(done); panic(s) }\ngo f(\"boom 2\")\n<-done"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, r := nb.must(c.code)
			for range 12000 { // the report comes after what the cell waits for
				if r.err() != "" {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if !strings.Contains(r.err(), "panic in a goroutine: boom") {
				t.Errorf("stderr is %q", r.err())
			}
		})
	}
}

func TestStartIsIdempotentAndCloseFinal(t *testing.T) {
	e, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	var steps []core.Progress
	for range 2 {
		if err := e.Start(t.Context(), func(p core.Progress) { steps = append(steps, p) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(steps) != 4 || !steps[1].Final || steps[1].Done != 1 {
		t.Errorf("progress is %v", steps)
	}
	for range 2 {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := e.Execute(t.Context(), core.Cell{Code: "1"}, &recorder{}); !errors.Is(err, ErrClosed) {
		t.Errorf("Execute after Close: %v", err)
	}
}

// TestBrokenInterpreter checks that a gomacro that cannot start, or computes
// nonsense, is an error and not a crash.
func TestBrokenInterpreter(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	for name, boot := range map[string]func(*session){
		"does not start": func(*session) { panic("unsupported types.Type: *types.Alias") },
		"computes nonsense": func(s *session) {
			s.boot()
			s.base.DeclFunc("recover", func() any { return 1 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := bootSession(log, nil, boot)
			if err == nil || !strings.Contains(err.Error(), "the interpreter does not work with "+runtime.Version()) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestConsecutiveCells is the plainest use of a notebook.
func TestConsecutiveCells(t *testing.T) {
	nb := newNotebook(t, Options{})
	for _, c := range []struct{ code, want string }{
		{"import \"fmt\"\na := 1\nfmt.Println(a)", "1\n"},
		{"a = 2\nfmt.Println(a)", "2\n"},
		{"func next(x int) int {\n    return x+1\n}\nfmt.Println(\"func defined\")", "func defined\n"},
		{"b := next(1)\nfmt.Println(b)", "2\n"},
	} {
		v, r := nb.must(c.code)
		if v != "" || r.out() != c.want {
			t.Errorf("%s\nresult %q, stdout %q; want none and %q", c.code, v, r.out(), c.want)
		}
	}
}

// TestGODEBUG checks that the interpreter needs no GODEBUG setting: gomacro
// alone panics at its start when a Go toolchain is in the path and
// gotypesalias is not 0.
func TestGODEBUG(t *testing.T) {
	for _, v := range []string{"", "gotypesalias=1"} {
		t.Setenv("GODEBUG", v)
		nb := newNotebook(t, Options{})
		if v, _ := nb.must("import \"go/ast\"\nimport \"reflect\"\nreflect.TypeOf(ast.Ident{}).Name()"); v != "Ident" {
			t.Errorf("got %q", v)
		}
	}
}

// shows runs cells in a notebook of their own and compares what the last one shows.
func shows(t *testing.T, code, want string) {
	t.Helper()
	nb := newNotebook(t, Options{})
	var got string
	for _, cell := range cells(code) {
		got, _ = nb.must(cell)
	}
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

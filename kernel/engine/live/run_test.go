package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"glownotes/kernel/core"
)

// execute runs a cell that must succeed.
func execute(t *testing.T, e *Engine, number int, code string) (value, out string) {
	t.Helper()
	o := new(output)
	r, err := e.Execute(t.Context(), core.Cell{Code: code, Number: number}, o)
	if err != nil {
		t.Fatalf("%s\n%v", code, err)
	}
	if r.Value != nil {
		value = r.Value.Text()
	}
	return value, o.String()
}

// fails runs a cell that must fail.
func fails(t *testing.T, ctx context.Context, e *Engine, number int, code string) (*core.CellError, string) {
	t.Helper()
	o := new(output)
	_, err := e.Execute(ctx, core.Cell{Code: code, Number: number}, o)
	var ce *core.CellError
	if !errors.As(err, &ce) {
		t.Fatalf("%s\nerror %v, want a *core.CellError", code, err)
	}
	if len(ce.Traceback) == 0 {
		t.Errorf("%s\nno traceback", code)
	}
	return ce, o.String()
}

func TestCompileErrors(t *testing.T) { inBothModes(t, testCompileErrors) }

func testCompileErrors(t *testing.T, e *Engine) {
	execute(t, e, 1, "type point struct{ x int }\np := &point{1}\ncount := 3")
	tests := []brokenCell{
		{"several at once", "a := undefinedA\nb := 1\n\tb.c()\nstrings.Foo()", 1, 6, "undefined: undefinedA (and 2 more)",
			[]string{"cell[2]:1:6: ", "undefined: undefinedA", "cell[2]:3:4: ", "cell[2]:4:9: ", "undefined: strings.Foo", "    3 | \x1b[0m\tb.c()", "        \t  \x1b[31m^"}},
		{"unicode columns", `é := "ü"; é + 1`, 1, 11, "", nil},
		{"syntax", "x := = 1", 1, 6, "expected operand, found '='", []string{"^"}},
		{"open bracket", "f := []int{1,\n2", 1, 11, "syntax error: this { is not closed", nil},
		{"in a function", "func f() int {\n\treturn \"x\"\n}", 2, 9, "", []string{"cannot use \"x\""}},
		{"unused in a function", "func f() {\n\tk := 2\n}", 2, 2, "declared and not used: k", nil},
		{"hint for a name", "cuont + 1", 1, 1, "undefined: cuont", []string{"did you mean count?"}},
		{"hint for a member", "strings.Splitt()", 1, 9, "undefined: strings.Splitt", []string{"did you mean strings.Split"}},
		{"unexported names", "p.y = 3", 1, 3, "p.y undefined (type *point (of cell 1) has no field or method y)", nil},
		{"unused value", "1 + 1\nx := 2", 1, 1, "1 + 1 (untyped int constant 2) is not used", []string{"only the last line"}},
		{"import", "import \"no/such/package\"", 1, 8, "", []string{"no/such/package"}},
		{"overflow", "var b byte = 300", 1, 14, "", []string{"300"}},
		{"embed", "x := 1\n//go:embed file.txt\nvar f string", 2, 1, "", []string{"os.ReadFile"}},
		{"missing return", "func f() int {\n}", 2, 1, "missing return", nil},
	}
	checkCompileErrors(t, e, tests)
	if v, _ := execute(t, e, 3, "count"); v != "3" {
		t.Errorf("after the errors count is %s", v)
	}
}

// A brokenCell is a cell that does not compile, and what its error says.
type brokenCell struct {
	name, code string
	line, col  int
	message    string   // "": any
	traceback  []string // all must occur
}

// checkCompileErrors runs each of them as cell 2.
func checkCompileErrors(t *testing.T, e *Engine, tests []brokenCell) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ce, _ := fails(t, t.Context(), e, 2, tt.code)
			if ce.Name != "CompileError" || ce.Cell != 2 || ce.Line != tt.line || ce.Col != tt.col {
				t.Errorf("got %s in cell[%d]:%d:%d (%s), want CompileError in cell[2]:%d:%d", ce.Name, ce.Cell, ce.Line, ce.Col, ce.Message, tt.line, tt.col)
			}
			if tt.message != "" && ce.Message != tt.message {
				t.Errorf("message %q, want %q", ce.Message, tt.message)
			}
			all := strings.Join(ce.Traceback, "\n")
			for _, part := range tt.traceback {
				if !strings.Contains(all, part) {
					t.Errorf("the traceback lacks %q:\n%s", part, all)
				}
			}
			if strings.Contains(all, mark) || strings.Contains(all, cellPrefix) {
				t.Errorf("the traceback shows generated names:\n%s", all)
			}
		})
	}
}

func TestPanics(t *testing.T) { inBothModes(t, testPanics) }

func testPanics(t *testing.T, e *Engine) {
	execute(t, e, 1, "func boom(i int) int {\n\txs := []int{1, 2, 3}\n\treturn xs[i]\n}\nkept := 7")
	ce, _ := fails(t, t.Context(), e, 2, "a := 1\n\nboom(7 + a)")
	if want := "runtime error: index out of range [8] with length 3"; ce.Name != "Panic" || ce.Message != want {
		t.Errorf("%s: %s, want %s", ce.Name, ce.Message, want)
	}
	if ce.Cell != 1 || ce.Line != 3 {
		t.Errorf("in cell[%d]:%d, want cell[1]:3", ce.Cell, ce.Line)
	}
	all := strings.Join(ce.Traceback, "\n")
	for _, part := range []string{"cell[1]:3 in boom", "return xs[i]", "cell[2]:3", "boom(7 + a)"} {
		if !strings.Contains(all, part) {
			t.Errorf("the traceback lacks %q:\n%s", part, all)
		}
	}
	if strings.Contains(all, "runtime.") || strings.Contains(all, mark) {
		t.Errorf("the traceback shows the engine:\n%s", all)
	}
	ce, out := fails(t, t.Context(), e, 3, "var wg sync.WaitGroup\nwg.Add(1)\ngo func() {\n\tdefer wg.Done()\n\tpanic(\"in g\")\n}()\nwg.Wait()\ntime.Sleep(time.Second)\nfmt.Println(\"alive\")")
	if ce.Message != "in g" || ce.Line != 5 || !strings.Contains(out, "in g") || !strings.HasSuffix(out, "alive\n") {
		t.Errorf("goroutine panic: %v, output %q", ce, out)
	}
	ce, out = fails(t, t.Context(), e, 4, "fmt.Println(\"before\")\nos.Exit(3)")
	if ce.Name != "Exit" || !strings.Contains(ce.Message, "os.Exit(3)") || out != "before\n" {
		t.Errorf("os.Exit: %v, output %q", ce, out)
	}
	ce, out = fails(t, t.Context(), e, 8, "log.SetFlags(0)\nlog.Fatal(\"bye\")")
	if all := strings.Join(ce.Traceback, "\n"); ce.Name != "Exit" || ce.Line != 2 || out != "!bye\n" || strings.Contains(all, "cellrt") {
		t.Errorf("log.Fatal: %v, output %q\n%s", ce, out, all)
	}
	ce, _ = fails(t, t.Context(), e, 7, "answer := make(chan int)\ngo func() { var m map[int]int; m[0] = 1; answer <- 1 }()\n<-answer")
	if ce.Name != "Panic" || ce.Line != 2 || !strings.Contains(strings.Join(ce.Traceback, " "), "waited") {
		t.Errorf("waiting for a goroutine that panicked: %v %v", ce, ce.Traceback)
	}
	if ce, _ = fails(t, t.Context(), e, 5, "runtime.Goexit()"); ce.Name != "Goexit" {
		t.Errorf("Goexit: %v", ce)
	}
	if v, _ := execute(t, e, 6, "kept, a"); v != "7 1" {
		t.Errorf("variables after the panics: %s", v)
	}
}

func TestStack(t *testing.T) {
	inBothModes(t, func(t *testing.T, e *Engine) {
		e.noteFailure(nil)
		stack := func(want ...string) {
			t.Helper()
			text, err := e.Stack(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("the stack lacks %q:\n%s", w, text)
				}
			}
			if strings.Contains(text, mark) || strings.Contains(text, "cellhost") || strings.Contains(text, "cellrt") {
				t.Errorf("the stack shows the engine:\n%s", text)
			}
		}
		stack("no cell is running")
		execute(t, e, 1, "func inner(xs []int) int {\n\treturn xs[3]\n}\nfunc wait(c chan int) {\n\t<-c\n}")
		fails(t, t.Context(), e, 2, "a := 1\n\nslices.SortFunc([]int{2, 1}, func(x, y int) int { return inner(nil) + a })")
		stack("cell[2] failed: runtime error: index out of range", "inner\n\tcell[1]:2\treturn xs[3]", "slices.", "cell[2]:3\tslices.SortFunc")

		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		out := new(output)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			e.Execute(ctx, core.Cell{Code: "fmt.Println(\"go\")\nwait(nil)", Number: 3}, out)
		}()
		for out.String() == "" {
			time.Sleep(time.Millisecond)
		}
		for { // until it has come to the channel
			text, err := e.Goroutines(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(text, "chan receive (nil chan)") {
				if !strings.Contains(text, "cell[1]:5") || !strings.Contains(text, "cell[3]:2") {
					t.Errorf("the goroutines lack lines of cells:\n%s", text)
				}
				break
			}
			time.Sleep(time.Millisecond)
		}
		stack("cell[3] is running [chan receive (nil chan)]", "wait\n\tcell[1]:5\t<-c", "top level\n\tcell[3]:2\twait(nil)")
		stop()
		<-ended
		stack("cell[3] failed: the cell did not stop", "cell[1]:5")

		fails(t, t.Context(), e, 4, "func r(n int) int {\n\treturn r(n+1) + 1\n}\nr(0)")
		stack("cell[4] ended the process", "stack overflow", "cell[4]:2")
	})
}

// interruptAfter runs a cell and interrupts it.
func interruptAfter(t *testing.T, e *Engine, number int, code string, after time.Duration) (ce *core.CellError, out string, took time.Duration) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var at time.Time
	defer cancel()
	o := new(output)
	go func() {
		for !strings.Contains(o.String(), "go") {
			time.Sleep(time.Millisecond)
			if t.Context().Err() != nil {
				return
			}
		}
		time.Sleep(after)
		at = time.Now()
		cancel()
	}()
	_, err := e.Execute(ctx, core.Cell{Code: "fmt.Println(\"go\")\n" + code, Number: number}, o)
	took = time.Since(at)
	if !errors.As(err, &ce) || ce.Name != "Interrupted" {
		t.Fatalf("%s\nerror %v, want Interrupted", code, err)
	}
	return ce, o.String(), took
}

func TestInterrupt(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "i := 0\nback := 0\ngo func() { for { back++; time.Sleep(time.Millisecond) } }()")
	for name, tt := range map[string]struct {
		code string
		left bool // the goroutine is left behind
	}{
		"hot loop":      {"for { i++ }", false},
		"counted loop":  {"for k := 0; k < 1<<62; k++ { i++ }", false},
		"sleep":         {"time.Sleep(time.Hour)", false},
		"loop of calls": {"func step() { i++ }\nfunc spin() { for { step() } }\nspin()", false},
		"context":       {"<-ctx.Done()", false},
		"workers":       {"var wg sync.WaitGroup\nfor range 3 { wg.Go(func() { for { i++ } }) }\nwg.Wait()", false},
		"channel":       {"<-make(chan int)", true},
	} {
		t.Run(name, func(t *testing.T) {
			ce, _, took := interruptAfter(t, e, 2, tt.code, 20*time.Millisecond)
			left := strings.Contains(strings.Join(ce.Traceback, " "), "left behind")
			if left != tt.left {
				t.Errorf("left behind: %v, want %v; %v", left, tt.left, ce.Traceback)
			}
			if took > time.Minute {
				t.Errorf("took %v", took)
			}
		})
	}
	v, _ := execute(t, e, 3, "before := back\nfor end := time.Now().Add(time.Minute); back == before && time.Now().Before(end); {\n\ttime.Sleep(time.Millisecond)\n}\ni > 0, back > before")
	if v != "true true" {
		t.Errorf("after the interrupts: variable kept, goroutine of an earlier cell runs: %s", v)
	}
}

func TestInterruptBeforeRun(t *testing.T) {
	e := engine(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ce, _ := fails(t, ctx, e, 1, "x := 1")
	if ce.Name != "Interrupted" {
		t.Errorf("got %v", ce)
	}
}

func TestHostDies(t *testing.T) {
	e := engine(t)
	for _, tt := range []struct{ name, code, reason string }{
		{"fatal error", "m := map[int]int{}\nfor g := range 4 { go func() { for { m[g]++ } }() }\ntime.Sleep(time.Minute)", "concurrent map"},
		{"stack overflow", "func r(n int) int { return r(n+1) + 1 }\nr(0)", "stack overflow"},
		{"timer", "after := time.AfterFunc\nafter(time.Millisecond, func() { panic(\"tick\") })\ntime.Sleep(time.Minute)", "panic: tick"},
		{"memory", "x := make([]byte, 1<<46)", "out of memory"},
		{"kill", "p, _ := os.FindProcess(os.Getpid())\np.Kill()\ntime.Sleep(time.Minute)", "killed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			execute(t, e, 1, "before := 1")
			ce, _ := fails(t, t.Context(), e, 2, tt.code)
			if ce.Name != "HostDied" || !strings.Contains(ce.Message, tt.reason) {
				t.Errorf("got %v, want HostDied with %q", ce, tt.reason)
			}
			if all := strings.Join(ce.Traceback, "\n"); !strings.Contains(all, "lost") {
				t.Errorf("the loss of variables is not said:\n%s", all)
			}
			if v, _ := execute(t, e, 3, "1 + 1"); v != "2" {
				t.Errorf("the new host says 1 + 1 = %s", v)
			}
			if ce, _ := fails(t, t.Context(), e, 4, "before"); ce.Message != "undefined: before" {
				t.Errorf("before: %v", ce)
			}
		})
	}
}

// A training cell that saved its checkpoint is not trained again by a replay.
func TestReplayTraining(t *testing.T) {
	e := engine(t)
	if err := e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	cells := []string{
		"type counting struct { data.Dataset; loads *int }\n" +
			"func (c counting) Load(idx []int) (x, y data.Images, err error) { *c.loads++; return c.Dataset.Load(idx) }",
		"loads := 0\nd := counting{Must(data.Silhouettes(data.Silhouettes32())), &loads}",
		"cfg := cglow.Quick32()\ncfg.X, cfg.Y = d.Shapes()\ncfg.Tile, cfg.Levels, cfg.Steps = 1, 1, 1\nm := Must(cglow.New(cfg, 3))",
		"run := train.Quick(3)\nrun.Checkpoints = " + strconv.Quote(t.TempDir()) + "\nresult := Must(train.Run(ctx, m, d, run, nil))",
		"replayed := os.Getenv(\"GLOWNOTES_REPLAY\")",
	}
	for i, c := range cells {
		execute(t, e, i+1, c)
	}
	const state = "loads, m.Trained(), result.Steps, len(result.Curve), result.Curve[2], replayed"
	before, _ := execute(t, e, 6, state)
	if !strings.HasPrefix(before, "4 3 3 3 ") {
		t.Fatalf("after training: %s", before)
	}
	ce, _ := fails(t, t.Context(), e, 7, "p, _ := os.FindProcess(os.Getpid())\np.Kill()\n<-ctx.Done()")
	if all := strings.Join(ce.Traceback, "\n"); !strings.Contains(all, "checkpoints is not repeated") {
		t.Errorf("the replay is not offered:\n%s", all)
	}
	if err := e.Replay(t.Context(), new(output)); err != nil {
		t.Fatal(err)
	}
	after, _ := execute(t, e, 8, state)
	if want := "0" + strings.TrimPrefix(before, "4") + "1"; after != want {
		t.Errorf("after the replay %s, want %s", after, want)
	}
	if v, _ := execute(t, e, 9, "os.Getenv(\"GLOWNOTES_REPLAY\")"); v != "" {
		t.Errorf("a later cell runs as a replay: %q", v)
	}
}

func TestLateOutput(t *testing.T) {
	e := engine(t)
	first := new(output)
	code := "turn := make(chan bool)\ngo func() { <-turn; fmt.Println(\"late\"); display.Show(\"shown\"); turn <- true }()\nfmt.Println(\"now\")"
	if _, err := e.Execute(t.Context(), core.Cell{Code: code, Number: 1}, first); err != nil {
		t.Fatal(err)
	}
	if _, out := execute(t, e, 2, "turn <- true\n<-turn\nfmt.Println(\"second\")"); out != "second\n" {
		t.Errorf("the second cell shows %q", out)
	}
	if got, want := first.String(), "now\nlate\n[show shown]"; got != want {
		t.Errorf("the first cell shows %q, want %q", got, want)
	}
}

func TestOrderAndVolume(t *testing.T) {
	e := engine(t)
	_, out := execute(t, e, 1, "for i := range 200 {\n\tfmt.Println(\"line\", i)\n\tdisplay.Show(i)\n}")
	var want strings.Builder
	for i := range 200 {
		n := strconv.Itoa(i)
		want.WriteString("line " + n + "\n[show " + n + "]")
	}
	if out != want.String() {
		t.Errorf("text and displays lost their order:\n%.300s", out)
	}
	_, out = execute(t, e, 2, "for i := range 100000 { fmt.Println(i) }")
	if n := strings.Count(out, "\n"); n != 100000 {
		t.Errorf("%d of 100000 lines", n)
	}
	_, out = execute(t, e, 3, "os.Stdout.WriteString(strings.Repeat(\"äöü\", 100000))")
	if out != strings.Repeat("äöü", 100000) {
		t.Errorf("a long text was changed: %d bytes", len(out))
	}
}

func TestInput(t *testing.T) {
	e := engine(t)
	out := &output{inputs: []string{"Ada", "36", "x y"}}
	code := "name, err := Input(\"name? \")\nvar age int\nfmt.Scanln(&age)\nsc := bufio.NewScanner(os.Stdin)\nsc.Scan()\nname, err, age, sc.Text()"
	r, err := e.Execute(t.Context(), core.Cell{Code: code, Number: 1}, out)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.Value.Text(), "Ada <nil> 36 x y"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
	if v, _ := execute(t, e, 2, "_, err := Password(\"?\")\nerr"); !strings.Contains(v, "cannot ask") {
		t.Errorf("without a front end that asks: %s", v)
	}
}

// A kernel that is killed leaves no host behind, and no tools that wait.
func TestKilledKernelLeavesNoHost(t *testing.T) {
	if os.Getenv("GLOWNOTES_TEST_CHILD") != "" {
		e, err := New(Options{ModuleRoot: "../../.."})
		if err == nil {
			err = e.Start(context.Background(), nil)
		}
		if err != nil {
			fmt.Println("error", err)
			return
		}
		b := e.link.Load().builder
		b.getReady()
		fmt.Println("host", e.proc.cmd.Process.Pid, b.ahead.next.compile.cmd.Process.Pid, b.ahead.next.link.cmd.Process.Pid)
		time.Sleep(time.Minute)
		return
	}
	engine(t) // builds what the child needs, or skips
	child := exec.Command(os.Args[0], "-test.run=^TestKilledKernelLeavesNoHost$")
	child.Env = append(os.Environ(), "GLOWNOTES_TEST_CHILD=1")
	pipe, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var pids [3]int
	if _, err := fmt.Fscanf(pipe, "host %d %d %d\n", &pids[0], &pids[1], &pids[2]); err != nil {
		t.Fatal(err)
	}
	child.Process.Kill()
	child.Wait()
	for i, pid := range pids {
		if !gone(pid) {
			t.Errorf("%s %d still runs", [...]string{"host", "compile", "link"}[i], pid)
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

package live

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
)

// beside runs a cell in the background until it has printed, and returns its
// output, what ends it and how it ended.
func beside(t *testing.T, e *Engine, number int, code string) (*output, context.CancelFunc, <-chan error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	out, done := new(output), make(chan error, 1)
	go func() {
		_, err := e.Execute(ctx, core.Cell{Code: code, Number: number}, out)
		done <- err
	}()
	for out.String() == "" {
		select {
		case err := <-done:
			t.Fatalf("cell %d ended early: %v", number, err)
		case <-time.After(time.Millisecond):
		}
	}
	return out, cancel, done
}

// TestParallel: two cells run at the same time, share variables, print each
// under itself, and are interrupted one by one.
func TestParallel(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "stop := make(chan bool)\nsteps := 0")
	long, cancel, done := beside(t, e, 2, "fmt.Println(\"training\")\nfor {\n\tselect {\n\tcase <-stop:\n\t\tfmt.Println(\"stopped\")\n\t\treturn\n\tdefault:\n\t\tsteps++\n\t\tfmt.Println(\"step\")\n\t\ttime.Sleep(time.Millisecond)\n\t}\n}")
	_, out := execute(t, e, 3, "double := func(x int) int { return 2*x }\nfor range 200 {\n\tfmt.Println(\"other\", double(21))\n\ttime.Sleep(100*time.Microsecond)\n}")
	if want := strings.Repeat("other 42\n", 200); out != want {
		t.Errorf("the second cell shows %.300q", out)
	}
	if v, _ := execute(t, e, 4, "steps > 0"); v != "true" {
		t.Errorf("steps > 0 is %s", v)
	}
	loop, interrupt, ended := beside(t, e, 5, "fmt.Println(\"loop\")\nfor {\n}")
	interrupt()
	var ce *core.CellError
	if err := <-ended; !errors.As(err, &ce) || ce.Name != "Interrupted" || loop.String() != "loop\n" {
		t.Errorf("the interrupted cell: %v, %q", err, loop)
	}
	before := len(long.String())
	within(t, "the other cell goes on", func() bool { return len(long.String()) > before })
	execute(t, e, 6, "stop <- true")
	if err := <-done; err != nil {
		t.Errorf("the long cell: %v", err)
	}
	text := long.String()
	if !strings.HasPrefix(text, "training\nstep\n") || !strings.HasSuffix(text, "step\nstopped\n") || strings.Contains(text, "other") || strings.Contains(text, "loop") {
		t.Errorf("the long cell shows %.300q", text)
	}
	cancel()
}

// TestParallelHostDies: every cell that runs in a host that dies is told so,
// and one new host takes its place.
func TestParallelHostDies(t *testing.T) {
	e := engine(t)
	_, _, done := beside(t, e, 1, "fmt.Println(\"waiting\")\ntime.Sleep(time.Hour)")
	var ce *core.CellError
	_, err := e.Execute(t.Context(), core.Cell{Code: "p, _ := os.FindProcess(os.Getpid())\np.Kill()\ntime.Sleep(time.Minute)", Number: 2}, new(output))
	if !errors.As(err, &ce) || ce.Name != "HostDied" {
		t.Errorf("the cell that killed the host: %v", err)
	}
	if err := <-done; !errors.As(err, &ce) || ce.Name != "HostDied" || ce.Cell != 1 {
		t.Errorf("the cell beside it: %v", err)
	}
	if v, _ := execute(t, e, 3, "1 + 1"); v != "2" {
		t.Errorf("the new host says %s", v)
	}
}

// TestValuesWhileRunning: numbers can be looked at while a cell changes them;
// what could be read half written is not touched.
func TestValuesWhileRunning(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "epoch := 0\nrate := 0.5\nname := \"run\"\ndone := false")
	_, cancel, ended := beside(t, e, 2, "epoch = 7\nfmt.Println(\"go\")\nfor {\n\ttime.Sleep(time.Millisecond)\n}")
	for name, want := range map[string]string{"epoch": "7", "rate": "0.5", "done": "false", "name": ""} {
		var got string
		for range 60 { // a host that is held up for a second is not waited for
			if got, _ = e.valueOf(mark + name); got == want {
				break
			}
		}
		if got != want {
			t.Errorf("%s = %q while a cell runs, want %q", name, got, want)
		}
	}
	cancel()
	<-ended
	if got, _ := e.valueOf(mark + "name"); got != "run" {
		t.Errorf("name = %q afterwards", got)
	}
}

// TestRawOutput: what does not go through package fmt is shown too, in its
// order: bytes that C code would write, the builtin println, other processes,
// package log.
func TestRawOutput(t *testing.T) {
	e := engine(t)
	_, out := execute(t, e, 1, `fmt.Println("one")
syscall.Write(1, []byte("two\n"))
cmd := exec.Command("echo", "three")
cmd.Stdout = os.Stdout
cmd.Run()
fmt.Println("four")`)
	if want := "one\ntwo\nthree\nfour\n"; out != want {
		t.Errorf("standard output shows %q, want %q", out, want)
	}
	if _, out = execute(t, e, 2, "println(\"built in\", 7)\nlog.SetFlags(0)\nlog.Println(\"logged\")"); strings.ReplaceAll(out, "!", "") != "built in 7\nlogged\n" || out[0] != '!' {
		t.Errorf("standard error shows %q", out)
	}
}

// TestLateLog: package log belongs to the cell that started the goroutine.
func TestLateLog(t *testing.T) {
	e := engine(t)
	first := new(output)
	code := "log.SetFlags(0)\nturn := make(chan bool)\ngo func() { <-turn; log.Println(\"late\"); turn <- true }()"
	if _, err := e.Execute(t.Context(), core.Cell{Code: code, Number: 1}, first); err != nil {
		t.Fatal(err)
	}
	if _, out := execute(t, e, 2, "turn <- true\n<-turn\nlog.Println(\"second\")"); out != "!second\n" {
		t.Errorf("the second cell shows %q", out)
	}
	if got := first.String(); got != "!late\n" {
		t.Errorf("the first cell shows %q", got)
	}
}

// TestDeadlock: a cell that waits for ever is told so, and an interrupt ends it
// with what it waits for.
func TestDeadlock(t *testing.T) { inBothModes(t, testDeadlock) }

func testDeadlock(t *testing.T, e *Engine) {
	out, interrupt, done := beside(t, e, 1, "var m sync.Mutex\nm.Lock()\nm.Lock()")
	if want := "!note: cell[1]:3 waits (sync.Mutex.Lock)"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("the cell shows %q, want %q", out, want)
	}
	interrupt()
	var ce *core.CellError
	if err := <-done; !errors.As(err, &ce) || ce.Name != "Interrupted" || !strings.Contains(strings.Join(ce.Traceback, "\n"), "sync.Mutex.Lock") {
		t.Errorf("ended by %v", err)
	}
}

// TestReplayOrder: cells that ran beside each other are replayed in the order in
// which they were loaded, whichever ended first.
func TestReplayOrder(t *testing.T) {
	e := engine(t)
	if err := e.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, _, done := beside(t, e, 1, "started := 1\nfmt.Println(\"long\")\ntime.Sleep(500*time.Millisecond)")
	execute(t, e, 2, "started++")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	fails(t, t.Context(), e, 3, "p, _ := os.FindProcess(os.Getpid())\np.Kill()\ntime.Sleep(time.Minute)")
	if err := e.Replay(t.Context(), new(output)); err != nil {
		t.Fatal(err)
	}
	if v, _ := execute(t, e, 4, "started"); v != "2" {
		t.Errorf("started is %s, want 2", v)
	}
}

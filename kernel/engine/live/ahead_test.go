package live

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"glownotes/kernel/core"
)

// waits returns the tools that wait for the next cell, once they are there.
func waits(t *testing.T, e *Engine) *bench {
	t.Helper()
	b := e.link.Load().builder
	b.getReady()
	b.ahead.mu.Lock()
	defer b.ahead.mu.Unlock()
	if b.ahead.next == nil {
		t.Fatal("no tools wait")
	}
	return b.ahead.next
}

// own returns an engine that no other test uses.
func own(t *testing.T, mode Mode) *Engine {
	t.Helper()
	if e := engineOf(t, mode); mode == Image && e.packages().image == nil {
		t.Skip(e.noImage)
	}
	e, err := New(Options{ModuleRoot: "../../..", Mode: mode})
	if err == nil {
		err = e.Start(t.Context(), nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// A cell takes the tools that wait, and those for the next one are started.
func TestToolsWait(t *testing.T) {
	for _, mode := range []Mode{Plain, Image} {
		t.Run(fmt.Sprint("mode=", mode), func(t *testing.T) {
			e := own(t, mode)
			for n := range 3 {
				tools := waits(t, e)
				if _, out := execute(t, e, n+1, fmt.Sprintf("v%d := %d\nfmt.Println(v%d)", n, n, n)); out != fmt.Sprintln(n) {
					t.Errorf("printed %q", out)
				}
				for name, w := range map[string]*waitingTool{"compile": tools.compile, "link": tools.link} {
					if !used(w) {
						t.Errorf("cell %d did not use the %s that waited", n+1, name)
					}
				}
			}
		})
	}
}

// used tells whether a tool has done its work. The linker fails in image mode,
// at its last step, which is not its.
func used(w *waitingTool) bool {
	select {
	case <-w.ended:
		return w.err == nil || stoppedThere.Match(w.out.Bytes())
	default:
		return false
	}
}

// Cells run as ever when the tools that wait have been killed, do not
// understand how they get their arguments, or cannot be started.
func TestToolsThatDoNotWait(t *testing.T) {
	e := own(t, Image)
	b := e.link.Load().builder
	number := 0
	check := func(what string) {
		t.Helper()
		number++
		if _, out := execute(t, e, number, "fmt.Println(6 * 7)"); out != "42\n" {
			t.Errorf("%s: printed %q", what, out)
		}
	}
	tools := waits(t, e)
	for _, w := range []*waitingTool{tools.compile, tools.link} {
		if err := w.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-w.ended
	}
	check("killed")

	deaf, err := startWaiting("/bin/false", tools.dir, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	old := waits(t, e).compile
	b.ahead.next.compile = deaf
	check("deaf")
	old.end()
	if !b.ahead.off {
		t.Error("after a tool failed only because it had waited, others are started")
	}
	check("none")
}

// What is wrong with a cell is said by the tool that starts when the one that
// waited has failed; the next cell finds tools that wait.
func TestWaitingToolRefuses(t *testing.T) {
	inBothModes(t, func(t *testing.T, e *Engine) {
		waits(t, e)
		_, err := e.Execute(t.Context(), core.Cell{Code: "var big [1 << 50]byte\nfmt.Println(len(big))", Number: 1}, new(output))
		if err == nil || !strings.Contains(err.Error(), "larger than address space") {
			t.Errorf("error %v", err)
		}
		tools := waits(t, e)
		execute(t, e, 2, "fmt.Println(1)")
		if !used(tools.compile) {
			t.Error("after an error no tool waited")
		}
	})
}

// A host that dies leaves the tools as they are; a kernel that ends ends them.
func TestToolsEnd(t *testing.T) {
	e := own(t, Image)
	execute(t, e, 1, "fmt.Println(1)")
	tools := waits(t, e)
	fails(t, t.Context(), e, 2, "p, _ := os.FindProcess(os.Getpid())\np.Kill()\n<-ctx.Done()")
	if !used(tools.compile) || !used(tools.link) {
		t.Error("the cell that killed the host did not use the tools that waited")
	}
	tools = waits(t, e)
	execute(t, e, 3, "fmt.Println(2)")
	if !used(tools.compile) {
		t.Error("the new host's first cell did not use the tools that waited")
	}
	tools = waits(t, e)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, w := range []*waitingTool{tools.compile, tools.link} {
		<-w.ended
		if err := syscall.Kill(w.cmd.Process.Pid, 0); err == nil {
			t.Errorf("process %d lives after Close", w.cmd.Process.Pid)
		}
	}
}

// gone waits until a process has ended, which nobody here may reap.
func gone(pid int) bool {
	for range 500 {
		if err := syscall.Kill(pid, 0); err != nil {
			return true
		}
		if data, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); strings.Contains(string(data), ") Z ") {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

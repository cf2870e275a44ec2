package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"glownotes/kernel/nb"
	"glownotes/kernel/sweep"
)

// sweepCells are a notebook that counts steps as a training would: it keeps
// a checkpoint, goes on from it, and leaves a result. The first attempt of
// width 8 waits in its middle to be killed, or to be told to stop.
var sweepCells = []string{
	"width := 4\nsteps := 12\nout := \"\"",
	`done := 0
if text, err := os.ReadFile(filepath.Join(out, "checkpoint")); err == nil {
	fmt.Sscan(string(text), &done)
}
for done < steps {
	done++
	f := Must(os.OpenFile(filepath.Join(out, "steps"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644))
	fmt.Fprintln(f, done)
	f.Close()
	if _, err := os.Stat(filepath.Join(out, "waited")); width == 8 && done == 10 && err != nil {
		Must(0, os.WriteFile(filepath.Join(out, "waited"), nil, 0o644))
		<-ctx.Done()
		os.ReadFile(filepath.Join(out, "slow")) // where a test has made a pipe, saving takes until it writes
		Must(0, os.WriteFile(filepath.Join(out, "checkpoint"), []byte(fmt.Sprint(done)), 0o644))
	}
	if done%4 == 0 {
		Must(0, os.WriteFile(filepath.Join(out, "checkpoint"), []byte(fmt.Sprint(done)), 0o644))
	}
}`,
	"Must(0, os.WriteFile(filepath.Join(out, \"result.json\"), fmt.Appendf(nil, `{\"score\": %d}`, 100*width), 0o644))",
}

// sweepNotebook writes a notebook of sweepCells.
func sweepNotebook(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "demo.ipynb")
	writeNotebook(t, path, sweepCells...)
	n, err := nb.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n.Cells[0].Metadata["tags"] = []any{"parameters"}
	if err := n.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSweep is the command with real workers and the real engine: a grid of
// two, one worker killed, the table, and a second call that does what is new.
func TestSweep(t *testing.T) {
	if testing.Short() {
		t.Skip("starts the engine several times")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	notebook := sweepNotebook(t)
	dir := strings.TrimSuffix(notebook, ".ipynb") + ".sweep"
	run := func(args ...string) (*exec.Cmd, *bytes.Buffer) {
		cmd := command(t, program, append([]string{"sweep", notebook}, args...)...)
		out := &bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = out, out
		return cmd, out
	}
	cmd, out := run("--grid", "width=4,8", "--local", "2")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killWaiting(t, dir)
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "another one takes over") {
		t.Fatalf("%v\n%s", err, out)
	}
	p, err := sweep.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tableRows(t, p, "width, state, score, attempts"), "4 done 400 1|8 done 800 2"; got != want {
		t.Errorf("table: %q, want %q\n%s", got, want, out)
	}
	text, err := os.ReadFile(filepath.Join(p.RunDir(1), "steps"))
	if got, want := strings.Join(strings.Fields(string(text)), " "), "1 2 3 4 5 6 7 8 9 10 9 10 11 12"; err != nil || got != want {
		t.Errorf("steps of the run that lost its worker: %s, want %s (%v)", got, want, err)
	}
	cmd, out = run("--grid", "width=4,6,8")
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "3 runs in") || !strings.Contains(out.String(), "2 done, 1 to do") {
		t.Errorf("second call: %v\n%s", err, out)
	}
	if got, want := tableRows(t, p, "width, score, attempts"), "4 400 1|8 800 2|6 600 1"; got != want {
		t.Errorf("table: %q, want %q", got, want)
	}
	executed, err := nb.ReadFile(filepath.Join(p.RunDir(0), "notebook.ipynb"))
	if err != nil || executed.Cells[1].ExecutionCount != 2 {
		t.Errorf("the executed notebook of a run: %v", err)
	}
}

// TestSweepWorkStops ends a worker as batch systems do: SIGTERM to all of its
// processes, more than once. The cell is interrupted and the run goes on later.
func TestSweepWorkStops(t *testing.T) {
	if runtime.GOOS != "linux" || testing.Short() {
		t.Skip("finds processes in /proc, and starts the engine")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	notebook := sweepNotebook(t)
	dir := strings.TrimSuffix(notebook, ".ipynb") + ".sweep"
	axis := sweep.Axis{Name: "width", Values: []string{"4", "8"}}
	points, err := sweep.Expand(nil, []sweep.Axis{axis})
	if err != nil {
		t.Fatal(err)
	}
	p, err := sweep.Update(dir, notebook, filepath.Dir(notebook), points, 0)
	if err != nil {
		t.Fatal(err)
	}
	work := func() *exec.Cmd { return command(t, program, "sweep", "work", dir, "--index=1") }
	cmd := work()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitInMiddle(t, dir)
	family := []int{cmd.Process.Pid}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", cmd.Process.Pid))
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for _, f := range strings.Fields(string(text)) {
			pid, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			family = append(family, pid)
		}
	}
	if len(family) < 2 {
		t.Error("the worker has no cell host")
	}
	for range 2 {
		for _, pid := range slices.Backward(family) {
			if p, err := os.FindProcess(pid); err == nil {
				p.Signal(syscall.SIGTERM)
			}
		}
	}
	cmd.Wait()
	if code, s := cmd.ProcessState.ExitCode(), p.Status(1); code != exitInterrupted || s.State != sweep.Stopped {
		t.Errorf("exit code %d, state %s (%s); want %d and stopped", code, s.State, s.Error, exitInterrupted)
	}
	// The cell saw ctx end and saved.
	if text, err := os.ReadFile(filepath.Join(p.RunDir(1), "checkpoint")); err != nil || string(text) != "10" {
		t.Errorf("checkpoint %q, want 10: the cell was not left time to save (%v)", text, err)
	}
	if out, err := work().CombinedOutput(); err != nil || p.Status(1).State != sweep.Done {
		t.Errorf("taken up again: %v\n%s", err, out)
	}
}

// TestSweepWorkSaves stops a worker whose cell takes longer to save than a
// person at a notebook would wait.
func TestSweepWorkSaves(t *testing.T) {
	mkfifo, err := exec.LookPath("mkfifo")
	if err != nil || testing.Short() {
		t.Skip("needs named pipes, and starts the engine")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	notebook := sweepNotebook(t)
	points, err := sweep.Expand(nil, []sweep.Axis{{Name: "width", Values: []string{"8"}}})
	if err != nil {
		t.Fatal(err)
	}
	dir := strings.TrimSuffix(notebook, ".ipynb") + ".sweep"
	p, err := sweep.Update(dir, notebook, filepath.Dir(notebook), points, 0)
	if err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(p.RunDir(0), "slow")
	if err := errors.Join(os.MkdirAll(p.RunDir(0), 0o755), command(t, mkfifo, pipe).Run()); err != nil {
		t.Fatal(err)
	}
	cmd := command(t, program, "sweep", "work", dir, "--index=0")
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitInMiddle(t, dir)
	cmd.Process.Signal(syscall.SIGTERM)
	time.Sleep(3 * time.Second) // the longer, the better this test is able to fail
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		w, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
		if err == nil {
			w.Close()
			<-ended
			break
		}
		select {
		case <-ended:
			t.Fatalf("the cell was not left time to save\n%s", out)
		case <-time.After(50 * time.Millisecond):
		}
	}
	text, err := os.ReadFile(filepath.Join(p.RunDir(0), "checkpoint"))
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted || string(text) != "10" {
		t.Errorf("exit code %d, checkpoint %q (%v); want %d and 10\n%s", code, text, err, exitInterrupted, out)
	}
	if !strings.Contains(out.String(), "has 1m40s to end and to save") {
		t.Errorf("the log does not say what is waited for:\n%s", out)
	}
}

// killWaiting kills the worker of width 8 in its middle, as a machine's end
// would.
func killWaiting(t *testing.T, dir string) {
	t.Helper()
	waitInMiddle(t, dir)
	p, err := sweep.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	worker, err := os.FindProcess(p.Status(1).PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Kill(); err != nil {
		t.Fatal(err)
	}
}

// waitInMiddle waits for the run of width 8 to reach its middle.
func waitInMiddle(t *testing.T, dir string) {
	t.Helper()
	eventually(t, limit, "the run of width 8 is in its middle", func() bool {
		waited, _ := filepath.Glob(filepath.Join(dir, "runs", "width=8*", "waited"))
		return len(waited) == 1
	})
}

// tableRows are columns of the gathered table: values by blanks, rows by "|".
func tableRows(t *testing.T, p *sweep.Plan, columns string) string {
	t.Helper()
	db, err := sql.Open("sqlite", p.Table())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT " + columns + " FROM runs")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		values := make([]any, strings.Count(columns, ",")+1)
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprint(*v.(*any)))
		}
		list = append(list, strings.Join(texts, " "))
	}
	return strings.Join(list, "|")
}

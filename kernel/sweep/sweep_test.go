package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/nb"
)

// patience is how long a test waits for what must come: longer than any
// machine needs.
const patience = 2 * time.Minute

// appears waits for a file.
func appears(path string) error {
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		_, err := os.Stat(path)
		if err == nil || time.Now().After(end) {
			return err
		}
	}
}

// workerMode makes this test binary a worker: its value says how the worker
// behaves.
const workerMode = "GLOWNOTES_TEST_WORKER"

func TestMain(m *testing.M) {
	if mode := os.Getenv(workerMode); mode != "" {
		os.Exit(testWorker(mode, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// testWorker is the worker of package main without an engine.
func testWorker(mode string, args []string) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		os.Stdin.Read(make([]byte, 1))
		cancel()
	}()
	p, err := Open(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	index, err := strconv.Atoi(strings.TrimPrefix(args[1], "--index="))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	err = p.Work(ctx, index, func(ctx context.Context, j Job) error { return training(ctx, j.Dir, mode) })
	var failed *FailedError
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, ErrTaken):
		return ExitTaken
	case errors.As(err, &failed):
		return ExitFailed
	}
	return ExitInterrupted
}

// The imitated training: so many steps, a checkpoint every few.
const (
	steps    = 20
	interval = 5
)

// training resumes from the checkpoint of its folder and notes every step.
func training(ctx context.Context, dir, mode string) error {
	checkpoint, log := filepath.Join(dir, "checkpoint"), filepath.Join(dir, "steps")
	at := 0
	if text, err := os.ReadFile(checkpoint); err == nil {
		at, _ = strconv.Atoi(string(text))
	}
	for at < steps {
		if err := ctx.Err(); err != nil {
			return errors.Join(err, os.WriteFile(checkpoint, []byte(strconv.Itoa(at)), 0o644))
		}
		if mode == "told to stop" && at == 3 {
			<-ctx.Done()
			continue
		}
		at++
		f, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		fmt.Fprintln(f, at)
		f.Close()
		if at == 13 {
			misbehave(dir, mode)
		}
		if at%interval == 0 {
			if err := os.WriteFile(checkpoint, []byte(strconv.Itoa(at)), 0o644); err != nil {
				return err
			}
		}
	}
	if mode == "fail" {
		return errors.New("a cell failed")
	}
	return os.WriteFile(filepath.Join(dir, resultFile), fmt.Appendf(nil, `{"score": %d.5}`, at), 0o644)
}

// misbehave kills this process: "killed" the first time only, "always" each
// time.
func misbehave(dir, mode string) {
	_, err := os.Stat(filepath.Join(dir, "killed"))
	if mode == "always" || mode == "killed" && err != nil {
		os.WriteFile(filepath.Join(dir, "killed"), nil, 0o644)
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	}
}

// parameters is the source of the parameters cell of the tests' notebooks.
const parameters = "width := 8\nrate := 0.1\nname := \"x\"\nseed := 1\nout := \"\""

// writeNotebook writes a notebook with that parameters cell.
func writeNotebook(t *testing.T, cell string, more ...string) string {
	t.Helper()
	n := nb.New()
	n.Metadata["kernelspec"] = map[string]any{"name": "glownotes", "display_name": "Go", "language": "go"}
	c := nb.NewCell(nb.Code, cell, 0)
	c.Metadata["tags"] = []any{"parameters"}
	n.Cells = []*nb.Cell{c}
	for i, source := range more {
		n.Cells = append(n.Cells, nb.NewCell(nb.Code, source, i+1))
	}
	path := filepath.Join(t.TempDir(), "demo.ipynb")
	if err := n.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// points expands grids such as "width=4,8".
func points(t *testing.T, grids ...string) []Point {
	t.Helper()
	var axes []Axis
	for _, g := range grids {
		a, err := ParseAxis(g)
		if err != nil {
			t.Fatal(err)
		}
		axes = append(axes, a)
	}
	list, err := Expand(nil, axes)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// newPlan is a sweep of the tests' notebook in a fresh folder.
func newPlan(t *testing.T, grids ...string) *Plan {
	t.Helper()
	p, err := Update(filepath.Join(t.TempDir(), "demo.sweep"), writeNotebook(t, parameters), "notebooks", points(t, grids...), DefaultRetries)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// leave is a run that writes a result and is done.
func leave(result string) func(context.Context, Job) error {
	return func(_ context.Context, j Job) error {
		return os.WriteFile(filepath.Join(j.Dir, resultFile), []byte(result), 0o644)
	}
}

package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// interpreted are cells for the interpreter: names without a package, a
// package without an import, a picture by a compiled package, a result.
var interpreted = []string{
	"n := Must(strconv.Atoi(\"41\"))\nfmt.Println(\"hello\", n+1)",
	"p := plot.New()\np.Title.Text = fmt.Sprint(n)\np.Add(Must(plotter.NewLine(plotter.XYs{{0, 0}, {1, 1}})))\np",
	"n - 36",
}

// A machine is an environment to run the program in.
type machine struct {
	t       *testing.T
	dir     string // a folder with nothing of the project around it
	program string
	env     []string
}

// run executes cells by the program and returns what it printed.
func (m machine) run(wantCode int, sources []string, args ...string) (printed, file string) {
	m.t.Helper()
	in, file := filepath.Join(m.dir, "in.ipynb"), filepath.Join(m.dir, "in.executed.ipynb")
	os.Remove(file)
	writeNotebook(m.t, in, sources...)
	cmd := command(m.t, m.program, append([]string{"run", in}, args...)...)
	cmd.Dir, cmd.Env = m.dir, m.env
	out, err := cmd.CombinedOutput()
	code := 0
	var ee *exec.ExitError
	if errors.As(err, &ee) {
		code = ee.ExitCode()
	} else if err != nil {
		m.t.Fatal(err)
	}
	if code != wantCode {
		m.t.Fatalf("exit code %d, want %d\n%s", code, wantCode, out)
	}
	return string(out), file
}

// goEnv is a setting of the go command.
func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestInterpreter goes the whole way of the interpreter: a program without it
// builds itself with it, and what it has built runs cells on a machine that has
// no Go, chosen by itself.
func TestInterpreter(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program with the interpreter, which takes a while")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	withGo := machine{t, t.TempDir(), program, append(os.Environ(),
		"GOCACHE="+goEnv(t, "GOCACHE"), "XDG_CACHE_HOME="+cache, "GLOWNOTES_ROOT="+root)}
	t.Run("builds itself", func(t *testing.T) {
		m := withGo
		m.t = t
		printed, file := m.run(0, interpreted, "--engine=interp")
		checkInterpreted(t, file)
		if !strings.Contains(printed, "building the kernel with the interpreter") {
			t.Errorf("the build is not announced:\n%s", printed)
		}
	})
	interp := filepath.Join(cache, "glownotes", "kernel-interp")
	if _, err := os.Stat(interp); err != nil {
		t.Fatalf("no program was left in the cache: %v", err)
	}

	empty := t.TempDir()
	bare := machine{t, t.TempDir(), interp, []string{"PATH=" + empty, "HOME=" + empty, "GLOWNOTES_ROOT=" + root}}
	t.Run("without a toolchain", func(t *testing.T) {
		bare.t = t
		for name, setting := range map[string][]string{
			"GODEBUG unset":             nil,
			"GODEBUG=gotypesalias=1":    {"GODEBUG=gotypesalias=1"},
			"GODEBUG=gotypesalias=0":    {"GODEBUG=gotypesalias=0"},
			"GOROOT names what is gone": {"GOROOT=" + filepath.Join(empty, "go")},
		} {
			t.Run(name, func(t *testing.T) {
				m := bare
				m.t, m.env = t, append(m.env, setting...)
				printed, file := m.run(0, interpreted)
				checkInterpreted(t, file)
				if !strings.Contains(printed, "cells are interpreted") {
					t.Errorf("the choice is not told:\n%s", printed)
				}
			})
		}
	})
	t.Run("with a toolchain and the default of GODEBUG", func(t *testing.T) {
		m := machine{t, t.TempDir(), interp, append(os.Environ(), "GODEBUG=")}
		_, file := m.run(0, interpreted, "--engine=interp")
		checkInterpreted(t, file)
	})
	t.Run("asked to compile without a toolchain", func(t *testing.T) {
		m := bare
		m.t = t
		printed, _ := m.run(exitFailure, interpreted, "--engine=live")
		if !strings.Contains(printed, "is missing") || strings.Contains(printed, "goroutine ") {
			t.Errorf("printed:\n%s", printed)
		}
	})
	t.Run("without a toolchain and without the interpreter", func(t *testing.T) {
		m := bare
		m.t, m.program = t, program
		printed, _ := m.run(exitFailure, interpreted)
		if !strings.Contains(printed, "built without the interpreter") {
			t.Errorf("printed:\n%s", printed)
		}
	})
	t.Run("a failing cell", func(t *testing.T) {
		m := bare
		m.t = t
		printed, _ := m.run(exitFailure, []string{"fmt.Println(1)", "x := []int{}\nx[3]"})
		if !strings.Contains(printed, "index out of range") || !strings.Contains(printed, "cell[2]:2") {
			t.Errorf("printed:\n%s", printed)
		}
	})
}

// TestInterpreterThatCannotStart builds the program with an interpreter that
// fails as the real one would with a Go that it does not know: that must be a
// reason, and not a crash.
func TestInterpreterThatCannotStart(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program with the interpreter, which takes a while")
	}
	source, err := filepath.Abs(filepath.Join("engine", "interp", "session.go"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	const start = "s.base = fast.New()"
	if strings.Count(string(text), start) != 1 {
		t.Fatalf("%s does not start the interpreter by %q", source, start)
	}
	dir := t.TempDir()
	planted, overlay, program := filepath.Join(dir, "session.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, binaryName())
	broken := strings.Replace(string(text), start, `panic("unsupported types.Type: *types.Alias"); `+start, 1)
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{source: planted}})
	if err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{planted: []byte(broken), overlay: list} {
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := command(t, "go", "build", "-overlay", overlay, "-tags", "interp", "-ldflags=-s -w", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	m := machine{t, dir, program, []string{"PATH=" + dir, "HOME=" + dir}}
	printed, _ := m.run(exitFailure, interpreted)
	for _, part := range []string{"the interpreter does not work with go1.", "unsupported types.Type: *types.Alias", "--engine=live"} {
		if !strings.Contains(printed, part) {
			t.Errorf("%q is not said:\n%s", part, printed)
		}
	}
	if strings.Contains(printed, "goroutine ") {
		t.Errorf("it crashed:\n%s", printed)
	}
}

// checkInterpreted checks what the cells show.
func checkInterpreted(t *testing.T, file string) {
	t.Helper()
	if got, want := shown(t, file), "hello 42\n|picture|5"; got != want {
		t.Errorf("got outputs %.300q, want %q", got, want)
	}
}

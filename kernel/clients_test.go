package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"glownotes/kernel/jupyter"
	"glownotes/kernel/nb"
)

// The tests of this file and of browser_test.go drive the kernel by real
// Jupyter clients. They use the programs of the folder $GLOWNOTES_JUPYTER or
// of PATH, and are skipped where those are missing.

// jupyterProgram finds a program of Jupyter, or skips the test.
func jupyterProgram(t *testing.T, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("drives a Jupyter client, which takes a while")
	}
	if dir := os.Getenv("GLOWNOTES_JUPYTER"); dir != "" {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s in $GLOWNOTES_JUPYTER or PATH", name)
	}
	return path
}

// limit is how long a program of a test may take: longer than any machine
// needs.
const limit = 10 * time.Minute

// command is a program that ends with the test, and with limit at the latest.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(func() {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			t.Errorf("%s %v did not end within %v", name, args, limit)
		}
		cancel()
	})
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = time.Minute // for what it has started and that holds its output
	return cmd
}

// eventually polls until the condition holds.
func eventually(t *testing.T, patience time.Duration, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("after %v still not: %s", patience, what)
}

// binDir is where built puts the program; TestMain makes and removes it.
var binDir string

// built is this program, compiled once for all tests.
var built = sync.OnceValues(func() (string, error) {
	program := filepath.Join(binDir, binaryName())
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return program, nil
})

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "glownotes-test-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// installed registers the kernel below a fresh prefix with the program's own
// install command and returns the environment in which Jupyter finds it, and
// nothing of the user's.
func installed(t *testing.T) []string {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	prefix := t.TempDir()
	out, err := command(t, program, "install", "--no-warm", "--prefix", prefix).CombinedOutput()
	if err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	return append(os.Environ(),
		"JUPYTER_PATH="+filepath.Join(prefix, "share", "jupyter"),
		"JUPYTER_DATA_DIR="+filepath.Join(prefix, "data"), "JUPYTER_CONFIG_DIR="+filepath.Join(prefix, "config"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(prefix, "runtime"), "IPYTHONDIR="+filepath.Join(prefix, "ipython"))
}

// sources of a small notebook that shows text, a picture and a value.
var sources = []string{
	"greeting := \"hello\"\nfmt.Println(greeting, 6*7)",
	"img := image.NewRGBA(image.Rect(0, 0, 48, 32))\nfor i := range img.Pix {\n\timg.Pix[i] = 255\n}\nimg.SetRGBA(1, 1, color.RGBA{200, 0, 0, 255})\nimg",
	"len(greeting)",
}

// writeNotebook writes a notebook of code cells for the kernel.
func writeNotebook(t *testing.T, file string, sources ...string) {
	t.Helper()
	n := nb.New()
	n.Metadata["kernelspec"] = map[string]any{"name": kernelName, "display_name": displayName, "language": "go"}
	for i, s := range sources {
		n.Cells = append(n.Cells, nb.NewCell(nb.Code, s, i))
	}
	if err := n.WriteFile(file); err != nil {
		t.Fatal(err)
	}
}

// shown lists the outputs of an executed notebook, with "picture" for those
// that show one.
func shown(t *testing.T, file string) string {
	t.Helper()
	n, err := nb.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			switch {
			case o.Type == nb.Stream:
				seen = append(seen, o.Text)
			case o.Data["image/png"] != nil:
				seen = append(seen, "picture")
			default:
				seen = append(seen, fmt.Sprint(o.Data["text/plain"]))
			}
		}
	}
	return strings.Join(seen, "|")
}

// checkSmall checks what the small notebook shows.
func checkSmall(t *testing.T, file string) {
	t.Helper()
	if got, want := shown(t, file), "hello 42\n|picture|5"; got != want {
		t.Errorf("got outputs %q, want %q", got, want)
	}
}

// committedQuickstart is the project's first notebook as it is committed.
func committedQuickstart(t *testing.T) *nb.Notebook {
	t.Helper()
	n, err := nb.ReadFile(filepath.Join("..", "notebooks", quickstart))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// shortQuickstart is the notebook in its short form, without outputs:
// metadata.glownotes.smoke names the parameters of that form.
func shortQuickstart(t *testing.T) *nb.Notebook {
	t.Helper()
	n := committedQuickstart(t)
	own, _ := n.Metadata["glownotes"].(map[string]any)
	smoke, _ := own["smoke"].(map[string]any)
	if len(smoke) == 0 {
		t.Fatal("the notebook has no metadata.glownotes.smoke")
	}
	var set []string
	for name, v := range smoke {
		set = append(set, fmt.Sprintf("%s=%v", name, v))
	}
	if err := n.SetParameters(set); err != nil {
		t.Fatal(err)
	}
	n.ClearOutputs()
	return n
}

// pictures is how many outputs show one.
func pictures(n *nb.Notebook) int {
	count := 0
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			if o.Data["image/png"] != nil || o.Data["image/svg+xml"] != nil {
				count++
			}
		}
	}
	return count
}

func TestNbconvert(t *testing.T) {
	program := jupyterProgram(t, "jupyter-nbconvert")
	env := installed(t)
	convert := func(file string) (string, error) {
		cmd := command(t, program, "--execute", "--to", "notebook", "--output", "out.ipynb", file)
		cmd.Env, cmd.Dir = env, filepath.Dir(file)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	t.Run("works", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "in.ipynb")
		writeNotebook(t, file, sources...)
		if out, err := convert(file); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		checkSmall(t, filepath.Join(filepath.Dir(file), "out.ipynb"))
	})
	t.Run("quickstart", func(t *testing.T) {
		n := shortQuickstart(t)
		file := filepath.Join(t.TempDir(), quickstart)
		if err := n.WriteFile(file); err != nil {
			t.Fatal(err)
		}
		if out, err := convert(file); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		ran, err := nb.ReadFile(filepath.Join(filepath.Dir(file), "out.ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := pictures(ran), pictures(committedQuickstart(t)); got < want || want == 0 {
			t.Errorf("%d pictures, want %d", got, want)
		}
	})
	t.Run("a cell fails", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "in.ipynb")
		writeNotebook(t, file, sources[0], "panic(\"on purpose\")")
		out, err := convert(file)
		var ee *exec.ExitError
		if !errors.As(err, &ee) || !strings.Contains(out, "on purpose") {
			t.Errorf("got %v, want a failure with the panic's text\n%s", err, out)
		}
	})
}

// TestKernelTest runs the public test suite for Jupyter kernels
// (jupyter_kernel_test) with the samples of testdata/kernel_test.py.
func TestKernelTest(t *testing.T) {
	python := filepath.Join(filepath.Dir(jupyterProgram(t, "jupyter")), "python")
	if err := command(t, python, "-c", "import jupyter_kernel_test").Run(); err != nil {
		t.Skipf("%s has no jupyter_kernel_test", python)
	}
	cmd := command(t, python, filepath.Join("testdata", "kernel_test.py"))
	cmd.Env = installed(t)
	out, err := cmd.CombinedOutput()
	// Nothing may be skipped: unittest writes "OK (skipped=1)" then.
	if err != nil || !strings.Contains(string(out), "\nRan 13 tests") || !strings.HasSuffix(string(out), "\nOK\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestJupyterClient does with jupyter_client what front ends do: see
// testdata/client.py.
func TestJupyterClient(t *testing.T) {
	python := filepath.Join(filepath.Dir(jupyterProgram(t, "jupyter")), "python")
	if err := command(t, python, "-c", "import jupyter_client").Run(); err != nil {
		t.Skipf("%s has no jupyter_client", python)
	}
	cmd := command(t, python, filepath.Join("testdata", "client.py"))
	cmd.Env = installed(t)
	out, err := cmd.CombinedOutput()
	if n := strings.Count(string(out), "ok "); err != nil || n != 6 {
		t.Errorf("%v, %d of 6 passed\n%s", err, n, out)
	}
}

// TestConsoleClient types into jupyter console.
func TestConsoleClient(t *testing.T) {
	program := jupyterProgram(t, "jupyter-console")
	cmd := command(t, program, "--kernel", kernelName, "--simple-prompt")
	cmd.Env = installed(t)
	cmd.Stdin = strings.NewReader("x := 20\nfmt.Println(\"printed\", x)\nx*2 + 2\nnowhere\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := ansi.ReplaceAllString(string(out), "")
	for _, want := range []string{"glownotes", "printed 20", "Out[3]: 42", "undefined: nowhere"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in what the console shows:\n%s", want, text)
		}
	}
}

// TestRunCommand runs the small notebook by the program itself: no Python.
func TestRunCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles cells, which takes a while")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, page := filepath.Join(dir, "in.ipynb"), filepath.Join(dir, "out.html")
	run := func(wantCode int, args ...string) string {
		t.Helper()
		out, err := command(t, program, append([]string{"run", file}, args...)...).CombinedOutput()
		code := 0
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			code = ee.ExitCode()
		}
		if code != wantCode {
			t.Fatalf("exit code %d, want %d\n%s", code, wantCode, out)
		}
		return string(out)
	}
	t.Run("works", func(t *testing.T) {
		writeNotebook(t, file, sources...)
		out := run(0, "--html", page)
		checkSmall(t, filepath.Join(dir, "in.executed.ipynb"))
		if !strings.Contains(out, "3 of 3 cells") {
			t.Errorf("printed:\n%s", out)
		}
		html, err := os.ReadFile(page)
		if err != nil || !strings.Contains(string(html), "data:image/png;base64,") {
			t.Errorf("the page has no picture (%v)", err)
		}
	})
	t.Run("a cell fails", func(t *testing.T) {
		writeNotebook(t, file, "fmt.Println(\"before\")", "x := 1\nundefined_name(x)", "fmt.Println(\"after\")")
		out := run(exitFailure, "-o", filepath.Join(dir, "failed.ipynb"))
		if !strings.Contains(out, "undefined_name") || !strings.Contains(out, "cell[2]:2") {
			t.Errorf("the error does not name the cell's line:\n%s", out)
		}
		n, err := nb.ReadFile(filepath.Join(dir, "failed.ipynb"))
		if err != nil {
			t.Fatal(err)
		}
		if len(n.Cells[0].Outputs) != 1 || len(n.Cells[1].Outputs) != 1 || len(n.Cells[2].Outputs) != 0 {
			t.Error("not exactly what ran until the error was saved")
		}
	})
	t.Run("a file that is none", func(t *testing.T) {
		if err := os.WriteFile(file, []byte("{"), 0o644); err != nil {
			t.Fatal(err)
		}
		run(exitUsage)
	})
}

// TestRunInterrupt presses Ctrl-C while a cell runs.
func TestRunInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles cells, which takes a while")
	}
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "in.ipynb")
	started := filepath.Join(dir, "started")
	writeNotebook(t, file, "kept := 1\nfmt.Println(kept)", "os.WriteFile("+fmt.Sprintf("%q", started)+", nil, 0o644)\nfor {\n}", "fmt.Println(2)")
	cmd := command(t, program, "run", file, "-q")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, limit, "the cell runs", func() bool { _, err := os.Stat(started); return err == nil })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var ee *exec.ExitError
	if !errors.As(err, &ee) || ee.ExitCode() != exitInterrupted {
		t.Errorf("got %v, want exit code %d", err, exitInterrupted)
	}
	n, err := nb.ReadFile(filepath.Join(dir, "in.executed.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Cells[0].Outputs) != 1 || n.Cells[0].Outputs[0].Text != "1\n" {
		t.Error("the output of the first cell was not saved")
	}
	if o := n.Cells[1].Outputs; len(o) != 1 || o[0].EName != "Interrupted" {
		b, _ := json.Marshal(o)
		t.Errorf("the interrupted cell has %s", b)
	}
}

// startLab starts the JupyterLab that the clients' tests use.
func startLab(t *testing.T, dir, open string) *jupyter.Lab {
	t.Helper()
	program := jupyterProgram(t, "jupyter-lab")
	log, err := os.Create(filepath.Join(t.TempDir(), "jupyterlab.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(log.Name())
			t.Logf("JupyterLab printed:\n%s", b)
		}
	})
	lab, err := jupyter.StartLab(t.Context(), jupyter.LabOptions{Program: program, Dir: dir, Open: open, Log: log, Env: installed(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Stop)
	return lab
}

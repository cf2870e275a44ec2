package jupyter

import (
	"bufio"
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
)

//go:embed lab.txt
var labRequirements string

// LabRequirements is the pip requirements file of the JupyterLab that
// EnsureVenv installs: exact versions of everything.
func LabRequirements() string { return labRequirements }

// OldestPython is the first Python that the pinned JupyterLab supports.
var OldestPython = [2]int{3, 10}

// A Python is a usable interpreter.
type Python struct {
	Path    string
	Version string // such as 3.11.7
	Prefix  string // sys.prefix
	CanVenv bool   // venv and ensurepip are there
}

// ErrNoPython means that no Python is in PATH.
var ErrNoPython = errors.New("jupyter: no python3 in PATH")

// FindPython looks for python3, or python, in PATH.
func FindPython(ctx context.Context) (Python, error) {
	for _, name := range []string{"python3", "python"} {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		const ask = "import sys, importlib.util as u\n" +
			"print('%d.%d.%d' % sys.version_info[:3]); print(sys.prefix)\n" +
			"print(all(map(u.find_spec, ('venv', 'ensurepip'))))"
		out, err := exec.CommandContext(ctx, path, "-c", ask).Output()
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		if err != nil || len(lines) != 3 || !strings.HasPrefix(lines[0], "3.") {
			continue
		}
		clean := func(i int) string { return strings.TrimSpace(lines[i]) }
		return Python{Path: path, Version: clean(0), Prefix: clean(1), CanVenv: clean(2) == "True"}, nil
	}
	return Python{}, ErrNoPython
}

// TooOld reports whether the pinned JupyterLab does not support this Python.
func (p Python) TooOld() bool { return older(p.Version, OldestPython) }

// older compares the first two numbers of a version.
func older(version string, than [2]int) bool {
	parts := strings.SplitN(version, ".", 3)
	var v [2]int
	for i := range min(2, len(parts)) {
		v[i], _ = strconv.Atoi(parts[i])
	}
	return v[0] < than[0] || v[0] == than[0] && v[1] < than[1]
}

// A Venv is a virtual environment whose content follows from its
// requirements: another list is another folder.
type Venv struct{ Dir string }

// PlanVenv names the environment for the requirements below cacheDir.
func PlanVenv(cacheDir string, py Python, requirements string) Venv {
	sum := sha256.Sum256([]byte(py.Version + "\n" + requirements))
	return Venv{Dir: filepath.Join(cacheDir, "jupyter-"+hex.EncodeToString(sum[:6]))}
}

// Bin is the path of a program of the environment.
func (v Venv) Bin(name string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(v.Dir, "Scripts", name+".exe")
	}
	return filepath.Join(v.Dir, "bin", name)
}

// complete is a file that is written last.
func (v Venv) complete() string { return filepath.Join(v.Dir, "complete") }

// Ready reports whether the environment was installed to the end and its
// interpreter still exists.
func (v Venv) Ready() bool {
	_, err := os.Stat(v.complete())
	if err != nil {
		return false
	}
	_, err = os.Stat(v.Bin("python")) // follows the link to the system's Python
	return err == nil
}

// Ensure makes the environment and installs the requirements unless that has
// been done. progress, which may not be nil, is told what pip does.
func (v Venv) Ensure(ctx context.Context, py Python, requirements string, progress func(string)) error {
	if v.Ready() {
		return nil
	}
	if err := os.RemoveAll(v.Dir); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	if err := os.MkdirAll(v.Dir, 0o755); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	progress("making a virtual environment")
	if err := run(ctx, progress, py.Path, "-m", "venv", v.Dir); err != nil {
		return fmt.Errorf("jupyter: making a virtual environment: %w", err)
	}
	list := filepath.Join(v.Dir, "requirements.txt")
	if err := os.WriteFile(list, []byte(requirements), 0o644); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	pip := pipProgress{total: countRequirements(requirements), tell: progress}
	err := run(ctx, pip.line, v.Bin("python"), "-m", "pip", "install", "--disable-pip-version-check",
		"--no-input", "--progress-bar", "off", "-r", list)
	if err != nil {
		return fmt.Errorf("jupyter: installing the packages: %w", err)
	}
	if err := quietLab(v); err != nil {
		return err
	}
	if err := os.WriteFile(v.complete(), nil, 0o644); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// quietLab turns off the question and the requests that JupyterLab makes to
// the network for news and updates; overrides.json is its documented place
// for defaults of an installation.
func quietLab(v Venv) error {
	dir := filepath.Join(v.Dir, "share", "jupyter", "lab", "settings")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	const overrides = `{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": false}}` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "overrides.json"), []byte(overrides), 0o644); err != nil {
		return fmt.Errorf("jupyter: %w", err)
	}
	return nil
}

// countRequirements counts packages; one may stand there for several Pythons.
func countRequirements(list string) int {
	names := map[string]bool{}
	for line := range strings.Lines(list) {
		if name, _, ok := strings.Cut(line, "=="); ok && !strings.HasPrefix(name, "#") {
			names[name] = true
		}
	}
	return len(names)
}

// pipProgress turns what pip prints into short news.
type pipProgress struct {
	total, seen int
	tell        func(string)
}

var pipCollecting = regexp.MustCompile(`^(?:Collecting|Requirement already satisfied:) ([A-Za-z0-9._-]+)`)

func (p *pipProgress) line(text string) {
	text = strings.TrimSpace(text)
	if m := pipCollecting.FindStringSubmatch(text); m != nil {
		p.seen = min(p.seen+1, p.total)
		p.tell(fmt.Sprintf("fetching %d of %d: %s", p.seen, p.total, m[1]))
	} else if strings.HasPrefix(text, "Installing collected packages") {
		p.tell("unpacking")
	}
}

// run starts a program and hands its lines to tell; the error ends with the
// last lines that it wrote.
func run(ctx context.Context, tell func(string), name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	pr, pw := io.Pipe()
	cmd.Stdout, cmd.Stderr = pw, pw
	var last []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(pr)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			tell(lines.Text())
			last = append(last, lines.Text())
			last = last[max(0, len(last)-6):]
		}
		io.Copy(io.Discard, pr) // after an overlong line
	}()
	err := cmd.Run()
	pw.Close()
	<-done
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, strings.Join(last, "\n"))
	}
	return nil
}

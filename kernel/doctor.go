package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"glownotes/kernel/engine/live"
	"glownotes/kernel/jupyter"
)

type doctorCommand struct {
	GPU bool `help:"Also look for an NVIDIA GPU, and run a kernel on it." name:"gpu"`
}

// Run prints what every part of glownotes needs and whether it is there. It
// fails when something needed is missing.
func (d doctorCommand) Run(c *cli) error {
	ui := newConsole(os.Stdout)
	ctx, stop := untilInterrupt()
	defer stop()
	root, rootErr := c.moduleRoot()
	found := diagnose(ctx, root)
	if rootErr != nil {
		found = append([]finding{{Name: "source", State: missing, Detail: rootErr.Error(), Fix: "cd to the folder of glownotes"}}, found...)
	}
	if d.GPU {
		found = append(found, gpuFindings()...)
	}
	return ui.findings(found)
}

// A finding is the state of one thing that glownotes needs.
type finding struct {
	Name   string
	State  state
	Detail string
	Fix    string // the command that mends it
}

type state int

const (
	good    state = iota
	later         // not there yet, made when it is needed
	missing       // needed, and a person must do something
)

// findings prints the list; the error says how many are missing.
func (c *console) findings(list []finding) error {
	bad := 0
	for _, f := range list {
		mark := c.paint(green, "✓")
		switch f.State {
		case later:
			mark = c.paint(yellow, "·")
		case missing:
			mark = c.paint(red, "✗")
			bad++
		}
		c.line("%s %-14s %s", mark, f.Name, f.Detail)
		if f.State != good && f.Fix != "" {
			c.line("  %-14s → %s", "", f.Fix)
		}
	}
	switch bad {
	case 0:
		return nil
	case 1:
		return &exitError{Code: exitFailure, Err: errors.New("one thing that is needed is missing")}
	}
	return &exitError{Code: exitFailure, Err: fmt.Errorf("%d things that are needed are missing", bad)}
}

// needed prints only what is missing, and fails if something is.
func needed(ctx context.Context, ui *console, root string) error {
	var bad []finding
	for _, f := range diagnose(ctx, root) {
		if f.State == missing {
			bad = append(bad, f)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return ui.findings(bad)
}

// diagnose looks at everything, quickly and without changing anything.
func diagnose(ctx context.Context, root string) []finding {
	list := engineFindings(ctx, root)
	list = append(list, labFindings(ctx)...)
	return append(list, specFinding(), cacheFinding())
}

// engineFindings checks what compiling a cell takes.
func engineFindings(ctx context.Context, root string) []finding {
	list := []finding{goFinding(ctx, root), compilerFinding(ctx), linkerFinding(ctx)}
	for _, f := range list {
		if f.State == missing {
			return list
		}
	}
	return append(list, cellsFinding(ctx, root))
}

// cellsFinding tells whether cells are linked against the image.
func cellsFinding(ctx context.Context, root string) finding {
	f := finding{Name: "fast cells", State: later, Fix: "go run ./kernel install"}
	host, err := jupyter.Host()
	if err != nil || root == "" {
		f.Detail = "not known without the source and a home folder"
		return f
	}
	r, err := live.Look(ctx, live.Options{ModuleRoot: root, CacheDir: host.CacheDir()})
	switch {
	case err != nil:
		f.Detail = err.Error()
	case r.Later:
		f.Detail = "the image of packages is not built yet; install does it, and kernels in the background"
	case r.Image == "":
		f.Detail = fmt.Sprintf("cells take 0.2 to 2 s each: %v", r.Why)
	default:
		f.State, f.Detail = good, "image of packages in "+r.Image
	}
	return f
}

func goFinding(ctx context.Context, root string) finding {
	f := finding{Name: "Go", State: missing, Fix: "install Go " + wantedGo(root) + " or newer from your system's packages or go.dev, and put its bin folder into PATH"}
	path, err := exec.LookPath("go")
	if err != nil {
		f.Detail = "no go command in PATH; cells are compiled with it"
		return f
	}
	cmd := exec.CommandContext(ctx, path, "env", "GOVERSION", "GOROOT")
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if err != nil || len(lines) < 2 {
		f.Detail = path + ": " + strings.TrimSpace(string(out))
		return f
	}
	goVersion := strings.TrimPrefix(lines[0], "go")
	f.Detail = goVersion + " in " + lines[1]
	if !newEnough(goVersion, wantedGo(root)) {
		f.Detail += ", older than needed"
		return f
	}
	if out, err := exec.CommandContext(ctx, path, "tool", "-n", "compile").CombinedOutput(); err != nil {
		f.Detail += "; its compiler is missing: " + strings.TrimSpace(string(out))
		return f
	}
	f.State = good
	return f
}

// wantedGo is the version in go.mod's go line.
func wantedGo(root string) string {
	b, _ := os.ReadFile(filepath.Join(root, "go.mod"))
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "go "); ok {
			return strings.TrimSpace(v)
		}
	}
	return strings.TrimPrefix(runtime.Version(), "go")
}

// newEnough compares versions number by number.
func newEnough(have, want string) bool {
	h, w := strings.Split(have, "."), strings.Split(want, ".")
	for i := range w {
		want, _ := strconv.Atoi(w[i])
		have := 0
		if i < len(h) {
			digits := strings.IndexFunc(h[i], func(r rune) bool { return r < '0' || r > '9' })
			if digits < 0 {
				digits = len(h[i])
			}
			have, _ = strconv.Atoi(h[i][:digits])
		}
		if have != want {
			return have > want
		}
	}
	return true
}

// compilerFinding preprocesses a line: gcc alone, without the C library's
// headers, is not enough for runtime/cgo.
func compilerFinding(ctx context.Context) finding {
	f := finding{Name: "C compiler", State: missing, Fix: packageFix("gcc", "libc6-dev")}
	cc := os.Getenv("CC")
	if cc == "" {
		cc = "gcc"
	}
	words := strings.Fields(cc)
	path, err := exec.LookPath(words[0])
	if err != nil {
		f.Detail = "no " + words[0] + " in PATH; Go plugins are linked with it"
		return f
	}
	cmd := exec.CommandContext(ctx, path, append(words[1:], "-E", "-x", "c", "-")...)
	cmd.Stdin = strings.NewReader("#include <stdlib.h>\n#include <pthread.h>\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		f.Detail = path + " does not find the headers of the C library"
		return f
	}
	f.State, f.Detail = good, path
	return f
}

func linkerFinding(ctx context.Context) finding {
	path, err := exec.LookPath("ld")
	if err != nil {
		return finding{"linker", missing, "no ld in PATH", packageFix("binutils")}
	}
	out, _ := exec.CommandContext(ctx, path, "--version").Output()
	first, _, _ := strings.Cut(string(out), "\n")
	return finding{"linker", good, path + ", " + first, ""}
}

// labFindings checks JupyterLab, and Python where it would be needed to
// install it.
func labFindings(ctx context.Context) []finding {
	if path, v := jupyter.FindLab(ctx); path != "" {
		return []finding{{"JupyterLab", good, v + " in " + path, ""}}
	}
	venv, py, err := labVenv(ctx)
	switch {
	case err != nil:
		return []finding{{"Python", missing, "no python3 in PATH; JupyterLab runs on it", packageFix("python3", "python3-venv")}}
	case py.TooOld():
		return []finding{{"Python", missing, fmt.Sprintf("%s is too old: JupyterLab needs %d.%d", py.Version, jupyter.OldestPython[0], jupyter.OldestPython[1]),
			packageFix("python3", "python3-venv")}}
	case venv.Ready():
		return []finding{{"Python", good, py.Version + " in " + py.Path, ""}, {"JupyterLab", good, "private, in " + venv.Dir, ""}}
	case !py.CanVenv:
		return []finding{{"Python", missing, py.Version + " in " + py.Path + " has no venv or no ensurepip", packageFix("python3-venv")}}
	}
	return []finding{
		{"Python", good, py.Version + " in " + py.Path, ""},
		{"JupyterLab", later, "not there; lab installs a private one", "go run ./kernel lab"},
	}
}

// specFinding checks that the user's kernelspec leads to a kernel that runs.
func specFinding() finding {
	f := finding{Name: "kernelspec", State: later, Fix: "go run ./kernel install"}
	place, err := userPlace()
	if err != nil {
		return finding{"kernelspec", missing, err.Error(), "set HOME"}
	}
	spec, err := jupyter.ReadSpec(place.kernels, kernelName)
	if err != nil || len(spec.Argv) == 0 {
		f.Detail = "not registered for this user; lab and install do it"
		return f
	}
	if _, err := os.Stat(spec.Argv[0]); err != nil {
		f.Detail = "it names " + spec.Argv[0] + ", which is not there"
		return f
	}
	for i, arg := range spec.Argv[:len(spec.Argv)-1] {
		if root := spec.Argv[i+1]; arg == "--root" && !isRoot(root) {
			f.Detail = "it names the source " + root + ", which is not there"
			return f
		}
	}
	f.State, f.Detail = good, filepath.Join(place.kernels, kernelName)
	return f
}

// cacheRoom is what the engine's cache and a private JupyterLab take, with
// room to work.
const cacheRoom = 2 << 30

func cacheFinding() finding {
	host, err := jupyter.Host()
	if err != nil {
		return finding{"cache", missing, err.Error(), "set HOME, or GLOWNOTES_CACHE to a folder"}
	}
	dir := host.CacheDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return finding{"cache", missing, err.Error(), "set GLOWNOTES_CACHE to a folder that can be written"}
	}
	probe, err := os.CreateTemp(dir, "probe")
	if err != nil {
		return finding{"cache", missing, err.Error(), "set GLOWNOTES_CACHE to a folder that can be written"}
	}
	probe.Close()
	os.Remove(probe.Name())
	free, known := freeSpace(dir)
	detail := dir
	if known {
		detail += fmt.Sprintf(", %.1f GB free", float64(free)/1e9)
		if free < cacheRoom {
			return finding{"cache", missing, detail, fmt.Sprintf("make room: %.1f GB are needed, or set GLOWNOTES_CACHE to another disk", float64(cacheRoom)/1e9)}
		}
	}
	return finding{"cache", good, detail, ""}
}

// packageFix is the command that installs packages of Debian's names with the
// package manager of this machine.
func packageFix(names ...string) string {
	sudo := ""
	if os.Geteuid() > 0 {
		sudo = "sudo "
	}
	for _, m := range packageManagers {
		if _, err := exec.LookPath(m.program); err == nil {
			var list []string
			for _, n := range names {
				if own, ok := m.names[n]; ok {
					n = own
				}
				if n != "" {
					list = append(list, n)
				}
			}
			if m.program == "brew" {
				sudo = ""
			}
			return sudo + m.install + " " + strings.Join(list, " ")
		}
	}
	return "install " + strings.Join(names, " and ")
}

// packageManagers with the names that differ from Debian's; "" is contained
// in another package there.
var packageManagers = []struct {
	program, install string
	names            map[string]string
}{
	{"apt-get", "apt-get install -y", nil},
	{"dnf", "dnf install -y", map[string]string{"libc6-dev": "glibc-devel", "python3-venv": ""}},
	{"pacman", "pacman -S --needed", map[string]string{"libc6-dev": "glibc", "python3": "python", "python3-venv": ""}},
	{"zypper", "zypper install -y", map[string]string{"libc6-dev": "glibc-devel", "python3-venv": ""}},
	{"apk", "apk add", map[string]string{"libc6-dev": "musl-dev", "python3-venv": ""}},
	{"brew", "brew install", map[string]string{"libc6-dev": "", "python3-venv": "", "python3": "python"}},
}

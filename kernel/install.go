package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
	"glownotes/kernel/jupyter"
)

// The kernelspec: notebooks name it in metadata.kernelspec.
const (
	kernelName  = "glownotes"
	displayName = "Go (glownotes)"
)

type installCommand struct {
	User      bool   `help:"For this user (the default)." xor:"place"`
	Prefix    string `help:"Below this prefix, such as /usr/local." placeholder:"DIR" xor:"place"`
	SysPrefix bool   `help:"Into the Python environment that python3 belongs to." xor:"place"`
	NoWarm    bool   `help:"Leave building the engine's cache to the first start."`
}

// Run copies the binary, registers it and builds what the engine needs.
func (i installCommand) Run(c *cli) error {
	ui := newConsole(os.Stdout)
	root, err := c.moduleRoot()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	place, err := i.place(ctx)
	if err != nil {
		return err
	}
	if err := place.install(ui, root); err != nil {
		return err
	}
	if i.NoWarm {
		return nil
	}
	return warm(ctx, ui, live.Options{ModuleRoot: root, Mode: live.Image, Retry: true})
}

// A place is where the kernel is installed.
type place struct {
	binary  string // the copy of this program
	kernels string // folder of kernelspecs
}

func (i installCommand) place(ctx context.Context) (place, error) {
	prefix := i.Prefix
	if i.SysPrefix {
		py, err := jupyter.FindPython(ctx)
		if err != nil {
			return place{}, err
		}
		prefix = py.Prefix
	}
	if prefix != "" {
		prefix, err := filepath.Abs(prefix)
		return place{
			binary:  filepath.Join(prefix, "share", "glownotes", binaryName()),
			kernels: jupyter.KernelsDir(prefix),
		}, err
	}
	return userPlace()
}

func userPlace() (place, error) {
	host, err := jupyter.Host()
	if err != nil {
		return place{}, err
	}
	return place{
		binary:  filepath.Join(host.ShareDir(), "bin", binaryName()),
		kernels: filepath.Join(host.DataDir(), "kernels"),
	}, nil
}

func binaryName() string {
	if runtime.GOOS == "windows" {
		return "glownotes.exe"
	}
	return "glownotes"
}

// install copies this program and writes the kernelspec.
func (p place) install(ui *console, root string) error {
	err := ui.step("kernel binary", func(func(string)) (string, error) {
		return p.binary, copySelf(p.binary)
	})
	if err != nil {
		return err
	}
	return ui.step("kernelspec", func(func(string)) (string, error) {
		return p.spec(root).Install(p.kernels, kernelName)
	})
}

// spec is what Jupyter learns about the kernel.
func (p place) spec(root string) jupyter.Spec {
	argv := []string{p.binary, "serve", "--root", root}
	if path, err := exec.LookPath("go"); err == nil {
		argv = append(argv, "--go-bin", filepath.Dir(path))
	}
	return jupyter.Spec{
		Argv:        append(argv, "{connection_file}"),
		DisplayName: displayName, Language: "go", InterruptMode: "message",
		Metadata: map[string]any{"debugger": false},
	}
}

// copySelf copies the running program to a place that stays: the binary of
// "go run" is removed when it ends. A running kernel keeps the old file.
func copySelf(to string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if same, _ := sameContent(self, to); same {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name()) // fails after the rename
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Chmod(0o755), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), to)
}

func sameContent(a, b string) (bool, error) {
	x, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(b)
	return err == nil && bytes.Equal(x, y), err
}

// newEngine returns the engine with its cache beside what else is cached.
func newEngine(o live.Options) (*live.Engine, error) {
	host, err := jupyter.Host()
	if err != nil {
		return nil, err
	}
	o.CacheDir = host.CacheDir()
	return live.New(o)
}

// warm builds the image of what cells of this project use, so that no cell
// waits for it and all are fast.
// A package that does not compile, because somebody works on it, is said and
// leaves the rest usable.
func warm(ctx context.Context, ui *console, o live.Options) error {
	engine, err := newEngine(o)
	if err != nil {
		return err
	}
	if err := startEngine(ctx, ui, engine); err != nil {
		return errors.Join(err, engine.Close())
	}
	if reason := engine.Plain(); reason != nil {
		ui.line("  Cells work, and take 0.2 to 2 s each instead of 0.1 s:\n  %v", reason)
	}
	broken := ui.step("packages", func(report func(string)) (string, error) {
		return "compiled", engine.Prepare(ctx, func(p core.Progress) { report(progressText(p)) })
	})
	if ctx.Err() == nil && broken != nil {
		ui.line("  Cells that import these packages will fail:\n%v", broken)
		broken = nil
	}
	return errors.Join(broken, engine.Close())
}

// startEngine starts the engine as a step on the console.
func startEngine(ctx context.Context, ui *console, engine core.Engine) error {
	return ui.step("engine", func(report func(string)) (string, error) {
		err := engine.Start(ctx, func(p core.Progress) { report(progressText(p)) })
		return "Go " + engine.Info().Version, err
	})
}

func progressText(p core.Progress) string {
	if p.Done < 0 {
		return p.Stage
	}
	return fmt.Sprintf("%s %.0f %%", p.Stage, 100*p.Done)
}

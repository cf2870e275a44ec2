package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"glownotes/kernel/engine/live"
	"glownotes/kernel/jupyter"
)

type labCommand struct {
	NoBrowser bool     `help:"Print the address instead of opening a browser."`
	Port      int      `help:"Port on the loopback interface; the first free one from 8888 on if left out."`
	Dir       string   `help:"Folder to show; the project's notebooks if left out." type:"existingdir" placeholder:"DIR"`
	Args      []string `arg:"" optional:"" passthrough:"" help:"Further arguments for JupyterLab, after --."`
}

// quickstart is opened first where it is there.
const quickstart = "01_quickstart.ipynb"

// Run brings everything up to a JupyterLab in the browser and stays until it
// ends or Ctrl-C is pressed.
func (l labCommand) Run(c *cli) error {
	ui := newConsole(os.Stdout)
	root, err := c.moduleRoot()
	if err != nil {
		return err
	}
	ctx, stop := untilInterrupt()
	defer stop()
	if err := needed(ctx, ui, root); err != nil {
		return err
	}
	place, err := userPlace()
	if err != nil {
		return err
	}
	if err := place.install(ui, root); err != nil {
		return err
	}
	program, err := provideLab(ctx, ui)
	if err != nil {
		return err
	}
	lab, logFile, err := l.start(ctx, ui, root, program)
	if err != nil {
		return err
	}
	ui.line("\nJupyterLab: %s\nLog: %s\nStop it with Ctrl-C.", lab.URL, logFile)
	if !l.NoBrowser {
		if err := openBrowser(lab.URL); err != nil {
			ui.line("No browser could be opened (%v): open the address above.", err)
		}
	}
	// JupyterLab is there before everything is compiled: cells work meanwhile.
	warmed := make(chan error, 1)
	go func() { warmed <- warm(ctx, ui, live.Options{ModuleRoot: root, Mode: live.Image, Polite: true}) }()
	err = lab.Wait()
	interrupted := ctx.Err() != nil
	stop()
	if w := <-warmed; w != nil && !errors.Is(w, context.Canceled) {
		ui.line("Compiling ahead failed: %v", w)
	}
	if interrupted {
		ui.line("JupyterLab has ended.")
		return nil
	}
	return err
}

// start starts JupyterLab with a log file of its own.
func (l labCommand) start(ctx context.Context, ui *console, root, program string) (*jupyter.Lab, string, error) {
	dir := l.Dir
	if dir == "" {
		dir = filepath.Join(root, "notebooks")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, "", err
	}
	host, err := jupyter.Host()
	if err != nil {
		return nil, "", err
	}
	logFile := filepath.Join(host.CacheDir(), "jupyterlab.log")
	log, err := os.Create(logFile)
	if err != nil {
		return nil, "", err
	}
	defer log.Close() // the child has its own handle
	options := jupyter.LabOptions{Program: program, Dir: dir, Port: l.Port, Args: l.jupyterArgs(), Log: log}
	if _, err := os.Stat(filepath.Join(dir, quickstart)); err == nil {
		options.Open = quickstart
	}
	var lab *jupyter.Lab
	err = ui.step("JupyterLab", func(func(string)) (string, error) {
		lab, err = jupyter.StartLab(ctx, options)
		return dir, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("%w; what it printed is in %s", err, logFile)
	}
	return lab, logFile, nil
}

// jupyterArgs leaves out the "--" that separates them.
func (l labCommand) jupyterArgs() []string {
	if len(l.Args) > 0 && l.Args[0] == "--" {
		return l.Args[1:]
	}
	return l.Args
}

// provideLab returns the program jupyter-lab: the one in PATH, or the pinned
// one of a private environment, which is made now if it is not there.
func provideLab(ctx context.Context, ui *console) (program string, err error) {
	err = ui.step("JupyterLab", func(report func(string)) (string, error) {
		if path, version := jupyter.FindLab(ctx); path != "" {
			program = path
			return "version " + version + " in " + path, nil
		}
		venv, py, err := labVenv(ctx)
		if err != nil {
			return "", err
		}
		program = venv.Bin("jupyter-lab")
		return "private, in " + venv.Dir, venv.Ensure(ctx, py, jupyter.LabRequirements(), report)
	})
	return program, err
}

func labVenv(ctx context.Context) (jupyter.Venv, jupyter.Python, error) {
	host, err := jupyter.Host()
	if err != nil {
		return jupyter.Venv{}, jupyter.Python{}, err
	}
	py, err := jupyter.FindPython(ctx)
	return jupyter.PlanVenv(host.CacheDir(), py, jupyter.LabRequirements()), py, err
}

// untilInterrupt returns a context that the first Ctrl-C or SIGTERM ends; a
// second Ctrl-C ends the program at once. (Batch systems repeat SIGTERM.)
func untilInterrupt() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		for s := range signals {
			if s == os.Interrupt {
				os.Exit(exitInterrupted)
			}
		}
	}()
	return ctx, cancel
}

// openBrowser hands the address to the desktop.
func openBrowser(url string) error {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	default:
		if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
			return errors.New("no display")
		}
	}
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-time.After(3 * time.Second): // it stays in the foreground: fine
		return nil
	}
}

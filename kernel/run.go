package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
	"glownotes/kernel/magic"
	"glownotes/kernel/nb"
)

type runCommand struct {
	Notebook    string        `arg:"" help:"Notebook to execute." type:"existingfile"`
	Output      string        `short:"o" help:"Where to write the executed notebook; NAME.executed.ipynb beside the input if left out." placeholder:"OUT.ipynb" type:"path" xor:"out"`
	Inplace     bool          `help:"Write the outputs into the notebook itself." xor:"out"`
	HTML        string        `name:"html" help:"Also write one self-contained page." placeholder:"OUT.html" type:"path"`
	Param       []string      `short:"p" help:"Set a variable of the cell tagged \"parameters\"; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Parameters  bool          `help:"List the notebook's parameters and stop."`
	Timeout     time.Duration `help:"Time limit for each cell, such as 10m."`
	AllowErrors bool          `help:"Go on after a cell that fails."`
	Quiet       bool          `short:"q" help:"Print errors only."`
	engineFlag

	dir      string            // where cells run; the notebook's folder if empty
	patience time.Duration     // how long a cell may take to end after an interrupt; 0: runPatience
	say      func(line string) // takes what the notebook prints, line by line; may be nil
}

// Run executes the notebook. A cell that fails gives exit code 1, Ctrl-C 130;
// what ran until then is saved all the same.
func (r runCommand) Run(c *cli) error {
	n, err := nb.ReadFile(r.Notebook)
	if err != nil {
		return &exitError{Code: exitUsage, Err: err}
	}
	if r.Parameters {
		return listParameters(n)
	}
	if err := n.SetParameters(r.Param); err != nil {
		return &exitError{Code: exitUsage, Err: err}
	}
	root, err := c.moduleRoot()
	if err != nil && !r.interpreted() {
		return err
	}
	if r.Notebook, err = filepath.Abs(r.Notebook); err != nil {
		return err
	}
	if r.Output == "" {
		r.Output = strings.TrimSuffix(r.Notebook, ".ipynb") + ".executed.ipynb"
		if r.Inplace {
			r.Output = r.Notebook
		}
	}
	ui := newConsole(os.Stdout)
	if r.Quiet {
		ui = newConsole(os.Stderr)
		ui.out, ui.live = discard{}, false
	}
	ctx, stop := untilInterrupt()
	defer stop()
	runErr, err := r.execute(ctx, ui, n, root)
	if err != nil {
		return err
	}
	return failure(ctx, runErr)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// runPatience is how long a cell may take to save after Ctrl-C; a second one
// ends the program at once.
const runPatience = 30 * time.Second

// execute runs the notebook and saves it. runErr is how the cells ended.
func (r runCommand) execute(ctx context.Context, ui *console, n *nb.Notebook, root string) (runErr, err error) {
	if r.dir == "" { // as under Jupyter
		r.dir = filepath.Dir(r.Notebook)
	}
	if r.patience == 0 {
		r.patience = runPatience
	}
	engine, err := r.open(live.Options{ModuleRoot: root, WorkDir: r.dir, Patience: r.patience})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, engine.Close()) }()
	if err := startEngine(ctx, ui, engine); err != nil {
		if ctx.Err() != nil {
			return nil, &exitError{Code: exitInterrupted, Err: errors.New("interrupted")}
		}
		return nil, err
	}
	start := time.Now()
	watch := newWatcher(ui, n)
	watch.told = r.say
	defer context.AfterFunc(ctx, func() { watch.interrupted(r.patience) })()
	options := nb.DefaultOptions()
	options.Timeout, options.AllowErrors, options.Observer = r.Timeout, r.AllowErrors, watch
	if !r.Inplace { // so that even a kill leaves what ran
		watch.save = func() error { return n.WriteFile(r.Output) }
	}
	runErr = nb.Run(ctx, n, magic.Wrap(engine, r.dir), options)
	watch.stop()
	if err := n.WriteFile(r.Output); err != nil {
		return runErr, err
	}
	ui.line("%s %d of %d cells in %s: %s", ui.verdict(runErr), watch.succeeded, watch.total, since(start), fileNote(r.Output))
	if r.HTML != "" {
		if err := writePage(r.HTML, n, r.Notebook); err != nil {
			return runErr, err
		}
		ui.line("%s %s", ui.verdict(nil), fileNote(r.HTML))
	}
	return runErr, nil
}

// failure turns the end of a run into the end of the program. The traceback
// goes to standard error.
func failure(ctx context.Context, runErr error) error {
	if runErr == nil {
		return nil
	}
	var cell *core.CellError
	if errors.As(runErr, &cell) && ctx.Err() == nil {
		to := newConsole(os.Stderr)
		to.line("%s", strings.Join(cell.Traceback, "\n"))
	}
	code := exitFailure
	if errors.Is(runErr, context.Canceled) {
		code = exitInterrupted
	}
	return &exitError{Code: code, Err: runErr}
}

func (c *console) verdict(err error) string {
	if err != nil {
		return c.paint(red, "✗")
	}
	return c.paint(green, "✓")
}

// fileNote names a file, relative to the current folder if it lies in it, and
// its size.
func fileNote(path string) string {
	size := ""
	if st, err := os.Stat(path); err == nil {
		size = fmt.Sprintf(" (%d KiB)", (st.Size()+1023)/1024)
	}
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
			path = rel
		}
	}
	return path + size
}

func writePage(path string, n *nb.Notebook, source string) error {
	title := strings.TrimSuffix(filepath.Base(source), ".ipynb")
	page, err := nb.HTML(n, nb.HTMLOptions{Title: title, Dir: filepath.Dir(source)})
	if err != nil {
		return err
	}
	return os.WriteFile(path, page, 0o644)
}

// listParameters prints what -p can set.
func listParameters(n *nb.Notebook) error {
	list, err := n.Parameters()
	if err != nil {
		return err
	}
	for _, p := range list {
		if !p.Const {
			fmt.Printf("-p %s=…\t%s\tdefault %s\n", p.Name, p.Type, p.Default)
		}
	}
	return nil
}

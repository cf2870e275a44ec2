package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"glownotes/kernel/sweep"
)

// sweepCommand runs a notebook on a grid of parameters. "sweep NOTEBOOK" is
// short for "sweep start NOTEBOOK".
type sweepCommand struct {
	Start  sweepStart  `cmd:"" default:"withargs" help:"Run what is missing of a sweep; the word start may be left out."`
	Status sweepStatus `cmd:"" help:"Show how the runs of a sweep stand, and gather its table."`
	Work   sweepWork   `cmd:"" help:"Work on one run (local workers, Slurm and Kubernetes start this)."`
}

type sweepStart struct {
	Notebook string   `arg:"" help:"Notebook to execute." type:"existingfile"`
	Grid     []string `help:"A variable of the cell tagged \"parameters\" with the values that it takes; may be repeated." placeholder:"NAME=V,V,…" sep:"none"`
	Seeds    int      `help:"Repeat every point with seed = 1 … N." placeholder:"N"`
	Param    []string `short:"p" help:"Set another variable, the same in all runs; may be repeated." placeholder:"NAME=VALUE" sep:"none"`
	Dir      string   `help:"Folder of the sweep; NOTEBOOK.sweep beside the notebook if left out. All workers must see it." placeholder:"DIR" type:"path"`
	Retries  int      `help:"How often a run is taken up again after its worker was lost." default:"3" placeholder:"N"`

	Local      int    `help:"Run here, in N processes at a time (the default, with N = 1)." placeholder:"N" xor:"where"`
	Slurm      bool   `help:"Submit a Slurm job array." xor:"where"`
	Kubernetes bool   `help:"Write the manifest of a Kubernetes Indexed Job." xor:"where"`
	Parallel   int    `help:"Slurm, Kubernetes: how many runs at a time." placeholder:"N"`
	CPUs       int    `name:"cpus" help:"Slurm, Kubernetes: cores of a run." placeholder:"N"`
	Memory     string `help:"Slurm, Kubernetes: memory of a run, such as 4G or 4Gi."`
	GPUs       int    `name:"gpus" help:"Slurm, Kubernetes: GPUs of a run." placeholder:"N"`

	Sbatch   []string `help:"Slurm: a further option for sbatch, such as --sbatch=--partition=long; may be repeated." placeholder:"OPTION" sep:"none"`
	NoSubmit bool     `help:"Slurm: write the batch script and stop."`
	Wait     bool     `help:"Slurm: stay until all runs have ended."`

	Image     string `help:"Kubernetes: container image." default:"glownotes"`
	Namespace string `help:"Kubernetes: namespace."`
	Claim     string `help:"Kubernetes: existing ReadWriteMany volume claim for the runs; a new one if left out."`
	Storage   string `help:"Kubernetes: size of a new volume claim." default:"10Gi"`
	DataClaim string `help:"Kubernetes: existing volume claim with data sets, mounted read-only."`
	engineFlag
}

// Run makes or extends the sweep and runs what is missing of the points that
// were asked for.
func (s sweepStart) Run(c *cli) error {
	ui := newConsole(os.Stdout)
	points, err := s.points()
	if err != nil {
		return &exitError{Code: exitUsage, Err: err}
	}
	root, err := c.moduleRoot()
	if err != nil && !s.interpreted() {
		return err
	}
	p, err := s.plan(root, points)
	if err != nil {
		return &exitError{Code: exitUsage, Err: err}
	}
	asked := p.Only(points)
	if err := errors.Join(p.Forgive(asked), p.Gather()); err != nil {
		return err
	}
	missing := p.Missing(asked)
	s.introduce(ui, p, asked, missing)
	if s.Kubernetes {
		return s.manifest(ui, p)
	}
	if len(missing) == 0 {
		return nil
	}
	ctx, stop := untilInterrupt()
	defer stop()
	if f := cellsFinding(ctx, root); f.State == later && !s.interpreted() {
		ui.line("%s: %s (%s)", f.Name, f.Detail, f.Fix)
	}
	if s.Slurm {
		return s.submit(ctx, ui, p, root, missing)
	}
	return s.local(ctx, ui, p, root, missing)
}

func (s sweepStart) points() ([]sweep.Point, error) {
	var axes []sweep.Axis
	for _, g := range s.Grid {
		a, err := sweep.ParseAxis(g)
		if err != nil {
			return nil, err
		}
		axes = append(axes, a)
	}
	if s.Seeds < 0 {
		return nil, errors.New("--seeds must not be negative")
	}
	if s.Seeds > 0 {
		axes = append(axes, sweep.Seeds(s.Seeds))
	}
	var fixed []sweep.Param
	for _, p := range s.Param {
		name, value, ok := strings.Cut(p, "=")
		if !ok {
			return nil, fmt.Errorf("-p %s: want name=value", p)
		}
		fixed = append(fixed, sweep.Param{Name: name, Value: value})
	}
	return sweep.Expand(fixed, axes)
}

func (s sweepStart) plan(root string, points []sweep.Point) (*sweep.Plan, error) {
	notebook, err := filepath.Abs(s.Notebook)
	if err != nil {
		return nil, err
	}
	if s.Dir == "" {
		s.Dir = strings.TrimSuffix(notebook, ".ipynb") + ".sweep"
	}
	// A folder of this module is named relative to it: elsewhere, the module
	// may lie in another place.
	workDir := filepath.Dir(notebook)
	if rel, err := filepath.Rel(root, workDir); root != "" && err == nil && filepath.IsLocal(rel) {
		workDir = rel
	}
	return sweep.Update(s.Dir, notebook, workDir, points, s.Retries)
}

// introduce says what is about to happen.
func (s sweepStart) introduce(ui *console, p *sweep.Plan, asked, missing []int) {
	ui.line("%d runs in %s, %d done, %d to do", len(asked), fileNote(p.Dir()), len(asked)-len(missing), len(missing))
	ui.line("table: %s", p.Table())
	if !p.Out {
		ui.line("The notebook declares no parameter out: it leaves no results, and a lost worker's run starts anew.")
	}
	if n := p.Summary(asked).Older; n > 0 {
		ui.line("%d of the finished runs were made with an earlier version of the notebook's code (column code); remove their folders to run them again.", n)
	}
}

// local runs the missing points in processes of this machine.
func (s sweepStart) local(ctx context.Context, ui *console, p *sweep.Plan, root string, missing []int) error {
	command, err := s.worker(root, "")
	if err != nil {
		return err
	}
	workers := max(1, s.Local)
	b := &board{ui: ui, plan: p, indexes: missing, workers: workers, start: time.Now()}
	stop := b.watch()
	err = sweep.Local{Workers: workers, Command: command, Ended: b.ended}.Run(ctx, p, missing)
	stop()
	if ctx.Err() != nil {
		ui.line("Stopped; the same command goes on from the last checkpoints.")
		return &exitError{Code: exitInterrupted}
	}
	if err != nil {
		return &exitError{Code: exitFailure, Err: fmt.Errorf("%w; the same command tries them again", err)}
	}
	return nil
}

// worker is the command of a worker; program is this one if empty.
func (s sweepStart) worker(root, program string) ([]string, error) {
	if program == "" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	command := []string{program}
	if root != "" {
		command = append(command, "--root="+root)
	}
	command = append(command, "sweep", "work")
	if s.Engine != "" && s.Engine != "auto" {
		command = append(command, "--engine="+s.Engine)
	}
	return command, nil
}

// manifest writes the Kubernetes objects into the folder of the sweep.
func (s sweepStart) manifest(ui *console, p *sweep.Plan) error {
	k := sweep.Kubernetes{
		Name: "sweep-" + sweep.DNSLabel(strings.TrimSuffix(filepath.Base(s.Notebook), ".ipynb")), Namespace: s.Namespace, Image: s.Image,
		Parallel: cmpOr(s.Parallel, len(p.Points)), CPUs: cmpOr(s.CPUs, 2), Memory: s.Memory, GPUs: s.GPUs, Claim: s.Claim, Storage: s.Storage, Data: s.DataClaim,
	}
	if k.Memory == "" {
		k.Memory = "4Gi"
	}
	text, err := k.Manifest(p)
	if err != nil {
		return err
	}
	path := filepath.Join(p.Dir(), "kubernetes.yaml")
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	ui.line("%s %s\nkubectl apply -f %s", ui.verdict(nil), fileNote(path), path)
	return nil
}

func cmpOr(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

// A board shows how the runs stand.
type board struct {
	ui      *console
	plan    *sweep.Plan
	indexes []int
	workers int // 0 when unknown
	start   time.Time
}

// ended prints the end of one process.
func (b *board) ended(index int, s sweep.Status, err error) {
	p := b.plan.Points[index]
	took := time.Duration(s.Seconds * float64(time.Second))
	switch {
	case err == nil:
		b.ui.line("%s %s  %s  %s", b.ui.verdict(nil), p, short(took), b.ui.paint(dim, s.Latest))
	case errors.Is(err, sweep.ErrTaken):
		b.ui.line("· %s  another worker is on it", p)
	case errors.Is(err, context.Canceled):
		b.ui.line("· %s  stopped after %s", p, short(took))
	case s.State == sweep.Lost:
		b.ui.line("%s %s  the worker was lost (%v), another one takes over", b.ui.paint(yellow, "!"), p, err)
	default:
		reason := s.Error
		if reason == "" {
			reason = err.Error()
		}
		b.ui.line("%s %s  %s\n  log: %s", b.ui.verdict(err), p, reason, filepath.Join(b.plan.RunDir(index), "log.txt"))
	}
}

// watch keeps the live line up to date until the returned function is called.
func (b *board) watch() (stop func()) {
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		said := time.Now()
		for {
			text := b.text()
			b.ui.status(text)
			if !b.ui.live && time.Since(said) > stillRunning {
				said = time.Now()
				b.ui.line("%s", text)
			}
			select {
			case <-quit:
				b.ui.status("")
				return
			case <-tick.C:
			}
		}
	}()
	return func() { close(quit); <-ended }
}

// text is the summary in one line, with the time that is left if runs go on
// as they did.
func (b *board) text() string {
	s := b.plan.Summary(b.indexes)
	text := tally(s)
	if left := s.Total - s.Count[sweep.Done] - s.Count[sweep.Failed]; b.workers > 0 && s.Seconds > 0 && left > 0 {
		rounds := (left + b.workers - 1) / b.workers
		text += "  about " + short(time.Duration(float64(rounds)*s.Seconds*float64(time.Second))) + " left"
	}
	return fmt.Sprintf("%s  %s", text, since(b.start))
}

// tally is a summary as text: "12 done, 2 running, 22 waiting of 36".
func tally(s sweep.Summary) string {
	var parts []string
	for _, st := range sweep.States() {
		if n := s.Count[st]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, st))
		}
	}
	return fmt.Sprintf("%s of %d", strings.Join(parts, ", "), s.Total)
}

type sweepStatus struct {
	Dir   string `arg:"" help:"Folder of the sweep." type:"existingdir"`
	Watch bool   `short:"w" help:"Stay and gather until no run is waiting or running."`
}

// Run prints one line for each run that is not simply done or waiting.
func (s sweepStatus) Run(*cli) error {
	ui := newConsole(os.Stdout)
	p, err := sweep.Open(s.Dir)
	if err != nil {
		return &exitError{Code: exitUsage, Err: err}
	}
	ctx, stop := untilInterrupt()
	defer stop()
	if s.Watch {
		if err := follow(ctx, ui, p, every(p)); err != nil {
			return err
		}
	}
	if err := p.Gather(); err != nil {
		return err
	}
	for i, q := range p.Points {
		st := p.Status(i)
		took := short(time.Duration(st.Seconds * float64(time.Second)))
		switch st.State {
		case sweep.Waiting, sweep.Done:
		case sweep.Running:
			ui.line("%-8s %s  %s on %s  %s", st.State, q, took, st.Host, st.Latest)
		default:
			ui.line("%-8s %s  %s  %s", st.State, q, took, st.Error)
		}
	}
	ui.line("%s\ntable: %s", tally(p.Summary(every(p))), p.Table())
	return nil
}

func every(p *sweep.Plan) []int {
	list := make([]int, len(p.Points))
	for i := range list {
		list[i] = i
	}
	return list
}

// follow shows the live line until none of the runs is waiting or running.
func follow(ctx context.Context, ui *console, p *sweep.Plan, indexes []int) error {
	b := &board{ui: ui, plan: p, indexes: indexes, start: time.Now()}
	stop := b.watch()
	defer stop()
	for {
		active := slices.ContainsFunc(indexes, func(i int) bool {
			st := p.Status(i).State
			return st != sweep.Done && st != sweep.Failed
		})
		if !active {
			return p.Gather()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(2 * time.Second):
		}
	}
}

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"

	"glownotes/kernel/sweep"
)

type sweepWork struct {
	Dir           string `arg:"" help:"Folder of the sweep." type:"path"`
	Index         int    `help:"Number of the run." required:"" env:"SLURM_ARRAY_TASK_ID,JOB_COMPLETION_INDEX" placeholder:"N"`
	Plan          string `help:"Folder with the plan, if it is not that of the sweep; it is copied there." type:"existingdir" placeholder:"DIR"`
	StopWithStdin bool   `help:"Stop when standard input ends." hidden:""`
	engineFlag
}

// Run works on one run. The exit code says how it ended: see package sweep.
func (s sweepWork) Run(c *cli) error {
	p, err := s.open()
	if err != nil {
		return &exitError{Code: exitUsage, Err: err}
	}
	root, err := c.moduleRoot()
	if err != nil && !s.interpreted() {
		return &exitError{Code: exitUsage, Err: err}
	}
	ctx, stop := untilInterrupt()
	defer stop()
	if s.StopWithStdin {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		go func() {
			io.Copy(io.Discard, os.Stdin) // an error is an end, too
			cancel()
		}()
	}
	ui := newConsole(os.Stdout)
	err = p.Work(ctx, s.Index, func(ctx context.Context, j sweep.Job) error {
		ui.line("%s", p.Points[s.Index])
		r := runCommand{Notebook: p.Notebook, Output: j.Output, engineFlag: s.engineFlag, dir: workDir(p, root, j.Dir), say: j.Say, patience: sweep.Patience}
		runErr, err := r.execute(ctx, ui, j.Notebook, root)
		if err == nil {
			err = runErr
		}
		return err
	})
	var failed *sweep.FailedError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sweep.ErrTaken):
		return &exitError{Code: sweep.ExitTaken, Err: err}
	case errors.As(err, &failed):
		return failure(ctx, err)
	case ctx.Err() != nil:
		return &exitError{Code: sweep.ExitInterrupted, Err: err}
	}
	return &exitError{Code: sweep.ExitFailed, Err: err}
}

// open opens the plan, after copying it to the folder of the sweep if it is
// somewhere else.
func (s sweepWork) open() (*sweep.Plan, error) {
	if s.Plan == "" {
		return sweep.Open(s.Dir)
	}
	p, err := sweep.Open(s.Plan)
	if err != nil {
		return nil, err
	}
	return p.CopyTo(s.Dir)
}

// workDir is the folder where cells run: the notebook's, where this machine
// has it, else that of the run.
func workDir(p *sweep.Plan, root, runDir string) string {
	dir := p.WorkDir
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(root, dir)
	}
	if st, err := os.Stat(dir); err == nil && st.IsDir() {
		return dir
	}
	return runDir
}

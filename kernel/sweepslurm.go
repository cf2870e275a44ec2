package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"glownotes/kernel/sweep"
)

// jobsFile lists the job arrays that were submitted for a sweep.
const jobsFile = "jobs"

// submit hands the missing runs to Slurm, except those that it has already.
func (s sweepStart) submit(ctx context.Context, ui *console, p *sweep.Plan, root string, missing []int) error {
	dir := p.SlurmDir()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	jobs := filepath.Join(dir, jobsFile)
	asked := missing
	queued := queuedIndexes(ctx, jobs)
	missing = slices.DeleteFunc(slices.Clone(missing), func(i int) bool { return slices.Contains(queued, i) })
	if n := len(asked) - len(missing); n > 0 {
		ui.line("Slurm has %d of them in its queue", n)
	}
	if len(missing) > 0 {
		// This very program may be a temporary file of "go run".
		program := filepath.Join(dir, binaryName())
		if err := copySelf(program); err != nil {
			return err
		}
		command, err := s.worker(root, program)
		if err != nil {
			return err
		}
		array := sweep.Slurm{
			Name: strings.TrimSuffix(filepath.Base(s.Notebook), ".ipynb"), Command: command, Parallel: s.Parallel,
			CPUs: s.CPUs, Memory: s.Memory, GPUs: s.GPUs, Options: s.Sbatch,
		}
		script := filepath.Join(dir, "array.sh")
		if err := os.WriteFile(script, []byte(array.Script(p, missing)), 0o755); err != nil {
			return err
		}
		if s.NoSubmit {
			ui.line("%s %s\nsbatch %s", ui.verdict(nil), fileNote(script), script)
			return nil
		}
		if err := sbatch(ctx, ui, script, jobs); err != nil {
			return err
		}
	}
	if s.Wait {
		return followToEnd(ctx, ui, p, asked)
	}
	ui.line("glownotes sweep status %s --watch", p.Dir())
	return nil
}

// followToEnd waits for the runs; the error says how many did not succeed.
func followToEnd(ctx context.Context, ui *console, p *sweep.Plan, indexes []int) error {
	if err := follow(ctx, ui, p, indexes); err != nil {
		return err
	}
	summary := p.Summary(indexes)
	ui.line("%s", tally(summary))
	if n := summary.Total - summary.Count[sweep.Done]; n > 0 {
		return &exitError{Code: exitFailure, Err: fmt.Errorf("%d runs have failed: glownotes sweep status %s", n, p.Dir())}
	}
	return nil
}

// sbatch submits a script and notes the number of its job.
func sbatch(ctx context.Context, ui *console, script, jobs string) error {
	out, err := exec.CommandContext(ctx, "sbatch", "--parsable", script).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return fmt.Errorf("sbatch: %s", strings.TrimSpace(string(exit.Stderr)))
		}
		return fmt.Errorf("%w; --no-submit writes the script only", err)
	}
	id, _, _ := strings.Cut(strings.TrimSpace(string(out)), ";") // behind it: the cluster
	ui.line("%s Slurm job %s", ui.verdict(nil), id)
	f, err := os.OpenFile(jobs, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(f, id)
	return errors.Join(err, f.Close())
}

// queuedIndexes are the tasks of earlier submissions that Slurm still has. If
// it cannot be asked, none: a run that is submitted twice is worked on once.
func queuedIndexes(ctx context.Context, jobs string) []int {
	ids, err := os.ReadFile(jobs)
	if err != nil {
		return nil
	}
	var list []int
	for _, id := range strings.Fields(string(ids)) {
		out, err := exec.CommandContext(ctx, "squeue", "--noheader", "--array", "--format=%K", "--jobs="+id).Output()
		if err != nil { // long ended: Slurm has forgotten it
			continue
		}
		for _, field := range strings.Fields(string(out)) {
			if i, err := strconv.Atoi(field); err == nil {
				list = append(list, i)
			}
		}
	}
	return list
}

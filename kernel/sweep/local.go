package sweep

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Exit codes of a worker process. Any other end is the loss of the worker.
const (
	ExitDone        = 0
	ExitFailed      = 1 // a repetition would fail again
	ExitTaken       = 3 // another worker has the run
	ExitInterrupted = 130
)

// Local runs points in processes of this machine.
type Local struct {
	Workers int      // processes at a time
	Command []string // of a worker; the folder of the sweep and --index=N are appended
	// Ended is told how each process ended, from one goroutine at a time; err
	// is nil when the run is done. State Lost means that another process takes
	// the run up.
	Ended func(index int, s Status, err error)
}

// Run works on the given points until each is done or has failed. A worker
// that is lost is replaced, up to the plan's limit. When ctx ends the workers
// are told to stop, which lets them write checkpoints. The error says how many
// runs are not done.
func (l Local) Run(ctx context.Context, p *Plan, indexes []int) error {
	queue := make(chan int)
	var mu sync.Mutex
	ended := l.Ended
	l.Ended = func(index int, s Status, err error) {
		mu.Lock()
		defer mu.Unlock()
		ended(index, s, err)
	}
	var notDone atomic.Int64
	var workers sync.WaitGroup
	for range min(max(1, l.Workers), max(1, len(indexes))) {
		workers.Go(func() {
			for i := range queue {
				err := l.one(ctx, p, i)
				if err != nil {
					notDone.Add(1)
				}
				l.Ended(i, p.Status(i), err)
			}
		})
	}
feed:
	for _, i := range indexes {
		select {
		case queue <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return errors.Join(err, p.Gather())
	}
	if n := notDone.Load(); n > 0 {
		return fmt.Errorf("sweep: %d of %d runs are not done", n, len(indexes))
	}
	return nil
}

// one sees a run through, replacing lost workers: each loss is counted in the
// status, and a worker that finds too many gives up.
func (l Local) one(ctx context.Context, p *Plan, index int) error {
	for try := 0; ; try++ {
		err := l.process(ctx, p, index)
		var exit *exec.ExitError
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.As(err, &exit):
			return fmt.Errorf("sweep: %w", err)
		case exit.ExitCode() == ExitFailed:
			return &FailedError{p.Points[index], errors.New(p.Status(index).Error)}
		case exit.ExitCode() == ExitTaken:
			return ErrTaken
		case try > p.Retries: // it did not even come to counting losses
			return &FailedError{p.Points[index], fmt.Errorf("the worker ends with %v; see %s", exit, p.log(index))}
		}
		l.Ended(index, Status{State: Lost}, exit)
	}
}

func (p *Plan) log(index int) string { return filepath.Join(p.RunDir(index), "log.txt") }

// grace is how long a worker may take to stop; Patience of it is the cell's, to
// save what it has.
const (
	grace    = 2 * time.Minute
	Patience = grace - 20*time.Second
)

// process is one worker process from start to end. It stops when its standard
// input ends, which it also does when this process dies.
func (l Local) process(ctx context.Context, p *Plan, index int) error {
	if err := os.MkdirAll(p.RunDir(index), 0o755); err != nil {
		return err
	}
	log, err := os.OpenFile(p.log(index), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own handle
	args := append(l.Command[1:len(l.Command):len(l.Command)], p.dir, "--index="+strconv.Itoa(index), "--stop-with-stdin")
	cmd := exec.CommandContext(ctx, l.Command[0], args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = log, log, l.env()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	cmd.Cancel = func() error { return stdin.Close() }
	cmd.WaitDelay = grace
	if err := cmd.Start(); err != nil {
		return err
	}
	err = cmd.Wait()
	io.WriteString(log, "\n")
	return err
}

// env shares the cores out among the workers, unless the user has done so.
func (l Local) env() []string {
	env := os.Environ()
	if _, set := os.LookupEnv("GOMAXPROCS"); !set && l.Workers > 1 {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(max(1, runtime.NumCPU()/l.Workers)))
	}
	return env
}

package sweep

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"glownotes/kernel/nb"
)

// ErrTaken means that another worker has the run.
var ErrTaken = errors.New("sweep: another worker is on this run")

// A FailedError is the end of a run that no repetition mends: a cell failed,
// the result cannot be read, or too many workers were lost on it.
type FailedError struct {
	Point Point
	Err   error
}

func (e *FailedError) Error() string { return fmt.Sprintf("sweep: %s: %v", e.Point, e.Err) }

// Unwrap returns the cause.
func (e *FailedError) Unwrap() error { return e.Err }

// A Job is what a worker hands to what runs notebooks.
type Job struct {
	Notebook *nb.Notebook // with its parameters set
	Dir      string       // folder of the run
	Output   string       // where the executed notebook belongs
	Say      func(string) // takes the last line that the notebook printed
}

// Work takes up one run and hands it to run, unless it is done. It returns nil
// when the run is done, ErrTaken when another worker has it, an error that
// wraps ctx.Err() when it was interrupted, and a *FailedError when it failed.
func (p *Plan) Work(ctx context.Context, index int, run func(context.Context, Job) error) error {
	if index < 0 || index >= len(p.Points) {
		return fmt.Errorf("sweep: there is no run %d, the sweep has %d", index, len(p.Points))
	}
	dir := p.RunDir(index)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile))
	held, err := lock.TryLock()
	if err != nil {
		return fmt.Errorf("sweep: locking %s: %w", dir, err)
	}
	if !held {
		return ErrTaken
	}
	defer lock.Close()
	w := &worker{plan: p, index: index}
	if taken, err := w.begin(); err != nil || !taken {
		return err
	}
	return w.end(ctx, w.run(ctx, run))
}

// A worker is one attempt at a run.
type worker struct {
	plan  *Plan
	index int
	base  float64 // seconds of earlier attempts

	mu     sync.Mutex
	status Status
}

// begin records the attempt; taken is false when the run is done.
func (w *worker) begin() (taken bool, err error) {
	s, err := w.plan.stored(w.index)
	if err == nil && s.State == Done {
		return false, nil
	}
	if err == nil && s.State == Running { // and nobody holds the lock: it was lost
		s.Losses++
	}
	if limit := w.plan.Retries; s.Losses > limit {
		s.State, s.Error = Failed, fmt.Sprintf("%d workers were lost on it, the last at %q; too little memory is a common reason", s.Losses, s.Latest)
		return false, errors.Join(&FailedError{w.plan.Points[w.index], errors.New(s.Error)}, w.plan.store(w.index, s), w.plan.Gather())
	}
	now := time.Now().UTC()
	host, _ := os.Hostname() // only to be shown
	w.base = s.Seconds
	w.status = Status{State: Running, Attempts: s.Attempts + 1, Losses: s.Losses, Seconds: s.Seconds,
		Started: now, Alive: now, Host: host, PID: os.Getpid(), Code: w.plan.Code}
	return true, errors.Join(w.plan.store(w.index, w.status), w.plan.Gather())
}

// run executes the notebook and tells that it is alive until that ends.
func (w *worker) run(ctx context.Context, run func(context.Context, Job) error) error {
	n, err := w.notebook()
	if err != nil {
		return err
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		w.live(quit)
	}()
	defer func() { close(quit); <-ended }()
	dir := w.plan.RunDir(w.index)
	err = run(ctx, Job{Notebook: n, Dir: dir, Output: filepath.Join(dir, notebookFile), Say: w.say})
	if err == nil && w.plan.Out {
		if _, rerr := readResult(dir); rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
			err = rerr
		}
	}
	return err
}

// notebook is a fresh copy with the parameters of the point.
func (w *worker) notebook() (*nb.Notebook, error) {
	n, err := nb.ReadFile(filepath.Join(w.plan.dir, notebookFile))
	if err != nil {
		return nil, err
	}
	set := w.plan.Points[w.index].Assignments()
	if w.plan.Out {
		set = append(set, outName+"="+w.plan.RunDir(w.index))
	}
	return n, n.SetParameters(set)
}

func (w *worker) say(line string) {
	w.mu.Lock()
	w.status.Latest = line
	w.mu.Unlock()
}

// live writes signs of life, and gathers when the notebook has left something
// new. What cannot be written now is written next time.
func (w *worker) live(quit <-chan struct{}) {
	tick := time.NewTicker(signOfLife)
	defer tick.Stop()
	var seen time.Time
	for {
		select {
		case <-quit:
			return
		case <-tick.C:
		}
		w.plan.store(w.index, w.now())
		st, err := os.Stat(filepath.Join(w.plan.RunDir(w.index), resultFile))
		if err == nil && st.ModTime().After(seen) {
			seen = st.ModTime()
			w.plan.Gather()
		}
	}
}

// now is the status with the time worked so far.
func (w *worker) now() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status.Alive = time.Now().UTC()
	w.status.Seconds = w.base + w.status.Alive.Sub(w.status.Started).Seconds()
	return w.status
}

// end records how the attempt ended.
func (w *worker) end(ctx context.Context, err error) error {
	s := w.now()
	switch {
	case err == nil:
		s.State, s.Losses = Done, 0
	case ctx.Err() != nil:
		s.State, s.Error = Stopped, "interrupted"
		err = fmt.Errorf("sweep: %s: %w", w.plan.Points[w.index], ctx.Err())
	default:
		s.State, s.Error = Failed, err.Error()
		err = &FailedError{w.plan.Points[w.index], err}
	}
	return errors.Join(err, w.plan.store(w.index, s), w.plan.Gather())
}

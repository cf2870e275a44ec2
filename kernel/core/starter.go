package core

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// A starter starts the engine in the background when the kernel starts, so
// that the first cell finds it ready; a cell that comes earlier waits and
// shows the progress.
type starter struct {
	engine Engine

	mu       sync.Mutex
	attempt  *attempt // the present or the last one
	progress Progress
}

type attempt struct {
	done chan struct{}
	err  error // after done
}

func newStarter(e Engine) *starter { return &starter{engine: e} }

// start starts the engine or joins the start that is going on. After a
// failure the next call tries again.
func (s *starter) start(ctx context.Context) error {
	a := s.begin(ctx)
	select {
	case <-a.done:
		return a.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *starter) begin(ctx context.Context) *attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.attempt; a != nil && !a.failed() {
		return a
	}
	a := &attempt{done: make(chan struct{})}
	s.attempt = a
	go func() {
		defer close(a.done)
		defer func() {
			if p := recover(); p != nil {
				a.err = fmt.Errorf("core: starting the engine: panic: %v", p)
			}
		}()
		a.err = s.engine.Start(ctx, s.report)
	}()
	return a
}

// failed reports whether the attempt is over without success.
func (a *attempt) failed() bool {
	select {
	case <-a.done:
		return a.err != nil
	default:
		return false
	}
}

func (s *starter) report(p Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.progress = p
}

// What a waiting cell shows: nothing for a short wait, then a line that
// changes a few times a second.
const (
	quietStart   = 500 * time.Millisecond
	progressRate = 250 * time.Millisecond
)

// wait waits for the engine on behalf of a cell. life is that of the kernel,
// ctx that of the cell: an interrupt ends the wait, not the start.
func (s *starter) wait(life, ctx context.Context, show func(line string)) error {
	a := s.begin(life)
	select {
	case <-a.done:
		return a.err
	default:
	}
	began := time.Now()
	tick := time.NewTicker(progressRate)
	defer tick.Stop()
	for {
		select {
		case <-a.done:
			return a.err
		case <-ctx.Done():
			return &CellError{Name: "Interrupted", Message: "while the engine was starting"}
		case <-tick.C:
			if wait := time.Since(began); wait > quietStart {
				show(s.line(wait))
			}
		}
	}
}

// line describes the progress in one line.
func (s *starter) line(wait time.Duration) string {
	s.mu.Lock()
	p := s.progress
	s.mu.Unlock()
	stage := p.Stage
	if stage == "" {
		stage = "starting"
	}
	if p.Done >= 0 && p.Done <= 1 && stage != "starting" {
		return fmt.Sprintf("Preparing Go for this notebook: %s, %.0f %% (%.0f s)", stage, 100*p.Done, wait.Seconds())
	}
	return fmt.Sprintf("Preparing Go for this notebook: %s (%.0f s)", stage, wait.Seconds())
}

package interp

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"

	"github.com/cosmos72/gomacro/base"
	"github.com/cosmos72/gomacro/fast"
)

const (
	// grace is how long an interrupted cell may take to stop before its
	// goroutine is left behind: people wait about that long for a prompt.
	grace = time.Second

	// prod is how often the interrupt flag is raised again: gomacro clears it
	// at several places.
	prod = 2 * time.Millisecond

	// maxDepth is the depth of interpreted calls at which a cell is stopped.
	// One call takes under 1 KiB of Go's stack here, and the process would
	// end at 1 GB.
	maxDepth = 250_000
)

// A worker is the goroutine that evaluates: gomacro ties its run-time state to
// the goroutine, and interrupts reach that goroutine only.
type worker struct {
	jobs chan func()
	run  *fast.Run // gomacro's state of this goroutine
}

func newWorker() *worker {
	w := &worker{jobs: make(chan func())}
	go func() {
		for f := range w.jobs {
			f()
		}
	}()
	return w
}

// errGoexit says that the code ended its goroutine by runtime.Goexit.
var errGoexit = errors.New("the cell ended its goroutine with runtime.Goexit")

// errTooDeep says that the watchdog stopped a recursion.
var errTooDeep = errors.New("stack overflow")

// A failure is a panic on the worker, with where it happened.
type failure struct {
	value any
	trace []frame
	stack []byte // Go's stack, for the log
}

// call runs f on the worker and waits for it. When ctx ends the code is
// interrupted; left reports that it did not stop within the grace and that the
// goroutine, which is of no use any more, was left behind. abandon is called
// before that, and keeps f from touching the session again.
func (w *worker) call(ctx context.Context, f func(), trace func() []frame, abandon func()) (fail *failure, left bool) {
	done := make(chan *failure, 1)
	w.jobs <- func() {
		var fail *failure
		finished := false
		defer func() {
			if !finished {
				r := recover()
				if r == nil {
					r = errGoexit
				}
				fail = &failure{value: r, trace: trace(), stack: debug.Stack()}
			}
			done <- fail
		}()
		f()
		finished = true
	}
	deep := false
	tick := time.NewTicker(10 * prod)
	defer tick.Stop()
	for {
		select {
		case fail := <-done:
			if fail != nil && deep && isInterrupt(fail.value) {
				fail.value = errTooDeep
			}
			return fail, false
		case <-tick.C:
			if w.run != nil && depthOf(w.run) > maxDepth {
				deep = true
				raise(w.run)
			}
		case <-ctx.Done():
			return w.stop(done, abandon)
		}
	}
}

// stop interrupts the running code.
func (w *worker) stop(done chan *failure, abandon func()) (fail *failure, left bool) {
	tick := time.NewTicker(prod)
	defer tick.Stop()
	deadline := time.After(grace)
	for {
		raise(w.run)
		select {
		case fail := <-done:
			return fail, false
		case <-deadline:
			abandon()
			go w.bury(done)
			return &failure{value: base.SigInterrupt}, true
		case <-tick.C:
		}
	}
}

// bury keeps interrupting code that was left behind until it ends.
func (w *worker) bury(done chan *failure) {
	tick := time.NewTicker(25 * prod)
	defer tick.Stop()
	for {
		raise(w.run)
		select {
		case <-done:
			close(w.jobs)
			return
		case <-tick.C:
		}
	}
}

// raise asks the goroutine of run to stop at its next statement. gomacro
// itself sets and reads this byte without synchronisation, as a flag that may
// be seen late.
//
//go:norace
func raise(run *fast.Run) {
	if run != nil {
		run.Signals.Async = base.SigInterrupt
	}
}

// depthOf returns the depth of interpreted calls, as of some moment ago.
//
//go:norace
func depthOf(run *fast.Run) int {
	if env := run.CurrEnv; env != nil {
		return env.CallDepth
	}
	return 0
}

// reset puts gomacro's run-time state in order after a panic, which leaves it
// as it was in the middle of a call.
func reset(run *fast.Run) {
	run.Interrupt = nil
	run.Signals = base.Signals{}
	run.ExecFlags = 0
	run.CurrEnv = nil
	run.InstallDefer = nil
	run.DeferOfFun = nil
	run.PanicFun = nil
	run.Panic = nil
}

func isInterrupt(v any) bool {
	sig, ok := v.(base.Signal)
	return ok && sig == base.SigInterrupt
}

// A job is the evaluation of one cell on a worker. Its lock is held whenever
// the session changes, so that a job that was left behind changes nothing.
type job struct {
	mu   sync.Mutex
	left bool
}

// abandon makes change return false from now on.
func (j *job) abandon() {
	j.mu.Lock()
	j.left = true
	j.mu.Unlock()
}

// change runs f unless the job was left behind.
func (j *job) change(f func()) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.left {
		return false
	}
	f()
	return true
}

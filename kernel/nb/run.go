package nb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// Options steer a run. Start from DefaultOptions.
type Options struct {
	Timeout     time.Duration // of each cell; 0 is no limit
	AllowErrors bool          // go on after a cell that failed
	MaxText     int           // bytes of stream text kept for a cell
	Observer    Observer
}

// DefaultOptions stop at the first error, wait for ever and keep 4 MiB of
// text per cell.
func DefaultOptions() Options {
	return Options{MaxText: 4 << 20, Observer: Silent{}}
}

// An Observer is told what happens during a run. index counts all cells of
// the notebook from 0. The notebook does not change during a call, which must
// be short and may come from any goroutine, one at a time.
type Observer interface {
	CellStarted(index int, c *Cell)
	Text(index int, stream, text string)
	Shown(index int, b display.Bundle) // a new display or an update of one
	CellDone(index int, c *Cell, took time.Duration, err error)
}

// Silent is an Observer that does nothing.
type Silent struct{}

// CellStarted implements Observer.
func (Silent) CellStarted(int, *Cell) {}

// Text implements Observer.
func (Silent) Text(int, string, string) {}

// Shown implements Observer.
func (Silent) Shown(int, display.Bundle) {}

// CellDone implements Observer.
func (Silent) CellDone(int, *Cell, time.Duration, error) {}

// Tags that change how a cell is run; both are conventions of nbclient.
const (
	tagSkip   = "skip-execution"   // the cell is not run
	tagRaises = "raises-exception" // an error of this cell is expected
)

// A RunError is the failure of one cell. Err is a *core.CellError when the
// cell's code failed; errors.Is finds context.Canceled when the run was
// interrupted and context.DeadlineExceeded when the cell took too long.
type RunError struct {
	Index  int // of the cell in the notebook, from 0
	Number int // its execution count
	Cell   *Cell
	Err    error
	Cause  error // of an interruption, or nil
}

func (e *RunError) Error() string {
	switch {
	case errors.Is(e.Cause, context.DeadlineExceeded):
		return fmt.Sprintf("nb: cell [%d] took longer than the time limit", e.Number)
	case e.Cause != nil:
		return fmt.Sprintf("nb: cell [%d] was interrupted", e.Number)
	}
	return fmt.Sprintf("nb: cell [%d] failed: %v", e.Number, e.Err)
}

// Unwrap makes the cell's error and the cause of an interruption visible to
// errors.Is and errors.As.
func (e *RunError) Unwrap() []error {
	if e.Cause != nil {
		return []error{e.Err, e.Cause}
	}
	return []error{e.Err}
}

// Run executes the code cells in order and stores their outputs in n. Earlier
// outputs are removed first, so that everything stored is from this run; cells
// tagged skip-execution and cells without code are left out. A cell that fails
// ends the run with a *RunError unless AllowErrors is set or the cell is
// tagged raises-exception; n then holds what was shown so far, the error
// included. Cancelling ctx interrupts the running cell in the same way.
//
// Output that a goroutine writes after its cell is stored with its cell as
// long as the run lasts.
func Run(ctx context.Context, n *Notebook, engine core.Engine, opts Options) error {
	n.ClearOutputs()
	s := &session{displays: map[string][]*Output{}, opts: opts}
	recorders := make([]*recorder, 0, len(n.Cells))
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range recorders {
			r.closeStream()
		}
		s.closed = true
	}()
	setLanguage(n, engine.Info())
	number := 0
	for i, c := range n.Cells {
		if !c.runs() {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("nb: stopped before cell [%d]: %w", number+1, err)
		}
		number++
		r := &recorder{s: s, index: i, cell: c}
		recorders = append(recorders, r)
		if err := r.execute(ctx, engine, number); err != nil {
			return err
		}
	}
	return nil
}

// execute runs the recorder's cell.
func (r *recorder) execute(ctx context.Context, engine core.Engine, number int) error {
	opts := r.s.opts
	cellCtx := ctx
	if opts.Timeout > 0 {
		var cancel context.CancelFunc
		cellCtx, cancel = context.WithTimeout(ctx, opts.Timeout)
		defer cancel()
	}
	r.locked(func() {
		r.cell.ExecutionCount = number
		opts.Observer.CellStarted(r.index, r.cell)
	})
	start := time.Now()
	res, err := engine.Execute(cellCtx, core.Cell{Code: r.cell.Source, Number: number}, r)
	took := time.Since(start)
	var failed *RunError
	r.locked(func() {
		switch {
		case err != nil:
			failed = &RunError{Index: r.index, Number: number, Cell: r.cell, Err: err, Cause: cellCtx.Err()}
			r.add(errorOutput(err), "")
		case res.Value != nil:
			r.add(&Output{Type: ExecuteResult, ExecutionCount: number,
				Data: maps.Clone(res.Value.Data), Metadata: maps.Clone(res.Value.Metadata)}, "")
			opts.Observer.Shown(r.index, *res.Value)
		}
		r.closeStream()
		opts.Observer.CellDone(r.index, r.cell, took, err)
	})
	if failed == nil || ctx.Err() == nil && (opts.AllowErrors || r.cell.HasTag(tagRaises)) {
		return nil
	}
	return failed
}

// errorOutput stores an error as the kernel would have sent it.
func errorOutput(err error) *Output {
	var ce *core.CellError
	if errors.As(err, &ce) {
		return &Output{Type: ErrorOutput, EName: ce.Name, EValue: ce.Message, Traceback: ce.Traceback}
	}
	return &Output{Type: ErrorOutput, EName: "EngineError", EValue: err.Error(), Traceback: []string{err.Error()}}
}

// setLanguage writes metadata.language_info from the engine, as a front end
// does after kernel_info_reply.
func setLanguage(n *Notebook, info core.LanguageInfo) {
	if n.Metadata == nil {
		n.Metadata = map[string]any{}
	}
	lang := map[string]any{"name": info.Name}
	for key, v := range map[string]string{
		"version": info.Version, "mimetype": info.MimeType, "file_extension": info.FileExtension,
		"pygments_lexer": info.PygmentsLexer, "codemirror_mode": info.CodeMirrorMode,
	} {
		if v != "" {
			lang[key] = v
		}
	}
	n.Metadata["language_info"] = lang
}

// Runnable is how many cells Run would execute.
func Runnable(n *Notebook) int {
	count := 0
	for _, c := range n.Cells {
		if c.runs() {
			count++
		}
	}
	return count
}

func (c *Cell) runs() bool {
	return c.Type == Code && strings.TrimSpace(c.Source) != "" && !c.HasTag(tagSkip)
}

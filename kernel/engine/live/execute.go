package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// Execute implements core.Engine. Cells may run at the same time; one after the
// other they are compiled and loaded, so that each sees what those before it
// declare.
func (e *Engine) Execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	note := newProgressNote(out)
	defer note.end()
	if err := e.Start(ctx, note.show); err != nil {
		if ctx.Err() != nil {
			return core.Result{}, interruptedError(cell.Number)
		}
		return core.Result{}, err
	}
	e.running.RLock()
	defer e.running.RUnlock()
	defer func() { go e.link.Load().builder.getReady() }()
	r := &cellRun{Engine: e, cell: cell, out: out, note: note}
	defer r.endTurn()
	if err := r.takeTurn(ctx); err != nil {
		return core.Result{}, err
	}
	p, err := e.revive(out)
	if err != nil {
		return core.Result{}, err
	}
	r.host = p
	e.serial++
	r.serial = e.serial
	e.update(func(s *session) *session { return s.withSource(r.serial, cell.Number, cell.Code) })
	return r.execute(ctx)
}

// Parallel implements core.ParallelEngine.
func (e *Engine) Parallel() bool { return true }

// A turn is what the cell has that is compiled and loaded.
type turn chan struct{}

func newTurn() turn {
	t := make(turn, 1)
	t <- struct{}{}
	return t
}

// A cellRun is one run of a cell on its way from source to its end.
type cellRun struct {
	*Engine
	cell    core.Cell
	serial  int
	out     core.Output
	note    *progressNote
	host    *process
	hasTurn bool
}

func (r *cellRun) takeTurn(ctx context.Context) error {
	select {
	case <-r.loading:
		r.hasTurn = true
		return nil
	case <-ctx.Done():
		return interruptedError(r.cell.Number)
	}
}

// endTurn lets the next cell be compiled; it may come twice.
func (r *cellRun) endTurn() {
	if r.hasTurn {
		r.hasTurn = false
		r.loading <- struct{}{}
	}
}

// execute compiles the cell and runs it.
func (r *cellRun) execute(ctx context.Context) (core.Result, error) {
	u, b, err := r.compile(ctx, r.serial, r.cell, r.opts.AlwaysCompile, r.note.show)
	if err == nil && u.nodes != nil {
		r.endTurn()
		res, err := r.run(ctx, u, hostwire.Frame{Kind: hostwire.Look, Nodes: u.nodes}, nil)
		if !errors.Is(err, errMustCompile) {
			return res, r.succeeded(r.cell, err)
		}
		if err := r.takeTurn(ctx); err != nil {
			return core.Result{}, err
		}
		u, b, err = r.compile(ctx, r.serial, r.cell, true, r.note.show)
		if err != nil {
			return core.Result{}, r.failed(ctx, r.cell.Number, err)
		}
	}
	r.note.end()
	if err != nil {
		return core.Result{}, r.failed(ctx, r.cell.Number, err)
	}
	if b == nil {
		return core.Result{}, nil // nothing but space and comments
	}
	if u.c != nil {
		for _, n := range u.c.notes {
			r.out.Stream("stderr", "C: "+n+"\n")
		}
	}
	for _, n := range u.notes {
		r.out.Stream("stderr", "note: "+n+"\n")
	}
	if r.tellFaster.CompareAndSwap(true, false) {
		r.out.Stream("stderr", fasterNote)
	}
	start := hostwire.Frame{Kind: hostwire.Run, Path: b.plugin}
	if b.library != nil {
		start.Hashes = b.library.TypeHashes()
	}
	res, err := r.run(ctx, u, start, b)
	return res, r.succeeded(r.cell, err)
}

// A ranCell is a cell that succeeded.
type ranCell struct {
	core.Cell
	serial int
}

// succeeded remembers a cell for Replay, unless it failed. Cells that ran at
// the same time are remembered in the order in which they were loaded.
func (r *cellRun) succeeded(cell core.Cell, err error) error {
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		i, _ := slices.BinarySearchFunc(r.history, r.serial, func(c ranCell, serial int) int { return c.serial - serial })
		r.history = slices.Insert(r.history, i, ranCell{cell, r.serial})
	}
	return err
}

// errMustCompile is the host's answer to nodes that it cannot carry out.
var errMustCompile = errors.New("live: the cell has to be compiled")

// failed makes the error of a cell that was not run.
func (e *Engine) failed(ctx context.Context, number int, err error) error {
	if ctx.Err() != nil {
		return interruptedError(number)
	}
	var tool *toolError
	if errors.As(err, &tool) {
		if list := tool.problems(); len(list) > 0 {
			err = list
		}
	}
	if ce := asCellError(e.session(), number, err); ce != nil {
		return ce
	}
	return err
}

// compile takes a cell from source to plugin,
// or, unless it must, to nodes that need no plugin.
func (e *Engine) compile(ctx context.Context, serial int, cell core.Cell, must bool, progress func(core.Progress)) (u *unit, b *built, err error) {
	defer recoverInto(&err)
	u = newUnit(e.session(), e.packages(), serial, cell.Number, cell.Code)
	if err := u.parse(); err != nil {
		return nil, nil, err
	}
	if len(u.chunks) == 0 {
		return u, nil, nil
	}
	name := func(path string) (string, error) { return e.packages().name(ctx, progress, path) }
	if err := u.readImports(name); err != nil {
		return nil, nil, err
	}
	u.readDecls()
	if err := u.reemit(); err != nil {
		return nil, nil, err
	}
	if err := e.translateC(ctx, u); err != nil {
		return nil, nil, err
	}
	if err := u.parseText(); err != nil {
		return nil, nil, err
	}
	u.markNames()
	if err := e.packages().ensure(ctx, progress, u.paths()...); err != nil {
		if ctx.Err() != nil {
			return nil, nil, err
		}
		return nil, nil, &importError{listOf(e.packages().missing(u.paths())), err}
	}
	if err := u.analyse(); err != nil {
		return nil, nil, err
	}
	if nodes, ok := u.look(); ok && !must {
		u.nodes = nodes
		return u, nil, nil
	}
	text := u.emit()
	e.log.Debug("live: generated", "cell", cell.Number, "text", string(text))
	b, err = e.link.Load().builder.build(ctx, serial, sourceFiles{text, u.c, u.light()})
	return u, b, err
}

// recoverInto makes an error of a panic: a mistake in this package must not
// end the kernel.
func recoverInto(err *error) {
	if v := recover(); v != nil {
		*err = fmt.Errorf("live: internal error: %v\n%s", v, debug.Stack())
	}
}

func listOf(paths []string) string {
	s := ""
	for i, p := range paths {
		if i > 0 {
			s += ", "
		}
		s += p
	}
	return s
}

// run loads a cell into the host and waits for its end.
func (r *cellRun) run(ctx context.Context, u *unit, start hostwire.Frame, b *built) (core.Result, error) {
	p := r.host
	r.router.enter(ctx, u.serial, r.out)
	frames := p.listen(u.serial)
	defer p.ignore(u.serial)
	start.Cell = u.serial
	start.Replay = ctx.Value(replayKey{}) != nil
	if err := p.send(start); err != nil && p.alive() {
		return core.Result{}, fmt.Errorf("live: sending a cell to its host: %w", err)
	}
	interrupt := ctx.Done()
	for {
		select {
		case f := <-frames:
			switch f.Kind {
			case hostwire.Opened:
				err := r.commit(u, b, p)
				os.Remove(b.plugin) // the host has it in memory
				if err != nil {
					return core.Result{}, err
				}
				r.endTurn()
			case hostwire.Done:
				return r.done(u, f)
			}
		case <-interrupt:
			interrupt = nil
			p.send(hostwire.Frame{Kind: hostwire.Interrupt, Cell: u.serial, Patience: r.opts.Patience})
		case <-p.exited:
			return core.Result{}, r.died(u.number, p)
		}
	}
}

// manyCells is when a session is advised to restart. Walking 20,000 stacks
// takes 23 ms in a fresh host and 600 ms after 300 cells.
const manyCells = 300

// commit makes what the cell declares known to later cells, if the host p that
// has it still is the session's.
func (e *Engine) commit(u *unit, b *built, p *process) error {
	pkgs := e.packages()
	pkgs.addCell(u.serial, b.archive)
	pkgs.use(u.paths())
	pkg, err := pkgs.Import(cellPath(u.serial))
	if err != nil {
		return fmt.Errorf("live: reading the compiled cell: %w", err)
	}
	e.mu.Lock()
	if e.proc != p {
		e.mu.Unlock()
		return nil
	}
	e.sess = e.sess.commit(u, pkg)
	e.loaded++
	many := e.loaded == manyCells
	e.mu.Unlock()
	if b.library != nil {
		e.link.Load().builder.cells.present().AddPlugin(b.library)
	}
	if many {
		e.router.text(u.serial, "stderr", fmt.Sprintf("note: this session has loaded %d compiled cells; panics, stack traces and garbage collection slow down with their number. Restart the kernel when it suits you.\n", manyCells))
	}
	return nil
}

func (e *Engine) done(u *unit, f hostwire.Frame) (core.Result, error) {
	if f.Failure != nil && f.Failure.Kind == hostwire.FailLook {
		return core.Result{}, errMustCompile
	}
	if f.Failure != nil {
		e.noteFailure(&failed{number: u.number, failure: f.Failure})
		return core.Result{}, runError(e.session(), u.number, f.Failure)
	}
	var r core.Result
	if len(f.Data) > 0 {
		b := bundleOf(f)
		r.Value = &display.Bundle{Data: b.Data, Metadata: b.Metadata}
	}
	return r, nil
}

// died reports the death of the host p, and starts another one unless another
// cell that ran in it has done so.
func (e *Engine) died(number int, p *process) error {
	err := diedError(e.session(), number, p.state, p.crash.tail())
	e.noteFailure(&failed{number: number, crash: p.crash.tail()})
	if _, start := e.replace(p); start != nil {
		return fmt.Errorf("%w; starting it again: %w", err, start)
	}
	return err
}

// replace starts a host in place of p, which died, unless that was done
// already; it returns the present one.
func (e *Engine) replace(p *process) (*process, error) {
	e.replacing.Lock()
	defer e.replacing.Unlock()
	if now := e.process(); now != p {
		return now, nil
	}
	e.reset()
	e.keepHistory()
	if e.isClosed() {
		return p, nil
	}
	err := e.startHost()
	return e.process(), err
}

// reset forgets all that the cells left; the sources stay for errors.
func (e *Engine) reset() {
	e.update(func(old *session) *session {
		s := newSession()
		s.sources, s.numbers = old.sources, old.numbers
		return s
	})
	e.router.forget()
}

// keepHistory remembers the cells of a host that died, for Replay.
func (e *Engine) keepHistory() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost, e.history = e.history, nil
}

// revive returns the host. In place of one that died between two cells it
// starts another one, and says so.
func (e *Engine) revive(out core.Output) (*process, error) {
	if e.isClosed() {
		return nil, errors.New("live: the engine is closed")
	}
	p := e.process()
	if p.alive() {
		return p, nil
	}
	err := diedError(e.session(), 0, p.state, p.crash.tail())
	out.Stream("stderr", "The process that ran the cells had ended ("+err.Message+"): all variables, functions and types are lost; "+replayHint+"\n")
	return e.replace(p)
}

// goroutinePanic shows the panic of a goroutine at once; the cell that started
// it fails with it when it ends.
func (e *Engine) goroutinePanic(f hostwire.Frame, out core.Output) {
	s := e.session()
	err := runError(s, s.numbers[f.Cell], f.Failure)
	text := "in a goroutine: "
	for _, l := range err.Traceback {
		text += l + "\n"
	}
	out.Stream("stderr", text)
}

// A progressNote shows long preparations in the output of the cell that waits
// for them, and removes itself.
type progressNote struct {
	out   core.Output
	since time.Time
	shown bool
	last  time.Time
}

const progressID = "glownotes-progress"

func newProgressNote(out core.Output) *progressNote {
	return &progressNote{out: out, since: time.Now()}
}

func (n *progressNote) show(p core.Progress) {
	if time.Since(n.since) < 500*time.Millisecond || time.Since(n.last) < 200*time.Millisecond {
		return
	}
	n.last = time.Now()
	text := p.Stage
	if p.Done >= 0 {
		text = fmt.Sprintf("%3.0f%%  %s", 100*p.Done, p.Stage)
	}
	b := display.Bundle{Data: map[string]any{display.MIMEText: text + "  (first use; cached afterwards)"}, Metadata: map[string]any{}}
	if n.shown {
		n.out.Update(b, progressID)
		return
	}
	n.shown = true
	n.out.Display(b, progressID)
}

func (n *progressNote) end() {
	if n.shown {
		n.shown = false
		n.out.Clear(false)
	}
}

package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/hostwire"
)

// Execute implements core.Engine.
func (e *Engine) Execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	note := newProgressNote(out)
	defer note.end()
	if err := e.Start(ctx, note.show); err != nil {
		if ctx.Err() != nil {
			return core.Result{}, interruptedError(cell.Number)
		}
		return core.Result{}, err
	}
	e.running.Lock()
	defer e.running.Unlock()
	if err := e.revive(out); err != nil {
		return core.Result{}, err
	}
	e.serial++
	serial := e.serial
	e.setSession(e.session().withSource(serial, cell.Number, cell.Code))
	u, b, err := e.compile(ctx, serial, cell, e.opts.AlwaysCompile, note.show)
	if err == nil && u.nodes != nil {
		r, err := e.run(ctx, u, hostwire.Frame{Kind: hostwire.Look, Nodes: u.nodes}, nil, out)
		if !errors.Is(err, errMustCompile) {
			return r, e.succeeded(cell, err)
		}
		u, b, err = e.compile(ctx, serial, cell, true, note.show)
		if err != nil {
			return core.Result{}, e.failed(ctx, cell.Number, err)
		}
	}
	note.end()
	if err != nil {
		return core.Result{}, e.failed(ctx, cell.Number, err)
	}
	if b == nil {
		return core.Result{}, nil // nothing but space and comments
	}
	for _, n := range u.notes {
		out.Stream("stderr", "note: "+n+"\n")
	}
	r, err := e.run(ctx, u, hostwire.Frame{Kind: hostwire.Run, Path: b.plugin}, b, out)
	return r, e.succeeded(cell, err)
}

// succeeded remembers a cell for Replay, unless it failed.
func (e *Engine) succeeded(cell core.Cell, err error) error {
	if err == nil {
		e.mu.Lock()
		e.history = append(e.history, cell)
		e.mu.Unlock()
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
	u = newUnit(e.session(), e.pkgs, serial, cell.Number, cell.Code)
	if err := u.parse(); err != nil {
		return nil, nil, err
	}
	if len(u.chunks) == 0 {
		return u, nil, nil
	}
	name := func(path string) (string, error) { return e.pkgs.name(ctx, progress, path) }
	if err := u.readImports(name); err != nil {
		return nil, nil, err
	}
	u.readDecls()
	if err := u.reemit(); err != nil {
		return nil, nil, err
	}
	if err := u.parseText(); err != nil {
		return nil, nil, err
	}
	u.markNames()
	if err := e.pkgs.ensure(ctx, progress, u.paths()...); err != nil {
		if ctx.Err() != nil {
			return nil, nil, err
		}
		return nil, nil, &importError{listOf(e.pkgs.missing(u.paths())), err}
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
	b, err = e.builder.build(ctx, serial, text)
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
func (e *Engine) run(ctx context.Context, u *unit, start hostwire.Frame, b *built, out core.Output) (core.Result, error) {
	p := e.proc
	e.router.enter(ctx, u.serial, out)
	start.Cell = u.serial
	if err := p.send(start); err != nil && p.alive() {
		return core.Result{}, fmt.Errorf("live: sending a cell to its host: %w", err)
	}
	interrupt := ctx.Done()
	for {
		select {
		case f := <-p.frames:
			switch {
			case f.Cell != u.serial:
			case f.Kind == hostwire.Opened:
				os.Remove(b.plugin) // the host has it in memory
				if err := e.commit(u, b); err != nil {
					return core.Result{}, err
				}
			case f.Kind == hostwire.Done:
				return e.done(u, f)
			}
		case <-interrupt:
			interrupt = nil
			p.send(hostwire.Frame{Kind: hostwire.Interrupt})
		case <-p.exited:
			return core.Result{}, e.died(u.number, p)
		}
	}
}

// manyCells is when a session is advised to restart. Walking 20,000 stacks
// takes 23 ms in a fresh host and 600 ms after 300 cells.
const manyCells = 300

// commit makes what the cell declares known to later cells.
func (e *Engine) commit(u *unit, b *built) error {
	e.pkgs.addCell(u.serial, b.archive)
	e.pkgs.use(u.paths())
	pkg, err := e.pkgs.Import(cellPath(u.serial))
	if err != nil {
		return fmt.Errorf("live: reading the compiled cell: %w", err)
	}
	e.setSession(e.session().commit(u, pkg))
	if e.loaded++; e.loaded == manyCells {
		e.router.text(u.serial, "stderr", fmt.Sprintf("note: this session has loaded %d compiled cells; panics, stack traces and garbage collection slow down with their number. Restart the kernel when it suits you.\n", manyCells))
	}
	return nil
}

func (e *Engine) done(u *unit, f hostwire.Frame) (core.Result, error) {
	if f.Failure != nil && f.Failure.Kind == hostwire.FailLook {
		return core.Result{}, errMustCompile
	}
	if f.Failure != nil {
		return core.Result{}, runError(e.session(), u.number, f.Failure)
	}
	var r core.Result
	if len(f.Data) > 0 {
		b := bundleOf(f)
		r.Value = &display.Bundle{Data: b.Data, Metadata: b.Metadata}
	}
	return r, nil
}

// died reports the death of the host and starts another one.
func (e *Engine) died(number int, p *process) error {
	err := diedError(e.session(), number, p.state, p.crash.tail())
	e.reset()
	e.keepHistory()
	if e.isClosed() {
		return err
	}
	if start := e.startHost(); start != nil {
		return fmt.Errorf("%w; starting it again: %w", err, start)
	}
	return err
}

// reset forgets all that the cells left; the sources stay for errors.
func (e *Engine) reset() {
	old := e.session()
	s := newSession()
	s.sources, s.numbers = old.sources, old.numbers
	e.setSession(s)
	e.router.forget()
}

// keepHistory remembers the cells of a host that died, for Replay.
func (e *Engine) keepHistory() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost, e.history = e.history, nil
}

// revive starts a host in place of one that died between two cells, and says
// so.
func (e *Engine) revive(out core.Output) error {
	if e.isClosed() {
		return errors.New("live: the engine is closed")
	}
	if e.proc.alive() {
		return nil
	}
	p := e.proc
	err := diedError(e.session(), 0, p.state, p.crash.tail())
	out.Stream("stderr", "The process that ran the cells had ended ("+err.Message+"): all variables, functions and types are lost.\n")
	e.reset()
	e.keepHistory()
	return e.startHost()
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

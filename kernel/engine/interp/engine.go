package interp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"glownotes/kernel/core"

	"github.com/cosmos72/gomacro/imports"
)

// Options configures an Engine.
type Options struct {
	// Logger receives what is of interest to developers; nil: nothing is logged.
	Logger *slog.Logger

	// Packages are the importable packages by path, beside those of the
	// standard library that gomacro brings. They win over gomacro's.
	Packages map[string]Table

	// NotCompiled is why cells are not compiled on this machine, for the
	// banner; "" when they could be.
	NotCompiled string
}

// A Table offers one package to cells.
type Table struct {
	Name string // the package's name
	// Load returns the package's values and types. It is called once, when a
	// cell first uses the package.
	Load func() imports.Package
}

// An Engine evaluates cells with an interpreter. It implements core.Engine.
type Engine struct {
	log      *slog.Logger
	packages map[string]Table
	reason   string // why cells are not compiled

	run     sync.Mutex // held while a cell executes
	started bool       // guarded by run
	startup error      // why the interpreter cannot work here
	closed  bool
	s       *session

	// What is asked for while cells run; both have their own locks.
	scope   *scopeView
	capture atomic.Pointer[capture]
}

var _ core.Engine = (*Engine)(nil)

// ErrClosed is returned by Execute after Close.
var ErrClosed = errors.New("interp: the engine is closed")

// New returns an engine. It starts nothing: Start or the first cell does.
func New(o Options) (*Engine, error) {
	for path, t := range o.Packages {
		if t.Name == "" || t.Load == nil {
			return nil, fmt.Errorf("interp: the table of package %q has no name or no Load function", path)
		}
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Engine{log: log, packages: o.Packages, reason: o.NotCompiled, scope: newScopeView(o.Packages)}, nil
}

// Start prepares the interpreter, which takes milliseconds.
func (e *Engine) Start(ctx context.Context, progress func(core.Progress)) error {
	e.run.Lock()
	defer e.run.Unlock()
	if progress == nil {
		progress = func(core.Progress) {}
	}
	progress(core.Progress{Stage: "starting the interpreter", Done: -1})
	err := e.start()
	progress(core.Progress{Stage: "starting the interpreter", Done: 1, Final: true})
	return err
}

// start is Start with e.run held.
func (e *Engine) start() error {
	if e.closed {
		return ErrClosed
	}
	if e.started {
		return e.startup
	}
	e.started = true
	begin := time.Now()
	e.s, e.startup = newSession(e.log, e.packages)
	if e.startup != nil {
		return e.startup
	}
	e.scope.update(e.s)
	e.capture.Store(e.s.capture)
	e.log.Debug("interpreter started", "took", time.Since(begin))
	return nil
}

// Execute runs one cell.
func (e *Engine) Execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	e.run.Lock()
	defer e.run.Unlock()
	if err := e.start(); err != nil {
		return core.Result{}, err
	}
	res, err := e.s.execute(ctx, cell, out)
	e.scope.update(e.s)
	return res, err
}

// Close ends the session. Goroutines that cells left behind are told to stop
// and are not waited for.
func (e *Engine) Close() error {
	e.run.Lock()
	defer e.run.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	if e.s != nil {
		e.s.close()
	}
	return nil
}

// Info describes the language.
func (e *Engine) Info() core.LanguageInfo {
	version := strings.TrimPrefix(runtime.Version(), "go")
	return core.LanguageInfo{
		Name:           "go",
		Version:        version,
		MimeType:       "text/x-go",
		FileExtension:  ".go",
		PygmentsLexer:  "go",
		CodeMirrorMode: "go",
		Implementation: "glownotes",
		Banner: "glownotes: Go cells run by an interpreter (gomacro), with the standard library of Go " + version + ".\n" +
			"The language is Go 1.17 with per-iteration loop variables, range over int, min, max, clear,\n" +
			"and generic functions and types without constraint checks. Missing: " + strings.Join(lacks, ", ") + ".\n" +
			"With a Go toolchain installed the kernel compiles cells instead and has all of the language." + e.because(),
	}
}

// because is the line of the banner that says why cells are interpreted.
func (e *Engine) because() string {
	if e.reason == "" {
		return ""
	}
	return "\nCells are not compiled here: " + e.reason
}

// lacks lists what the banner says is missing; each has a test that fails
// when it starts to work.
var lacks = []string{
	"methods on generic types and on types that contain themselves",
	"range over functions",
	"goto",
	"slices, maps, cmp and other packages of generic functions",
	"range over integers other than int",
}

package interp

import (
	"context"
	"fmt"
	"go/build"
	"go/token"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"runtime"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/display"

	"github.com/cosmos72/gomacro/fast"
	"github.com/cosmos72/gomacro/go/etoken"
	xr "github.com/cosmos72/gomacro/xreflect"
)

// A session is the state that cells share. All of it belongs to the worker's
// goroutine while a cell runs.
type session struct {
	log      *slog.Logger
	packages map[string]Table
	known    map[string]string // packages by name, for use without an import

	worker  *worker
	capture *capture
	oldSink display.Sink
	cell    *cellContext

	// Names of cells live in top; base holds what every cell can use and may
	// shadow: ctx, Display, and packages used without an import. After a
	// goroutine was left behind, top is a new layer over the old one, so that
	// the code that still runs there meets nothing of later cells.
	base, top *fast.Interp

	fset      *token.FileSet
	sources   map[int]string    // cells by number, for the excerpts in errors
	recursive map[string]bool   // types that contain themselves
	types     map[string]string // texts of type declarations, to see repetitions
	generic   map[string]bool   // names declared with type parameters
	at        token.Pos         // of the step that runs
	funcs     []funcSpan
}

// newSession starts the interpreter and checks with two lines that it works
// here: gomacro depends on details of Go's reflection.
func newSession(log *slog.Logger, packages map[string]Table) (*session, error) {
	return bootSession(log, packages, (*session).boot)
}

func bootSession(log *slog.Logger, packages map[string]Table, boot func(*session)) (*session, error) {
	s := &session{
		log: log, packages: packages, known: packageNames(packages),
		worker:    newWorker(),
		cell:      &cellContext{},
		fset:      token.NewFileSet(),
		sources:   map[int]string{},
		types:     map[string]string{},
		recursive: map[string]bool{},
		generic:   map[string]bool{},
	}
	var err error
	if s.capture, err = newCapture(); err != nil {
		return nil, err
	}
	fail, _ := s.worker.call(context.Background(), func() { boot(s) }, noTrace, func() {})
	if fail == nil {
		fail, _ = s.worker.call(context.Background(), s.selfTest, noTrace, func() {})
	}
	if fail != nil {
		s.capture.close()
		return nil, fmt.Errorf("interp: the interpreter does not work with %s: %v; where a Go toolchain is installed cells are compiled instead (--engine=live)", runtime.Version(), fail.value)
	}
	s.oldSink = display.SetSink(s.capture)
	return s, nil
}

func noTrace() []frame { return nil }

// boot creates gomacro's interpreter on the worker.
//
// gomacro asks go/importer for the types of the standard library, which runs
// the go command, takes 0.2 s, and panics on the aliases that go/types reports
// since Go 1.23 unless GODEBUG has gotypesalias=0, a setting that Go 1.27
// removes. Without the go command it takes types from reflection instead, as
// it must on the machines that this engine is for. So the importer is kept
// from finding a go command: the same types everywhere, in 3 ms, and no
// dependence on GODEBUG.
func (s *session) boot() {
	root := build.Default.GOROOT
	build.Default.GOROOT = "/nonexistent"
	defer func() { build.Default.GOROOT = root }()
	etoken.GENERICS = etoken.GENERICS_V1_CXX
	s.base = fast.New()
	s.base.Comp.Universe.Importer = &xr.Importer{} // finds nothing
	g := &s.base.Comp.Globals
	g.Stdout, g.Stderr = io.Discard, io.Discard // its warnings are not for people
	s.worker.run = s.base.PrepareEnv().Run
	s.fillBase()
	s.push()
}

// push adds a layer of names over top.
func (s *session) push() {
	outer := s.top
	if outer == nil {
		outer = s.base
	}
	s.top = fast.NewInnerInterp(outer, "main", "main")
	s.top.PrepareEnv().MarkUsedByClosure()
}

// selfTest evaluates two lines that use what breaks first.
func (s *session) selfTest() {
	for _, c := range []struct{ code, want string }{
		{"func() (n int) { defer func() { n = recover().(int) }(); panic(40) }() + 2", "42"},
		{`fmt.Sprint([]string{"a"}, map[string]float64{"x": 0.5})`, "[a] map[x:0.5]"},
	} {
		pieces, err := parseCell(s.fset, c.code, 0)
		if err != nil {
			panic(err)
		}
		p := &program{s: s}
		p.add(pieces)
		p.compile()
		vals, _ := p.steps[0].run(s)
		if got := fmt.Sprint(vals[0].ReflectValue()); got != c.want {
			panic(fmt.Sprintf("%s is %s instead of %s", c.code, got, c.want))
		}
	}
}

// execute runs a cell.
func (s *session) execute(ctx context.Context, cell core.Cell, out core.Output) (core.Result, error) {
	s.sources[cell.Number] = cell.Code
	s.cell.begin(ctx, out)
	restore := s.capture.redirect(out)
	defer restore()
	defer display.Flush()

	pieces, err := parseCell(s.fset, cell.Code, cell.Number)
	if err != nil {
		return core.Result{}, s.syntaxError(err)
	}
	if err := s.unsupported(pieces); err != nil {
		return core.Result{}, err
	}
	j := &job{}
	p := &program{s: s, job: j, cell: cell.Number}
	if !j.change(func() { p.add(pieces) }) || p.err != nil {
		return core.Result{}, p.err
	}
	run := s.worker.run
	fail, left := s.worker.call(ctx, func() { p.execute(ctx) }, func() []frame { return s.trace(run) }, j.abandon)
	if left {
		p.rollback(false)
		s.replaceWorker()
		return core.Result{}, s.interrupted(fail, true)
	}
	if fail != nil {
		reset(run)
		if fail.value == errGoexit {
			s.replaceWorker()
		}
		return core.Result{}, s.failed(p, fail)
	}
	if p.err != nil {
		return core.Result{}, p.err
	}
	if p.value == nil || cell.Silent {
		return core.Result{}, nil
	}
	return core.Result{Value: p.value}, nil
}

// replaceWorker starts a new goroutine for evaluation, with its own state in
// gomacro, and a new layer of names for it.
func (s *session) replaceWorker() {
	s.push()
	w := newWorker()
	fail, _ := w.call(context.Background(), func() {
		// A call of an interpreted function makes gomacro create the state of
		// this goroutine; the function that it calls finds it there.
		e := s.top.CompileNode(s.mustParse("func() { " + grabName + "() }()"))
		env := s.top.PrepareEnv()
		e.AsXV(fast.COptDefaults)(env)
		w.run = s.cell.grabbed
		env.Run = w.run
	}, noTrace, func() {})
	if fail != nil {
		s.log.Error("interp: new evaluation goroutine", "error", fail.value)
	}
	s.worker = w
}

// close ends the session.
func (s *session) close() {
	display.SetSink(s.oldSink)
	s.capture.close()
	close(s.worker.jobs)
}

// names is a snapshot of what a layer declares, to return to when a cell
// fails.
type names struct {
	binds map[string]*fast.Bind
	types map[string]xr.Type
}

func (s *session) names() names {
	return names{maps.Clone(s.top.Comp.Binds), maps.Clone(s.top.Comp.Types)}
}

func (s *session) restore(n names) {
	s.top.Comp.Binds, s.top.Comp.Types = n.binds, n.types
}

// cellContext is what the functions that cells call know of the running cell.
type cellContext struct {
	ctx     context.Context
	out     core.Output
	grabbed *fast.Run
	begun   time.Time
	ctxVar  reflect.Value // the variable ctx of cells
}

func (c *cellContext) begin(ctx context.Context, out core.Output) {
	c.ctx, c.out, c.begun = ctx, out, time.Now()
	if c.ctxVar.IsValid() {
		c.ctxVar.Set(reflect.ValueOf(ctx))
	}
}

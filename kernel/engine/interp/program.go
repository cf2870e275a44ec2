package interp

import (
	"context"
	"go/ast"
	"go/token"
	"maps"

	"glownotes/kernel/core"
	"glownotes/kernel/display"

	"github.com/cosmos72/gomacro/base/reflect"
	"github.com/cosmos72/gomacro/fast"
	xr "github.com/cosmos72/gomacro/xreflect"
)

// A program is one cell on its way through compiling and running.
type program struct {
	s     *session
	job   *job
	cell  int
	steps []*step

	start   names // what was declared before the cell
	ready   bool  // the cell is compiled
	current int   // the step that runs
	defers  []*fast.Expr

	value *display.Bundle
	err   error // a *core.CellError of the compile phase, or an engine failure
}

// A step is one piece of a cell, in the order of execution.
type step struct {
	piece
	last   bool // its value is the cell's result
	before names
	exprs  []*fast.Expr
}

// add takes the pieces of a cell and brings them in order.
func (p *program) add(pieces []piece) {
	if len(pieces) == 0 {
		return
	}
	final := pieces[len(pieces)-1]
	for _, pc := range order(pieces) {
		_, isExpr := pc.node.(*ast.ExprStmt)
		last := pc.text == final.text && pc.node == final.node && (isExpr || pc.node == nil) && !pc.quiet
		p.steps = append(p.steps, &step{piece: pc, last: last})
	}
}

// execute compiles all steps and runs them. It is called on the worker.
func (p *program) execute(ctx context.Context) {
	s := p.s
	if !p.job.change(func() { p.start = s.names(); p.err = p.compileAll() }) {
		return
	}
	if p.err != nil {
		s.restore(p.start)
		return
	}
	p.ready = true
	for i, st := range p.steps {
		if ctx.Err() != nil {
			panic(ctx.Err())
		}
		if !p.job.change(func() { p.current, s.at = i, st.pos() }) {
			return
		}
		if d, ok := st.node.(*ast.DeferStmt); ok && d != nil {
			p.defers = append(p.defers, st.exprs[0])
			continue
		}
		vals, types := st.run(s)
		if st.last && !p.job.change(func() { p.value = s.result(st, vals, types) }) {
			return
		}
	}
	if !p.job.change(func() { p.current = len(p.steps) }) {
		return
	}
	for i := len(p.defers) - 1; i >= 0; i-- {
		s.runExpr(p.defers[i])
	}
	if ctx.Err() != nil {
		panic(ctx.Err())
	}
}

// compileAll compiles every step and turns the interpreter's panics into the
// error of the cell.
func (p *program) compileAll() (err error) {
	s := p.s
	c := s.top.Comp
	s.top.PrepareEnv() // updates what the compiler knows of taken addresses
	var at *step
	defer func() {
		if r := recover(); r != nil {
			c.Code.Clear()
			err = s.compileError(at, r)
		}
	}()
	for _, st := range p.steps {
		at = st
		c.Pos = token.NoPos
		st.before = s.names()
		p.compileStep(st)
	}
	return nil
}

// compile is compileAll for code of the engine itself.
func (p *program) compile() {
	for _, st := range p.steps {
		p.compileStep(st)
	}
}

func (p *program) compileStep(st *step) {
	s := p.s
	s.useFree(st.piece)
	p.forward(st)
	s.rewrite(&st.piece)
	switch n := st.node.(type) {
	case nil:
		for _, v := range st.values {
			st.exprs = append(st.exprs, s.top.CompileNode(v))
		}
	case *ast.GenDecl:
		switch n.Tok {
		case token.IMPORT:
			s.importDecl(n)
		case token.TYPE:
			st.exprs = s.typeDecl(n, st.text)
		default:
			st.exprs = []*fast.Expr{s.top.CompileNode(n)}
		}
	case *ast.FuncDecl:
		s.funcs = append(s.funcs, spanOf(n))
		st.exprs = []*fast.Expr{s.funcDecl(n)}
	case *ast.DeferStmt:
		lit := &ast.FuncLit{Type: &ast.FuncType{Func: n.Pos(), Params: &ast.FieldList{}}, Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ExprStmt{X: n.Call}}}}
		st.exprs = []*fast.Expr{s.top.CompileNode(&ast.CallExpr{Fun: lit})}
	default:
		if names := st.defines(); len(names) > 0 {
			st.exprs = []*fast.Expr{s.varDecl(st.node.(ast.Stmt), names)}
			return
		}
		st.exprs = []*fast.Expr{s.top.CompileNode(n)}
	}
}

// pos is where a step begins.
func (st *step) pos() token.Pos {
	if st.node == nil {
		return st.values[0].Pos()
	}
	return st.node.Pos()
}

// run evaluates a compiled step.
func (st *step) run(s *session) (vals []xr.Value, types []xr.Type) {
	for _, e := range st.exprs {
		v, t := s.runExpr(e)
		vals, types = append(vals, v...), append(types, t...)
	}
	return vals, types
}

// runExpr evaluates a compiled expression, declaration or statement.
func (s *session) runExpr(e *fast.Expr) ([]xr.Value, []xr.Type) {
	if e == nil {
		return nil, nil
	}
	env := s.top.PrepareEnv()
	env.Run.CurrEnv = env
	env.Code, env.DebugPos, env.IP = nil, nil, 0 // of the step before
	v, vs := e.AsXV(fast.COptDefaults)(env)
	env.Run.CurrEnv = nil
	return reflect.PackValues(v, vs), reflect.PackTypes(e.Type, e.Types)
}

// rollback forgets the names of the steps that did not run. Variables of a
// step that was interrupted stay when they have a value.
func (p *program) rollback(interrupted bool) {
	if !p.ready || p.current >= len(p.steps) {
		return
	}
	s, st := p.s, p.steps[p.current]
	kept := map[string]*fast.Bind{}
	if interrupted {
		env := s.top.PrepareEnv()
		for _, n := range st.defines() {
			b := s.top.Comp.Binds[n]
			if b == nil {
				continue
			}
			if i := b.Desc.Index(); b.Desc.Class() == fast.IntBind || i >= 0 && i < len(env.Vals) && env.Vals[i].IsValid() {
				kept[n] = b
			}
		}
	}
	s.restore(st.before)
	if s.top.Comp.Binds == nil {
		s.top.Comp.Binds = map[string]*fast.Bind{}
	}
	maps.Copy(s.top.Comp.Binds, kept)
}

// failed turns a panic of the running cell into its error.
func (s *session) failed(p *program, fail *failure) error {
	interrupted := isInterrupt(fail.value) || fail.value == context.Canceled || fail.value == context.DeadlineExceeded
	p.rollback(interrupted)
	if interrupted {
		return s.interrupted(fail, false)
	}
	return s.panicked(fail)
}

var _ error = (*core.CellError)(nil)

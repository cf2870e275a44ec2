package interp

import (
	"context"
	"fmt"
	"go/ast"
	"math"
	"reflect"

	"github.com/cosmos72/gomacro/fast"
	xr "github.com/cosmos72/gomacro/xreflect"
)

// Names that the engine declares for rewritten code.
const (
	grabName   = hidden + "grab"
	reportName = hidden + "report"
	textName   = hidden + "text"
	rangeName  = hidden + "range"
	newName    = hidden + "new"
	valueName  = hidden + "value"
)

// fillBase declares what every cell can use. It runs on the worker.
func (s *session) fillBase() {
	b := s.base
	// gomacro's own additions to the language are not Go.
	for _, name := range []string{"Interp", "Eval", "EvalKeepUntyped", "EvalType", "MacroExpand", "MacroExpand1", "MacroExpandCodeWalk", "Parse"} {
		delete(b.Comp.Outer.Binds, name)
	}
	b.DeclVar("ctx", b.TypeOf((*context.Context)(nil)).Elem(), context.Background())
	s.cell.ctxVar = b.ValueOf("ctx").ReflectValue()
	b.DeclFunc(reportName, s.reportGoroutine)
	b.DeclEnvFunc(grabName, fast.Function{
		Fun: func(ir any) any {
			s.cell.grabbed = ir.(*fast.Interp).PrepareEnv().Run
			return nil
		},
		Type: b.TypeOf(func(any) any { return nil }),
	})
	b.DeclBuiltin("Display", fast.Builtin{Compile: s.compileDisplay, ArgMin: 1, ArgMax: math.MaxUint16})
	b.DeclFunc("Input", func(prompt string) (string, error) { return s.ask(prompt, false) })
	b.DeclFunc("Password", func(prompt string) (string, error) { return s.ask(prompt, true) })
	b.DeclBuiltin("Must", fast.Builtin{Compile: must(1), ArgMin: 1, ArgMax: 2})
	b.DeclBuiltin("Must2", fast.Builtin{Compile: must(2), ArgMin: 1, ArgMax: 3})
	b.DeclBuiltin(textName, fast.Builtin{Compile: compileText, ArgMin: 1, ArgMax: 1})
	if old, ok := b.Comp.Outer.Binds["new"].Value.(fast.Builtin); ok {
		b.DeclBuiltin("new", fast.Builtin{Compile: orExpression(old), ArgMin: 1, ArgMax: 1})
	}
	b.DeclBuiltin(rangeName, fast.Builtin{Compile: compileRange, ArgMin: 1, ArgMax: 1})
	b.DeclBuiltin(newName, fast.Builtin{Compile: compileNew, ArgMin: 1, ArgMax: 1})
	b.DeclBuiltin(valueName, fast.Builtin{Compile: compileValue, ArgMin: 1, ArgMax: 1})
	b.DeclBuiltin("min", fast.Builtin{Compile: compileMinMax, ArgMin: 1, ArgMax: math.MaxUint16})
	b.DeclBuiltin("max", fast.Builtin{Compile: compileMinMax, ArgMin: 1, ArgMax: math.MaxUint16})
	b.DeclBuiltin("clear", fast.Builtin{Compile: compileClear, ArgMin: 1, ArgMax: 1})
}

// compileDisplay compiles Display(v...): the static types of the arguments are
// known here, so that methods that cells declare are found.
func (s *session) compileDisplay(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	args := c.Exprs(node.Args)
	types := make([]xr.Type, len(args))
	for i, a := range args {
		types[i] = a.Type
		a.To(c, c.TypeOfInterface())
	}
	return builtinCall(c, sym, func(vs ...any) {
		for i, v := range vs {
			s.capture.Display(bundleOf(v, types[i]), "")
		}
	}, args, nil)
}

// compileText compiles the wrapping of an argument of a function of fmt: a
// value of a type that a cell declared with a String or Error method is handed
// over with that method.
func compileText(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	arg := c.Expr1(node.Args[0], nil)
	t := arg.Type
	arg.To(c, c.TypeOfInterface())
	wrap := func(v any) any { return v }
	if t != nil && (hasMethod(t, "String") || hasMethod(t, "Error")) {
		wrap = func(v any) any { return withText(v, t) }
	}
	return plainCall(c, wrap, arg)
}

// orExpression lets new take an expression as well as a type (Go 1.26).
func orExpression(old fast.Builtin) func(*fast.Comp, fast.Symbol, *ast.CallExpr) *fast.Call {
	return func(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
		if _, t := c.Expr1OrType(node.Args[0]); t != nil {
			return old.Compile(c, sym, node)
		}
		return compileNew(c, sym, node)
	}
}

// compileNew compiles a pointer to a new variable that holds the argument.
func compileNew(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	arg := c.Expr1(node.Args[0], nil)
	if arg.Const() {
		arg.ConstTo(arg.DefaultType())
	}
	t := arg.Type
	rt := t.ReflectType()
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{rt}, []reflect.Type{reflect.PointerTo(rt)}, false), func(vs []reflect.Value) []reflect.Value {
		p := reflect.New(rt)
		p.Elem().Set(vs[0])
		return []reflect.Value{p}
	})
	call := plainCall(c, f.Interface(), arg)
	call.OutTypes = []xr.Type{c.Universe.PtrTo(t)}
	return call
}

// compileValue compiles a constant as a value that is no constant, for a
// conversion to a named type: gomacro converts constants to types of compiled
// packages wrongly.
func compileValue(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	arg := c.Expr1(node.Args[0], nil)
	if arg.Const() {
		arg.ConstTo(arg.DefaultType())
	}
	rt := arg.Type.ReflectType()
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{rt}, []reflect.Type{rt}, false), func(vs []reflect.Value) []reflect.Value { return vs })
	call := plainCall(c, f.Interface(), arg)
	call.OutTypes = []xr.Type{arg.Type}
	return call
}

// compileRange compiles the operand of a range clause. An integer n becomes a
// slice of n empty structs, which takes no memory; all else stays what it is.
func compileRange(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	arg := c.Expr1(node.Args[0], nil)
	if arg.Const() {
		arg.ConstTo(arg.DefaultType())
	}
	t := arg.Type
	switch k := t.Kind(); {
	case k == reflect.Int:
		arg.To(c, c.TypeOfInt())
		return plainCall(c, func(n int) []struct{} { return make([]struct{}, max(n, 0)) }, arg)
	case k == reflect.String:
		arg.To(c, c.TypeOfString())
		return plainCall(c, func(s string) string { return s }, arg)
	case k >= reflect.Int8 && k <= reflect.Uintptr:
		c.Errorf("cannot range over %v: among integers only int is supported, not <%v>", node.Args[0], t)
	}
	f := func(v xr.Value) xr.Value { return v }
	ft := c.TypeOf(f)
	sym.Type = ft
	return &fast.Call{Fun: &fast.Expr{Lit: fast.Lit{Type: ft, Value: f}, Sym: &sym}, Args: []*fast.Expr{arg}, OutTypes: []xr.Type{t}}
}

// compileMinMax compiles min and max of Go 1.21.
func compileMinMax(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	args := c.Exprs(node.Args)
	var t xr.Type
	for _, a := range args {
		switch {
		case a.Const() && a.Untyped():
		case t == nil:
			t = a.Type
		case !t.IdenticalTo(a.Type):
			c.Errorf("invalid argument: mismatched types <%v> and <%v> in %v", t, a.Type, node)
		}
	}
	for _, a := range args {
		if t == nil || a.Const() && a.Untyped() && isFloat(a.DefaultType()) && allUntyped(args) {
			t = a.DefaultType()
		}
	}
	for _, a := range args {
		if a.Const() {
			a.ConstTo(t)
		}
	}
	rt := t.ReflectType()
	if !reflect.Zero(rt).Comparable() || !ordered(rt.Kind()) {
		c.Errorf("invalid argument: %v cannot be ordered: type <%v>", node.Args[0], t)
	}
	in := make([]reflect.Type, len(args))
	for i := range in {
		in[i] = rt
	}
	larger := sym.Name == "max"
	f := reflect.MakeFunc(reflect.FuncOf(in, []reflect.Type{rt}, false), func(vs []reflect.Value) []reflect.Value {
		best := vs[0]
		for _, v := range vs[1:] {
			if less(best, v) == larger && !equal(best, v) || isNaN(v) {
				best = v
			}
		}
		return []reflect.Value{best}
	})
	call := plainCall(c, f.Interface(), args...)
	call.OutTypes = []xr.Type{t}
	return call
}

func allUntyped(args []*fast.Expr) bool {
	for _, a := range args {
		if !a.Const() || !a.Untyped() {
			return false
		}
	}
	return true
}

func isFloat(t xr.Type) bool { return t.Kind() == reflect.Float64 }

func ordered(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Float64 || k == reflect.String
}

func less(a, b reflect.Value) bool {
	switch {
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float()
	}
	return a.String() < b.String()
}

func equal(a, b reflect.Value) bool { return !less(a, b) && !less(b, a) }

func isNaN(v reflect.Value) bool { return v.CanFloat() && math.IsNaN(v.Float()) }

// compileClear compiles clear of Go 1.21.
func compileClear(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
	arg := c.Expr1(node.Args[0], nil)
	if k := arg.Type.Kind(); k != reflect.Map && k != reflect.Slice {
		c.Errorf("invalid argument: clear(%v) must be a map or slice; have <%v>", node.Args[0], arg.Type)
	}
	arg.To(c, c.TypeOfInterface())
	return builtinCall(c, sym, func(vs ...any) {
		if v := reflect.ValueOf(vs[0]); v.IsValid() {
			v.Clear()
		}
	}, []*fast.Expr{arg}, nil)
}

// builtinCall returns a call of f, which gomacro evaluates as a builtin
// function: it knows a fixed set of function types, of which this is one.
func builtinCall(c *fast.Comp, sym fast.Symbol, f func(...any), args []*fast.Expr, out []xr.Type) *fast.Call {
	t := c.TypeOf(f)
	sym.Type = t
	return &fast.Call{
		Fun:      &fast.Expr{Lit: fast.Lit{Type: t, Value: f}, Sym: &sym},
		Args:     args,
		OutTypes: out,
	}
}

// plainCall returns a call of any Go function with arguments that have the
// types of its parameters.
func plainCall(c *fast.Comp, f any, args ...*fast.Expr) *fast.Call {
	v := xr.ValueOf(f)
	t := c.TypeOf(f)
	var out []xr.Type
	for i := range t.NumOut() {
		out = append(out, t.Out(i))
	}
	return &fast.Call{
		Fun:      &fast.Expr{Lit: fast.Lit{Type: t}, Fun: func(*fast.Env) xr.Value { return v }},
		Args:     args,
		OutTypes: out,
	}
}

// reportGoroutine prints the panic of a goroutine that a cell started; the
// deferred call that rewriting adds makes it.
func (s *session) reportGoroutine(v any) {
	if isInterrupt(v) {
		return
	}
	fmt.Fprintf(s.capture.stderr, "panic in a goroutine: %v\n", v)
}

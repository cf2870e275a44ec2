package interp

import (
	"go/ast"
	"reflect"

	"github.com/cosmos72/gomacro/fast"
	xr "github.com/cosmos72/gomacro/xreflect"
)

// ask asks the person for a line, after what was printed before.
func (s *session) ask(prompt string, password bool) (string, error) {
	s.capture.drain()
	return s.cell.out.Input(s.cell.ctx, prompt, password)
}

// must compiles Must for a function with n values beside the error: in Go it is
//
//	func[T1, ... any](v1 T1, ..., err error) (T1, ...)
//
// which returns the values, or ends the cell with the error.
func must(n int) func(*fast.Comp, fast.Symbol, *ast.CallExpr) *fast.Call {
	return func(c *fast.Comp, sym fast.Symbol, node *ast.CallExpr) *fast.Call {
		args, types := arguments(c, node)
		if len(types) != n+1 {
			c.Errorf("%s takes %d values and an error, got %d in %v", sym.Name, n, len(types), node)
		}
		if failed := types[n]; failed != nil {
			if !failed.AssignableTo(c.TypeOfError()) {
				c.Errorf("cannot use <%v> as <error> in argument to %s", failed, sym.Name)
			}
			asError(c, args, failed)
		}
		in := make([]reflect.Type, n+1)
		for i, t := range types[:n] {
			if t == nil {
				c.Errorf("use of untyped nil in argument to %s", sym.Name)
			}
			in[i] = t.ReflectType()
		}
		in[n] = errorType
		f := reflect.MakeFunc(reflect.FuncOf(in, in[:n], false), func(vs []reflect.Value) []reflect.Value {
			if err := vs[n]; !err.IsNil() {
				panic(err.Interface())
			}
			return vs[:n]
		})
		call := plainCall(c, f.Interface(), args...)
		call.OutTypes = types[:n]
		return call
	}
}

// arguments compiles the arguments of a call, which may be one call that
// returns all of them, and tells their types; the type of nil is nil.
func arguments(c *fast.Comp, node *ast.CallExpr) ([]*fast.Expr, []xr.Type) {
	if len(node.Args) == 1 {
		if arg := c.Expr(node.Args[0], nil); arg.NumOut() > 1 {
			return []*fast.Expr{arg}, arg.Types
		}
	}
	args := c.Exprs(node.Args)
	types := make([]xr.Type, len(args))
	for i, a := range args {
		switch {
		case a.Type == nil: // nil is the error that is none
			a.To(c, c.TypeOfError())
			continue
		case a.Const():
			a.ConstTo(a.DefaultType())
		}
		types[i] = a.Type
	}
	return args, types
}

// asError converts the last argument, of a type that implements error, to
// error: gomacro wraps a value of a cell's type, whose methods Go does not know.
func asError(c *fast.Comp, args []*fast.Expr, from xr.Type) {
	last := args[len(args)-1]
	if last.NumOut() == 1 {
		last.To(c, c.TypeOfError())
		return
	}
	conv := c.Converter(from, c.TypeOfError())
	if conv == nil {
		return
	}
	call := last.AsXV(fast.COptDefaults)
	last.Fun = func(env *fast.Env) (xr.Value, []xr.Value) {
		v, vs := call(env)
		vs[len(vs)-1] = conv(vs[len(vs)-1])
		return v, vs
	}
}

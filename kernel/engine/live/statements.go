package live

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// emitStatements rewrites loops, go statements and calls that would harm the
// host.
func (u *unit) emitStatements() {
	replaced := map[ast.Node]bool{}
	depth := map[ast.Node]int{}
	var stack []ast.Node
	ast.Inspect(u.file, func(n ast.Node) bool {
		if n == nil {
			stack = stack[:len(stack)-1]
			return true
		}
		stack = append(stack, n)
		if !u.written(n) {
			return true
		}
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			depth[n] = loopsAround(stack)
			if u.needsCheck(n, depth[n] > 0 || !u.inRun(n)) {
				u.insert(loopBody(n).Lbrace+1, " "+stopName+".Check(); ", 0)
			}
		case *ast.GoStmt:
			u.guardGo(n)
		case *ast.CallExpr:
			u.rewriteCall(n, replaced)
		case *ast.SelectorExpr:
			if !replaced[n] {
				u.rewriteSelector(n)
			}
		}
		return true
	})
	u.dropUnusedImports(replaced)
}

// loopsAround counts the loops around the last node of a path, within its
// function.
func loopsAround(path []ast.Node) int {
	n := 0
	for i := len(path) - 2; i >= 0; i-- {
		switch path[i].(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			n++
		case *ast.FuncLit, *ast.FuncDecl:
			return n
		}
	}
	return n
}

func loopBody(n ast.Node) *ast.BlockStmt {
	switch n := n.(type) {
	case *ast.ForStmt:
		return n.Body
	case *ast.RangeStmt:
		return n.Body
	}
	return nil
}

func (u *unit) inRun(n ast.Node) bool {
	return u.run.Pos() <= n.Pos() && n.Pos() < u.run.Body.Rbrace
}

// needsCheck tells whether an interrupt has to look at a loop. The innermost
// loops of computations (a bounded loop without calls, inside a function or
// another loop) go without: a check makes them up to three times slower
// (a matrix product 1.5 times), and they end by themselves.
func (u *unit) needsCheck(loop ast.Node, inner bool) bool {
	if !inner {
		return true
	}
	switch l := loop.(type) {
	case *ast.ForStmt:
		if l.Cond == nil || l.Init == nil && l.Post == nil {
			return true
		}
	case *ast.RangeStmt:
		switch types.Unalias(u.info.Types[l.X].Type).Underlying().(type) {
		case *types.Chan, *types.Signature:
			return true
		}
	}
	busy := false
	ast.Inspect(loopBody(loop), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.SelectStmt, *ast.SendStmt, *ast.GoStmt:
			busy = true
		case *ast.UnaryExpr:
			busy = busy || n.Op == token.ARROW
		case *ast.CallExpr:
			if tv := u.info.Types[n.Fun]; !tv.IsType() && !tv.IsBuiltin() {
				busy = true
			}
		}
		return !busy
	})
	return busy
}

// guardGo makes a panic in a goroutine of the cell an error instead of the end
// of the host:
//
//	go func() { ... }()  ->  go func() { defer GoGuard(); ... }()
//	go f(a, b)           ->  { f_, a_ := f, a; go func() { defer GoGuard(); f_(a_, b) }() }
//
// with b constant. The function and its arguments are evaluated at once, as go
// does.
func (u *unit) guardGo(n *ast.GoStmt) {
	guard := " defer " + rtName + ".GoGuard(); "
	if fl, ok := n.Call.Fun.(*ast.FuncLit); ok {
		u.insert(fl.Body.Lbrace+1, guard, 0)
		return
	}
	if tv := u.info.Types[n.Call.Fun]; tv.IsBuiltin() || tv.IsType() {
		return
	}
	var names, args []string
	var values []ast.Expr
	fun := u.temp()
	if u.inferred(n.Call.Fun) {
		fun = "" // a generic function is no value: its name stays in the call
	} else {
		names, values = append(names, fun), append(values, n.Call.Fun)
	}
	for _, a := range n.Call.Args {
		tv := u.info.Types[a]
		if _, ok := tv.Type.(*types.Tuple); ok {
			return // go f(g()) with several values: rare, and left unguarded
		}
		if tv.Value != nil || tv.IsNil() {
			u.copied = append(u.copied, a)
			args = append(args, u.render(a))
			continue
		}
		v := u.temp()
		names, values, args = append(names, v), append(values, a), append(args, v)
	}
	u.writeGuardedGo(n, fun, names, args, values, guard)
}

func (u *unit) writeGuardedGo(n *ast.GoStmt, fun string, names, args []string, values []ast.Expr, guard string) {
	if n.Call.Ellipsis.IsValid() {
		args[len(args)-1] += "..."
	}
	if fun == "" {
		fun = plainCallee(u, n.Call.Fun)
	}
	if len(values) == 0 {
		u.replace(n.Pos(), u.end(n), fmt.Sprintf("go func() {%s%s(%s) }()", guard, fun, strings.Join(args, ", ")))
		return
	}
	u.insert(n.Pos(), "{ "+strings.Join(names, ", ")+" := ", -5)
	u.replace(n.Pos(), values[0].Pos(), "")
	at := u.end(values[0])
	for _, v := range values[1:] {
		u.replace(at, v.Pos(), ", ")
		at = u.end(v)
	}
	u.replace(at, u.end(n), fmt.Sprintf("; go func() {%s%s(%s) }() }", guard, fun, strings.Join(args, ", ")))
}

// plainCallee is the text of a generic function in a call.
func plainCallee(u *unit, e ast.Expr) string {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		if text, ok := u.useText(x, u.info.Uses[x]); ok {
			return text
		}
		return x.Name
	case *ast.IndexExpr:
		return plainCallee(u, x.X)
	case *ast.IndexListExpr:
		return plainCallee(u, x.X)
	}
	return u.source(e)
}

// inferred tells whether the type arguments of a called function are inferred
// from the call.
func (u *unit) inferred(e ast.Expr) bool {
	var id *ast.Ident
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return false
	}
	_, ok := u.info.Instances[id]
	return ok
}

// render is the text of a node with the edits made so far.
func (u *unit) render(n ast.Node) string {
	from, to := u.offset(n.Pos()), u.offset(u.end(n))
	var inside []edit
	for _, e := range u.edits {
		if from <= e.off && e.end <= to {
			e.off, e.end = e.off-from, e.end-from
			inside = append(inside, e)
		}
	}
	return string(apply(u.text[from:to], inside))
}

func (u *unit) temp() string {
	u.temps++
	return fmt.Sprintf("%s%sg%d", mark, mark, u.temps)
}

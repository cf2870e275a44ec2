package live

import (
	"go/ast"
	"go/types"
)

// selectorCode replaces functions that would end the host or could not be
// interrupted.
var selectorCode = map[string]string{
	"os.Exit":     rtName + ".Exit",
	"time.Sleep":  rtName + ".Sleep",
	"log.Fatal":   rtName + ".Fatal(%.Print)",
	"log.Fatalln": rtName + ".Fatal(%.Println)",
	"log.Fatalf":  rtName + ".Fatalf(%.Printf)",
}

// callCode replaces calls by calls that take the stream as first argument.
var callCode = map[string][2]string{
	"fmt.Print":   {"Fprint", rtName + ".Stdout"},
	"fmt.Println": {"Fprintln", rtName + ".Stdout"},
	"fmt.Printf":  {"Fprintf", rtName + ".Stdout"},
	"fmt.Scan":    {"Fscan", rtName + ".Stdin"},
	"fmt.Scanln":  {"Fscanln", rtName + ".Stdin"},
	"fmt.Scanf":   {"Fscanf", rtName + ".Stdin"},
}

// rewriteCall lets printing functions know the goroutine's cell and scanning
// functions ask the person.
func (u *unit) rewriteCall(n *ast.CallExpr, replaced map[ast.Node]bool) {
	u.rewriteStdin(n, replaced)
	u.guardArgument(n)
	path, name := u.qualified(n.Fun)
	code, ok := callCode[path+"."+name]
	if !ok || path == "" {
		return
	}
	first := code[1]
	if len(n.Args) > 0 {
		if _, tuple := u.info.Types[n.Args[0]].Type.(*types.Tuple); tuple {
			return // fmt.Println(f()) with several values
		}
		first += ", "
	}
	sel := n.Fun.(*ast.SelectorExpr).Sel
	u.replace(sel.Pos(), u.end(sel), code[0])
	u.insert(n.Lparen+1, first, 0)
}

// rewriteStdin replaces os.Stdin where a call takes an interface, such as
// bufio.NewScanner(os.Stdin).
func (u *unit) rewriteStdin(n *ast.CallExpr, replaced map[ast.Node]bool) {
	sig, ok := u.info.Types[n.Fun].Type.(*types.Signature)
	if !ok {
		return
	}
	for i, a := range n.Args {
		if path, name := u.qualified(a); path != "os" || name != "Stdin" || i >= sig.Params().Len() {
			continue
		}
		if types.IsInterface(sig.Params().At(i).Type()) {
			replaced[a] = true
			u.replace(a.Pos(), u.end(a), rtName+".Stdin")
		}
	}
}

// guardArgument guards the function that a call hands to a goroutine of a
// library: the argument of methods Go(func()), of time.AfterFunc and of
// context.AfterFunc.
func (u *unit) guardArgument(n *ast.CallExpr) {
	se, ok := n.Fun.(*ast.SelectorExpr)
	if !ok || len(n.Args) == 0 || se.Sel.Name != "Go" && se.Sel.Name != "AfterFunc" {
		return
	}
	arg := n.Args[len(n.Args)-1]
	sig, ok := u.info.Types[n.Fun].Type.(*types.Signature)
	if !ok || sig.Params().Len() != len(n.Args) {
		return
	}
	f, ok := sig.Params().At(len(n.Args) - 1).Type().Underlying().(*types.Signature)
	if !ok || f.Params().Len() > 0 || f.Results().Len() > 0 {
		return
	}
	u.insert(arg.Pos(), rtName+".Guarded(", -5)
	u.insert(u.end(arg), ")", 5)
}

func (u *unit) rewriteSelector(n *ast.SelectorExpr) {
	path, name := u.qualified(n)
	if path == "" {
		return
	}
	code, ok := selectorCode[path+"."+name]
	if !ok {
		return
	}
	x := n.X.(*ast.Ident)
	for i := range code {
		if code[i] == '%' { // the package stays in use
			u.replace(n.Pos(), u.end(n), code[:i]+x.Name+code[i+1:])
			return
		}
	}
	u.replace(n.Pos(), u.end(n), code)
}

// dropUnusedImports removes the packages whose last use was replaced.
func (u *unit) dropUnusedImports(replaced map[ast.Node]bool) {
	left := map[string]bool{}
	ast.Inspect(u.file, func(n ast.Node) bool {
		se, ok := n.(*ast.SelectorExpr)
		if !ok || !u.written(se) {
			return true
		}
		path, name := u.qualified(se)
		if path == "" {
			return true
		}
		code, gone := selectorCode[path+"."+name]
		if gone = gone && !contains(code, '%') || replaced[se] || u.erased(se); !gone {
			left[se.X.(*ast.Ident).Name] = true
		}
		return true
	})
	for id, obj := range u.info.Uses {
		if _, ok := obj.(*types.PkgName); ok && u.written(id) && !left[id.Name] {
			delete(u.used, id.Name)
		}
	}
}

func contains(s string, c byte) bool {
	for i := range len(s) {
		if s[i] == c {
			return true
		}
	}
	return false
}

// erased tells whether the text of a node is replaced by a larger edit.
func (u *unit) erased(n ast.Node) bool {
	a, b := u.offset(n.Pos()), u.offset(u.end(n))
	for _, c := range u.copied {
		if c.Pos() <= n.Pos() && u.end(n) <= u.end(c) {
			return false
		}
	}
	for _, e := range u.edits {
		if e.off <= a && b <= e.end && e.off < e.end && e.end-e.off > b-a {
			return true
		}
	}
	return false
}

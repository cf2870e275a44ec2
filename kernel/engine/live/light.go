package live

import (
	"go/ast"
	"go/token"
	"go/types"
)

// light tells whether nothing in the cell's own code runs more than once: no
// loop, no function, no type, whose methods and comparisons are functions, and
// no instance of a generic type or function, which is compiled with the cell.
// Such a cell is compiled without inlining: reading what could be inlined from
// all imported packages takes longer than the cell runs, and what it calls is as
// fast as ever.
func (u *unit) light() bool {
	if u.c != nil || len(u.decls) > 0 || len(u.funcs) > 0 || len(u.info.Instances) > 0 {
		return false
	}
	light := true
	ast.Inspect(u.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ForStmt, *ast.RangeStmt, *ast.FuncLit, *ast.GoStmt, *ast.StructType, *ast.InterfaceType:
			light = false
		case *ast.BranchStmt:
			light = light && n.Tok != token.GOTO
		}
		return light
	})
	if !light {
		return false
	}
	for _, tv := range u.info.Types {
		if instantiated(tv.Type) {
			return false
		}
	}
	return true
}

// instantiated tells whether t, or what it points to, is an instance of a
// generic type.
func instantiated(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && n.TypeArgs().Len() > 0
}

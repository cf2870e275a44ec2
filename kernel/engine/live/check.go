package live

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"sync"
)

// check type-checks the tree. In the first pass errors are expected (bodies
// are missing) and ignored; the second pass returns what the person must see.
func (u *unit) check(final bool) problems {
	var bad problems
	conf := &types.Config{
		Importer:  u.pkgs,
		GoVersion: u.pkgs.tc.lang,
		Error: func(err error) {
			e, ok := err.(types.Error)
			if !ok || !final || u.waived(e) {
				return
			}
			bad = u.addProblem(bad, e)
		},
	}
	name := u.pkgs.cellPackage()
	u.pkg = types.NewPackage(cellPath(u.serial), name)
	// With two imports of that name the checker writes the paths of cells'
	// packages in messages, from which cleanMessage makes cell numbers.
	u.pkg.SetImports([]*types.Package{types.NewPackage("1", name), types.NewPackage("2", name)})
	u.fillScope()
	u.info = &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Types:      map[ast.Expr]types.TypeAndValue{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
		Instances:  map[*ast.Ident]types.Instance{},
	}
	types.NewChecker(conf, u.fset, u.pkg, u.info).Files(u.files())
	return bad
}

// files are those of the cell: its own, and what cgo declares for its C code.
func (u *unit) files() []*ast.File {
	if u.c == nil || u.c.goFile == nil { // without: completion
		return []*ast.File{u.file}
	}
	return []*ast.File{u.file, u.c.goFile}
}

// fillScope puts the names of earlier cells, and the names that every cell
// has, into the scope of the cell's package.
func (u *unit) fillScope() {
	declared := u.declared()
	scope := u.pkg.Scope()
	for name, sy := range u.sess.symbols {
		if !declared[name] {
			scope.Insert(sy.obj)
		}
	}
	for alias, sy := range u.aliases {
		scope.Insert(types.NewVar(token.NoPos, u.pkg, alias, sy.typ))
	}
	for _, o := range u.pkgs.builtins() {
		if !declared[o.Name()] && scope.Lookup(o.Name()) == nil {
			scope.Insert(o)
		}
	}
}

// declared lists the package-level names of the tree.
func (u *unit) declared() map[string]bool {
	m := map[string]bool{}
	for _, f := range u.files() {
		for _, d := range f.Decls {
			if names, recv := declNames(d); recv == "" {
				for _, n := range names {
					m[n] = true
				}
			}
		}
	}
	return m
}

// builtinCode is the meaning of the names that every cell has beside Go's own.
var builtinCode = map[string]string{
	mark + "ctx": rtName + ".Context()",
	"Display":    rtName + ".Display",
	"Input":      rtName + ".Input",
	"Password":   rtName + ".Password",
	"Must":       rtName + ".Must",
	"Must2":      rtName + ".Must2",
	showName:     rtName + ".Result",
}

// builtinNames makes the objects for builtinCode.
func builtinNames(context *types.Package) []types.Object {
	str, err := types.Typ[types.String], types.Universe.Lookup("error").Type()
	anys := types.NewSlice(types.Universe.Lookup("any").Type())
	arg := func(name string, t types.Type) *types.Var { return types.NewParam(token.NoPos, nil, name, t) }
	show := types.NewSignatureType(nil, nil, nil, types.NewTuple(arg("values", anys)), nil, true)
	ask := types.NewSignatureType(nil, nil, nil, types.NewTuple(arg("prompt", str)),
		types.NewTuple(arg("", str), arg("", err)), false)
	objs := []types.Object{
		types.NewFunc(token.NoPos, nil, "Display", show),
		types.NewFunc(token.NoPos, nil, showName, show),
		types.NewFunc(token.NoPos, nil, "Input", ask),
		types.NewFunc(token.NoPos, nil, "Password", ask),
		types.NewFunc(token.NoPos, nil, "Must", mustSignature(1)),
		types.NewFunc(token.NoPos, nil, "Must2", mustSignature(2)),
	}
	if context != nil {
		objs = append(objs, types.NewVar(token.NoPos, nil, mark+"ctx", context.Scope().Lookup("Context").Type()))
	}
	return objs
}

// mustSignature is func[T1, ... any](T1, ..., error) (T1, ...) for n values.
func mustSignature(n int) *types.Signature {
	var typeParams []*types.TypeParam
	var params, results []*types.Var
	for i := range n {
		name := types.NewTypeName(token.NoPos, nil, "T"+strconv.Itoa(i+1), nil)
		t := types.NewTypeParam(name, types.Universe.Lookup("any").Type())
		typeParams = append(typeParams, t)
		params = append(params, types.NewParam(token.NoPos, nil, "v"+strconv.Itoa(i+1), t))
		results = append(results, types.NewParam(token.NoPos, nil, "", t))
	}
	params = append(params, types.NewParam(token.NoPos, nil, "err", types.Universe.Lookup("error").Type()))
	return types.NewSignatureType(nil, nil, typeParams, types.NewTuple(params...), types.NewTuple(results...), false)
}

// waived tells which of the checker's errors do not hold in a notebook: unused
// imports, a last line that is only shown, variables that stay in their cell.
func (u *unit) waived(e types.Error) bool {
	switch {
	case strings.Contains(e.Msg, "imported") && strings.HasSuffix(e.Msg, "and not used"):
		return true
	case strings.HasPrefix(e.Msg, "declared and not used"):
		for o := range u.locals {
			if o.Pos() == e.Pos {
				return true
			}
		}
	}
	return false
}

// sharedImporter serves checkers that run at the same time.
type sharedImporter struct {
	mu  sync.Mutex
	imp types.Importer
}

func (s *sharedImporter) Import(path string) (*types.Package, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.imp.Import(path)
}

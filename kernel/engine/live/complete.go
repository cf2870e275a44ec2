package live

import (
	"context"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"glownotes/kernel/core"
)

// maxItems is how many completions are listed.
const maxItems = 500

// Complete implements core.Engine. It reads the session as it was left by the
// last cell that was loaded, and does not wait for a running one.
func (e *Engine) Complete(ctx context.Context, code string, cursor int) (list core.Completion, err error) {
	defer recoverInto(&err)
	off := byteOffset(code, cursor)
	none := core.Completion{Start: cursor, End: cursor}
	if !e.ready() {
		return none, nil
	}
	if items, start, ok := e.completeImport(code, off); ok {
		return core.Completion{Items: items, Start: utf8.RuneCountInString(code[:start]), End: cursor}, nil
	}
	if inText(code, off) {
		return none, nil
	}
	c := e.newCursorUnit(code, off, true)
	if c == nil || !c.locate(func(id *ast.Ident) bool { return strings.Contains(id.Name, cursorName) }) {
		return none, nil
	}
	l := &itemList{prefix: c.prefix, seen: map[string]bool{}}
	if c.sel != nil {
		e.addMembers(l, c)
	} else {
		e.addNames(l, c)
	}
	return core.Completion{Items: l.sorted(), Start: utf8.RuneCountInString(code[:c.start]), End: utf8.RuneCountInString(code[:off])}, nil
}

func (e *Engine) ready() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.proc != nil && !e.closed
}

// An itemList collects completions of a prefix.
type itemList struct {
	prefix string
	seen   map[string]bool
	items  []rankedItem
}

type rankedItem struct {
	core.CompletionItem
	rank int
}

// Ranks: what is nearer to the cursor comes first.
const (
	rankLocal = iota
	rankSession
	rankGo
	rankPackage
)

func (l *itemList) add(rank int, text, kind, signature string) {
	text = plain(text)
	if l.seen[text] || text == "_" || text == "" || !hasPrefixFold(text, l.prefix) || strings.Contains(signature, cursorName) || text == "cursor" {
		return
	}
	if !strings.HasPrefix(text, l.prefix) {
		rank += 10 // another case than typed
	}
	l.seen[text] = true
	l.items = append(l.items, rankedItem{core.CompletionItem{Text: text, Type: kind, Signature: plain(signature)}, rank})
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func (l *itemList) sorted() []core.CompletionItem {
	slices.SortFunc(l.items, func(a, b rankedItem) int {
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return strings.Compare(a.Text, b.Text)
	})
	var out []core.CompletionItem
	for _, it := range l.items[:min(len(l.items), maxItems)] {
		out = append(out, it.CompletionItem)
	}
	return out
}

// addObject adds an object of the checker.
func (l *itemList) addObject(rank int, o types.Object) {
	l.add(rank, o.Name(), kindOf(o), types.ObjectString(o, packageOnly))
}

func packageOnly(p *types.Package) string {
	if _, ok := serialOf(p.Path()); ok {
		return ""
	}
	return p.Name()
}

func kindOf(o types.Object) string {
	switch o := o.(type) {
	case *types.Func:
		if o.Signature().Recv() != nil {
			return "method"
		}
		return "function"
	case *types.Var:
		if o.IsField() {
			return "field"
		}
		return "variable"
	case *types.TypeName:
		return "type"
	case *types.Const:
		return "const"
	case *types.PkgName:
		return "package"
	case *types.Builtin:
		return "function"
	}
	return "variable"
}

// addMembers lists what can follow the dot.
func (e *Engine) addMembers(l *itemList, c *cursorUnit) {
	if x, ok := c.sel.X.(*ast.Ident); ok {
		if pn, ok := c.info.Uses[x].(*types.PkgName); ok && pn.Imported().Complete() && pn.Imported().Scope().Len() > 0 {
			for _, n := range pn.Imported().Scope().Names() {
				if ast.IsExported(n) {
					l.addObject(rankLocal, pn.Imported().Scope().Lookup(n))
				}
			}
			return
		}
		if e.addC(l, c, x) {
			return
		}
		if path := e.packageOf(c, x); path != "" {
			for n := range e.packages().known().exported(path) {
				l.add(rankLocal, n, kindOfName(n), "")
			}
			return
		}
	}
	t := c.info.Types[c.sel.X].Type
	if t == nil || t == types.Typ[types.Invalid] {
		return
	}
	for _, o := range membersOf(t) {
		l.addObject(rankLocal, o)
	}
}

// addC lists the names of C that earlier cells have, if x is C.
func (e *Engine) addC(l *itemList, c *cursorUnit, x *ast.Ident) bool {
	s := e.session()
	if x.Name != "C" || s.c == nil || s.symbols["C"] != nil {
		return false
	}
	for n, sy := range s.symbols {
		if isC(n) {
			text := plain(n)
			name := cleanC(text)
			signature := strings.ReplaceAll(cleanC(plain(types.ObjectString(sy.obj, packageOnly))), text, name)
			l.add(rankLocal, strings.TrimPrefix(name, "C."), kindOf(sy.obj), signature)
		}
	}
	return true
}

// packageOf is the path of a package that was not compiled yet.
func (e *Engine) packageOf(c *cursorUnit, x *ast.Ident) string {
	if p := c.importNames[plain(x.Name)]; p != "" {
		return p
	}
	if c.info.Uses[x] != nil {
		if _, ok := c.info.Uses[x].(*types.PkgName); !ok {
			return ""
		}
	}
	name := plain(x.Name)
	if p := c.auto[name]; p != "" {
		return p
	}
	if l := e.packages().known().byName[name]; len(l) > 0 && e.session().symbols[marked(name)] == nil {
		return l[0].path
	}
	return ""
}

func kindOfName(string) string { return "function" }

// membersOf lists the fields and methods that can be selected from a value.
func membersOf(t types.Type) []types.Object {
	var out []types.Object
	seen := map[types.Type]bool{}
	var fields func(t types.Type, depth int)
	fields = func(t types.Type, depth int) {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok || seen[t] || depth > 4 {
			return
		}
		seen[t] = true
		for i := range st.NumFields() {
			f := st.Field(i)
			if f.Exported() {
				out = append(out, f)
			}
			if f.Embedded() {
				fields(f.Type(), depth+1)
			}
		}
	}
	fields(t, 0)
	set := t
	if _, ok := t.Underlying().(*types.Pointer); !ok && !types.IsInterface(t) {
		set = types.NewPointer(t)
	}
	ms := types.NewMethodSet(set)
	for i := range ms.Len() {
		if o := ms.At(i).Obj(); o.Exported() {
			out = append(out, o)
		}
	}
	return out
}

// addNames lists the names that are in scope, keywords and packages.
func (e *Engine) addNames(l *itemList, c *cursorUnit) {
	e.addFields(l, c)
	for sc := c.pkg.Scope().Innermost(c.id.Pos()); sc != nil && sc != c.pkg.Scope(); sc = sc.Parent() {
		for _, n := range sc.Names() {
			if o := sc.Lookup(n); o.Pos() < c.id.Pos() {
				l.addObject(rankLocal, o)
			}
		}
	}
	for _, n := range c.pkg.Scope().Names() {
		o := c.pkg.Scope().Lookup(n)
		if !strings.HasPrefix(n, mark+mark) && !isC(n) {
			l.addObject(rankSession, o)
		}
	}
	for n := range c.tops {
		l.add(rankSession, n, "variable", "")
	}
	if c.prefix == "" {
		return // everything else would be noise
	}
	for n := range e.session().imports {
		l.add(rankSession, n, "package", "")
	}
	for _, n := range types.Universe.Names() {
		l.addObject(rankGo, types.Universe.Lookup(n))
	}
	for t := token.BREAK; t <= token.VAR; t++ {
		l.add(rankGo, t.String(), "keyword", "")
	}
	for n, list := range e.packages().known().byName {
		l.add(rankPackage, n, "package", "package "+list[0].path)
	}
}

// addFields lists the fields of the struct whose literal the cursor is in.
func (e *Engine) addFields(l *itemList, c *cursorUnit) {
	for i := len(c.path) - 2; i >= 0; i-- {
		lit, ok := c.path[i].(*ast.CompositeLit)
		if !ok {
			if _, ok := c.path[i].(*ast.KeyValueExpr); ok && c.path[i].(*ast.KeyValueExpr).Key == c.path[min(i+1, len(c.path)-1)] {
				continue
			}
			return
		}
		t := c.info.Types[lit].Type
		if t == nil {
			return
		}
		if st, ok := t.Underlying().(*types.Struct); ok {
			for i := range st.NumFields() {
				if f := st.Field(i); f.Exported() {
					l.add(rankLocal, f.Name(), "field", types.ObjectString(f, packageOnly))
				}
			}
		}
		return
	}
}

var openImport = regexp.MustCompile(`(?m)^\s*(?:import\s*)?(?:[\w.]+\s+)?"([^"\n]*)$`)

// completeImport completes the path of an import declaration.
func (e *Engine) completeImport(code string, off int) (items []core.CompletionItem, start int, ok bool) {
	m := openImport.FindStringSubmatchIndex(code[:off])
	if m == nil || m[1] != off || !inImport(code[:off]) {
		return nil, 0, false
	}
	prefix := code[m[2]:off]
	for path := range e.packages().known().byPath {
		if strings.HasPrefix(path, prefix) {
			items = append(items, core.CompletionItem{Text: path, Type: "package"})
		}
	}
	slices.SortFunc(items, func(a, b core.CompletionItem) int { return compareRank(a.Text, b.Text) })
	return items[:min(len(items), maxItems)], m[2], true
}

// inImport tells whether the last declaration before the cursor is an import.
func inImport(head string) bool {
	line := head[strings.LastIndexByte(head, '\n')+1:]
	if strings.HasPrefix(strings.TrimSpace(line), "import") {
		return true
	}
	i := strings.LastIndex(head, "import (")
	return i >= 0 && !strings.Contains(head[i:], ")")
}

package live

import (
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// When a cell adds a method to a type of an earlier cell, the type becomes a
// new one: the type, its methods, and every declaration of the session that
// mentions it are compiled again in the new cell, and the variables of affected
// types keep their memory under the new type. Values inside interfaces keep
// the old one.

// readDecls parses the declarations of the cell.
func (u *unit) readDecls() {
	u.dropRepeated()
	for _, c := range u.chunks {
		if c.kind != declChunk {
			continue
		}
		if c.old != nil {
			d := *c.old
			u.decls = append(u.decls, &d)
			continue
		}
		if d := newDeclaration(string(u.src[c.off:c.end])); d != nil {
			d.number, d.line, d.col = u.number, c.line, c.col
			u.decls = append(u.decls, d)
		}
	}
	own := map[string]bool{}
	for _, d := range u.decls {
		if d.recv == "" {
			for _, n := range d.names {
				own[n] = true
			}
		}
	}
	for _, d := range u.decls {
		deps := map[string]int{}
		for n := range d.deps {
			deps[n] = 0
			if own[n] {
				deps[n] = ownDep
			} else if sy := u.sess.symbols[n]; sy != nil {
				deps[n] = sy.serial
			}
		}
		d.deps = deps
	}
}

// ownDep marks a name that the cell of the declaration itself declares.
const ownDep = -1

func newDeclaration(text string) *declaration {
	f, err := parser.ParseFile(token.NewFileSet(), "", "package p\n"+text, parser.SkipObjectResolution)
	if err != nil || len(f.Decls) == 0 {
		return nil
	}
	names, recv := declNames(f.Decls[0])
	if len(names) == 0 {
		return nil
	}
	d := &declaration{text: text, deps: map[string]int{}}
	for _, n := range names {
		d.names = append(d.names, marked(n))
	}
	if recv != "" {
		d.recv = marked(recv)
	}
	ast.Inspect(f.Decls[0], func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			d.deps[marked(id.Name)] = 0
		}
		return true
	})
	return d
}

// dropRepeated removes type declarations, and methods, that are the same as
// the session's: a cell that runs again leaves the values of its types usable.
func (u *unit) dropRepeated() {
	same := map[string]bool{}    // types declared again as they were
	changed := map[string]bool{} // types with a new or another method in this cell
	texts := map[int]*declaration{}
	for i, c := range u.chunks {
		if c.kind != declChunk {
			continue
		}
		d := newDeclaration(string(u.src[c.off:c.end]))
		if d == nil {
			continue
		}
		texts[i] = d
		old := u.find(d.key())
		repeated := old != nil && sameTokens(old.text, d.text) && u.unchanged(old)
		switch {
		case d.recv == "" && strings.HasPrefix(strings.TrimSpace(d.text), "type"):
			same[d.names[0]] = repeated
		case d.recv != "" && !repeated:
			changed[d.recv] = true
		}
	}
	u.chunks = filter(u.chunks, func(i int) bool {
		d := texts[i]
		if d == nil {
			return true
		}
		// With changed methods only the type itself is dropped: it is then
		// compiled again with its variables (see reemit).
		if d.recv != "" {
			again, here := same[d.recv]
			return changed[d.recv] || here && !again || u.find(d.key()) == nil
		}
		return !same[d.names[0]]
	})
}

func filter(cs []chunk, keep func(i int) bool) []chunk {
	var out []chunk
	for i, c := range cs {
		if keep(i) {
			out = append(out, c)
		}
	}
	return out
}

// find returns the session's declaration of a key.
func (u *unit) find(key string) *declaration {
	for _, d := range u.sess.decls {
		if d.key() == key && u.sess.current(d) {
			return d
		}
	}
	return nil
}

// unchanged tells whether all that a declaration mentions is still what it was.
func (u *unit) unchanged(d *declaration) bool {
	for n, serial := range d.deps {
		sy := u.sess.symbols[n]
		if sy != nil && sy.kind != typeSymbol && sy.kind != plainSymbol {
			continue // a variable or function: the name of a field, or used in a body
		}
		switch {
		case serial == ownDep && (sy == nil || sy.serial != d.serial):
			return false
		case serial > 0 && (sy == nil || sy.serial != serial):
			return false
		}
	}
	return true
}

// sameTokens compares two texts without space and comments.
func sameTokens(a, b string) bool { return slices.Equal(tokens(a), tokens(b)) }

func tokens(text string) []string {
	var s scanner.Scanner
	fset := token.NewFileSet()
	s.Init(fset.AddFile("", -1, len(text)), []byte(text), nil, 0)
	var out []string
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			return out
		}
		if tok != token.SEMICOLON {
			out = append(out, tok.String()+lit)
		} else {
			out = append(out, ";")
		}
	}
}

// reemit adds the declarations that must be compiled again because the cell
// declares methods of an earlier type.
func (u *unit) reemit() error {
	declared, methods := map[string]bool{}, map[string]bool{}
	var want []string
	for _, d := range u.decls {
		if d.recv == "" {
			for _, n := range d.names {
				declared[n] = true
			}
			continue
		}
		want = append(want, d.recv)
		methods[d.key()] = true
	}
	again := u.closure(want, declared)
	if len(again) == 0 {
		return nil
	}
	var old []chunk
	for _, d := range u.sess.decls {
		if u.sess.current(d) && again[d.owner()] && !methods[d.key()] {
			if d.recv == "" && u.sess.symbols[d.names[0]].kind == typeSymbol && !u.unchanged(d) {
				return u.staleType(d)
			}
			old = append(old, chunk{kind: declChunk, old: d})
			copied := *d
			copied.deps = map[string]int{}
			for n, serial := range d.deps {
				if again[n] {
					serial = ownDep
				}
				copied.deps[n] = serial
			}
			u.decls = append(u.decls, &copied)
		}
	}
	u.chunks = append(old, u.chunks...)
	for name, sy := range u.sess.symbols {
		if sy.kind == varSymbol && mentions(sy.typ, again, u.sess, map[types.Type]bool{}) {
			u.migrated[name] = sy
		}
	}
	u.again = again
	return nil
}

// staleType refuses to compile a type again of which a part was declared anew
// since: its variables could not keep their memory.
func (u *unit) staleType(d *declaration) error {
	line, col := 1, 1
	for _, c := range u.chunks {
		if c.kind == declChunk && c.old == nil {
			line, col = c.line, c.col
			break
		}
	}
	name := plain(d.names[0])
	return problems{{message: "a method can no longer be added to " + name + ": a type that it uses was declared anew",
		number: u.number, line: line, col: col, hint: "declare type " + name + " again first (cell " + strconv.Itoa(d.number) + ")"}}
}

// closure returns the types of want that are the session's, with everything
// that mentions them or variables of such types.
func (u *unit) closure(want []string, declared map[string]bool) map[string]bool {
	set := map[string]bool{}
	var add func(n string)
	add = func(n string) {
		sy := u.sess.symbols[n]
		if sy == nil || set[n] || declared[n] || sy.kind == varSymbol {
			return
		}
		set[n] = true
		for _, d := range u.sess.decls {
			if _, uses := d.deps[n]; uses && u.sess.current(d) {
				add(d.owner())
			}
		}
	}
	for _, n := range want {
		if sy := u.sess.symbols[n]; sy != nil && sy.kind == typeSymbol {
			add(n)
		}
	}
	if len(set) == 0 {
		return set
	}
	for name, sy := range u.sess.symbols {
		if sy.kind != varSymbol || !mentions(sy.typ, set, u.sess, map[types.Type]bool{}) {
			continue
		}
		for _, d := range u.sess.decls {
			if _, uses := d.deps[name]; uses && u.sess.current(d) {
				add(d.owner())
			}
		}
	}
	return set
}

// mentions tells whether a type contains one of the session's types of a set.
func mentions(t types.Type, set map[string]bool, s *session, seen map[types.Type]bool) bool {
	found := false
	types.TypeString(t, func(p *types.Package) string {
		if _, ok := serialOf(p.Path()); ok {
			found = true
		}
		return ""
	})
	if !found {
		return false
	}
	text := types.TypeString(t, func(p *types.Package) string {
		if n, ok := serialOf(p.Path()); ok {
			return cellName(n)
		}
		return p.Name()
	})
	return retarget(text, set, s) != text
}

// retarget rewrites the text of a type: names of the set lose their package.
func retarget(text string, set map[string]bool, s *session) string {
	for n := range set {
		sy := s.symbols[n]
		text = replaceName(text, cellName(sy.serial)+"."+sy.name, n)
	}
	return text
}

// replaceName replaces old where no letter or digit follows.
func replaceName(text, old, by string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, old)
		if i < 0 {
			return b.String() + text
		}
		b.WriteString(text[:i])
		rest := text[i+len(old):]
		if rest != "" && isIdentByte(rest[0]) {
			b.WriteString(old)
		} else {
			b.WriteString(by)
		}
		text = rest
	}
}

func isIdentByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|32 && c|32 <= 'z' || c >= 0x80
}

// declareMigrated declares the migrated variables for the checker.
func (u *unit) declareMigrated() {
	for _, name := range slices.Sorted(maps.Keys(u.migrated)) {
		sy := u.migrated[name]
		u.declareVar(name, retarget(types.TypeString(sy.typ, u.qualify), u.again, u.sess))
	}
}

package live

import (
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// A symbolKind says how a name of an earlier cell is reached.
type symbolKind int

const (
	varSymbol   symbolKind = iota // the cell's package holds a pointer to it
	funcSymbol                    // late bound: a variable of function type
	plainSymbol                   // generic function, type, constant: by its name
	typeSymbol
)

// A symbol is a name that cells share. Names are the marked ones.
type symbol struct {
	name   string
	kind   symbolKind
	serial int // of the cell whose package holds it
	typ    types.Type
	obj    types.Object // stands for it in the scope of later cells
}

// A declaration is the source of a type, function or constant, kept so that it
// can be compiled again when methods are added to a type that it mentions.
type declaration struct {
	names             []string // marked; a block of constants has several
	recv              string   // marked type that a method belongs to
	text              string
	number, line, col int            // where it was written
	deps              map[string]int // marked names that it mentions -> serial of their symbols, 0 if unknown, ownDep
	serial            int            // of the symbol that it declares
}

// cellPrefix starts the import path of the package of a cell.
const cellPrefix = "glownotes/cells/c"

func cellPath(serial int) string { return fmt.Sprint(cellPrefix, serial) }

// A session is what the cells of a notebook have left. It is immutable: each
// cell makes a new one, so that completion can read while cells run.
type session struct {
	symbols map[string]*symbol
	imports map[string]string // package name -> path
	dots    []string          // paths of dot imports
	decls   []*declaration
	sources map[int]string // cell number -> its code
	numbers map[int]int    // serial -> cell number
	c       *cgoSession    // what cells with C code left, nil without
}

func newSession() *session {
	return &session{symbols: map[string]*symbol{}, imports: map[string]string{}, sources: map[int]string{}, numbers: map[int]int{}}
}

func (s *session) clone() *session {
	c := *s
	c.symbols = maps.Clone(s.symbols)
	c.imports = maps.Clone(s.imports)
	c.sources = maps.Clone(s.sources)
	c.numbers = maps.Clone(s.numbers)
	c.dots = append([]string(nil), s.dots...)
	c.decls = append([]*declaration(nil), s.decls...)
	return &c
}

// withSource returns a session that also knows the text of a cell, which
// errors quote.
func (s *session) withSource(serial, number int, code string) *session {
	c := s.clone()
	c.sources[number] = code
	c.numbers[serial] = number
	return c
}

// current tells whether a declaration is still the session's.
func (s *session) current(d *declaration) bool {
	sy := s.symbols[d.owner()]
	return sy != nil && sy.serial == d.serial
}

// owner is the name whose symbol the declaration belongs to.
func (d *declaration) owner() string {
	if d.recv != "" {
		return d.recv
	}
	return d.names[0]
}

// key tells declarations of the same thing.
func (d *declaration) key() string { return d.recv + "." + d.names[0] }

// serialOf returns the serial number in the path of a cell's package.
func serialOf(path string) (serial int, ok bool) {
	rest, ok := strings.CutPrefix(path, cellPrefix)
	if !ok {
		return 0, false
	}
	_, err := fmt.Sscanf(rest, "%d", &serial)
	return serial, err == nil
}

// commit returns the session after a cell was loaded. pkg is the compiled
// package of the cell, read from its export data, so that its types are the
// same for all later cells.
func (s *session) commit(c *unit, pkg *types.Package) *session {
	n := s.clone()
	for name, path := range c.importNames {
		n.imports[name] = path
	}
	for _, p := range c.dots {
		n.dots = append(n.dots, p)
	}
	n.c = s.c.commitC(c.c)
	boxed := map[string]bool{}
	for _, v := range c.vars {
		boxed[v.name] = true
	}
	for _, name := range pkg.Scope().Names() {
		if sy := newSymbol(pkg, name, c.serial, boxed[name]); sy != nil {
			n.symbols[name] = sy
			// A name that is declared hides a package of that name.
			if p := strings.TrimPrefix(name, mark); c.importNames[p] == "" {
				delete(n.imports, p)
			}
		}
	}
	replaced := map[string]bool{}
	for _, d := range c.decls {
		replaced[d.key()] = true
		if sy := n.symbols[d.owner()]; sy != nil {
			d.serial = sy.serial
		}
	}
	n.decls = slices.DeleteFunc(n.decls, func(d *declaration) bool { return replaced[d.key()] || !n.current(d) })
	n.decls = append(n.decls, c.decls...)
	return n
}

// newSymbol describes an object of a cell's package, nil for what the
// engine itself added.
func newSymbol(pkg *types.Package, name string, serial int, boxed bool) *symbol {
	if strings.HasPrefix(name, mark+mark) || strings.HasSuffix(name, implSuffix) || !token.IsExported(name) {
		return nil
	}
	sy := &symbol{name: name, serial: serial, kind: plainSymbol}
	switch o := pkg.Scope().Lookup(name).(type) {
	case *types.Var:
		if isC(name) {
			sy.typ, sy.obj = o.Type(), o
		} else if boxed {
			sy.kind, sy.typ = varSymbol, o.Type().(*types.Pointer).Elem()
			sy.obj = types.NewVar(o.Pos(), pkg, name, sy.typ)
		} else {
			sig := o.Type().(*types.Signature)
			sy.kind, sy.typ = funcSymbol, sig
			sy.obj = types.NewFunc(o.Pos(), pkg, name, sig)
		}
	case *types.TypeName:
		sy.kind, sy.typ, sy.obj = typeSymbol, o.Type(), o
	case nil:
		return nil
	default:
		sy.typ, sy.obj = o.Type(), o
	}
	return sy
}

package interp

import (
	"fmt"
	"go/ast"
	"log"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cosmos72/gomacro/base/genimport"
	"github.com/cosmos72/gomacro/imports"
)

// preferred settles names that several packages have, by what notebooks want.
var preferred = map[string]string{
	"rand":     "math/rand",
	"template": "text/template",
	"scanner":  "text/scanner",
	"pprof":    "runtime/pprof",
}

// hiddenPackage reports packages of gomacro's tables that are not for cells.
func hiddenPackage(p string) bool {
	return strings.HasPrefix(p, "github.com/cosmos72/") || p == "plugin"
}

// packageNames lists the packages that cells can use without an import: their
// name and path.
func packageNames(tables map[string]Table) map[string]string {
	out := map[string]string{}
	add := func(name, p string) {
		old, taken := out[name]
		switch {
		case preferred[name] == p:
		case preferred[name] != "" && taken && old == preferred[name]:
			return
		case taken && better(old, p):
			return
		}
		out[name] = p
	}
	for _, p := range slices.Sorted(maps.Keys(imports.Packages)) {
		if _, ours := tables[p]; !ours && !hiddenPackage(p) {
			add(tableName(p), p)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(tables)) {
		add(tables[p].Name, p)
	}
	return out
}

// tableName is the name of a package in gomacro's tables.
func tableName(p string) string {
	if n := imports.Packages[p].Name; n != "" {
		return n
	}
	return path.Base(p)
}

// better reports whether path a is to be used rather than b: own packages
// first, then the shorter path.
func better(a, b string) bool {
	ours := func(p string) bool { return strings.HasPrefix(p, "glownotes/") }
	if ours(a) != ours(b) {
		return ours(a)
	}
	return len(a) <= len(b)
}

// load makes a package known to the interpreter. It runs on the worker.
func (s *session) load(p string) error {
	cg := s.top.Comp.CompGlobals
	if cg.KnownImports[p] != nil {
		return nil
	}
	var pkg imports.Package
	if t, ok := s.packages[p]; ok {
		pkg = t.Load()
	} else if std, ok := imports.Packages[p]; ok && !hiddenPackage(p) {
		pkg = std
		pkg.Name = tableName(p)
	} else {
		return fmt.Errorf("package %s is not among those that the interpreter knows", p)
	}
	if over := s.overrides(p); over != nil {
		pkg.Binds = maps.Clone(pkg.Binds)
		maps.Copy(pkg.Binds, over)
	}
	cg.KnownImports[p] = cg.NewImport(&genimport.PackageRef{Package: pkg, Path: p})
	return nil
}

// importDecl executes import declarations.
func (s *session) importDecl(n *ast.GenDecl) {
	for _, spec := range n.Specs {
		spec := spec.(*ast.ImportSpec)
		s.top.Comp.Pos = spec.Path.Pos()
		p, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			err = s.load(p)
		}
		if err != nil {
			panic(err)
		}
		alias := ""
		if spec.Name != nil {
			alias = spec.Name.Name
		}
		s.top.ImportPackage(genimport.PackageName(alias), p)
	}
}

// useFree imports the packages that a piece names without having imported
// them. They go below the cells' own names.
func (s *session) useFree(p piece) {
	free := map[*ast.Ident]bool{}
	for _, id := range p.free {
		free[id] = true
	}
	p.inspect(func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		id, ok := sel.X.(*ast.Ident)
		if !ok || !free[id] || s.top.Comp.TryResolve(id.Name) != nil {
			return true
		}
		if path, ok := s.known[id.Name]; ok {
			if err := s.load(path); err == nil {
				s.base.ImportPackage("", path)
			}
		}
		return true
	})
}

// An exit is the panic that stands for the end of the process.
type exit int

func (e exit) Error() string {
	return fmt.Sprintf("the cell asked to exit with status %d; the kernel goes on", int(e))
}

// overrides replaces what must not act on the kernel's own process: the end of
// the process, and its files, so that goroutines that print after their cell
// are still heard.
func (s *session) overrides(p string) map[string]reflect.Value {
	out := s.capture
	switch p {
	case "os":
		return map[string]reflect.Value{
			"Stdout": reflect.ValueOf(&out.stdout).Elem(),
			"Stderr": reflect.ValueOf(&out.stderr).Elem(),
			"Exit":   reflect.ValueOf(func(code int) { panic(exit(code)) }),
		}
	case "fmt":
		in := &input{s: s}
		return map[string]reflect.Value{
			"Print":   reflect.ValueOf(func(v ...any) (int, error) { return fmt.Fprint(out.stdout, v...) }),
			"Printf":  reflect.ValueOf(func(format string, v ...any) (int, error) { return fmt.Fprintf(out.stdout, format, v...) }),
			"Println": reflect.ValueOf(func(v ...any) (int, error) { return fmt.Fprintln(out.stdout, v...) }),
			"Scan":    reflect.ValueOf(func(v ...any) (int, error) { return fmt.Fscan(in, v...) }),
			"Scanf":   reflect.ValueOf(func(format string, v ...any) (int, error) { return fmt.Fscanf(in, format, v...) }),
			"Scanln":  reflect.ValueOf(func(v ...any) (int, error) { return fmt.Fscanln(in, v...) }),
		}
	case "log":
		fatal := func(msg string) { log.Output(2, msg); panic(exit(1)) }
		return map[string]reflect.Value{
			"Fatal":   reflect.ValueOf(func(v ...any) { fatal(fmt.Sprint(v...)) }),
			"Fatalf":  reflect.ValueOf(func(format string, v ...any) { fatal(fmt.Sprintf(format, v...)) }),
			"Fatalln": reflect.ValueOf(func(v ...any) { fatal(fmt.Sprintln(v...)) }),
		}
	}
	return nil
}

// An input reads what the person types: one line for each request.
type input struct {
	s    *session
	rest []byte
	last []byte // the character read before
}

func (in *input) Read(b []byte) (int, error) {
	if len(in.rest) == 0 {
		in.s.capture.drain()
		line, err := in.s.cell.out.Input(in.s.cell.ctx, "", false)
		if err != nil {
			return 0, err
		}
		in.rest = []byte(line + "\n")
	}
	n := copy(b, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// ReadRune and UnreadRune let fmt's scanning functions stop where they are
// done, so that the next call goes on from there.
func (in *input) ReadRune() (rune, int, error) {
	if len(in.rest) == 0 {
		if _, err := in.Read(nil); err != nil {
			return 0, 0, err
		}
	}
	r, n := utf8.DecodeRune(in.rest)
	in.last, in.rest = in.rest[:n], in.rest[n:]
	return r, n, nil
}

func (in *input) UnreadRune() error {
	in.rest = append(slices.Clone(in.last), in.rest...)
	in.last = nil
	return nil
}

package live

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// shapeTypes prepares the declarations that cgo wrote: names get their marks,
// types that an earlier cell has become that type, and the functions that C
// calls are called by the names that they have in the compiled text.
func (u *unit) shapeTypes(src []byte) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, 0)
	if err != nil {
		return fmt.Errorf("live: reading what cgo wrote: %w", err)
	}
	s := &typeShaper{u: u, src: src, tf: fset.File(f.Pos()), shared: map[string]*symbol{}, imports: map[int]bool{}}
	s.share(f)
	for _, d := range f.Decls {
		s.decl(d)
	}
	checked := apply(src, slices.Clone(s.edits))
	if u.c.goFile, err = parser.ParseFile(u.fset, "_cgo_gotypes.go", s.withImports(checked), 0); err != nil {
		return fmt.Errorf("live: reading what cgo wrote: %w", err)
	}
	u.c.goText = s.withImports(apply(src, append(s.edits, s.late...)))
	u.c.types = s.texts
	return nil
}

type typeShaper struct {
	u       *unit
	src     []byte
	tf      *token.File
	edits   []edit
	late    []edit             // for the compiler only
	texts   map[string]string  // marked name -> declaration
	shared  map[string]*symbol // types that an earlier cell has
	imports map[int]bool       // cells that have them
}

func (s *typeShaper) text(n ast.Node) string {
	return string(s.src[s.tf.Offset(n.Pos()):s.tf.Offset(n.End())])
}

// share finds the types that are the same as an earlier cell's: declared by the
// same text, and so is every type in it.
func (s *typeShaper) share(f *ast.File) {
	s.texts = map[string]string{}
	deps := map[string][]string{}
	for _, d := range f.Decls {
		gd, ok := d.(*ast.GenDecl)
		if !ok || gd.Tok != token.TYPE {
			continue
		}
		for _, sp := range gd.Specs {
			ts := sp.(*ast.TypeSpec)
			name := mark + ts.Name.Name
			s.texts[name] = s.text(ts)
			ast.Inspect(ts.Type, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, "_Ctype_") {
					deps[name] = append(deps[name], mark+id.Name)
				}
				return true
			})
		}
	}
	if s.u.sess.c == nil {
		return
	}
	for name, text := range s.texts {
		if sy := s.u.sess.symbols[name]; sy != nil && s.u.sess.c.types[name] == text {
			s.shared[name] = sy
		}
	}
	for again := true; again; {
		again = false
		for name := range s.shared {
			for _, d := range deps[name] {
				if s.texts[d] != "" && s.shared[d] == nil {
					delete(s.shared, name)
					again = true
				}
			}
		}
	}
}

func (s *typeShaper) decl(d ast.Decl) {
	if gd, ok := d.(*ast.GenDecl); ok && gd.Tok == token.TYPE {
		for _, sp := range gd.Specs {
			s.spec(sp.(*ast.TypeSpec))
		}
		return
	}
	s.names(d)
	fd, ok := d.(*ast.FuncDecl)
	if !ok || !strings.HasPrefix(fd.Name.Name, "_cgoexp_") {
		return
	}
	ast.Inspect(fd.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if id, ok := call.Fun.(*ast.Ident); ok && slices.Contains(s.u.c.exports, id.Name) {
			s.replace(&s.edits, id, marked(id.Name))
			s.replace(&s.late, id, marked(id.Name)+implSuffix)
			s.late[len(s.late)-1].rank = -1 // before the other edit of this place
		}
		return true
	})
}

func (s *typeShaper) spec(ts *ast.TypeSpec) {
	if sy := s.shared[mark+ts.Name.Name]; sy != nil {
		s.imports[sy.serial] = true
		s.replace(&s.edits, ts, fmt.Sprintf("%s = %s.%s", sy.name, cellName(sy.serial), sy.name))
		return
	}
	s.names(ts)
	ast.Inspect(ts.Type, func(n ast.Node) bool {
		if st, ok := n.(*ast.StructType); ok {
			for _, f := range st.Fields.List {
				for _, id := range f.Names {
					if name := marked(id.Name); name != id.Name && !strings.HasPrefix(id.Name, "_C") {
						s.replace(&s.edits, id, name)
					}
				}
			}
		}
		return true
	})
}

// names marks the names that cgo made.
func (s *typeShaper) names(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, "_C") && !s.u.isCgoName(id.Name) {
			s.replace(&s.edits, id, mark+id.Name)
		}
		return true
	})
}

func (s *typeShaper) replace(list *[]edit, n ast.Node, text string) {
	*list = append(*list, edit{off: s.tf.Offset(n.Pos()), end: s.tf.Offset(n.End()), text: text})
}

func (s *typeShaper) withImports(text []byte) []byte {
	head := "package " + s.u.pkgs.cellPackage() + "\n"
	extra := ""
	for serial := range s.imports {
		extra += fmt.Sprintf("import %s %q\n", cellName(serial), cellPath(serial))
	}
	return bytes.Replace(text, []byte(head), []byte(head+extra), 1)
}

package live

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"slices"
	"strconv"
)

// An importError is an import of a cell that cannot be had.
type importError struct {
	path string
	err  error
}

func (e *importError) Error() string { return "could not import " + e.path + ": " + e.err.Error() }
func (e *importError) Unwrap() error { return e.err }

// readImports reads the import declarations of the cell. name tells the name
// of a package by its path.
func (u *unit) readImports(name func(path string) (string, error)) error {
	var bad problems
	for i, c := range u.chunks {
		if c.kind != importChunk {
			continue
		}
		before := 0
		if i > 0 {
			before = u.chunks[i-1].end
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, "", "package p;"+string(u.src[c.off:c.end]), parser.ImportsOnly)
		if err != nil {
			return u.chunkErrors(c, len("package p;"), err)
		}
		for _, im := range f.Imports {
			if im.Path.Value == `"C"` {
				u.readC(c, before)
				break // it has read all of them
			}
			if err := u.readImport(im, name); err != nil {
				at := fset.Position(im.Path.Pos())
				p := problem{message: err.Error(), number: u.number, line: c.line + at.Line - 1, col: at.Column}
				if at.Line == 1 {
					p.col += c.col - 1 - len("package p;")
				}
				bad = append(bad, p)
			}
		}
	}
	if len(bad) > 0 {
		return bad
	}
	return nil
}

func (u *unit) readImport(im *ast.ImportSpec, name func(path string) (string, error)) error {
	path, err := strconv.Unquote(im.Path.Value)
	if err != nil {
		return err
	}
	n, err := name(path)
	if err != nil {
		return &importError{path, err}
	}
	if im.Name != nil {
		n = im.Name.Name
	}
	switch n {
	case ".":
		u.dots = append(u.dots, path)
	case "_":
		u.blanks = append(u.blanks, path)
	default:
		u.importNames[n] = path
	}
	return nil
}

// paths lists every package that the cell needs and may not be compiled yet.
func (u *unit) paths() []string {
	set := map[string]bool{}
	for _, m := range []map[string]string{u.importNames, u.auto} {
		for _, p := range m {
			set[p] = true
		}
	}
	if u.c != nil {
		set["unsafe"], set["syscall"], set["runtime/cgo"] = true, true, true
	}
	for _, l := range [][]string{u.dots, u.blanks, u.sess.dots} {
		for _, p := range l {
			set[p] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// addImports puts an import declaration for the checker into the tree.
func (u *unit) addImports() {
	gen := &ast.GenDecl{Tok: token.IMPORT}
	add := func(name, path string) {
		spec := &ast.ImportSpec{Path: &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(path)}}
		if name != "" {
			spec.Name = ast.NewIdent(name)
		}
		gen.Specs = append(gen.Specs, spec)
		u.file.Imports = append(u.file.Imports, spec)
	}
	names := maps.Clone(u.auto)
	maps.Copy(names, u.importNames)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		add(n, names[n])
		u.imports = append(u.imports, importSpec{n, names[n]})
	}
	for _, p := range u.allDots() {
		add(".", p)
	}
	if len(gen.Specs) > 0 {
		u.file.Decls = append([]ast.Decl{gen}, u.file.Decls...)
	}
}

func (u *unit) allDots() []string {
	all := slices.Concat(u.sess.dots, u.dots)
	slices.Sort(all)
	return slices.Compact(all)
}

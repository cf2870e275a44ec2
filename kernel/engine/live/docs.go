package live

import (
	"go/ast"
	"go/build"
	"go/doc/comment"
	"go/parser"
	"go/printer"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// docs returns the documentation of a package (no name), of one of its
// package-level names, or of a method, read from the sources, with the
// declaration of names in front.
func (ix *index) docs(path, recv, name string) string {
	e, ok := ix.byPath[path]
	if !ok {
		return ""
	}
	bp, err := build.Default.ImportDir(e.dir, 0)
	if err != nil {
		return ""
	}
	for _, f := range slices.Concat(bp.GoFiles, bp.CgoFiles) {
		fset := token.NewFileSet()
		file, _ := parser.ParseFile(fset, filepath.Join(e.dir, f), nil, parser.ParseComments|parser.SkipObjectResolution)
		if file == nil {
			continue
		}
		if name == "" {
			if file.Doc != nil {
				return docText(file.Doc.Text())
			}
			continue
		}
		if s := declDocs(fset, file, recv, name); s != "" {
			return s
		}
	}
	return ""
}

// declDocs looks for a declaration in one file.
func declDocs(fset *token.FileSet, file *ast.File, recv, name string) string {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.Name == name && receiver(d) == recv {
				d.Body = nil
				return declText(fset, d, d.Doc)
			}
		case *ast.GenDecl:
			if recv != "" {
				continue
			}
			for _, sp := range d.Specs {
				if s := specDocs(d, sp, name); s != "" {
					return s
				}
			}
		}
	}
	return ""
}

func specDocs(d *ast.GenDecl, sp ast.Spec, name string) string {
	pick := func(docs ...*ast.CommentGroup) string {
		for _, c := range docs {
			if c != nil {
				return docText(c.Text())
			}
		}
		return ""
	}
	switch sp := sp.(type) {
	case *ast.TypeSpec:
		if sp.Name.Name == name {
			return pick(sp.Doc, d.Doc)
		}
	case *ast.ValueSpec:
		for _, n := range sp.Names {
			if n.Name == name {
				return pick(sp.Doc, sp.Comment, d.Doc)
			}
		}
	}
	return ""
}

// declText writes a function's declaration with the names of its parameters,
// and its documentation.
func declText(fset *token.FileSet, d *ast.FuncDecl, doc *ast.CommentGroup) string {
	d.Doc = nil
	var b strings.Builder
	_ = printer.Fprint(&b, fset, d)
	out := "`" + strings.ReplaceAll(b.String(), "\n", " ") + "`"
	if doc != nil {
		out += "\n\n" + docText(doc.Text())
	}
	return out
}

// docText is a doc comment as Markdown.
func docText(s string) string {
	var p comment.Parser
	var pr comment.Printer
	pr.HeadingLevel = 4
	pr.DocLinkURL = func(*comment.DocLink) string { return "" }
	return strings.TrimSpace(string(pr.Markdown(p.Parse(s))))
}

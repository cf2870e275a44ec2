package live

import (
	"context"
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
)

// Inspect implements core.Engine: signature, documentation, and for names of
// the session where they were declared and their value.
func (e *Engine) Inspect(ctx context.Context, code string, cursor, detail int) (in core.Inspection, err error) {
	defer recoverInto(&err)
	off := byteOffset(code, cursor)
	if !e.ready() || inText(code, off) {
		return core.Inspection{}, nil
	}
	off = calleeBefore(code, off)
	c := e.newCursorUnit(code, off, false)
	if c == nil {
		return core.Inspection{}, nil
	}
	want := ""
	if c.start < c.end {
		want = code[c.start:c.end]
	}
	// The identifier is the one at the same place of the source.
	line := 1 + strings.Count(code[:c.start], "\n")
	col := c.start - strings.LastIndexByte(code[:c.start], '\n')
	found := want != "" && c.locate(func(id *ast.Ident) bool {
		at := c.fset.Position(id.Pos())
		return at.Line == line && at.Column == col && plain(id.Name) == want
	})
	if !found {
		return core.Inspection{}, nil
	}
	return e.describe(c, detail), nil
}

// calleeBefore moves from an argument list to the name of the function.
func calleeBefore(code string, off int) int {
	if s, t := identAt(code, off); s < t {
		return off
	}
	depth := 0
	for i := off - 1; i >= 0; i-- {
		switch code[i] {
		case ')':
			depth++
		case '(':
			if depth == 0 {
				return i
			}
			depth--
		case '\n', ';', '{', '}':
			return off
		}
	}
	return off
}

// describe documents the object that an identifier means.
func (e *Engine) describe(c *cursorUnit, detail int) core.Inspection {
	obj := c.info.Uses[c.id]
	if obj == nil {
		obj = c.info.Defs[c.id]
	}
	name := plain(c.id.Name)
	if c.sel != nil && obj == nil {
		if x, ok := c.sel.X.(*ast.Ident); ok {
			if path := e.packageOf(c, x); path != "" {
				return e.inspection("", e.packages().known().docs(path, "", name), "")
			}
		}
	}
	if pn, ok := obj.(*types.PkgName); ok {
		path := pn.Imported().Path()
		return e.inspection(fmt.Sprintf("package %s // import %q", pn.Imported().Name(), path), e.packages().known().docs(path, "", ""), "")
	}
	if obj == nil {
		if path := e.packageOf(c, c.id); path != "" {
			return e.inspection(fmt.Sprintf("package %s // import %q", name, path), e.packages().known().docs(path, "", ""), "")
		}
		return core.Inspection{}
	}
	signature := plain(types.ObjectString(obj, packageOnly))
	if tn, ok := obj.(*types.TypeName); ok {
		signature = plain("type " + tn.Name() + " " + types.TypeString(tn.Type().Underlying(), packageOnly))
	}
	doc, note := "", ""
	switch sy := e.session().symbols[obj.Name()]; {
	case sy != nil && (sy.obj == obj):
		note = fmt.Sprintf("declared in cell %d", e.session().numbers[sy.serial])
		if d := e.declarationOf(obj.Name()); d != "" && (detail > 0 || sy.kind == typeSymbol) {
			signature = d
		}
		if sy.kind == varSymbol {
			if v, ok := e.valueOf(obj.Name()); ok {
				note += "; value: " + v
			}
		}
	case obj.Pkg() != nil:
		doc = e.packages().known().docs(obj.Pkg().Path(), receiverOf(obj), obj.Name())
	}
	return e.inspection(signature, doc, note)
}

// receiverOf is the type that a method or field belongs to, as far as it is
// known.
func receiverOf(o types.Object) string {
	f, ok := o.(*types.Func)
	if !ok || f.Signature().Recv() == nil {
		return ""
	}
	t := f.Signature().Recv().Type()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

// declarationOf is the source of a type or function of the session.
func (e *Engine) declarationOf(name string) string {
	for _, d := range e.session().decls {
		if d.recv == "" && d.names[0] == name {
			return d.text
		}
	}
	return ""
}

// inspection makes text and Markdown of its parts. A declaration in front of the
// documentation takes the place of the signature: it is as the author wrote it.
func (e *Engine) inspection(signature, doc, note string) core.Inspection {
	if decl, rest, _ := strings.Cut(doc, "\n"); strings.HasPrefix(decl, "`func ") && strings.HasSuffix(decl, "`") {
		signature, doc = strings.Trim(decl, "`"), rest
	}
	if signature == "" && doc == "" {
		return core.Inspection{}
	}
	var text, md []string
	if signature != "" {
		text = append(text, signature)
		md = append(md, "```go\n"+signature+"\n```")
	}
	for _, s := range []string{doc, note} {
		if s = strings.TrimSpace(s); s != "" {
			text = append(text, s)
			md = append(md, s)
		}
	}
	return core.Inspection{Found: true, Bundle: display.Bundle{Metadata: map[string]any{}, Data: map[string]any{
		display.MIMEText:     strings.Join(text, "\n\n"),
		display.MIMEMarkdown: strings.Join(md, "\n\n"),
	}}}
}

package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/format"
	"go/types"
	"strings"

	"github.com/cosmos72/gomacro/base/untyped"
	"golang.org/x/tools/go/packages"
)

// A table collects the parts of one package's file.
type table struct {
	pkg     *types.Package
	id      string            // the package as part of an identifier
	imports map[string]string // path to the name in the file

	binds, types, proxies, untyped, skipped []string
	proxyDecls                              bytes.Buffer
}

func newTable(p *packages.Package) *table {
	t := &table{pkg: p.Types, id: identifier(p.PkgPath), imports: map[string]string{}}
	exported(p.Types, t.add)
	return t
}

// qualify names a package in the file and sees that it is imported.
func (t *table) qualify(p *types.Package) string {
	if p == t.pkg {
		t.imports[p.Path()] = "p"
		return "p"
	}
	name, ok := t.imports[p.Path()]
	if !ok {
		name = "p_" + identifier(p.Path())
		t.imports[p.Path()] = name
	}
	return name
}

func (t *table) add(o types.Object) {
	name := o.Name()
	ref := t.qualify(t.pkg) + "." + name
	switch o := o.(type) {
	case *types.Const:
		t.addConst(o, ref)
	case *types.Var:
		t.binds = append(t.binds, fmt.Sprintf("%q: reflect.ValueOf(&%s).Elem(),", name, ref))
	case *types.Func:
		if o.Signature().TypeParams().Len() > 0 {
			t.skipped = append(t.skipped, name)
			return
		}
		t.binds = append(t.binds, fmt.Sprintf("%q: reflect.ValueOf(%s),", name, ref))
	case *types.TypeName:
		if isGeneric(o.Type()) {
			t.skipped = append(t.skipped, name)
			return
		}
		t.types = append(t.types, fmt.Sprintf("%q: reflect.TypeFor[%s](),", name, ref))
		if i, ok := o.Type().Underlying().(*types.Interface); ok {
			t.addProxy(name, i)
		}
	}
}

// isGeneric reports types that no value has: generic ones, and interfaces that
// can only be constraints.
func isGeneric(t types.Type) bool {
	switch t := t.(type) {
	case *types.Alias:
		if t.TypeParams().Len() > 0 {
			return true
		}
		return isGeneric(types.Unalias(t))
	case *types.Named:
		if t.TypeParams().Len() > 0 && t.TypeArgs().Len() == 0 {
			return true
		}
	}
	i, ok := t.Underlying().(*types.Interface)
	return ok && !i.IsMethodSet()
}

// addConst adds a constant. Untyped ones are also written in full precision,
// because reflection can hold only what fits a type.
func (t *table) addConst(o *types.Const, ref string) {
	if b, ok := o.Type().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		kind := untyped.GoUntypedToKind(b.Kind())
		t.untyped = append(t.untyped, fmt.Sprintf("%q: %q,", o.Name(), untyped.Marshal(kind, o.Val())))
		if o.Val().Kind() == constant.Int {
			if _, ok := constant.Int64Val(o.Val()); !ok {
				if _, ok := constant.Uint64Val(o.Val()); ok {
					ref = "uint64(" + ref + ")"
				} else {
					ref = "float64(" + ref + ")"
				}
			} else if v, _ := constant.Int64Val(o.Val()); v > 1<<31-1 || v < -1<<31 {
				ref = "int64(" + ref + ")" // int may have 32 bits
			}
		}
	}
	t.binds = append(t.binds, fmt.Sprintf("%q: reflect.ValueOf(%s),", o.Name(), ref))
}

// addProxy writes a struct that implements an interface by functions, for
// gomacro to fill with the methods of a type that a cell declares: field
// Object holds the value, field M_ the method M with the value as its first
// argument. Interfaces that only their own package can implement have none.
func (t *table) addProxy(name string, i *types.Interface) {
	if i.NumMethods() == 0 {
		return
	}
	for m := range i.Methods() {
		if !m.Exported() || !nameable(m.Signature(), t.pkg) {
			return
		}
	}
	proxy := "proxy_" + t.id + "_" + name
	t.proxies = append(t.proxies, fmt.Sprintf("%q: reflect.TypeFor[%s](),", name, proxy))
	w := &t.proxyDecls
	fmt.Fprintf(w, "\ntype %s struct {\n\tObject any\n", proxy)
	for m := range i.Methods() {
		fmt.Fprintf(w, "\t%s_ func(%s)%s\n", m.Name(), t.params(m.Signature(), "any"), t.results(m.Signature()))
	}
	w.WriteString("}\n")
	for m := range i.Methods() {
		sig := m.Signature()
		ret := ""
		if sig.Results().Len() > 0 {
			ret = "return "
		}
		fmt.Fprintf(w, "\nfunc (p_ *%s) %s(%s)%s { %sp_.%s_(%s) }\n",
			proxy, m.Name(), t.params(sig, ""), t.results(sig), ret, m.Name(), arguments(sig))
	}
}

// params lists the parameters of a method. With a first type it lists types
// alone, that one before the others.
func (t *table) params(sig *types.Signature, first string) string {
	var out []string
	if first != "" {
		out = append(out, first)
	}
	for i := range sig.Params().Len() {
		typ := sig.Params().At(i).Type()
		s := types.TypeString(typ, t.qualify)
		if sig.Variadic() && i == sig.Params().Len()-1 {
			s = "..." + types.TypeString(typ.(*types.Slice).Elem(), t.qualify)
		}
		if first == "" {
			s = fmt.Sprintf("a%d %s", i, s)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func (t *table) results(sig *types.Signature) string {
	var out []string
	for i := range sig.Results().Len() {
		out = append(out, types.TypeString(sig.Results().At(i).Type(), t.qualify))
	}
	switch len(out) {
	case 0:
		return ""
	case 1:
		return " " + out[0]
	}
	return " (" + strings.Join(out, ", ") + ")"
}

func arguments(sig *types.Signature) string {
	out := []string{"p_.Object"}
	for i := range sig.Params().Len() {
		a := fmt.Sprintf("a%d", i)
		if sig.Variadic() && i == sig.Params().Len()-1 {
			a += "..."
		}
		out = append(out, a)
	}
	return strings.Join(out, ", ")
}

// nameable reports whether another package can write the type.
func nameable(t types.Type, from *types.Package) bool {
	switch t := t.(type) {
	case *types.Signature:
		return nameable(t.Params(), from) && nameable(t.Results(), from)
	case *types.Tuple:
		for v := range t.Variables() {
			if !nameable(v.Type(), from) {
				return false
			}
		}
		return true
	case *types.Named:
		for a := range t.TypeArgs().Types() {
			if !nameable(a, from) {
				return false
			}
		}
		return visible(t.Obj())
	case *types.Alias:
		return visible(t.Obj())
	case *types.Pointer:
		return nameable(t.Elem(), from)
	case *types.Slice:
		return nameable(t.Elem(), from)
	case *types.Array:
		return nameable(t.Elem(), from)
	case *types.Chan:
		return nameable(t.Elem(), from)
	case *types.Map:
		return nameable(t.Key(), from) && nameable(t.Elem(), from)
	case *types.Struct:
		return t.NumFields() == 0
	case *types.Interface:
		return t.Empty()
	}
	_, basic := t.(*types.Basic)
	return basic
}

func visible(o *types.TypeName) bool {
	if o.Pkg() == nil {
		return true
	}
	p := "/" + o.Pkg().Path() + "/"
	return o.Exported() && !strings.Contains(p, "/internal/") && !strings.Contains(p, "/vendor/")
}

// source returns the file.
func (t *table) source() ([]byte, error) {
	var body bytes.Buffer
	if len(t.skipped) > 0 {
		fmt.Fprintf(&body, "// Left out, because they are generic: %s.\n", strings.Join(t.skipped, ", "))
	}
	fmt.Fprintf(&body, "func pkg_%s() imports.Package {\n\treturn imports.Package{\n\t\tName: %q,\n", t.id, t.pkg.Name())
	for _, part := range []struct {
		name, typ string
		lines     []string
	}{
		{"Binds", "map[string]reflect.Value", t.binds},
		{"Types", "map[string]reflect.Type", t.types},
		{"Proxies", "map[string]reflect.Type", t.proxies},
		{"Untypeds", "map[string]string", t.untyped},
	} {
		// gomacro writes into the maps of packages: nil will not do
		fmt.Fprintf(&body, "%s: %s{\n%s\n},\n", part.name, part.typ, strings.Join(part.lines, "\n"))
	}
	body.WriteString("}\n}\n")
	body.Write(t.proxyDecls.Bytes())

	var b bytes.Buffer
	b.WriteString(header + "package bindings\n\nimport (\n")
	if len(t.binds)+len(t.types) == 0 {
		delete(t.imports, t.pkg.Path())
	}
	b.WriteString("\t\"reflect\"\n")
	b.WriteString("\t\"github.com/cosmos72/gomacro/imports\"\n")
	for path, name := range t.imports {
		fmt.Fprintf(&b, "\t%s %q\n", name, path)
	}
	b.WriteString(")\n\n")
	b.Write(body.Bytes())
	return format.Source(b.Bytes())
}

package live

import (
	"bytes"
	"debug/dwarf"
	"path/filepath"
	"regexp"
	"slices"
)

// staticUses reports the use in Go of a static variable of C, which Go cannot
// reach.
func (u *unit) staticUses(names []string) error {
	var list problems
	code := hideText(u.src)
	for _, n := range names {
		for _, at := range regexp.MustCompile(`\bC\.`+regexp.QuoteMeta(n)+`\b`).FindAllIndex(code, -1) {
			line := 1 + bytes.Count(code[:at[0]], []byte("\n"))
			list = append(list, problem{message: "C." + n + " is a static variable, which Go cannot reach", number: u.number,
				line: line, col: at[0] - bytes.LastIndexByte(code[:at[0]], '\n'), hint: "leave out static: the variable is seen by this cell only in any case"})
		}
	}
	if len(list) > 0 {
		return list
	}
	return nil
}

// dwarfRefs lists uses of the functions, variables and types that are declared
// in a file, and names its static variables.
func dwarfRefs(data *dwarf.Data, file string) (refs, statics []string) {
	var files []*dwarf.LineFile
	r := data.Reader()
	here := func(e *dwarf.Entry) bool {
		i, ok := e.Val(dwarf.AttrDeclFile).(int64)
		return ok && i >= 0 && int(i) < len(files) && files[i] != nil && filepath.Base(files[i].Name) == file
	}
	for {
		e, err := r.Next()
		if err != nil || e == nil {
			slices.Sort(refs)
			return slices.Compact(refs), statics
		}
		if e.Tag == dwarf.TagCompileUnit {
			if lr, err := data.LineReader(e); err == nil && lr != nil {
				files = lr.Files()
			}
			continue
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		incomplete, _ := e.Val(dwarf.AttrDeclaration).(bool)
		variadic := false
		if e.Children && e.Tag == dwarf.TagEnumerationType && here(e) {
			refs = append(refs, enumerators(r)...)
		} else if e.Children {
			variadic = skipChildren(r)
		}
		if !here(e) || name == "" || name[0] == '_' {
			continue
		}
		switch e.Tag {
		case dwarf.TagSubprogram:
			if !variadic && !incomplete {
				refs = append(refs, "C."+name+"()", "_, _ = C."+name+"()")
			}
		case dwarf.TagVariable:
			if external, _ := e.Val(dwarf.AttrExternal).(bool); external && !incomplete {
				refs = append(refs, "_ = C."+name)
			} else if !external {
				statics = append(statics, name)
			}
		case dwarf.TagTypedef:
			refs = append(refs, "var _ *C."+name)
		case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagEnumerationType:
			if !incomplete {
				kind := map[dwarf.Tag]string{dwarf.TagStructType: "struct_", dwarf.TagUnionType: "union_", dwarf.TagEnumerationType: "enum_"}[e.Tag]
				refs = append(refs, "var _ *C."+kind+name)
			}
		}
	}
}

// enumerators reads the constants of an enumeration.
func enumerators(r *dwarf.Reader) []string {
	var refs []string
	for {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return refs
		}
		if name, ok := e.Val(dwarf.AttrName).(string); ok && e.Tag == dwarf.TagEnumerator {
			refs = append(refs, "_ = C."+name)
		}
		if e.Children {
			r.SkipChildren()
		}
	}
}

// skipChildren goes past what is in a function or type, and tells whether a
// function takes more arguments than it names.
func skipChildren(r *dwarf.Reader) (variadic bool) {
	for {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return variadic
		}
		variadic = variadic || e.Tag == dwarf.TagUnspecifiedParameters
		if e.Children {
			r.SkipChildren()
		}
	}
}

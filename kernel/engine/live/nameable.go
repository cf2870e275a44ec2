package live

import "go/types"

// unnameable returns an unexported type of a foreign package, or an invalid
// type, inside t: another package cannot declare a variable of type t.
func unnameable(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	all := func(ts ...types.Type) string {
		for _, t := range ts {
			if bad := unnameable(t, seen); bad != "" {
				return bad
			}
		}
		return ""
	}
	switch t := t.(type) {
	case *types.Basic:
		if t.Kind() == types.Invalid {
			return "invalid"
		}
	case *types.Alias:
		return all(types.Unalias(t))
	case *types.Named:
		if o := t.Obj(); o.Pkg() != nil && !o.Exported() {
			return o.Pkg().Name() + "." + o.Name()
		}
		for i := range t.TypeArgs().Len() {
			if bad := all(t.TypeArgs().At(i)); bad != "" {
				return bad
			}
		}
	case *types.Pointer:
		return all(t.Elem())
	case *types.Slice:
		return all(t.Elem())
	case *types.Array:
		return all(t.Elem())
	case *types.Chan:
		return all(t.Elem())
	case *types.Map:
		return all(t.Key(), t.Elem())
	case *types.Signature:
		for _, tu := range []*types.Tuple{t.Params(), t.Results()} {
			for i := range tu.Len() {
				if bad := all(tu.At(i).Type()); bad != "" {
					return bad
				}
			}
		}
	case *types.Struct:
		for i := range t.NumFields() {
			if f := t.Field(i); !f.Exported() {
				return "struct{ " + f.Name() + " }"
			} else if bad := all(f.Type()); bad != "" {
				return bad
			}
		}
	}
	return ""
}

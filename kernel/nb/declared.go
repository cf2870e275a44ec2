package nb

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	"math"
	"strconv"
	"strings"
	"time"
)

// declared type-checks the source of a parameters cell as the body of a
// function and lists its variables and constants. Only package time can be
// named in it; what does not type-check has no Type.
func declared(source string) ([]Parameter, error) {
	const head = "package p\nimport \"time\"\nfunc _() {\n"
	text := head + withoutImports(source) + "\n}\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", text, 0)
	if err != nil {
		msg := err.Error()
		if list, ok := err.(scanner.ErrorList); ok && len(list) > 0 {
			msg = fmt.Sprintf("line %d: %s", list[0].Pos.Line-strings.Count(head, "\n"), list[0].Msg)
		}
		return nil, &ParameterError{Name: "cell", Msg: "the parameters cell does not parse: " + msg}
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: timeOnly{}, Error: func(error) {}}
	conf.Check("p", fset, []*ast.File{file}, info) // errors leave types invalid, which literal reports
	var list []Parameter
	body := file.Decls[len(file.Decls)-1].(*ast.FuncDecl).Body
	for _, stmt := range body.List {
		for _, d := range declares(stmt) {
			obj := info.Defs[d.name]
			if obj == nil || d.name.Name == "_" {
				continue
			}
			p := Parameter{Name: d.name.Name}
			_, p.Const = obj.(*types.Const)
			if t := obj.Type(); t != types.Typ[types.Invalid] {
				p.Type = types.TypeString(t, (*types.Package).Name)
			}
			if d.value != nil {
				p.Default = text[fset.Position(d.value.Pos()).Offset:fset.Position(d.value.End()).Offset]
			}
			list = append(list, p)
		}
	}
	return list, nil
}

// A declaration is one declared name with its value, if it has its own.
type declaration struct {
	name  *ast.Ident
	value ast.Expr
}

// declares lists what a statement declares.
func declares(stmt ast.Stmt) []declaration {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return nil
		}
		var names []*ast.Ident
		for _, e := range s.Lhs {
			if id, ok := e.(*ast.Ident); ok {
				names = append(names, id)
			}
		}
		return pair(names, s.Rhs)
	case *ast.DeclStmt:
		gen, _ := s.Decl.(*ast.GenDecl)
		if gen == nil {
			return nil
		}
		var list []declaration
		for _, spec := range gen.Specs {
			if v, ok := spec.(*ast.ValueSpec); ok {
				list = append(list, pair(v.Names, v.Values)...)
			}
		}
		return list
	}
	return nil
}

func pair(names []*ast.Ident, values []ast.Expr) []declaration {
	list := make([]declaration, len(names))
	for i, id := range names {
		list[i].name = id
		if len(values) == len(names) {
			list[i].value = values[i]
		}
	}
	return list
}

// withoutImports blanks the import declarations, which cannot stand in a
// function body, and keeps all line numbers.
func withoutImports(source string) string {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(source))
	var s scanner.Scanner
	s.Init(file, []byte(source), nil, 0)
	out := []byte(source)
	depth, start := 0, -1
	for {
		pos, tok, _ := s.Scan()
		off := file.Offset(pos)
		switch tok {
		case token.EOF:
			return string(out)
		case token.LPAREN, token.LBRACE, token.LBRACK:
			depth++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			depth--
		case token.IMPORT:
			if depth == 0 {
				start = off
			}
		case token.SEMICOLON:
			if depth == 0 && start >= 0 {
				for i := start; i < min(off+1, len(out)); i++ {
					if out[i] != '\n' {
						out[i] = ' '
					}
				}
				start = -1
			}
		}
	}
}

// timeOnly imports a package time with what durations need.
type timeOnly struct{}

func (timeOnly) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, fmt.Errorf("nb: package %s is not available to parameters", path)
	}
	pkg := types.NewPackage("time", "time")
	name := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(name)
	for unit, d := range map[string]time.Duration{
		"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
		"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, unit, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg, nil
}

// literal writes value as a Go expression of the type.
func literal(typ, value string) (string, error) {
	text := strings.TrimSpace(value)
	switch typ {
	case "string":
		return strconv.Quote(value), nil
	case "bool":
		switch text {
		case "true", "false":
			return text, nil
		}
		return "", fmt.Errorf("%q is not a bool: want true or false", value)
	case "time.Duration":
		d, err := time.ParseDuration(text)
		if err != nil {
			return "", fmt.Errorf("%q is not a duration: want for example 90s or 2m30s", value)
		}
		return fmt.Sprintf("%d // %v", int64(d), d), nil
	case "float64", "float32":
		return floatLiteral(typ, text)
	case "int", "int8", "int16", "int32", "int64":
		if v, err := strconv.ParseInt(text, 0, bits(typ, "int")); err == nil {
			return strconv.FormatInt(v, 10), nil
		}
	case "uint", "byte", "uint8", "uint16", "uint32", "uint64":
		if v, err := strconv.ParseUint(text, 0, bits(typ, "uint")); err == nil {
			return strconv.FormatUint(v, 10), nil
		}
	case "":
		return "", fmt.Errorf("its type is not known from the parameters cell alone: write it out, as in var x float64 = f()")
	default:
		return "", fmt.Errorf("a value of type %s cannot be given on the command line", typ)
	}
	return "", fmt.Errorf("%q is not a whole number that fits %s", value, typ)
}

// bits returns 8 for int8 and 64 for int.
func bits(typ, kind string) int {
	if typ == "byte" {
		return 8
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(typ, kind)); err == nil {
		return n
	}
	return 64
}

func floatLiteral(typ, text string) (string, error) {
	v, err := strconv.ParseFloat(text, bits(typ, "float"))
	if err != nil {
		return "", fmt.Errorf("%q is not a number that fits %s", text, typ)
	}
	if math.IsInf(v, 0) || math.IsNaN(v) {
		return "", fmt.Errorf("%q: Go has no literal for it", text)
	}
	return strconv.FormatFloat(v, 'g', -1, bits(typ, "float")), nil
}

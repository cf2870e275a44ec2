package main

import (
	"errors"
	"fmt"
	"math/big"
	"reflect"

	"glownotes/kernel/engine/hostwire"
)

// errLook means that reflection is not the way: the cell has to be compiled,
// for a proper panic or because of a case that is not worth repeating here.
var errLook = errors.New("cellhost: the cell has to be compiled")

// look carries out a cell that only looks at variables.
func (h *host) look(c *cell, nodes []hostwire.Node, fin chan<- *hostwire.Failure) {
	h.owners.claim(c)
	refused := &hostwire.Failure{Kind: hostwire.FailLook, Message: errLook.Error()}
	guarded(func() {
		values := make([][]any, len(nodes))
		for i, n := range nodes {
			vs, err := h.lookStatement(n)
			if err != nil {
				panic(err)
			}
			values[i] = vs
		}
		for _, vs := range values {
			h.result(vs)
		}
	}, func(f *hostwire.Failure) {
		if f != nil {
			f = refused // nothing was shown yet; compiled code says it right
		}
		fin <- f
	})
}

// lookStatement carries out a "set" or returns the values of a "show".
func (h *host) lookStatement(n hostwire.Node) (vs []any, err error) {
	if n.Op == "set" {
		v, err := h.eval(n.X[0])
		if err != nil {
			return nil, err
		}
		x, err := constant(n.X[1], v.Type())
		if err != nil {
			return nil, err
		}
		v.Set(x)
		return nil, nil
	}
	for _, x := range n.X {
		v, err := h.value(x)
		if err != nil {
			return nil, err
		}
		if !v.CanInterface() {
			return nil, errLook
		}
		vs = append(vs, v.Interface())
	}
	return vs, nil
}

// value returns the value of an expression that is passed on as an interface.
func (h *host) value(n hostwire.Node) (reflect.Value, error) {
	if n.Op == "const" {
		return constant(n, basicTypes[n.Name])
	}
	return h.eval(n)
}

var basicTypes = map[string]reflect.Type{
	"bool": reflect.TypeFor[bool](), "string": reflect.TypeFor[string](),
	"int": reflect.TypeFor[int](), "int8": reflect.TypeFor[int8](), "int16": reflect.TypeFor[int16](), "int32": reflect.TypeFor[int32](), "int64": reflect.TypeFor[int64](),
	"uint": reflect.TypeFor[uint](), "uint8": reflect.TypeFor[uint8](), "uint16": reflect.TypeFor[uint16](), "uint32": reflect.TypeFor[uint32](), "uint64": reflect.TypeFor[uint64](),
	"uintptr": reflect.TypeFor[uintptr](), "byte": reflect.TypeFor[byte](), "rune": reflect.TypeFor[rune](),
	"float32": reflect.TypeFor[float32](), "float64": reflect.TypeFor[float64](),
}

// constant makes a constant of a type.
func constant(n hostwire.Node, t reflect.Type) (reflect.Value, error) {
	if t == nil {
		return reflect.Value{}, errLook
	}
	v := reflect.New(t).Elem()
	switch n.Kind {
	case "bool":
		if t.Kind() != reflect.Bool {
			return v, errLook
		}
		v.SetBool(n.Text == "true")
		return v, nil
	case "string":
		if t.Kind() != reflect.String {
			return v, errLook
		}
		v.SetString(n.Text)
		return v, nil
	}
	r, ok := new(big.Rat).SetString(n.Text)
	if !ok {
		return v, errLook
	}
	switch {
	case v.CanInt() && r.IsInt() && r.Num().IsInt64():
		v.SetInt(r.Num().Int64())
	case v.CanUint() && r.IsInt() && r.Num().IsUint64():
		v.SetUint(r.Num().Uint64())
	case t.Kind() == reflect.Float64:
		f, _ := r.Float64()
		v.SetFloat(f)
	case t.Kind() == reflect.Float32:
		f, _ := r.Float32()
		v.SetFloat(float64(f))
	default:
		return v, errLook
	}
	return v, nil
}

// eval returns the value of an expression.
func (h *host) eval(n hostwire.Node) (reflect.Value, error) {
	switch n.Op {
	case "var":
		p, ok := h.vars.find(n.Serial, n.Name)
		if !ok {
			return reflect.Value{}, errLook
		}
		return reflect.ValueOf(p).Elem(), nil
	case "binary":
		return h.evalBinary(n)
	case "type":
		v, err := h.value(n.X[0])
		if err != nil {
			return v, err
		}
		return reflect.ValueOf(reflect.TypeOf(v.Interface())), nil
	case "deref", "field", "index", "slice", "unary", "isnil", "convert", "len", "cap":
	default:
		return reflect.Value{}, errLook
	}
	x, err := h.eval(n.X[0])
	if err != nil {
		return x, err
	}
	switch n.Op {
	case "deref":
		if x.Kind() != reflect.Pointer || x.IsNil() {
			return x, errLook
		}
		return x.Elem(), nil
	case "field":
		return evalField(x, n.Path)
	case "index":
		return h.evalIndex(x, n.X[1])
	case "slice":
		return h.evalSlice(x, n.X[1:])
	case "unary":
		return evalUnary(n.Text, x)
	case "isnil":
		return reflect.ValueOf(x.IsNil() == (n.Text == "==")), nil // IsNil panics for kinds that have no nil
	case "convert":
		return convert(x, basicTypes[n.Name])
	}
	return evalLen(n.Op, x)
}

func evalLen(op string, x reflect.Value) (reflect.Value, error) {
	if x.Kind() == reflect.Pointer { // to an array; nil has its length too, but that is rare
		x = x.Elem()
	}
	switch x.Kind() {
	case reflect.Slice, reflect.Array, reflect.Chan:
		if op == "cap" {
			return reflect.ValueOf(x.Cap()), nil
		}
		return reflect.ValueOf(x.Len()), nil
	case reflect.Map, reflect.String:
		return reflect.ValueOf(x.Len()), nil
	}
	return x, errLook
}

// evalSlice returns x[low:high:max]; reflection panics where the cell would.
func (h *host) evalSlice(x reflect.Value, bounds []hostwire.Node) (reflect.Value, error) {
	if x.Kind() == reflect.Pointer {
		x = x.Elem()
	}
	switch x.Kind() {
	case reflect.Slice, reflect.Array, reflect.String:
	default:
		return x, errLook
	}
	at := []int{0, x.Len(), -1}
	for k, n := range bounds {
		if n.Op == "none" {
			continue
		}
		var i reflect.Value
		var err error
		if n.Op == "const" {
			i, err = constant(n, reflect.TypeFor[int]())
		} else {
			i, err = h.eval(n)
		}
		switch {
		case err != nil:
			return x, err
		case !i.CanInt():
			return x, errLook
		}
		at[k] = int(i.Int())
	}
	if at[2] >= 0 {
		return x.Slice3(at[0], at[1], at[2]), nil
	}
	return x.Slice(at[0], at[1]), nil
}

func evalField(x reflect.Value, path []int) (reflect.Value, error) {
	for _, i := range path {
		if x.Kind() == reflect.Pointer {
			if x.IsNil() {
				return x, errLook
			}
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct {
			return x, errLook
		}
		x = x.Field(i)
	}
	return x, nil
}

func (h *host) evalIndex(x reflect.Value, index hostwire.Node) (reflect.Value, error) {
	if x.Kind() == reflect.Pointer && !x.IsNil() {
		x = x.Elem()
	}
	want := reflect.TypeFor[int]()
	if x.Kind() == reflect.Map {
		want = x.Type().Key()
	}
	var i reflect.Value
	var err error
	if index.Op == "const" {
		i, err = constant(index, want)
	} else {
		i, err = h.eval(index)
	}
	if err != nil {
		return x, err
	}
	switch x.Kind() {
	case reflect.Map:
		if i.Type() != want {
			return x, errLook
		}
		if v := x.MapIndex(i); v.IsValid() {
			return v, nil
		}
		return reflect.Zero(x.Type().Elem()), nil
	case reflect.Slice, reflect.Array, reflect.String:
		if !i.CanInt() || i.Int() < 0 || i.Int() >= int64(x.Len()) {
			return x, errLook
		}
		return x.Index(int(i.Int())), nil
	}
	return x, fmt.Errorf("%w: index of %s", errLook, x.Kind())
}

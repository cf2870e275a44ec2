package main

import (
	"cmp"
	"reflect"

	"glownotes/kernel/engine/hostwire"
)

// evalUnary computes -x, +x and !x.
func evalUnary(op string, x reflect.Value) (reflect.Value, error) {
	out := reflect.New(x.Type()).Elem()
	switch {
	case op == "+" && (x.CanInt() || x.CanUint() || x.CanFloat()):
		return x, nil
	case op == "!" && x.Kind() == reflect.Bool:
		out.SetBool(!x.Bool())
	case op == "-" && x.CanInt():
		out.SetInt(-x.Int())
	case op == "-" && x.CanUint():
		out.SetUint(-x.Uint())
	case op == "-" && x.CanFloat():
		out.SetFloat(-x.Float())
	default:
		return x, errLook
	}
	return out, nil
}

// evalBinary computes x op y for operands of one basic type. A constant takes
// the type of the other side.
func (h *host) evalBinary(n hostwire.Node) (reflect.Value, error) {
	a, b := n.X[0], n.X[1]
	if a.Op == "const" && b.Op == "const" {
		return reflect.Value{}, errLook
	}
	var x, y reflect.Value
	var err error
	if a.Op != "const" {
		if x, err = h.eval(a); err != nil {
			return x, err
		}
	}
	if (n.Text == "&&" || n.Text == "||") && x.IsValid() && x.Kind() == reflect.Bool && x.Bool() == (n.Text == "||") {
		return x, nil // the right side is not evaluated
	}
	if b.Op != "const" {
		if y, err = h.eval(b); err != nil {
			return y, err
		}
	}
	if a.Op == "const" {
		x, err = constant(a, y.Type())
	} else if b.Op == "const" {
		y, err = constant(b, x.Type())
	}
	if err != nil {
		return x, err
	}
	if x.Type() != y.Type() {
		return x, errLook
	}
	if c, ok := compare(n.Text, x, y); ok {
		return reflect.ValueOf(c), nil
	}
	return compute(n.Text, x, y)
}

// compare computes the comparisons of basic values.
func compare(op string, x, y reflect.Value) (result, ok bool) {
	switch {
	case x.CanInt():
		return ordered(op, x.Int(), y.Int())
	case x.CanUint():
		return ordered(op, x.Uint(), y.Uint())
	case x.CanFloat():
		return ordered(op, x.Float(), y.Float())
	case x.Kind() == reflect.String:
		return ordered(op, x.String(), y.String())
	case x.Kind() == reflect.Bool && op == "==":
		return x.Bool() == y.Bool(), true
	case x.Kind() == reflect.Bool && op == "!=":
		return x.Bool() != y.Bool(), true
	}
	return false, false
}

func ordered[T cmp.Ordered](op string, x, y T) (result, ok bool) {
	switch op {
	case "==":
		return x == y, true
	case "!=":
		return x != y, true
	case "<":
		return x < y, true
	case "<=":
		return x <= y, true
	case ">":
		return x > y, true
	case ">=":
		return x >= y, true
	}
	return false, false
}

// compute does arithmetic in the type of x; integers wrap as they do in
// compiled code, float32 rounds after each operation.
func compute(op string, x, y reflect.Value) (reflect.Value, error) {
	out := reflect.New(x.Type()).Elem()
	ok := false
	switch {
	case x.CanInt():
		var r int64
		if r, ok = integer(op, x.Int(), y.Int()); ok {
			out.SetInt(r)
		}
	case x.CanUint():
		var r uint64
		if r, ok = integer(op, x.Uint(), y.Uint()); ok {
			out.SetUint(r)
		}
	case x.Kind() == reflect.Float32:
		var r float32
		if r, ok = float(op, float32(x.Float()), float32(y.Float())); ok {
			out.SetFloat(float64(r))
		}
	case x.Kind() == reflect.Float64:
		var r float64
		if r, ok = float(op, x.Float(), y.Float()); ok {
			out.SetFloat(r)
		}
	case x.Kind() == reflect.String:
		if ok = op == "+"; ok {
			out.SetString(x.String() + y.String())
		}
	case x.Kind() == reflect.Bool:
		if ok = op == "&&" || op == "||"; ok {
			out.SetBool(y.Bool()) // x did not decide
		}
	}
	if !ok {
		return x, errLook
	}
	return out, nil
}

func integer[T int64 | uint64](op string, x, y T) (T, bool) {
	switch op {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "&":
		return x & y, true
	case "|":
		return x | y, true
	case "^":
		return x ^ y, true
	case "&^":
		return x &^ y, true
	}
	if y == 0 {
		return 0, false
	}
	switch op {
	case "/":
		return x / y, true
	case "%":
		return x % y, true
	}
	return 0, false
}

func float[T float32 | float64](op string, x, y T) (T, bool) {
	switch op {
	case "+":
		return x + y, true
	case "-":
		return x - y, true
	case "*":
		return x * y, true
	case "/":
		return x / y, true
	}
	return 0, false
}

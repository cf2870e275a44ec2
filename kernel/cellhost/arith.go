package main

import (
	"cmp"
	"math"
	"reflect"

	"glownotes/kernel/engine/hostwire"
)

// evalUnary computes -x, +x, ^x and !x.
func evalUnary(op string, x reflect.Value) (reflect.Value, error) {
	out := reflect.New(x.Type()).Elem()
	switch {
	case op == "+" && (x.CanInt() || x.CanUint() || x.CanFloat()):
		return x, nil
	case op == "!" && x.Kind() == reflect.Bool:
		out.SetBool(!x.Bool())
	case op == "^" && x.CanInt():
		out.SetInt(^x.Int())
	case op == "^" && x.CanUint():
		out.SetUint(^x.Uint())
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
	if n.Text == "<<" || n.Text == ">>" {
		return h.evalShift(n.Text, a, b)
	}
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

// evalShift computes x << y and x >> y, which have the type of x.
func (h *host) evalShift(op string, a, b hostwire.Node) (reflect.Value, error) {
	x, err := h.eval(a)
	if err != nil {
		return x, err
	}
	var y reflect.Value
	if b.Op == "const" {
		y, err = constant(b, reflect.TypeFor[uint64]())
	} else {
		y, err = h.eval(b)
	}
	if err != nil {
		return y, err
	}
	var count uint64
	switch {
	case y.CanUint():
		count = y.Uint()
	case y.CanInt() && y.Int() >= 0:
		count = uint64(y.Int())
	default:
		return x, errLook
	}
	out := reflect.New(x.Type()).Elem()
	switch {
	case x.CanInt() && op == "<<":
		out.SetInt(x.Int() << count)
	case x.CanInt():
		out.SetInt(x.Int() >> count)
	case x.CanUint() && op == "<<":
		out.SetUint(x.Uint() << count)
	case x.CanUint():
		out.SetUint(x.Uint() >> count)
	default:
		return x, errLook
	}
	return out, nil
}

// convert converts a basic value to a basic type. What Go leaves to the
// processor, a float that does not fit an integer, is refused.
func convert(x reflect.Value, t reflect.Type) (reflect.Value, error) {
	if t == nil {
		return x, errLook
	}
	out := reflect.New(t).Elem()
	ok := true
	switch {
	case x.Kind() == reflect.String && t.Kind() == reflect.String:
		out.SetString(x.String())
	case x.Kind() == reflect.Bool && t.Kind() == reflect.Bool:
		out.SetBool(x.Bool())
	case x.CanInt():
		ok = setNumber(out, x.Int())
	case x.CanUint():
		ok = setNumber(out, x.Uint())
	case x.CanFloat() && out.CanFloat():
		out.SetFloat(x.Float())
	case x.CanFloat():
		whole := math.Trunc(x.Float())
		switch limit := math.Ldexp(1, t.Bits()-1); {
		case out.CanInt() && whole >= -limit && whole < limit:
			out.SetInt(int64(whole))
		case out.CanUint() && whole >= 0 && whole < 2*limit:
			out.SetUint(uint64(whole))
		default:
			ok = false
		}
	default:
		ok = false
	}
	if !ok {
		return x, errLook
	}
	return out, nil
}

// setNumber sets a number to an integer, rounded once.
func setNumber[T int64 | uint64](out reflect.Value, i T) bool {
	switch {
	case out.CanInt():
		out.SetInt(int64(i))
	case out.CanUint():
		out.SetUint(uint64(i))
	case out.Kind() == reflect.Float32:
		out.SetFloat(float64(float32(i)))
	case out.Kind() == reflect.Float64:
		out.SetFloat(float64(i))
	default:
		return false
	}
	return true
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
		switch op { // x may be a constant, which was not looked at before
		case "&&":
			out.SetBool(x.Bool() && y.Bool())
			ok = true
		case "||":
			out.SetBool(x.Bool() || y.Bool())
			ok = true
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

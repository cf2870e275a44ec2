package op

import (
	"fmt"
	"strings"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ShapeError is the panic value of this package: the inputs do not fit the op.
type ShapeError struct {
	Op     string
	Shapes []tensor.Shape // of the inputs
	Reason string
}

func (e *ShapeError) Error() string {
	parts := make([]string, len(e.Shapes))
	for i, s := range e.Shapes {
		parts[i] = fmt.Sprint([]int(s))
	}
	return fmt.Sprintf("op: %s(%s): %s", e.Op, strings.Join(parts, ", "), e.Reason)
}

// Catch turns a panic with a [*ShapeError] into an error: defer op.Catch(&err). Other panics
// go on.
func Catch(err *error) {
	switch r := recover().(type) {
	case nil:
	case *ShapeError:
		*err = r
	default:
		panic(r)
	}
}

// fail panics with a ShapeError.
func fail(name string, ins []*gorgonia.Node, format string, args ...any) {
	e := &ShapeError{Op: name, Reason: fmt.Sprintf(format, args...)}
	for _, n := range ins {
		var s tensor.Shape
		if n != nil {
			s = n.Shape()
		}
		e.Shapes = append(e.Shapes, s)
	}
	panic(e)
}

// check panics with a ShapeError unless ok.
func check(ok bool, name string, ins []*gorgonia.Node, format string, args ...any) {
	if !ok {
		fail(name, ins, format, args...)
	}
}

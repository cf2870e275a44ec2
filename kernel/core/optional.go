package core

import "context"

// The interfaces below are offered by engines that can; the magics use them.

// A VariableLister names what the session holds.
type VariableLister interface {
	Variables() []Variable
}

// A Variable is one name of the session.
type Variable struct {
	Name  string
	Kind  string // "var", "const", "func", "type", "package"
	Type  string // in Go's notation
	Value string // short text form, "" when it has none or is not known now
	Cell  int    // cell that declared it, 0 when unknown
}

// A Resetter forgets the session: variables, functions, types, goroutines.
type Resetter interface {
	Reset(ctx context.Context) error
}

// A ModuleGetter makes a module importable, in the form that go get takes:
// "module@version". The user's own go.mod stays as it is.
type ModuleGetter interface {
	GetModule(ctx context.Context, module string, progress func(Progress)) error
}

// A GoroutineDumper describes the goroutines of the session in Go's traceback
// format, with positions in cells.
type GoroutineDumper interface {
	Goroutines(ctx context.Context) (string, error)
}

// A StackDumper describes what the goroutines of the running cells do, or, when
// none runs, where the last cell that failed did so.
type StackDumper interface {
	Stack(ctx context.Context) (string, error)
}

// A Replayer runs the cells again that succeeded before the session was lost.
type Replayer interface {
	Replay(ctx context.Context, out Output) error
}

// Package cellrt is what compiled cells call at run time. The engine writes
// the calls into the code of a cell; people do not import it.
//
// Every cell links it, so it stays tiny: the cell host installs the real work
// as Hooks.
package cellrt

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// Hooks is what the cell host does for cells. All functions may be called from
// any goroutine.
type Hooks struct {
	Context func() context.Context    // of the cell that the calling goroutine belongs to
	Result  func(vs []any)            // the value of a cell's last expression
	Display func(vs []any)            // show values now
	Enter   func(f *Flag, vars []any) // a cell starts; see the function Enter
	Stopped func()                    // a flag is up: panics if that is meant for the caller
	Panic   func(v any)               // a goroutine that a cell started panicked with v
	Exit    func(code int)            // a cell called os.Exit; does not return
	Input   func(prompt string, password bool) (string, error)
	Print   func(name string, p []byte) (int, error) // text for "stdout" or "stderr"
	AtEnd   func(flush func())                       // called at the end of each cell from now on
}

var hooks atomic.Pointer[Hooks]

// SetHooks installs the host's functions, before the first cell.
func SetHooks(h Hooks) { hooks.Store(&h) }

// A Flag tells the loops of one cell's code to look whether they should stop.
type Flag struct{ up atomic.Bool }

// Set raises or lowers the flag.
func (f *Flag) Set(up bool) { f.up.Store(up) }

// Check stands at the head of loops, so that an interrupt can end them.
func (f *Flag) Check() {
	if f.up.Load() {
		stopped()
	}
}

//go:noinline
func stopped() { hooks.Load().Stopped() }

// Enter is the first call of a cell: with the flag of its loops and its
// variables, each a name and a pointer.
func Enter(f *Flag, vars ...any) { hooks.Load().Enter(f, vars) }

// AtEnd takes the function that writes out what C code has printed, once now
// and at the end of each cell.
func AtEnd(flush func()) {
	flush()
	hooks.Load().AtEnd(flush)
}

// Context is what the name ctx means in a cell: it is cancelled when the cell
// is interrupted.
func Context() context.Context { return hooks.Load().Context() }

// Sleep is what time.Sleep means in a cell: an interrupt ends it.
func Sleep(d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-Context().Done():
		stopped()
		<-t.C
	}
}

// Result takes the value of a cell's last expression.
func Result(vs ...any) { hooks.Load().Result(vs) }

// Call takes what a function call at the end of a cell returned: a last value
// of type error that is nil is not worth showing.
func Call(vs ...any) {
	if n := len(vs); n > 0 && vs[n-1] == nil {
		vs = vs[:n-1]
	}
	if len(vs) > 0 {
		hooks.Load().Result(vs)
	}
}

// Display shows values now; in cells it has this name without a package.
func Display(vs ...any) { hooks.Load().Display(vs) }

// Input asks the person for a line; in cells it has this name without a package.
func Input(prompt string) (string, error) { return hooks.Load().Input(prompt, false) }

// Password asks for a line that is not shown while it is typed.
func Password(prompt string) (string, error) { return hooks.Load().Input(prompt, true) }

// Must returns v, or ends the cell with err; in cells it has this name without
// a package: m := Must(cglow.New(cfg, 1)).
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Must2 is Must for a function with two values beside the error.
func Must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		panic(err)
	}
	return a, b
}

// GoGuard is deferred first in every goroutine that a cell starts, so that a
// panic there is reported instead of ending the host with all variables.
func GoGuard() {
	if v := recover(); v != nil {
		hooks.Load().Panic(v)
	}
}

// Guarded is f with a GoGuard, for functions that a library runs in a goroutine
// of its own, such as those of sync.WaitGroup.Go and time.AfterFunc.
func Guarded(f func()) func() {
	if f == nil {
		return nil
	}
	return func() {
		defer GoGuard()
		f()
	}
}

// Exit is what os.Exit means in a cell: it ends the cell, not the session.
func Exit(code int) { hooks.Load().Exit(code) }

// Fatal makes log.Fatal of log.Print.
func Fatal(print func(...any)) func(...any) {
	return func(vs ...any) { print(vs...); Exit(1) }
}

// Fatalf makes log.Fatalf of log.Printf.
func Fatalf(print func(string, ...any)) func(string, ...any) {
	return func(format string, vs ...any) { print(format, vs...); Exit(1) }
}

// Stdout is what fmt.Print and its kin write to when a cell calls them: it
// knows the cell that the goroutine belongs to.
var Stdout io.Writer = output("stdout")

// Stderr is the same for standard error.
var Stderr io.Writer = output("stderr")

type output string

func (o output) Write(p []byte) (int, error) { return hooks.Load().Print(string(o), p) }

// Stdin is what os.Stdin means where a cell passes it on as an io.Reader, and
// what fmt.Scan and its kin read: the lines that the person types.
var Stdin io.Reader = new(input)

type input struct{ rest []byte }

func (in *input) Read(p []byte) (int, error) {
	if len(in.rest) == 0 {
		s, err := Input("")
		if err != nil {
			return 0, err
		}
		in.rest = append([]byte(s), '\n')
	}
	n := copy(p, in.rest)
	in.rest = in.rest[n:]
	return n, nil
}

// Package interp is the engine for machines without a Go toolchain: it
// evaluates cells with gomacro, the interpreter of gophernotes, inside the
// kernel process. The compiled engine is the better one wherever it runs; this
// one starts in milliseconds and needs nothing on the disk.
//
// # What it does
//
// A cell is split into declarations and statements, parsed by go/parser, and
// handed to gomacro as syntax trees, never as text, after some rewriting: loop
// variables are per iteration, range takes integers, new takes expressions, and
// type parameters become gomacro's templates. The whole cell is compiled before
// any of it runs, so a cell with a compile error changes nothing; then it runs
// statement by statement. Variables, functions, types and imports live on in
// later cells. The cell's last expression is its result.
//
// In every cell ctx is the context of the running cell, Display(v) shows a
// value, Input and Password ask the person, Must(f()) returns the value of a
// call or ends the cell with its error, Must2 does that for two values, and
// packages need no import; a cell may declare these names itself. The same
// names exist in compiled cells, and package kerneltest checks in both engines
// that they, and results, output and errors, are the same.
// Importable are the standard library as far as gomacro knows it, and the
// packages whose tables Options.Packages offers. Nothing is ever downloaded or
// built.
//
// # What it lacks
//
// Range over functions and over integers other than int, goto, methods on
// generic types and on types that contain themselves, checks of constraints,
// and packages that it has no tables for, among them those of generic functions
// such as slices. Errors that come from such limits say so and name the
// compiled engine. Beyond those:
//
//   - Values of named numbers and strings lose their methods when they are
//     passed to a function that takes an interface: write fmt.Stringer(x).
//     Display, results and fmt's printing functions see String and Error.
//   - Unexported fields of cells' structs carry a mark in their name, which is
//     removed from all that a notebook shows, but not from files, and
//     encoding/json sees these fields.
//   - Missing return statements and unused imports are not reported.
//
// gomacro alone panics at its start with Go 1.23 and later unless GODEBUG has
// gotypesalias=0, a setting that ends with Go 1.27. This engine needs no
// setting: see boot in session.go. With a Go that gomacro cannot work with at
// all, the self-test at the start fails, and Start returns the reason.
//
// # Limits of one process
//
// The interpreter shares the process with the kernel. A panic in a goroutine
// that a cell starts with a go statement is caught and reported, but a panic
// in a goroutine that a library starts ends the kernel, as does running out of
// memory, and C code that crashes. os.Exit and log.Fatal end the cell, not the
// process. Runaway recursion is stopped by a watchdog, interrupts stop loops at
// their next statement, and a goroutine that is blocked for longer than a second
// after an interrupt is left behind. What a cell prints through os.Stdout,
// os.Stderr, fmt and log is caught; what C code prints to the file descriptors 1
// and 2 is not.
package interp

// Package interp is the engine for machines without a Go toolchain: it
// evaluates cells with gomacro, the interpreter of gophernotes, inside the
// kernel process. The compiled engine is the better one wherever it runs; this
// one starts in milliseconds, needs nothing on the disk, and understands
// most of Go 1.17.
//
// # What it does
//
// A cell is split into declarations and statements, parsed by go/parser, and
// handed to gomacro as syntax trees, never as text. The whole cell is compiled
// before any of it runs, so a cell with a compile error changes nothing; then
// it runs statement by statement. Variables, functions, types and imports live
// on in later cells. The cell's last expression is its result.
//
// In every cell ctx is the context of the running cell, Display(v) shows a
// value, and packages need no import; a cell may declare these names itself.
// Importable are the standard library as far as gomacro knows it, and the
// packages whose tables Options.Packages offers. Nothing is ever downloaded or
// built.
//
// # What it lacks
//
// Methods on generic types, range over functions, goto, and packages that it
// has no tables for. Names of types, fields and methods of the standard library
// are those of the Go that built the kernel. fmt does not see String and Error
// methods that a cell declares, because reflection cannot create types with
// methods; Display and results do see them. Errors that come from such limits
// say so and name the compiled engine.
//
// # Limits of one process
//
// The interpreter shares the process with the kernel. A panic in a goroutine
// that a cell starts with a go statement is caught and reported, but a panic
// in a goroutine that a library starts ends the kernel, as does running out of
// memory, and C code that crashes. os.Exit and log.Fatal end the cell, not the
// process. Runaway recursion is stopped by a watchdog. What a cell prints
// through os.Stdout, os.Stderr, fmt and log is caught; what C code prints to
// the file descriptors 1 and 2 is not.
package interp

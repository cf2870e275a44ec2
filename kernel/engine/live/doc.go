// Package live evaluates Go cells as compiled code, with variables, functions
// and types that stay alive from cell to cell.
//
// Two processes work together. The kernel process (this package) rewrites a
// cell, type-checks it, and has the Go toolchain compile and link it as a
// plugin; the cell host, its child, loads plugins and runs them. Whatever a
// cell does to the host, the kernel lives.
//
// A cell goes through these steps, each a file of the package:
//
//	split.go       source -> declarations and statements
//	unit.go        one Go file with //line directives; syntax errors
//	names.go       unexported names get a mark, so that later cells can reach them
//	cgo.go         C code; cgobuild.go has cgo and the C compiler translate it
//	packages.go    packages that the cell imports or just uses are compiled
//	hoist.go       variables of the top level become variables of the package
//	check.go       go/types checks everything; problem.go words the errors
//	emit.go        the file for the compiler, made by edits of the source
//	build.go       compile and link, called directly; ahead.go has them wait for it
//	process.go     the host loads and runs it; gate.go keeps output in order
//	session.go     what the cell declared is known to later cells
//
// # Plain and image mode
//
// Cells are linked in one of two modes, with the same meaning. Plain mode makes
// an ordinary plugin, which takes 0.2 to 2 s: the linker reads all that the
// cell reaches. In image mode the standard library, Gorgonia, gonum/plot and
// the module's packages are one shared library that is built once, in a minute
// or two (image.go, imagebuild.go); a cell is linked against a stub of it that
// has only the symbols the cell refers to (package stublib), and the linker's
// object is made a shared object in this process (package solink). A cell takes
// 20 to 40 ms then, and 53 KB of the host's memory, the 400th as well as the
// first; the benchmarks Cell and Session in this package measure that.
//
// Before an image is used it has to run trial cells (mode.go); where it cannot
// be built or they fail, cells stay plain, and the banner and "doctor" say why.
// A kernel that finds no image starts in plain mode and builds it at low
// priority. If no cell has run by then it goes on with the image at once, else
// from the next start of the host. GLOWNOTES_LINK=plain or =image overrules
// that.
//
// # What a cell means
//
// Names declared at the top level live on. A variable that is declared again
// with the same type is the same variable, with another type a new one. A
// function declared again with the same signature replaces the old one
// everywhere, with another signature it is a new one; callers of a generic
// function keep the one they were compiled with. A type declared again is a new
// type, unless the declaration is the same as before. A method may be added to,
// or replaced in, a type of an earlier cell: variables keep their values, and
// values inside interfaces keep the old methods.
//
// Variables of the top level need not be used. The value of the last line is
// shown, also of a list "a, b"; a semicolon behind it hides it. Printing
// functions of package fmt and nil errors that a call returns are not shown.
//
// Imports are kept. Packages of the standard library, of this module and of the
// modules in go.mod need no import at all: of several packages with a name, the
// one is meant that exports the names used. If that does not decide, it is
// math/rand/v2 before math/rand and crypto/rand, text/template before
// html/template, the standard library before the module's own packages and
// those before others, and shorter paths before longer ones.
//
// A package clause is ignored, and func main of a pasted program runs. init
// functions run where they stand in the cell, after the variables that are
// declared around them with var. ctx is a context that ends when the cell is
// interrupted; Display shows values, Input and Password ask the person, Must and
// Must2 return what a call returns beside an error and end the cell with an error
// that is not nil; the interpreter has the same names. os.Exit and log.Fatal end the cell only, and a panic in a goroutine that a
// cell started makes the cell fail and leaves the session alive. A panic in any
// other goroutine, a fatal error of the runtime, or an exit inside a library
// ends the host; it is started again, without the variables. Replay then runs the
// cells that had succeeded once more; a training run with a folder for
// checkpoints goes on where it was saved, so that a finished one is only loaded.
//
// A cell may import "C", with C code above the import, as a Go package may: see
// cgo.go. C.name then works in later cells too, with the same state. What C
// code prints appears line by line. C code of one cell does not see that of
// another one, and each run of the cell has variables of its own. Go reaches no
// static variables of C, and a crash in C code ends the host.
//
// A cell that only looks at variables is not compiled: see look.go.
//
// # Semantics, and what checks them
//
// Each row names scripts of testdata/semantics.txt, which run in both modes with
// the same expectation, or tests; TestRows fails if one is missing here or there.
//
//	variables live on                         "state"
//	a variable declared again                 "redefine a variable: same type, other type"
//	a function declared again                 "redefine a function", generic: "a generic function declared again"
//	a type declared again                     "a type declared again", "types and methods"
//	a method added or replaced later          "methods in a later cell", "methods of a type whose parts changed"
//	values inside interfaces keep methods     "values inside interfaces keep the old methods"
//	generic types, functions, constraints     "generics"
//	iterators, range over func and int        "iterators"
//	embedded structs                          "embedded structs", "interfaces, embedding, errors, json"
//	closures, recursion, method values        "recursion, mutual recursion, method values, anonymous structs"
//	goroutines and channels over cells        "goroutines across cells", "closures, goroutines, channels over cells"
//	const, iota, labels, select, defer        "constants, iota, labels, switch, select, defer"
//	init and main                             "init, main and whole programs"
//	the last line, also "a, b"                "the last line"
//	unused variables of the top level         "variables of the top level need no use"
//	names that hide Go's or a package's       "names of Go and of packages as variables"
//	imports, and none needed                  "imports", "own packages, and packages of the modules in go.mod"
//	types that cannot be named                "unexported foreign types stay in their cell"
//	pictures and values shown                 "display"
//	panics in a cell                          "panics", TestPanics
//	a panic in a goroutine                    "a panic in a goroutine of a cell", TestPanics
//	os.Exit, log.Fatal, runtime.Goexit        "exits", TestPanics
//	what ends the host                        "what ends the host", TestHostDies
//	interrupts                                TestInterrupt, TestInterruptBeforeRun
//	output of goroutines after their cell     TestLateOutput
//	%get, with go.mod as it was               TestGetModule, refused on a clash: TestGetModuleClash
//	cells with C code                         TestCgo
//	//go:embed                                "embedding files"
//	unexported names look as written          "unexported names never show their mark", TestCompileErrors
//	where they cannot                         "where the mark shows: files, reflection, gob"
//	garbage collection                        "garbage collection with many cells' values"
//
// # What shows through
//
// Unexported names carry a mark, the letter U+A78B, in the compiled code. It is
// cut from everything that is shown. Encoders of encoding/json, encoding/xml
// and YAML packages do not see unexported fields, as in Go; encoding/gob and
// other users of reflection see them as exported, with the mark, and files
// that cells write may hold it: later cells are other packages, and Go gives
// packages no other way to reach a name. An identifier that a person writes
// with U+A78B itself is shown without it, too.
package live

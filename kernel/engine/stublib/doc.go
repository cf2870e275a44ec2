// Package stublib makes small stand-ins for large Go shared libraries.
//
// A cell is linked against a shared library that holds the standard library
// and everything else that cells import. The Go linker and ld would read all of
// its symbols, some two hundred thousand, for each cell. A stub is an ELF file
// of the same name that offers only the symbols which one cell refers to: the
// linkers are done in a tenth of the time, and the dynamic loader, which knows
// the library by its name, binds the cell to the real one.
//
// What the stub must offer is what the Go linker reads from a library: the
// notes that identify it, the dynamic symbols, and of type descriptors the
// bytes, the pointer mask and the relocations to the types of fields, from
// which the linker makes the pointer masks of variables.
//
// The layouts that this package knows are those of cmd/internal/goobj (object
// files), internal/abi (Type, StructField) and cmd/link (names of symbols) of
// Go 1.26 on amd64. Who uses it checks with a small program that they still
// hold.
package stublib

// Package solink links the object file that the Go linker leaves for an
// external linker into a shared object, as ld -shared does.
//
// A cell is one such file of some 20 KB. For ld it is hardly worth the start:
// 3 ms of processor time, against 0.2 ms here. What this package does not know
// it refuses, with an error that wraps [errors.ErrUnsupported]: other
// relocations than those of plain Go code, thread-local data, several objects.
// Then ld has to do it.
//
// The result is laid out as by ld: symbols with default visibility can be
// preempted, so references to them, also to those that the object itself
// defines, are bound by the dynamic loader, to the first module that has them.
// That is how a type that is in the image and in a cell becomes one. Names and
// numbers are those of the System V ABI, AMD64 supplement, and of the GNU hash
// table as glibc reads it.
package solink

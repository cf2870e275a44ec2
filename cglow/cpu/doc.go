// Package cpu holds the float32 kernels of a conditional flow on the CPU:
// matrix products, unfolding for convolutions, element-wise functions, the
// Adam step, and the worker pool that spreads them over the cores. It is pure
// Go with generated Go assembly, needs no cgo and allocates nothing in steady
// state.
//
// Every kernel states in its doc comment the plain loop that it replaces.
// Lengths are checked; a mismatch is a programming error and panics with a
// message that begins with the package and the function.
package cpu

// Package exec runs expression graphs: it plans once and then runs as often as wanted.
//
// [Compile] takes the part of a graph that some outputs need, fixes the order of its ops, works
// out how long each intermediate result lives, and gives all of them room in one piece of memory
// per element type, where results that do not live at the same time share addresses. A run then
// calls one kernel after the other and allocates nothing.
//
// What a user of Gorgonia knows stays true: inputs are nodes bound with gorgonia.Let, a bound
// value may be overwritten in place or replaced between runs, outputs and kept nodes show their
// result through Value, and the gradient of a parameter whose gradient node is an output through
// Grad. Nodes that are neither outputs nor kept have no value. Ops of Gorgonia itself, and of
// others, run through their Do method on the planned memory.
//
// A kernel's error or panic, and on demand the first result that is not finite, become an error
// that names the node; a run never takes the process down.
//
// A VM is for one goroutine at a time.
package exec

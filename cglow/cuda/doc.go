// Package cuda drives an NVIDIA GPU without a toolkit: the driver library is
// opened when the program runs, the kernels are PTX text inside the binary, and
// cgo is not needed. Where anything is missing the answer is an error that says
// what; nothing here ends the process.
//
// Only libcuda.so.1 is required. cuBLASLt takes over large matrix products when it
// is found and multiplies a test matrix rightly; cuDNN is looked for and not used,
// see [Context.DNN]. Libraries are looked for in $GLOWNOTES_CUDA_PATH (files or folders,
// separated like PATH), by their plain name, in the usual folders, and in the
// wheels of the Python installations of this machine.
//
// # Kernels
//
// Each kernel has one source, in the folder kernel, in a C that clang compiles
// to PTX and a C compiler compiles for the CPU: a kernel is a row of phases over
// the threads of a block (device.h). The PTX is made by
//
//	go test ./cglow/cuda -run TestPTX -update
//
// and checked by the same test: against hashes of its sources and of itself
// everywhere, and by compiling again where clang is installed. Package cudatest
// builds a driver library out of the same sources for machines without a GPU.
//
// # Threads
//
// A [Context] owns one goroutine that is locked to an operating system thread
// and makes every call of the driver. [Context.Do] runs a function there; the
// methods of [Queue] may be called only in such a function.
//
// Errors of the driver that leave the context unusable ("sticky": an illegal
// address, a failed launch) close the context; every later call returns the
// first of them, see [Error.Sticky].
package cuda

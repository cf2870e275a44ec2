// Package cpu holds the float32 kernels of a conditional flow on the CPU:
// matrix products, unfolding for convolutions, element-wise functions, the
// Adam step, and the worker pool that spreads them over the cores. It is pure
// Go with generated Go assembly, needs no cgo and allocates nothing in steady
// state.
//
// Every kernel states in its doc comment the plain loop that it replaces.
// Lengths are checked; a mismatch is a programming error and panics with a
// message that begins with the package and the function.
//
// # Instruction sets
//
// On amd64 the kernels exist for AVX-512 (F, BW, DQ, VL) and for AVX2 with FMA;
// other machines, and builds with the tag noasm, run portable Go. The best set
// that the machine has is used. The environment variable GLOWNOTES_CPU forces
// avx512, avx2 or generic; [Check] reports a value that cannot be honoured.
//
// Matrix products give the same bits with AVX-512 and AVX2; portable Go rounds
// differently, because it does not fuse multiplication and addition.
package cpu

//go:generate go run gen_asm.go gen_gemm.go gen_pack.go gen_rows.go gen_vector.go gen_math.go gen_fused.go gen_go.go

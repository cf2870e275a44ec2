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
// Matrix products by tiles give the same bits with AVX-512 and AVX2; portable
// Go rounds differently, because it does not fuse multiplication and addition.
//
// # Speed
//
// go test ./cglow/cpu -run NONE -bench Kernel measures every kernel. On one core
// of an AMD EPYC with AVX2 (Zen 3, multiply-add peak 102 GFLOP/s, a virtual
// machine shared with other work, November 2026, fastest of many calls): the
// products of a coupling network with 12, 24 and 48 channels and hidden width
// 256 at 512, 128 and 32 pixels reach 83 to 99, 93 to 96 and 72 to 95 GFLOP/s;
// a fully connected layer of 4 MB with a batch of 2 is read at 46 GB/s forward
// and 23 GB/s in each gradient; Adam moves 34 GB/s; exp, log, tanh, sigmoid and
// log-sigmoid take 0.6, 0.7, 0.9, 0.7 and 0.9 ns a value (package math: 12, 11,
// 17, 12 and 41), sums and products of arrays 0.1 ns; unfolding 12 channels of
// 16 x 16 pixels runs at 25 GB/s both ways.
package cpu

//go:generate go run gen_asm.go gen_gemm.go gen_pack.go gen_rows.go gen_vector.go gen_math.go gen_fused.go gen_go.go

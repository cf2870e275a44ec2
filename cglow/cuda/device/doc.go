// Package device runs programs of package exec on an NVIDIA GPU: it is an
// [exec.Device] over package cuda, with a kernel for every op of package op.
//
// Convolutions become matrix products: pictures are unfolded, and the product
// reads its operands with general strides, so that nothing is transposed or
// copied first; bias, scale, ReLU and its mask are part of the product's
// epilogue. The networks of a bank (op.NetBank) run layer by layer, all
// networks in one launch each of unfolding and product. A long sum over pixels
// is cut in parts that are added in order: results repeat bit for bit.
//
// Element-wise ops, those that move elements and sums over them are short
// programs that one kernel runs (map.cu): an op is computed inside those that
// read it, so that the affine coupling's second half, the joining of both and
// the next step's actnorm are one pass. What is ready at the same time and of one
// kind (programs, products, chains of reflections of all steps of the flow) is
// one launch, see exec.Device.
//
// Large products of plain matrices go to cuBLASLt where package cuda has found
// it.
//
// What the kernels compute is checked without a GPU by the conformance suite of
// package op on the driver of package cudatest.
package device

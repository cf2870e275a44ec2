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
// What the kernels compute is checked without a GPU by the conformance suite of
// package op on the driver of package cudatest.
package device

// Package ref holds the plain form of every kernel of the flow: one function per kernel,
// simple loops, generic over float32 and float64. It is the truth that faster kernels are
// compared with, and the way to run a model in float64.
//
// Conventions, the same in every function:
//   - Arrays are dense and row-major. Images are N, C, H, W (batch, channels, rows, columns);
//     P stands for H*W, the pixels of one image.
//   - Outputs come first. They are overwritten, never read, and must not overlap an input,
//     except that element-wise functions may work in place.
//   - Sums run in a fixed order and in float64, also for float32 arrays, and are rounded once.
//   - Sizes are the caller's business: a wrong length panics with an index out of range.
//   - Nothing is allocated; a kernel that needs room for itself takes a work slice.
package ref

// Float is an element type of the arrays.
type Float interface{ float32 | float64 }

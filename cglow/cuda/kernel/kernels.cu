// All kernels in one translation unit.
#include "elementwise.cu"
#include "shape.cu"
#include "reduce.cu"
#include "gemm.cu"
#include "coupling.cu"
#include "affine.cu"
#include "matrix.cu"
#include "optim.cu"

package exec

import "glownotes/cglow/op"

// CPU is the default backend: the kernels of package cpu.
var CPU Backend = cpuBackend{}

type cpuBackend struct{}

func (cpuBackend) Name() string { return "cpu" }

// Kernel returns the kernel of package cpu for o. Ops that only move elements have none.
func (cpuBackend) Kernel(o *op.Op, used []bool) *Kernel {
	switch o.Name() {
	case "conv2d":
		return convForward(o)
	case "conv2d.dx":
		return convInput(o)
	case "conv2d.dw":
		return convWeight(o)
	case "linear", "matmul":
		return matMul(o)
	case "outer":
		return outer(o)
	case "matapply":
		return matApply(o)
	case "matapply.dw":
		return matOuter(o)
	case "couplingnet":
		return couplingForward(o, used)
	case "couplingnet.dx":
		return couplingBackward(o, used)
	case "netbank":
		return bankForward(o, used, bankMemory)
	case "netbank.dw":
		return bankBackward(o, used)
	case "channeladd", "channelmul", "channelsum", "channeldot":
		return channelOp(o)
	case "sumperexample", "expandperexample", "mean", "mean.dx", "one", "normal", "normal.dz":
		return reduceOp(o)
	case "squeeze", "unsqueeze":
		return squeeze(o)
	case "householder":
		return householder(o)
	case "householder.dv":
		return householderGrad(o, used)
	case "logabsdet", "logabsdet.dw", "inverse", "inverse.dw":
		return matrixOp(o)
	case "affine":
		return affine(o)
	case "affine.draw":
		return affineGrad(o)
	case "gaussian":
		return gaussian(o)
	case "gaussian.dz":
		return gaussianGrad(o)
	}
	return vectorOp(o)
}

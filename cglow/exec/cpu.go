package exec

import "glownotes/cglow/op"

// CPU is the default backend: the kernels of package cpu.
var CPU Backend = cpuBackend{}

type cpuBackend struct{}

func (cpuBackend) Name() string { return "cpu" }

// Kernel returns the kernel of package cpu for o, or nil.
func (cpuBackend) Kernel(o *op.Op) op.Kernel[float32] {
	switch o.Name() {
	case "conv2d":
		return convForward(o)
	case "conv2d.dx":
		return convInput(o)
	case "conv2d.dw":
		return convWeight(o)
	case "linear", "matmul":
		return matMul(o)
	case "matapply":
		return matApply(o)
	case "matapply.dw":
		return matOuter(o)
	}
	return nil
}

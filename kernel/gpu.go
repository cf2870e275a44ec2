package main

import (
	"fmt"

	"glownotes/cglow/cuda"
)

// gpuFindings looks for GPUs and runs a kernel on each. None is no fault: models
// then compute on the CPU.
func gpuFindings() []finding {
	list, err := cuda.Devices()
	if err != nil {
		return []finding{{Name: "GPU", State: later, Detail: "models compute on the CPU: " + err.Error(),
			Fix: "if there is a GPU, install NVIDIA's driver, or say where its library is: " + cuda.PathVariable + "=FOLDER"}}
	}
	var out []finding
	for _, g := range list {
		f := finding{Name: fmt.Sprintf("cuda:%d", g.Index), State: good,
			Detail: fmt.Sprintf("%s, compute capability %d.%d, %.0f GiB, driver for CUDA %s from %s",
				g.Name, g.Major, g.Minor, float64(g.Memory)/(1<<30), g.Version(), g.Library)}
		if text, err := tryGPU(g.Index); err != nil {
			f.State, f.Detail, f.Fix = later, f.Detail+"; not usable: "+err.Error(), "models compute on the CPU meanwhile"
		} else {
			f.Detail += "; " + text
		}
		out = append(out, f)
	}
	return out
}

// tryGPU loads the kernels, lets one compute and tells which libraries help.
func tryGPU(index int) (text string, err error) {
	c, err := cuda.Open(index)
	if err != nil {
		return "", err
	}
	defer c.Close()
	if err := c.Try(); err != nil {
		return "", err
	}
	text = fmt.Sprintf("kernels for sm_%d run", c.Arch())
	if version, reason := c.BLAS(); reason == nil {
		text += ", " + version + " takes large products"
	} else {
		text += ", products by our own kernels (cuBLASLt: " + reason.Error() + ")"
	}
	return text, nil
}

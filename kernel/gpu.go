package main

import (
	"errors"
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
		if arch, err := tryGPU(g.Index); err != nil {
			f.State, f.Detail, f.Fix = later, f.Detail+"; not usable: "+err.Error(), "models compute on the CPU meanwhile"
		} else {
			f.Detail += fmt.Sprintf("; kernels for sm_%d run", arch)
		}
		out = append(out, f)
	}
	return out
}

// tryGPU loads the kernels and lets one compute.
func tryGPU(index int) (arch int, err error) {
	c, err := cuda.Open(index)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	x := []float32{1, 2, 3}
	err = c.Do(func(q cuda.Queue) error {
		at, err := q.Alloc(12)
		if err != nil {
			return err
		}
		args := cuda.Args{P: [10]cuda.Address{at, at}, N: [20]int32{3}, F: [4]float32{2}}
		err = errors.Join(q.Upload(at, x), q.Launch("k_scale", cuda.Blocks(3), &args), q.Download(x, at), q.Wait())
		return errors.Join(err, q.Free(at, 12))
	})
	if err == nil && (x[0] != 2 || x[1] != 4 || x[2] != 6) {
		err = fmt.Errorf("twice 1, 2, 3 came back as %v", x)
	}
	return c.Arch(), err
}

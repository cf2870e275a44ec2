package op_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"glownotes/cglow/cuda/cudatest"
	"glownotes/cglow/cuda/device"
	"glownotes/cglow/exec"
)

// devices are the GPUs that the conformance suite also runs on: that of a driver which runs the
// GPU's kernels on the CPU.
var devices []exec.Backend

func TestMain(m *testing.M) {
	switch err := openDevices(); {
	case errors.Is(err, cudatest.ErrNoCompiler):
		fmt.Println("the suite leaves out the kernels of the GPU:", err)
	case err != nil:
		fmt.Println(err)
		os.Exit(1)
	}
	code := m.Run()
	if n, err := cudatest.Damaged(); n > 0 || err != nil {
		fmt.Printf("%d pieces of device memory were written beyond their ends (%v)\n", n, err)
		code = 1
	}
	os.Exit(code)
}

func openDevices() error {
	if os.Getenv("GLOWNOTES_GPU") == "" { // else the GPU of this machine
		if err := cudatest.Use(); err != nil {
			return err
		}
	}
	d, err := device.Open(0, device.FP32)
	if err != nil {
		return err
	}
	devices = append(devices, d)
	return nil
}

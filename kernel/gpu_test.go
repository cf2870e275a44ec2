package main

import (
	"errors"
	"strings"
	"testing"

	"glownotes/cglow/cuda/cudatest"
)

// TestDoctorGPU lets doctor find the GPU of the tests, whose kernels run on the CPU.
func TestDoctorGPU(t *testing.T) {
	if err := cudatest.UseBLAS(); errors.Is(err, cudatest.ErrNoCompiler) {
		t.Skip(err)
	} else if err != nil {
		t.Fatal(err)
	}
	found := gpuFindings()
	if len(found) != 1 || found[0].State != good {
		t.Fatalf("%+v", found)
	}
	for _, want := range []string{"Fake GPU", "kernels for sm_90 run", "cuBLASLt 12.8.5 takes large products"} {
		if !strings.Contains(found[0].Detail, want) {
			t.Errorf("%q does not say %q", found[0].Detail, want)
		}
	}
	if err := cudatest.Fail("cuLaunchKernel", 701, 0); err != nil {
		t.Fatal(err)
	}
	if f := gpuFindings()[0]; f.State != later || !strings.Contains(f.Detail, "not usable") || f.Fix == "" {
		t.Errorf("a GPU that runs no kernel: %+v", f)
	}
}

// Package cudatest builds a CUDA driver for machines without a GPU: a
// libcuda.so.1 that keeps device memory on the host and runs the project's own
// kernels, compiled for the CPU from the sources that the PTX is made of. What a
// test learns from it: that loading, memory, streams, graphs and errors work and
// that the kernels compute the right thing; not how fast they are, and not that
// a driver accepts the PTX.
package cudatest

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"

	"glownotes/cglow/cuda"
)

//go:embed source/driver.c
var driver []byte

//go:embed source/cublaslt.c
var cublaslt []byte

// ErrNoCompiler says that there is no gcc to build with.
var ErrNoCompiler = errors.New("cudatest: no gcc on the PATH")

// cudnn is a cuDNN that knows its version.
const cudnn = "#include <stddef.h>\nsize_t cudnnGetVersion(void) { return 91002; }\n"

// flags are gcc's arguments.
var flags = []string{"-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wno-unused-function",
	"-o", "libcuda.so.1", "driver.c", "-x", "c", "kernels.cu", "-x", "none", "-ldl", "-lm"}

// blasFlags are those for cuBLASLt, which lies in a folder of its own: tests run with and without.
var blasFlags = []string{"-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-o", "blas/libcublasLt.so.12", "cublaslt.c"}

// dnnFlags are those for cuDNN, which only tells its version.
var dnnFlags = []string{"-std=gnu11", "-fPIC", "-shared", "-Wall", "-o", "blas/libcudnn.so.9", "cudnn.c"}

// Build returns the folder of a libcuda.so.1, made once per state of the sources
// and kept in the folder for temporary files.
func Build() (string, error) {
	gcc, err := exec.LookPath("gcc")
	if err != nil {
		return "", ErrNoCompiler
	}
	files, err := sources()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, flags, blasFlags, dnnFlags)
	for _, f := range files {
		fmt.Fprintf(h, "%s %d\n", f.name, len(f.text))
		h.Write(f.text)
	}
	dir := filepath.Join(os.TempDir(), "glownotes-fake-cuda-"+hex.EncodeToString(h.Sum(nil))[:16])
	if _, err := os.Stat(filepath.Join(dir, "libcuda.so.1")); err == nil {
		return dir, nil
	}
	work, err := os.MkdirTemp("", "glownotes-fake-cuda-build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(work, f.name), f.text, 0o644); err != nil {
			return "", err
		}
	}
	for _, d := range []string{filepath.Join(work, "blas"), filepath.Join(dir, "blas")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return "", err
		}
	}
	for _, f := range [][]string{flags, blasFlags, dnnFlags} {
		cmd := exec.Command(gcc, f...)
		cmd.Dir = work
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("cudatest: gcc: %w\n%s", err, out)
		}
	}
	// Renaming is atomic: several test programs may build at once. The driver comes last: it is
	// what tells that all are there.
	for _, lib := range []string{"blas/libcublasLt.so.12", "blas/libcudnn.so.9", "libcuda.so.1"} {
		if err := os.Rename(filepath.Join(work, lib), filepath.Join(dir, lib)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

type source struct {
	name string
	text []byte
}

func sources() ([]source, error) {
	out := []source{{"driver.c", driver}, {"cublaslt.c", cublaslt}, {"cudnn.c", []byte(cudnn)}}
	entries, err := fs.ReadDir(cuda.Sources, "kernel")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := fs.ReadFile(cuda.Sources, "kernel/"+e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, source{e.Name(), text})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out, nil
}

// Use builds the driver and makes it the one that package cuda finds in this
// process. Call it from TestMain, before the first use of package cuda.
func Use() error {
	dir, err := Build()
	if err != nil {
		return err
	}
	return os.Setenv(cuda.PathVariable, dir)
}

// UseBLAS is Use with a cuBLASLt beside the driver, for devices opened from now on.
func UseBLAS() error {
	dir, err := Build()
	if err != nil {
		return err
	}
	return os.Setenv(cuda.PathVariable, dir+string(filepath.ListSeparator)+filepath.Join(dir, "blas"))
}

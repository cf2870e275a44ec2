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

// ErrNoCompiler says that there is no gcc to build with.
var ErrNoCompiler = errors.New("cudatest: no gcc on the PATH")

// flags are gcc's arguments.
var flags = []string{"-std=gnu11", "-O2", "-fPIC", "-shared", "-Wall", "-Wno-unused-function",
	"-o", "libcuda.so.1", "driver.c", "-x", "c", "kernels.cu", "-x", "none", "-ldl", "-lm"}

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
	fmt.Fprintln(h, flags)
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
	cmd := exec.Command(gcc, flags...)
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cudatest: gcc: %w\n%s", err, out)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	// Renaming is atomic: several test programs may build at once.
	return dir, os.Rename(filepath.Join(work, "libcuda.so.1"), filepath.Join(dir, "libcuda.so.1"))
}

type source struct {
	name string
	text []byte
}

func sources() ([]source, error) {
	out := []source{{"driver.c", driver}}
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

//go:build !interp

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
	"glownotes/kernel/jupyter"
)

// errNoInterp is what a program without the interpreter says on a machine
// where only the interpreter could work.
var errNoInterp = errors.New("there is no go command on this machine, and this program was built without the interpreter: install Go, or build the program elsewhere with go build -tags interp ./kernel")

// newInterp builds this program with the interpreter and becomes it. The
// interpreter and the packages that its cells use would triple the size of the
// program and the time that "go run ./kernel" takes at first, for machines
// that have no use for it: where the program was built there is a toolchain.
func newInterp(o live.Options) (core.Engine, error) {
	if noToolchain() {
		return nil, errNoInterp
	}
	host, err := jupyter.Host()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(host.CacheDir(), "kernel-interp")
	fmt.Fprintln(os.Stderr, "building the kernel with the interpreter (minutes at first, then cached)")
	build := exec.Command("go", "build", "-tags", "interp", "-o", binary, "./kernel")
	build.Dir, build.Stderr = o.ModuleRoot, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the kernel with the interpreter: %w", err)
	}
	return nil, syscall.Exec(binary, append([]string{binary}, os.Args[1:]...), os.Environ())
}

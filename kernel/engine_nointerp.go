//go:build !interp

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
	"glownotes/kernel/jupyter"
)

// noInterpError is what a program without the interpreter says where cells
// cannot be compiled and nobody asked for the interpreter.
type noInterpError struct{ missing error }

func (e noInterpError) Error() string {
	way := "run with --engine=interp, which builds it"
	if _, err := live.FindGo(); err != nil {
		way = "build it elsewhere with go build -tags interp ./kernel"
	}
	return e.missing.Error() + ". Without that cells can be interpreted, with parts of Go missing, but this program was built without the interpreter: " + way
}

// newInterp builds this program with the interpreter and becomes it, if the
// person asked for that. The interpreter and the packages that its cells use
// would triple the size of the program and the time that "go run ./kernel"
// takes at first, for machines that have no use for it: where the program was
// built there is a toolchain.
func newInterp(o live.Options, asked bool) (core.Engine, error) {
	goCommand, err := live.FindGo()
	if err != nil {
		return nil, noInterpError{err}
	}
	if !asked {
		return nil, noInterpError{noToolchain()}
	}
	host, err := jupyter.Host()
	if err != nil {
		return nil, err
	}
	binary := filepath.Join(host.CacheDir(), "kernel-interp")
	fmt.Fprintln(os.Stderr, "building the kernel with the interpreter (minutes at first, then cached)")
	build := exec.Command(goCommand, "build", "-tags", "interp", "-o", binary, "./kernel")
	build.Dir, build.Stderr = o.ModuleRoot, os.Stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("building the kernel with the interpreter: %w", err)
	}
	return nil, syscall.Exec(binary, append([]string{binary}, os.Args[1:]...), os.Environ())
}

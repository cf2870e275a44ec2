//go:build interp

package main

import (
	"fmt"
	"os"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/interp"
	"glownotes/kernel/engine/interp/bindings"
	"glownotes/kernel/engine/live"
)

// newInterp returns the interpreter with the tables of compiled packages. It
// runs cells in this process, so the process goes where cells are to run.
func newInterp(o live.Options, _ bool) (core.Engine, error) {
	if o.WorkDir != "" {
		if err := os.Chdir(o.WorkDir); err != nil {
			return nil, err
		}
	}
	why := ""
	if err := noToolchain(); err != nil {
		why = err.Error()
		fmt.Fprintln(os.Stderr, "cells are interpreted, with parts of Go missing: "+why)
	}
	return interp.New(interp.Options{Logger: o.Logger, Packages: bindings.Packages(), NotCompiled: why})
}

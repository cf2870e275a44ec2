package main

import (
	"os/exec"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
)

// engineFlag chooses what evaluates cells.
type engineFlag struct {
	Engine string `help:"What evaluates cells: live (compiled), interp (interpreted; needs no Go toolchain, lacks parts of the language), auto (live where a go command is found)." enum:"auto,live,interp" default:"auto" env:"GLOWNOTES_ENGINE"`
}

// interpreted reports whether cells are interpreted. The interpreter needs
// neither a toolchain nor the module's source.
func (f engineFlag) interpreted() bool {
	return f.Engine == "interp" || f.Engine == "auto" && noToolchain()
}

// open returns the chosen engine.
func (f engineFlag) open(o live.Options) (core.Engine, error) {
	if f.interpreted() {
		return newInterp(o)
	}
	return newEngine(o)
}

func noToolchain() bool {
	_, err := exec.LookPath("go")
	return err != nil
}

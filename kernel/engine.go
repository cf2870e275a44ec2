package main

import (
	"context"
	"sync"

	"glownotes/kernel/core"
	"glownotes/kernel/engine/live"
)

// engineFlag chooses what evaluates cells.
type engineFlag struct {
	Engine string `help:"What evaluates cells: live (compiled), interp (interpreted; needs no Go toolchain, lacks parts of the language), auto (live where a toolchain is found)." enum:"auto,live,interp" default:"auto" env:"GLOWNOTES_ENGINE"`
}

// interpreted reports whether cells are interpreted. The interpreter needs
// neither a toolchain nor the module's source.
func (f engineFlag) interpreted() bool {
	return f.Engine == "interp" || f.Engine == "auto" && noToolchain() != nil
}

// open returns the chosen engine.
func (f engineFlag) open(o live.Options) (core.Engine, error) {
	if f.interpreted() {
		return newInterp(o, f.Engine == "interp")
	}
	return newEngine(o)
}

// noToolchain is why cells cannot be compiled on this machine, nil where they
// can.
var noToolchain = sync.OnceValue(func() error { return live.Toolchain(context.Background()) })

// Package bindings lets cells that are interpreted use compiled packages: the
// project's own, gorgonia, tensor, gonum/plot, and those of the standard
// library that the interpreter's own tables miss.
//
// It is the one place below the kernel that imports from cglow and viz. A
// package's table is built when a cell first uses it.
package bindings

import (
	"maps"

	"glownotes/kernel/engine/interp"
)

//go:generate go run glownotes/kernel/engine/interp/internal/genbind

// Packages returns the tables by import path, for interp.Options.
func Packages() map[string]interp.Table { return maps.Clone(tables) }

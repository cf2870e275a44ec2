//go:build noasm || !amd64

package cpu

import "unsafe"

func (isa) tile(t *tile, rows int, _ bool) { tileGeneric(t, rows) }

// transpose is never called: portable Go has no blocks to transpose.
func (isa) transpose(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow int) {}

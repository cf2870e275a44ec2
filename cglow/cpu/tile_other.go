//go:build noasm || !amd64

package cpu

import "unsafe"

func (isa) tile(t *tile, rows int, _ bool) { tileGeneric(t, rows) }

// transpose is never called: portable Go has no blocks to transpose.
func (isa) transpose(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow int) {}

// flops does about n rounds of multiply-adds and returns how many floating
// point operations that were.
func (isa) flops(n int) float64 { return flopsGeneric(n) }

//go:build noasm || !amd64

package cpu

import "unsafe"

func (isa) tile(t *tile, rows int, _ bool) { tileGeneric(t, rows) }

// Portable Go has no vectors, so these are never called.

func (isa) transpose(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, srcRow, blocks int) {}

func (isa) splitQuads(dst unsafe.Pointer, dstRow int, src unsafe.Pointer, blocks int) {}

func (isa) joinQuads(dst, src unsafe.Pointer, srcRow, blocks int) {}

func (isa) copyRows(dst, src unsafe.Pointer, srcRow, rows int) {}

func (isa) copyRest(dst, src unsafe.Pointer, srcRow, rows, vectors, lanes int) {}

func (isa) packStrip(dst, src unsafe.Pointer, srcRow, rows int) {}

// flops does about n rounds of multiply-adds and returns how many floating
// point operations that were.
func (isa) flops(n int) float64 { return flopsGeneric(n) }

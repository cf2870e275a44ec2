package main

import (
	"context"
	"runtime/pprof"
	"strconv"
	"sync"
	"unsafe"
)

// Goroutines inherit the profiler labels of the goroutine that starts them,
// through any number of levels and inside libraries too. Each cell runs under
// its own labels, so they tell the cell that a goroutine comes from.

//go:linkname profLabel runtime/pprof.runtime_getProfLabel
func profLabel() unsafe.Pointer

// owners maps label sets to cells.
type owners struct{ m sync.Map }

// claim labels the calling goroutine, and with it all that it starts, as c's.
func (o *owners) claim(c *cell) {
	labels := pprof.Labels("cell", strconv.Itoa(c.serial))
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), labels))
	o.m.Store(profLabel(), c)
}

// find returns the cell that the calling goroutine comes from, nil if a cell
// changed the labels or a library started the goroutine before the first cell.
func (o *owners) find() *cell {
	p := profLabel()
	if p == nil {
		return nil
	}
	c, ok := o.m.Load(p)
	if !ok {
		return nil
	}
	return c.(*cell)
}

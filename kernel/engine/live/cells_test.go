package live

import (
	"maps"
	"slices"
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
)

func TestCells(t *testing.T) {
	inBothModes(t, func(t *testing.T, e *Engine) {
		kerneltest.Cells(t, func(*testing.T) core.Engine {
			e.reset()
			return e
		})
	})
}

// The names that cells have are those that core lists.
func TestCellNames(t *testing.T) {
	var names []string
	for _, n := range slices.Sorted(maps.Keys(builtinCode)) {
		if n != showName {
			names = append(names, plain(n))
		}
	}
	want := core.CellNames()
	slices.Sort(want)
	slices.Sort(names)
	if !slices.Equal(names, want) {
		t.Errorf("cells have %v, core lists %v", names, want)
	}
}

package interp

import (
	"testing"

	"glownotes/kernel/core"
	"glownotes/kernel/kerneltest"
)

func TestCells(t *testing.T) {
	kerneltest.Cells(t, func(t *testing.T) core.Engine { return newNotebook(t, Options{}).e })
}

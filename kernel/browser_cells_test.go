package main

import (
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserCells clicks squares of a field of cells in JupyterLab, and sees
// their colour and what is computed from them change.
func TestBrowserCells(t *testing.T) {
	dir := t.TempDir()
	writeNotebook(t, filepath.Join(dir, "cells.ipynb"), `cells := widgets.NewCells(4, 6, 24)
widgets.Interact(func() any {
	on := 0
	for _, v := range cells.Value() {
		if v {
			on++
		}
	}
	return fmt.Sprintf("%d squares are on, (1, 2) is %v", on, cells.At(1, 2))
}, cells)`)
	ctx := open(t, dir, "cells.ipynb")
	do(t, ctx, menu("Run", "Run All Cells"))
	const text = `document.querySelector('.jp-Notebook').textContent.includes(`
	do(t, ctx, until(text+`'0 squares are on, (1, 2) is false')`))
	square := func(place string) chromedp.Action[chromedp.Void] {
		return chromedp.Click(chromedp.CSS(`.jp-OutputArea-output button[title="` + place + `"]`))
	}
	do(t, ctx, square("row 1, column 2"))
	do(t, ctx, until(text+`'1 squares are on, (1, 2) is true')`))
	do(t, ctx, square("row 3, column 5"))
	do(t, ctx, until(text+`'2 squares are on, (1, 2) is true')`))
	do(t, ctx, until(`getComputedStyle(document.querySelector('.jp-OutputArea-output button[title="row 3, column 5"]')).backgroundColor === 'rgb(0, 114, 178)'`))
	screenshot(t, ctx, "cells.png")
	do(t, ctx, square("row 1, column 2"))
	do(t, ctx, until(text+`'1 squares are on, (1, 2) is false')`))
}

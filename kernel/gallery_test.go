package main

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// gallery is a notebook of everything that shows in its own way; what a cell
// shows is found by the selector.
var gallery = []struct{ source, selector string }{
	{`type run struct { Name string; Steps int; Loss float64 }
[]run{{"live", 500, 1.46}, {"paper", 500, 12.1}}`, `table.dataframe td`},
	{`mat.NewDense(2, 3, []float64{1, 2, 3, 4, 5, 6.5})`, `table.dataframe td`},
	{`display.LaTeX("$z = \\exp(s) \\odot y + t$")`, `mjx-container, .MathJax`},
	{`display.Markdown("**bold** and [a link](https://go.dev)")`, `.jp-RenderedMarkdown strong`},
	{`display.VegaLite(map[string]any{"data": map[string]any{"values": []map[string]any{{"step": 1, "loss": 3}, {"step": 2, "loss": 1}}}, "mark": "line",
	"encoding": map[string]any{"x": map[string]any{"field": "step"}, "y": map[string]any{"field": "loss", "type": "quantitative"}}, "width": 200, "height": 80})`, `.vega-embed canvas, .vega-embed svg, .jp-RenderedVegaCommon5 canvas`},
	{`display.JSON(map[string]any{"seed": 1, "levels": []int{3, 8}})`, `.jp-RenderedJSON`},
	{`display.SVG("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"60\" height=\"20\"><circle cx=\"10\" cy=\"10\" r=\"8\" fill=\"teal\"/></svg>")`, `.jp-RenderedSVG svg, .jp-RenderedSVG img`},
	{`buf := new(bytes.Buffer)
jpeg.Encode(buf, image.NewGray(image.Rect(0, 0, 40, 20)), nil)
display.JPEG(buf.Bytes())`, `.jp-RenderedImage img`},
	{`tensor.New(tensor.WithShape(16, 16), tensor.WithBacking(tensor.Range(tensor.Float32, 0, 256)))`, `.jp-RenderedHTML img`},
	{`for range display.Range(20, "steps") { time.Sleep(5*time.Millisecond) }`, `progress`},
	{`widgets.NewVBox(
	widgets.NewHBox(widgets.NewIntSlider("int", 0, 10, 3), widgets.NewFloatSlider("float", 0, 1, 0.5)),
	widgets.NewHBox(widgets.NewDropdown("menu", []string{"live", "paper"}, 0), widgets.NewCheckbox("check", true)),
	widgets.NewHBox(widgets.NewText("text", "typed"), widgets.NewButton("button"), widgets.NewLabel("label $x^2$"), widgets.NewHTML("<b>html</b>")),
	widgets.NewHBox(widgets.NewIntProgress("int", 10), widgets.NewFloatProgress("float", 1)),
	widgets.NewTab([]string{"one", "two"}, widgets.NewLabel("first"), widgets.NewLabel("second")),
	widgets.NewAccordion([]string{"open me"}, widgets.NewLabel("inside")),
)`, `.widget-tab, .jupyter-widget-tab`},
	{`fmt.Fprintln(os.Stderr, "a warning")
errors.New("a value of type error")`, `.jp-OutputArea-executeResult pre`},
}

// TestBrowserGallery looks whether JupyterLab draws every kind of output.
func TestBrowserGallery(t *testing.T) {
	dir := t.TempDir()
	var sources []string
	for _, g := range gallery {
		sources = append(sources, g.source)
	}
	writeNotebook(t, filepath.Join(dir, "gallery.ipynb"), sources...)
	ctx := open(t, dir, "gallery.ipynb")
	do(t, ctx, menu("Run", "Run All Cells"))
	do(t, ctx, until(fmt.Sprintf(`document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')[%d]?.textContent.trim() === '[%d]:'`, len(gallery)-1, len(gallery))))
	for i, g := range gallery {
		do(t, ctx, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`document.querySelectorAll('.jp-CodeCell')[%d].scrollIntoView()`, i)))
		do(t, ctx, until(fmt.Sprintf(`!!document.querySelectorAll('.jp-CodeCell')[%d].querySelector(%q)`, i, g.selector)))
		screenshot(t, ctx, fmt.Sprintf("gallery-%02d.png", i))
	}
}

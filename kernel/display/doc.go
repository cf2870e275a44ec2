// Package display turns Go values into what a notebook can show, and shows
// them while a cell runs.
//
// Inside a cell no import is needed:
//
//	display.Show(img)                         // now, below what was shown before
//	h := display.NewLive()                    // one place that changes
//	h.Update(curve)                           // at most 10 a second, the last always
//	display.ShowAs("loss", v)                 // under a name, for display.Update("loss", w)
//	for i := range display.Range(500, "steps") { ... } // a bar with rate and ETA
//	display.HTML("<b>bold</b>")               // as the last line of a cell: its result
//
// # How a value shows
//
// Of looks for methods by their names and signatures, so that a package needs
// no import of this one to have pictures: PNG, JPEG, SVG, HTML, Markdown,
// LaTeX, JSON, VegaLite, each () T or () (T, error), with T []byte or string
// (JSON and VegaLite: any), and MIMEBundle() map[string]any. Of a picture that
// has both PNG and SVG the PNG is taken; display.SVG shows the other.
//
// Besides those an image.Image becomes a PNG, as does a *plot.Plot of
// gonum.org/v1/plot (6 by 4 inches), a slice of structs becomes a table, a
// matrix (Dims and At) a table, a tensor (Shape and Data) its shape, statistics
// and, if it may be an image, a picture. Every bundle has text/plain: the String
// or Error method's text, else the value in Go's %+v form, with long parts cut
// visibly.
//
// Outside a cell (a test, a plain program) the same calls print the text form
// to standard output.
package display

// Package magic adds what a notebook wants beside the language: shell lines,
// line magics and cell magics. It wraps any core.Engine and leaves cells
// without them untouched.
//
//	!ls -l              a shell command; more lines by a trailing \
//	%env GOGC=50        a line magic, alone on its line
//	fmt.Println?        documentation; ?? for more
//	%%bash              a cell magic, first line of the cell; the rest is its text
//
// A line counts as a magic or a shell line when it starts with % or ! where a
// Go statement could start: not inside brackets, raw strings, comments or an
// expression that goes on. The Go before, between and after such lines runs in
// order, and errors keep the lines of the cell. The value of an expression
// such as !ok is shown by writing (!ok).
package magic

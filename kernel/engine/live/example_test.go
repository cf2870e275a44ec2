package live_test

import (
	"context"
	"fmt"

	"glownotes/kernel/core"
	"glownotes/kernel/display"
	"glownotes/kernel/engine/live"
)

// printer shows the output of cells on standard output.
type printer struct{}

func (printer) Stream(_, text string)              { fmt.Print(text) }
func (printer) Display(b display.Bundle, _ string) { fmt.Println("shown:", b.Text()) }
func (printer) Update(b display.Bundle, _ string)  {}
func (printer) Clear(bool)                         {}
func (printer) Comm(core.CommMessage)              {}
func (printer) Input(context.Context, string, bool) (string, error) {
	return "", core.ErrNoInput
}

// Three cells: a variable and a function live on, and the last line of a cell
// is its value.
func ExampleEngine() {
	engine, err := live.New(live.Options{ModuleRoot: "../../.."})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer engine.Close()
	if err := engine.Start(context.Background(), nil); err != nil { // nil: no progress is shown
		fmt.Println(err)
		return
	}
	for i, code := range []string{
		"total := 40\nfunc add(n int) { total += n }",
		"add(2)\nfmt.Println(\"added\")",
		"total",
	} {
		r, err := engine.Execute(context.Background(), core.Cell{Code: code, Number: i + 1}, printer{})
		if err != nil {
			fmt.Println(err)
			return
		}
		if r.Value != nil {
			fmt.Println("value:", r.Value.Text())
		}
	}
	// Output:
	// added
	// value: 42
}

package display_test

import (
	"fmt"

	"glownotes/kernel/display"
)

// Outside a notebook values are printed.
func ExampleShow() {
	display.Show([]string{"a", "b"}, struct{ X, Y int }{1, 2})
	// Output:
	// ["a" "b"]
	// {X:1 Y:2}
}

func ExampleOf() {
	b := display.Of(display.HTML("<b>bold</b>"))
	fmt.Println(b.Data["text/html"], b.Text())
	// Output: <b>bold</b> <b>bold</b>
}

func ExampleLive() {
	l := display.NewLive()
	for i := range 1000 {
		l.Update(fmt.Sprint("step ", i))
	}
	l.Flush() // the engine does it at the end of each cell
	// Output:
	// step 0
	// step 999
}

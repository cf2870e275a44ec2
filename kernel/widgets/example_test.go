package widgets_test

import (
	"fmt"

	"glownotes/kernel/widgets"
)

func ExampleNewIntSlider() {
	steps := widgets.NewIntSlider("steps", 0, 100, 10)
	steps.OnChange(func(v int) { fmt.Println("now", v) })
	steps.SetValue(20)
	fmt.Println(steps.Value())
	// Output: 20
}

func ExampleNewDropdown() {
	form := widgets.NewDropdown("form", []string{"live", "paper"}, 1)
	fmt.Println(form.Value(), form.Label())
	// Output: 1 paper
}

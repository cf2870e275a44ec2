package live

import (
	"testing"

	"glownotes/kernel/core"
)

// Cells whose own code may run often are compiled with inlining.
func TestLight(t *testing.T) {
	e := engine(t)
	execute(t, e, 1, "type list[T any] struct{ items []T }\nfunc (l *list[T]) add(v T) { l.items = append(l.items, v) }\nl := &list[int]{}\nxs := []int{3, 1}\nfunc f(n int) int { return n + 1 }")
	for code, want := range map[string]bool{
		"fmt.Println(len(xs), f(2))":                         true,
		"y := strings.Repeat(\"a\", 3) + fmt.Sprint(xs[0])":  true,
		"if len(xs) > 1 { fmt.Println(\"two\") }":            true,
		"p := plot.New()\np.Title.Text = \"t\"":              true,
		"for i := range 3 { fmt.Println(i) }":                false,
		"for i := 0; i < 3; i++ { xs[0] += i }":              false,
		"func g() int { return 1 }\ng()":                     false,
		"h := func(n int) int { return n * n }\nh(2)":        false,
		"slices.Sort(xs)":                                    false,
		"l.add(4)":                                           false,
		"type pair struct{ a, b int }\npair{1, 2} == pair{}": false,
		"m := map[struct{ a int }]int{}\nlen(m)":             false,
		"i := 0\nagain:\ni++\nif i < 9 { goto again }":       false,
	} {
		u, _, err := e.compile(t.Context(), 1000, core.Cell{Code: code, Number: 2}, true, nil)
		if err != nil {
			t.Errorf("%s: %v", code, err)
		} else if got := u.light(); got != want {
			t.Errorf("%s: light is %v, want %v", code, got, want)
		}
	}
}

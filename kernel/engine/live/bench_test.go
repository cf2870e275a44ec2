package live

import (
	"fmt"
	"testing"

	"glownotes/kernel/core"
)

// BenchmarkCell measures cells end to end, from source to result, after a
// warm-up.
func BenchmarkCell(b *testing.B) {
	for _, c := range []struct{ name, code string }{
		{"fmt", "fmt.Println(%d)"},
		{"value", "%d + 1"},
		{"plot", "p := plot.New()\np.Title.Text = fmt.Sprint(%d)"},
		{"gorgonia", "g := gorgonia.NewGraph()\nlen(g.AllNodes()) + %d"},
	} {
		b.Run("cell="+c.name, func(b *testing.B) {
			e, err := New(Options{ModuleRoot: "../../.."})
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			n := 1
			run := func() {
				n++
				if _, err := e.Execute(b.Context(), core.Cell{Code: fmt.Sprintf(c.code, n), Number: n}, new(output)); err != nil {
					b.Fatal(err)
				}
			}
			run()
			for b.Loop() {
				run()
			}
		})
	}
}

// BenchmarkComplete measures one completion in a session.
func BenchmarkComplete(b *testing.B) {
	e, err := New(Options{ModuleRoot: "../../.."})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Execute(b.Context(), core.Cell{Code: "type point struct{ x int }\np := &point{}\nfmt.Println(strings.ToUpper(\"x\"))", Number: 1}, new(output)); err != nil {
		b.Fatal(err)
	}
	for name, code := range map[string]string{"member": "p.", "package": "fmt.Pri", "name": "co"} {
		b.Run("at="+name, func(b *testing.B) {
			for b.Loop() {
				if c, err := e.Complete(b.Context(), code, len(code)); err != nil || len(c.Items) == 0 {
					b.Fatal(err)
				}
			}
		})
	}
}

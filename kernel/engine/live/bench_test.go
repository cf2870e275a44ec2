package live

import (
	"fmt"
	"slices"
	"testing"
	"time"

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
		{"cglow", "cfg := cglow.Horses32()\ncfg.Layers + %d"},
	} {
		for _, mode := range []Mode{Plain, Image} {
			b.Run(fmt.Sprintf("cell=%s/mode=%s", c.name, [...]string{Plain: "plain", Image: "image"}[mode]), func(b *testing.B) {
				benchmarkCell(b, mode, c.code)
			})
		}
	}
}

// benchmarkCell runs a cell again and again in one session. The median counts:
// a collection in the host now and then is not the cell's.
func benchmarkCell(b *testing.B, mode Mode, code string) {
	e, err := New(Options{ModuleRoot: "../../..", Mode: mode})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	n := 1
	var took []time.Duration
	run := func() {
		n++
		start := time.Now()
		if _, err := e.Execute(b.Context(), core.Cell{Code: fmt.Sprintf(code, n), Number: n}, new(output)); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	run()
	for b.Loop() {
		run()
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
	b.ReportMetric(float64(took[0].Microseconds())/1000, "ms-min")
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

package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
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
		{"cglow", "cfg := cglow.Horses32()\ncfg.Steps + %d"},
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

// BenchmarkSession runs 400 cells in one session and compares the last ones
// with the first, in time and in the memory of the host.
func BenchmarkSession(b *testing.B) {
	const cells, group = 400, 50
	for b.Loop() {
		e, err := New(Options{ModuleRoot: "../../..", Mode: Image})
		if err != nil {
			b.Fatal(err)
		}
		var took []time.Duration
		var resident [2]int
		for n := range cells + 1 {
			start := time.Now()
			if _, err := e.Execute(b.Context(), core.Cell{Code: fmt.Sprintf("v%d := %d\nfmt.Println(v%d)", n, n, n), Number: n + 1}, new(output)); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
			if n == 0 || n == cells {
				resident[n/cells] = residentKB(b, e.process().cmd.Process.Pid)
			}
		}
		first, last := took[1:group+1], took[cells+1-group:]
		slices.Sort(first)
		slices.Sort(last)
		b.ReportMetric(float64(first[group/2].Microseconds())/1000, "ms-first")
		b.ReportMetric(float64(last[group/2].Microseconds())/1000, "ms-last")
		b.ReportMetric(float64(resident[1]-resident[0])/cells, "KB/cell")
		e.Close()
	}
}

func residentKB(b *testing.B, pid int) (kb int) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Skip(err)
	}
	for l := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(l, "VmRSS:"); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb
}

// BenchmarkInterrupt measures from an interrupt to the end of the cell, which
// is when the next one can start. The limits are 50 ms for loops and 1 s for
// what has to be left behind.
func BenchmarkInterrupt(b *testing.B) {
	e, err := New(Options{ModuleRoot: "../../.."})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	setup := "i := 0\nxs := make([]float64, 1<<22)\n" +
		"run := train.Quick(1 << 20)\ncfg := cglow.Quick32()\nd := Must(data.Silhouettes(data.Silhouettes32()))\n" +
		"cfg.X, cfg.Y = d.Shapes()\nm := Must(cglow.New(cfg, 1))\nvar result *train.Result\nvar failed error"
	if _, err := e.Execute(b.Context(), core.Cell{Code: setup, Number: 1}, new(output)); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct{ name, code string }{
		{"loop", "fmt.Println(\"go\")\nfor { i++ }"},
		{"matrix", "fmt.Println(\"go\")\nfor { for r := range 1024 { for c := range 4096 { xs[r*4096+c] += 1 } } }"},
		{"calls", "func deeper(n int) int { if n == 0 { return 1 }; return deeper(n-1) + 1 }\nfmt.Println(\"go\")\nfor { i += deeper(1000) }"},
		{"sleep", "fmt.Println(\"go\")\ntime.Sleep(time.Hour)"},
		{"training", "result, failed = train.Run(ctx, m, d, run, func(p train.Progress) { if p.Step == 1 { fmt.Println(\"go\") } })"},
		{"channel", "fmt.Println(\"go\")\n<-make(chan int)"},
		{"library", "fmt.Println(\"go\")\nr, _, _ := os.Pipe()\nio.ReadAll(r)"},
	} {
		b.Run("cell="+c.name, func(b *testing.B) {
			var took []time.Duration
			for n := 2; b.Loop(); n++ {
				took = append(took, interruptOnce(b, e, n, c.code))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "ms-max")
		})
	}
}

// interruptOnce runs a cell until it has printed and been at work for a while,
// interrupts it, and returns how long it went on.
func interruptOnce(b *testing.B, e *Engine, number int, code string) time.Duration {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	out := new(output)
	at := make(chan time.Time, 1)
	go func() {
		for out.String() == "" && b.Context().Err() == nil {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
		at <- time.Now()
		cancel()
	}()
	_, err := e.Execute(ctx, core.Cell{Code: code, Number: number}, out)
	end := time.Now()
	var ce *core.CellError
	if !errors.As(err, &ce) || ce.Name != nameInterrupted {
		b.Fatalf("%s\n%v", code, err)
	}
	return end.Sub(<-at)
}

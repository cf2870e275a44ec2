package live

import (
	"fmt"
	"testing"

	"glownotes/kernel/core"
)

// counter is an output that counts the bytes of text.
type counter struct {
	output
	bytes int
}

func (c *counter) Stream(name, text string) { c.bytes += len(text) }

// BenchmarkPrint is the way of text from a cell to the core.
func BenchmarkPrint(b *testing.B) {
	e, err := New(Options{ModuleRoot: "../../.."})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	run := func(number int, code string) int {
		out := new(counter)
		if _, err := e.Execute(b.Context(), core.Cell{Code: code, Number: number}, out); err != nil {
			b.Fatal(err)
		}
		return out.bytes
	}
	for _, c := range []struct {
		name, code string
		bytes      int
	}{
		{"lines=1e6", "for i := range 1_000_000 { fmt.Println(\"line\", i) } // %d", 11_888_890},
		{"bytes=1e8", "s := strings.Repeat(\"x\", 99_999) + \"\\n\"\nfor range 1000 { fmt.Print(s) } // %d", 100_000_000},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			b.SetBytes(int64(c.bytes))
			for b.Loop() {
				n++
				if got := run(n, fmt.Sprintf(c.code, n)); got != c.bytes {
					b.Fatalf("%d bytes came, want %d", got, c.bytes)
				}
			}
		})
	}
}

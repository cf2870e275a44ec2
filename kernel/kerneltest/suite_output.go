package kerneltest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/wire"
)

func testDisplay(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	x := c.Execute("print a\nshow@p image/png QUJD\nprint b\nupdate@p image/png REVG\nshow text/html <b>x</b>\nclear\neprint c")
	equal(t, "types", x.Types(), []string{"execute_input", "stream", "display_data", "stream",
		"update_display_data", "display_data", "clear_output", "stream"})
	equal(t, "id", Field[string](x.Output[2], "transient/display_id"), "p")
	equal(t, "id of the update", Field[string](x.Output[4], "transient/display_id"), "p")
	equal(t, "no id", len(Field[map[string]any](x.Output[5], "transient")), 0)
	equal(t, "text before", Field[string](x.Output[1], "text"), "a\n")
}

func testBatches(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	began := time.Now()
	x := c.Execute("lines 100000")
	elapsed := time.Since(began)
	var want strings.Builder
	for i := range 100000 {
		fmt.Fprintf(&want, "line %d\n", i)
	}
	if got := x.Text("stdout"); got != want.String() {
		t.Errorf("%d bytes came, want %d, or they differ", len(got), want.Len())
	}
	// A message for each 64 KiB, or for each 50 ms where it takes longer.
	most := 1 + want.Len()/(64<<10) + 1 + int(elapsed/(50*time.Millisecond))
	if n := len(x.Output) - 1; n > most {
		t.Errorf("%d stream messages in %v, want at most %d", n, elapsed, most)
	}
	// What waits is sent without the end of the cell.
	id := c.Post(wire.Shell, "execute_request", Cell("print soon\nwait"))
	c.Find("a stream message of a running cell", func(m *wire.Message) bool {
		return m.Parent.MsgID == id && Field[string](m, "text") == "soon\n"
	})
	c.Request(wire.Control, "interrupt_request", nil)
	c.Collect(id)
}

// testSplitCharacters: a character whose bytes come in two writes is one.
func testSplitCharacters(t *testing.T, start Starter) {
	c := start(t, core.Options{Engine: &Engine{}})
	full := strings.Repeat("é", 40_000) + "€"
	var code strings.Builder
	for b := []byte(full); len(b) > 0; b = b[min(7, len(b)):] {
		fmt.Fprintf(&code, "raw \"%s\"\n", escaped(b[:min(7, len(b))]))
	}
	x := c.Execute(code.String())
	if got := x.Text("stdout"); got != full {
		t.Errorf("%d bytes came, want %d, or they differ", len(got), len(full))
	}
	x = c.Execute("raw \"a\\xe2\\x82\"\neprint b")
	equal(t, "cut character", x.Text("stdout"), "a\ufffd\ufffd")
}

func escaped(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, "\\x%02x", c)
	}
	return s.String()
}

func testTruncation(t *testing.T, start Starter) {
	dir := t.TempDir()
	e := &Engine{}
	c := start(t, core.Options{Engine: e, OutputLimit: 100_000, OverflowDir: dir})
	x := c.Execute("bytes 100000\nprint more\nbytes 250000\nlate go hidden too")
	equal(t, "bytes shown", len(x.Text("stdout")), 100_000)
	notice := x.Text("stderr")
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 1 || !strings.Contains(notice, "truncated") || !strings.Contains(notice, files[0]) {
		t.Fatalf("notice %q, files %v", notice, files)
	}
	rest, err := os.ReadFile(files[0])
	if err != nil || len(rest) != 250_005 || !strings.HasPrefix(string(rest), "more\nxxx") {
		t.Errorf("the file holds %d bytes (%v), want 250005", len(rest), err)
	}
	e.Open("go")
	c.Find("a notice of late output", func(m *wire.Message) bool {
		return m.Parent.MsgID == x.ID && m.Header.MsgType == "stream" &&
			!slices.Contains(x.Output, m) && strings.Contains(Field[string](m, "text"), files[0])
	})
	x = c.Execute("print a")
	equal(t, "the next cell", x.Text("stdout")+x.Text("stderr"), "a\n")
}

// testLateOutput: what a goroutine prints after its cell appears under it.
func testLateOutput(t *testing.T, start Starter) {
	e := &Engine{}
	c := start(t, core.Options{Engine: e})
	first := c.Execute("late go from the first")
	second := c.Execute("print second")
	e.Open("go")
	late := c.Find("late output", func(m *wire.Message) bool { return Field[string](m, "text") == "from the first\n" })
	equal(t, "parent", late.Parent.MsgID, first.ID)
	equal(t, "second", second.Text("stdout"), "second\n")
}

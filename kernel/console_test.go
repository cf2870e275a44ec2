package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"glownotes/kernel/core"
	"glownotes/kernel/nb"
)

func TestShort(t *testing.T) {
	for _, tt := range []struct {
		d    time.Duration
		want string
	}{{1234 * time.Millisecond, "1.2 s"}, {12 * time.Second, "12 s"}, {59900 * time.Millisecond, "60 s"}, {125 * time.Second, "2m05s"}, {2 * time.Hour, "120m00s"}} {
		if got := short(tt.d); got != tt.want {
			t.Errorf("%v: got %q, want %q", tt.d, got, tt.want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"äöü€", 3, "äö…"}, {"abc", 0, "…"}} {
		if got := clip(tt.in, tt.n); got != tt.want {
			t.Errorf("%q to %d: got %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func TestTitle(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"first line", "x := 1\ny := 2", "x := 1"},
		{"after comments and imports", "// Train.\nimport (\n\t\"fmt\"\n)\n\nfmt.Println()", "fmt.Println()"},
		{"nothing but a comment", "\n// Later.\n", "// Later."},
		{"long", strings.Repeat("x", 60), strings.Repeat("x", 47) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := title(tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// On a terminal the live line is rewritten and complete lines go above it;
// elsewhere there is no live line and no escape sequence.
func TestConsole(t *testing.T) {
	show := func(live bool) string {
		var b strings.Builder
		c := &console{out: &b, fd: -1, live: live, color: live}
		c.status("working\ton it")
		c.line("%s done", c.paint(green, "✓"))
		c.status("")
		return b.String()
	}
	if got, want := show(true), "\r\x1b[2Kworking on it\r\x1b[2K\x1b[32m✓\x1b[0m done\nworking on it\r\x1b[2K"; got != want {
		t.Errorf("terminal: got %q, want %q", got, want)
	}
	if got, want := show(false), "✓ done\n"; got != want {
		t.Errorf("no terminal: got %q, want %q", got, want)
	}
}

func TestStep(t *testing.T) {
	var b strings.Builder
	c := &console{out: &b, fd: -1}
	failure := errors.New("broken")
	if err := c.step("first", func(report func(string)) (string, error) { report("half"); return "result", nil }); err != nil {
		t.Error(err)
	}
	if err := c.step("second", func(func(string)) (string, error) { return "", failure }); err != failure {
		t.Errorf("got %v, want the work's own error", err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "✓ first") || !strings.Contains(lines[0], "result  0.0 s") || !strings.HasPrefix(lines[1], "✗ second") {
		t.Errorf("printed %q", lines)
	}
}

func TestWatcher(t *testing.T) {
	n := nb.New()
	for i, s := range []string{"first()", " ", "second()"} {
		n.Cells = append(n.Cells, nb.NewCell(nb.Code, s, i))
	}
	var b strings.Builder
	saved := 0
	w := newWatcher(&console{out: &b, fd: -1}, n)
	w.save = func() error { saved++; return nil }
	n.Cells[0].ExecutionCount, n.Cells[2].ExecutionCount = 1, 2
	w.CellStarted(0, n.Cells[0])
	w.Text(0, "stdout", "step 1\rstep 2\n\n")
	w.CellDone(0, n.Cells[0], time.Second, nil)
	w.CellStarted(2, n.Cells[2])
	w.CellDone(2, n.Cells[2], time.Second, &core.CellError{Name: "Panic"})
	w.stop()
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "✓ [1/2] first()") || !strings.HasSuffix(lines[0], "1.0 s  step 2") || !strings.HasPrefix(lines[1], "✗ [2/2] second()") {
		t.Errorf("printed %q", lines)
	}
	if w.succeeded != 1 || saved != 2 {
		t.Errorf("%d succeeded, saved %d times, want 1 and 2", w.succeeded, saved)
	}
}

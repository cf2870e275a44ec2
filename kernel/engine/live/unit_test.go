package live

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"glownotes/kernel/core"
)

func TestSplit(t *testing.T) {
	src := "package main\nimport \"fmt\"\nx := 1; y := 2\nfunc f() {\n\treturn\n}\nfunc (t T) m() {}\nfunc() { y++ }()\ntype T struct{}\na, b;"
	chunks, err := split([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range chunks {
		text := strings.ReplaceAll(src[c.off:c.end], "\n", "|")
		got = append(got, fmt.Sprintf("%d %d:%d %s %v", c.kind, c.line, c.col, text, c.quiet))
	}
	want := []string{
		`0 2:1 import "fmt" false`, "2 3:1 x := 1 true", "2 3:9 y := 2 false", "1 4:1 func f() {|\treturn|} false",
		"1 7:1 func (t T) m() {} false", "2 8:1 func() { y++ }() false", "1 9:1 type T struct{} false", "2 10:1 a, b true",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestApplyEdits(t *testing.T) {
	src := []byte("go f(a, b)\nx")
	got := apply(src, []edit{
		{off: 5, end: 6, text: "A", name: true}, // f's first argument
		{off: 0, end: 0, text: "{ "},
		{off: 8, end: 8, text: "<", rank: -1}, {off: 8, end: 8, text: "(", rank: 1},
		{off: 10, end: 11, text: blank(src[10:11]) + "// "},
		{off: 3, end: 4, text: "lost", name: true}, {off: 3, end: 5, text: "g["},
	})
	if want := "{ go g[A, <(b)\n// x"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDistanceAndNearest(t *testing.T) {
	if d := core.EditDistance("kitten", "sitting"); d != 3 {
		t.Errorf("distance %d, want 3", d)
	}
	for _, tt := range [][3]string{{"Printn", "Println Print Sprint", "Print"}, {"i", "T x", ""}, {"cuont", "count mount", "count"}, {"zzzz", "count", ""}} {
		if got := nearest(tt[0], strings.Fields(tt[1])); got != tt[2] {
			t.Errorf("nearest(%s) = %q, want %q", tt[0], got, tt[2])
		}
	}
}

func TestCrashWatch(t *testing.T) {
	var mu sync.Mutex
	released := ""
	c := &crashWatch{release: func(s string) { mu.Lock(); released += s; mu.Unlock() }}
	out := c.filter("text\n") + c.filter("not at the start: panic: x\n") + c.filter("a\nfatal error: all\ngoroutine 1\n") + c.filter("more\n")
	if want := "text\nnot at the start: panic: x\na\n"; out != want {
		t.Errorf("shown %q, want %q", out, want)
	}
	c.alive()
	if got := c.tail(); got != "fatal error: all\ngoroutine 1\nmore\n" || released != "" {
		t.Errorf("held %q, released %q", got, released)
	}
	c = &crashWatch{release: func(s string) { mu.Lock(); released += s; mu.Unlock() }}
	if out := c.filter("panic: mine\n"); out != "" {
		t.Errorf("shown %q", out)
	}
	c.alive()
	if mu.Lock(); released != "panic: mine\n" {
		t.Errorf("released %q", released)
	}
	mu.Unlock()
}

// A host that takes long to write its last words is known to have died of them,
// though they were shown before; one that goes on to work is not.
func TestCrashWatchOfASlowHost(t *testing.T) {
	released := ""
	c := &crashWatch{release: func(s string) { released += s }}
	const words = "runtime: goroutine stack exceeds 268435456-byte limit\nfatal error: stack overflow\ncell[4]:2\n"
	c.filter(words)
	c.timer.Stop()
	c.expire()
	if released != words || c.tail() != words {
		t.Errorf("released %q, last words %q", released, c.tail())
	}
	c.alive()
	if got := c.tail(); got != "" {
		t.Errorf("last words of a host that works: %q", got)
	}
	c.filter("panic: of the cell's own\n")
	c.timer.Stop()
	c.expire()
	if got := c.tail(); got != "" {
		t.Errorf("a cell's own line became the last words: %q", got)
	}
}

// An event waits for the text before it, and the text behind it for the event.
func TestGate(t *testing.T) {
	g := newGate()
	var mu sync.Mutex
	var order []string
	note := func(s string) { mu.Lock(); order = append(order, s); mu.Unlock() }
	var wg sync.WaitGroup
	wg.Go(func() { g.await(1); note("event"); g.delivered(1) })
	time.Sleep(10 * time.Millisecond)
	note("before")
	wg.Go(func() { g.passed("stderr", 1) })
	wg.Go(func() { g.passed("stdout", 1); note("behind") })
	wg.Wait()
	if got := strings.Join(order, " "); got != "before event behind" {
		t.Errorf("order %q", got)
	}
	g.end("stdout")
	g.end("stderr")
	g.await(9) // the process is gone: returns at once
}

func TestRunes(t *testing.T) {
	text := "aäö€𝄞b\xff"
	for size := 1; size < 6; size++ {
		var r runes
		var got strings.Builder
		for i := 0; i < len(text); i += size {
			p := r.complete([]byte(text[i:min(i+size, len(text))]))
			if s := string(p); strings.ToValidUTF8(strings.TrimSuffix(s, "\xff"), "?") != strings.TrimSuffix(s, "\xff") {
				t.Errorf("pieces of %d: %q is cut", size, s)
			}
			got.Write(p)
		}
		got.Write(r.rest)
		if got.String() != text {
			t.Errorf("pieces of %d: %q", size, got.String())
		}
	}
}

func TestCacheFiles(t *testing.T) {
	dir := t.TempDir()
	l, err := lockFile(filepath.Join(dir, "lock"), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockFile(filepath.Join(dir, "lock"), false); err == nil {
		t.Error("a lock was taken twice")
	}
	l.unlock()
	if l, err = lockFile(filepath.Join(dir, "lock"), false); err != nil {
		t.Errorf("after unlock: %v", err)
	}
	l.unlock()
	old, fresh := filepath.Join(dir, "plain-old"), filepath.Join(dir, "plain-new")
	for _, d := range []string{old, fresh} {
		os.Mkdir(d, 0o700)
		os.WriteFile(filepath.Join(d, "lock"), nil, 0o600)
	}
	long := time.Now().Add(-60 * 24 * time.Hour)
	os.Chtimes(filepath.Join(old, "lock"), long, long)
	pruneCache(dir, fresh)
	if _, err := os.Stat(old); err == nil {
		t.Error("an old cache was kept")
	}
	if _, err := os.Stat(fresh); err != nil {
		t.Error("a new cache was removed")
	}
}

// A folder whose kernel is gone is removed by the next session, one in use is not.
func TestSweepSessions(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	dead, lock, err := newSessionDir()
	if err != nil {
		t.Fatal(err)
	}
	live, held, err := newSessionDir()
	if err != nil {
		t.Fatal(err)
	}
	defer held.unlock()
	lock.unlock() // as the end of the process does
	next, l, err := newSessionDir()
	if err != nil {
		t.Fatal(err)
	}
	defer l.unlock()
	for dir, want := range map[string]bool{dead: false, live: true, next: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s exists: %v, want %v", dir, err == nil, want)
		}
	}
}

func TestMissingTools(t *testing.T) {
	for cc, want := range map[string]string{"no-such-compiler": "no-such-compiler"} {
		tc := &toolchain{env: map[string]string{"CC": cc}}
		if err := tc.checkC(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "install") {
			t.Errorf("CC=%s: %v", cc, err)
		}
	}
	t.Setenv("PATH", t.TempDir())
	tc := &toolchain{env: map[string]string{"CC": "gcc"}}
	if err := tc.checkC(); err == nil {
		t.Error("an empty PATH has a C compiler")
	}
}

// No source, however broken, may make the rewriting panic.
func FuzzUnit(f *testing.F) {
	data, err := os.ReadFile("testdata/semantics.txt")
	if err != nil {
		f.Fatal(err)
	}
	for cell := range strings.SplitSeq(string(data), "\n--\n") {
		f.Add(cell)
	}
	f.Add("x :=")
	f.Add("go f(")
	f.Add("var (\n_, b = 1, 2\n)")
	pkgs := newPackages(&toolchain{lang: "go1.26"}, f.TempDir())
	f.Fuzz(func(t *testing.T, code string) {
		isComplete(code)
		u := newUnit(newSession(), pkgs, 1, 1, code)
		if u.parse() != nil || u.readImports(func(string) (string, error) { return "x", nil }) != nil {
			return
		}
		u.readDecls()
		if u.reemit() != nil || u.parseText() != nil {
			return
		}
		u.markNames()
		if u.analyse() != nil {
			return
		}
		if _, ok := u.look(); !ok {
			u.emit()
		}
	})
}

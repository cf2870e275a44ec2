package main

import (
	"reflect"
	"strings"
	"testing"

	"glownotes/kernel/engine/hostwire"
)

func TestParseStack(t *testing.T) {
	text := "main.f(0x1, {0x2, 0x3})\n\t/src/a.go:12 +0x1d\nglownotes/cells/c3.run()\n\tcell[3]:4 +0x2\ncreated by main.start in goroutine 1\n\t/src/b.go:7 +0x9\nlast line"
	want := []hostwire.Call{
		{Func: "main.f", File: "/src/a.go", Line: 12},
		{Func: "glownotes/cells/c3.run", File: "cell[3]", Line: 4},
		{Func: "main.start in goroutine 1", File: "/src/b.go", Line: 7},
	}
	if got := parseStack(text); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestShorten(t *testing.T) {
	deep := make([]hostwire.Call, 500)
	for i := range deep {
		deep[i].Line = i
	}
	got := shorten(deep)
	if len(got) >= len(deep) || got[0].Line != 0 || got[len(got)-1].Line != 499 {
		t.Errorf("%d calls, from %d to %d", len(got), got[0].Line, got[len(got)-1].Line)
	}
	if got := shorten(deep[:5]); len(got) != 5 {
		t.Errorf("a short stack became %d calls", len(got))
	}
}

func TestGuarded(t *testing.T) {
	for kind, f := range map[string]func(){
		"":                     func() {},
		hostwire.FailPanic:     func() { panic("boom") },
		hostwire.FailExit:      func() { panic(exit(3)) },
		hostwire.FailInterrupt: func() { panic(errInterrupt) },
	} {
		done := make(chan *hostwire.Failure, 1)
		guarded(f, func(f *hostwire.Failure) { done <- f })
		got := ""
		if r := <-done; r != nil {
			got = r.Kind
		}
		if got != kind {
			t.Errorf("got %q, want %q", got, kind)
		}
	}
}

// A goroutine knows its cell through any number of goroutines.
func TestOwners(t *testing.T) {
	var o owners
	c := &cell{serial: 7}
	found := make(chan *cell)
	go func() {
		o.claim(c)
		go func() { go func() { found <- o.find() }() }()
	}()
	if got := <-found; got != c {
		t.Errorf("found %v, want cell 7", got)
	}
	go func() { found <- o.find() }()
	if got := <-found; got != nil {
		t.Errorf("a goroutine of nobody belongs to cell %d", got.serial)
	}
}

func TestGoroutineName(t *testing.T) {
	name := goroutineName()
	if !strings.HasPrefix(name, "goroutine ") || !strings.Contains(allStacks(), name+" [") {
		t.Errorf("name %q does not occur in the stacks", name)
	}
}

func TestDeadlock(t *testing.T) {
	const host = "\n\ngoroutine 1 [IO wait]:\nmain.(*host).serve(0x1)\n\t/x/host.go:5 +0x1\n"
	cell := func(state, fn string) string {
		return "goroutine 7 [" + state + "]:\n" + fn + "(0x1)\n\t/go/src/sync/wg.go:1 +0x2\nc3.Run()\n\t/tmp/cell[3]:2 +0x9\nmain.guarded(0x1)\n\t/x/failure.go:9 +0x1\n"
	}
	other := func(state string) string {
		return "\n\ngoroutine 9 [" + state + "]:\nc1.f()\n\tcell[1]:4 +0x1\n"
	}
	for _, tt := range []struct {
		name, dump string
		want       bool
	}{
		{"wait group", cell("sync.WaitGroup.Wait", "sync.(*WaitGroup).Wait") + host, true},
		{"nil channel", cell("chan receive (nil chan)", "f") + host, true},
		{"for a minute", cell("chan receive, 2 minutes", "f") + host, true},
		{"perhaps a timer", cell("chan receive", "f") + host, false},
		{"sleeps", cell("select, 3 minutes", "glownotes/kernel/cellrt.Sleep") + host, false},
		{"asks", cell("select, 3 minutes", "main.(*host).input") + host, false},
		{"runs", cell("running", "f") + host, false},
		{"another runs", cell("sync.Mutex.Lock", "f") + host + other("runnable"), false},
		{"another waits too", cell("sync.Mutex.Lock", "f") + host + other("sync.Mutex.Lock"), true},
		{"another sleeps", cell("sync.Mutex.Lock", "f") + host + other("sleep"), false},
		{"not there", host, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at, got := deadlock(tt.dump, "goroutine 7")
			if got != tt.want {
				t.Fatalf("deadlock: %v, want %v", got, tt.want)
			}
			if got && (at.File != "cell[3]" || at.Line != 2) {
				t.Errorf("at %+v, want cell[3]:2", at)
			}
		})
	}
}

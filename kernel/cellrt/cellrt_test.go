package cellrt

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func install(t *testing.T, h Hooks) {
	old := hooks.Load()
	SetHooks(h)
	t.Cleanup(func() { hooks.Store(old) })
}

func TestCallDropsNilErrors(t *testing.T) {
	var got []string
	install(t, Hooks{Result: func(vs []any) { got = append(got, fmt.Sprint(vs)) }})
	Call(1, nil)
	Call(nil)
	Call(2, errors.New("bad"))
	Result(nil)
	if s := strings.Join(got, " "); s != "[1] [2 bad] [<nil>]" {
		t.Errorf("results %s", s)
	}
}

func TestCheckAndSleep(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	stopped := errors.New("stopped")
	install(t, Hooks{Context: func() context.Context { return ctx }, Stopped: func() { panic(stopped) }})
	var f Flag
	f.Check()
	f.Set(true)
	caught := func(f func()) (v any) {
		defer func() { v = recover() }()
		f()
		return nil
	}
	if v := caught(f.Check); v != stopped {
		t.Errorf("Check with the flag up: %v", v)
	}
	if v := caught(func() { Sleep(time.Millisecond) }); v != nil {
		t.Errorf("Sleep: %v", v)
	}
	cancel()
	if v := caught(func() { Sleep(time.Hour) }); v != stopped {
		t.Errorf("Sleep of an interrupted cell: %v", v)
	}
}

func TestGuarded(t *testing.T) {
	var got any
	install(t, Hooks{Panic: func(v any) { got = v }})
	Guarded(func() { panic("boom") })()
	if got != "boom" {
		t.Errorf("reported %v", got)
	}
	if Guarded(nil) != nil {
		t.Error("a nil function became one")
	}
}

func TestFatal(t *testing.T) {
	code, text := 0, ""
	install(t, Hooks{Exit: func(c int) { code = c }})
	Fatal(func(vs ...any) { text = fmt.Sprint(vs...) })("a", 1)
	if code != 1 || text != "a1" {
		t.Errorf("code %d, text %q", code, text)
	}
	Fatalf(func(f string, vs ...any) { text = fmt.Sprintf(f, vs...) })("%d!", 2)
	if text != "2!" {
		t.Errorf("text %q", text)
	}
}

func TestStdin(t *testing.T) {
	lines := []string{"one", "two words"}
	install(t, Hooks{Input: func(string, bool) (string, error) {
		if len(lines) == 0 {
			return "", errors.New("no more")
		}
		l := lines[0]
		lines = lines[1:]
		return l, nil
	}})
	sc := bufio.NewScanner(Stdin)
	var got []string
	for sc.Scan() {
		got = append(got, sc.Text())
	}
	if s := strings.Join(got, "|"); s != "one|two words" || sc.Err() == nil {
		t.Errorf("read %q, %v", s, sc.Err())
	}
}

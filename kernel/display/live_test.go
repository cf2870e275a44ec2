package display

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// recorder is a Sink that remembers.
type recorder struct {
	mu     sync.Mutex
	events []string
	ids    map[string]bool
}

func (r *recorder) add(kind, id, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, strings.TrimSpace(kind+" "+text))
	if r.ids == nil {
		r.ids = map[string]bool{}
	}
	r.ids[id] = true
}

func (r *recorder) seen() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *recorder) shownIDs() map[string]bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.ids)
}

func (r *recorder) Display(b Bundle, id string) { r.add("show", id, b.Text()) }
func (r *recorder) Update(b Bundle, id string)  { r.add("update", id, b.Text()) }
func (r *recorder) Clear(wait bool)             { r.add("clear", "", "") }

// last is the last event.
func last(r *recorder) string {
	list := r.seen()
	return list[len(list)-1]
}

func record(t *testing.T) *recorder {
	r := new(recorder)
	old := SetSink(r)
	t.Cleanup(func() { SetSink(old) })
	return r
}

func TestLiveThrottles(t *testing.T) {
	r := record(t)
	synctest.Test(t, func(t *testing.T) {
		l := NewLive()
		for i := range 1001 { // 1 s
			l.Update(i)
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		if n := len(r.seen()); n < 10 || n > 12 {
			t.Errorf("%d events in a second: %v", n, r.seen())
		}
		if got := r.seen()[0]; got != "show 0" {
			t.Errorf("first event %q", got)
		}
		if got := last(r); got != "update 1000" {
			t.Errorf("last event %q, want the last value", got)
		}
		if len(r.shownIDs()) != 1 {
			t.Errorf("ids %v, want one", r.shownIDs())
		}
	})
}

func TestFlushSendsTheLast(t *testing.T) {
	r := record(t)
	synctest.Test(t, func(t *testing.T) {
		l := NewLive()
		l.Update("a")
		l.Update("b")
		l.Update("c")
		Flush()
		if got := strings.Join(r.seen(), ";"); got != "show a;update c" {
			t.Errorf("events %q", got)
		}
		time.Sleep(time.Second)
		if len(r.seen()) != 2 {
			t.Errorf("sent twice: %v", r.seen())
		}
	})
}

func TestProgress(t *testing.T) {
	r := record(t)
	synctest.Test(t, func(t *testing.T) {
		for i := range Range(40, "steps") {
			time.Sleep(50 * time.Millisecond)
			_ = i
		}
		last := last(r)
		if want := "update steps 100% |████████████████████████| 40/40, 0:02, 20.0/s"; last != want {
			t.Errorf("last event\n%q, want\n%q", last, want)
		}
		mid := r.seen()[len(r.seen())/2]
		for _, part := range []string{"/40", "0:01 < 0:01", "20.0/s"} {
			if !strings.Contains(mid, part) {
				t.Errorf("middle event %q lacks %q", mid, part)
			}
		}
	})
	p := progressState{title: "x<y", done: 5, total: 0, elapsed: 10 * time.Second}
	if got := p.String(); got != "x<y 5, 0:10, 2.00 s each" {
		t.Errorf("without a total: %q", got)
	}
	if h := p.Bundle().Data[MIMEHTML].(string); !strings.Contains(h, "x&lt;y") {
		t.Errorf("html %s", h)
	}
}

// TestProgressFrom checks that the steps of an earlier run are in the count and
// not in the rate.
func TestProgressFrom(t *testing.T) {
	r := record(t)
	synctest.Test(t, func(t *testing.T) {
		p := NewProgress("steps", 1000)
		p.From(800)
		last := func() string { return last(r) }
		if got := last(); strings.Contains(got, "/s") || strings.Contains(got, "<") {
			t.Errorf("before the first step of this run: %q tells a rate", got)
		}
		time.Sleep(10 * time.Second)
		p.Set(820)
		if got, want := last(), "update steps  82% |███████████████████░░░░░| 820/1000, 0:10 < 1:30, 2.0/s"; got != want {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
		p.End()
	})
}

func TestShowAndClear(t *testing.T) {
	r := record(t)
	Show(1, "x")
	ShowAs("loss", 2)
	Update("loss", 3)
	Clear(true)
	if got := strings.Join(r.seen(), ";"); got != "show 1;show x;show 2;update 3;clear" || !r.shownIDs()["loss"] {
		t.Errorf("events %q", got)
	}
}

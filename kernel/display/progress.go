package display

import (
	"fmt"
	"html"
	"iter"
	"strings"
	"sync"
	"time"
)

// A Progress is a progress bar with count, rate and estimated time. Its
// methods may be called from any goroutine.
type Progress struct {
	live  *Live
	title string
	total int // 0: not known

	mu    sync.Mutex
	start time.Time
	done  int
	from  int // of done: before the clock started
	note  string
	ended bool
}

// NewProgress shows a bar for total steps, 0 when the number is not known.
func NewProgress(title string, total int) *Progress {
	p := &Progress{live: NewLive(), title: title, total: max(total, 0), start: time.Now()}
	p.live.Update(p.snapshot())
	return p
}

// Add counts n more steps.
func (p *Progress) Add(n int) { p.change(func() { p.done += n }) }

// Set counts up to n steps.
func (p *Progress) Set(n int) { p.change(func() { p.done = n }) }

// From counts up to n steps as done before, by a run that this one continues:
// they are part of the bar, but not of the rate and of the time that is left.
func (p *Progress) From(n int) {
	p.change(func() { p.from, p.done = max(n, 0), max(p.done, n) })
}

// Note writes s behind the bar, such as the loss of the last step.
func (p *Progress) Note(s string) { p.change(func() { p.note = s }) }

// End stops the clock. Further calls change nothing.
func (p *Progress) End() {
	p.change(func() { p.ended = true })
	p.live.Flush()
}

func (p *Progress) change(f func()) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	f()
	s := p.state()
	p.mu.Unlock()
	p.live.Update(s)
}

func (p *Progress) snapshot() progressState {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Progress) state() progressState {
	return progressState{p.title, p.note, p.done, p.from, p.total, time.Since(p.start), p.ended}
}

// Bundle makes a bar that is the last expression of a cell show its state.
func (p *Progress) Bundle() Bundle { return p.snapshot().Bundle() }

// Range counts from 0 to n-1 and shows how far it is:
//
//	for i := range display.Range(500, "training") { ... }
func Range(n int, title string) iter.Seq[int] {
	return func(yield func(int) bool) {
		p := NewProgress(title, n)
		defer p.End()
		for i := range n {
			if !yield(i) {
				return
			}
			p.Add(1)
		}
	}
}

// progressState is one state of a bar.
type progressState struct {
	title, note string
	done, from  int // from of the steps done are older than elapsed
	total       int
	elapsed     time.Duration
	ended       bool
}

// rate is the number of steps per second so far, less those of earlier runs.
func (s progressState) rate() float64 {
	if s.elapsed <= 0 {
		return 0
	}
	return float64(max(0, s.done-s.from)) / s.elapsed.Seconds()
}

// words says count, times and rate: "120/500, 0:12 < 0:38, 10.0/s".
func (s progressState) words() string {
	w := fmt.Sprint(s.done)
	if s.total > 0 {
		w = fmt.Sprintf("%d/%d", s.done, s.total)
	}
	w += ", " + clock(s.elapsed)
	if r := s.rate(); r > 0 {
		if left := s.total - s.done; left > 0 && !s.ended {
			w += " < " + clock(time.Duration(float64(left)/r*float64(time.Second)))
		}
		if r >= 1 {
			w += fmt.Sprintf(", %.1f/s", r)
		} else {
			w += fmt.Sprintf(", %.2f s each", 1/r)
		}
	}
	if s.note != "" {
		w += ", " + s.note
	}
	return w
}

func (s progressState) fraction() float64 {
	if s.total <= 0 {
		return 0
	}
	return min(1, max(0, float64(s.done)/float64(s.total)))
}

// String is the bar in one line of text.
func (s progressState) String() string {
	const width = 24
	head := s.title
	if head != "" {
		head += " "
	}
	if s.total <= 0 {
		return head + s.words()
	}
	full := int(s.fraction() * width)
	return fmt.Sprintf("%s%3.0f%% |%s%s| %s", head, 100*s.fraction(),
		strings.Repeat("█", full), strings.Repeat("░", width-full), s.words())
}

// Bundle is the bar as text and HTML.
func (s progressState) Bundle() Bundle {
	b := newBundle()
	b.Data[MIMEText] = s.String()
	value := fmt.Sprintf(` value="%d" max="%d"`, s.done, s.total)
	if s.total <= 0 {
		value = ""
		if s.ended {
			value = ` value="1" max="1"`
		}
	}
	b.Data[MIMEHTML] = fmt.Sprintf(`<div>%s <progress%s style="width:16em;vertical-align:middle"></progress> <code>%s</code></div>`,
		html.EscapeString(s.title), value, html.EscapeString(s.words()))
	return b
}

// clock writes a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int(d.Seconds() + 0.5)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

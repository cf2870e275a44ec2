package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"glownotes/kernel/display"
	"glownotes/kernel/nb"
)

// A watcher shows the progress of a run: one line for each cell, and on a
// terminal the running cell with the last thing that it printed.
type watcher struct {
	nb.Silent
	ui        *console
	total     int          // cells that will run
	save      func() error // after each cell; may be nil
	told      func(string) // takes the last line that was printed; may be nil
	succeeded int

	mu      sync.Mutex
	number  int // of the running cell, 0 between cells
	title   string
	started time.Time
	said    time.Time // when a log was last told that the cell still runs
	latest  string
	done    chan struct{}
	stopped chan struct{}
}

func newWatcher(ui *console, n *nb.Notebook) *watcher {
	w := &watcher{ui: ui, total: nb.Runnable(n), done: make(chan struct{}), stopped: make(chan struct{})}
	go w.tick()
	return w
}

// stop ends the live line.
func (w *watcher) stop() {
	close(w.done)
	<-w.stopped
	w.ui.status("")
}

// stillRunning is how often a log hears of a long cell.
const stillRunning = 30 * time.Second

func (w *watcher) tick() {
	defer close(w.stopped)
	ticker := time.NewTicker(refresh)
	defer ticker.Stop()
	for {
		select {
		case <-w.done:
			return
		case <-ticker.C:
		}
		w.mu.Lock()
		if w.number > 0 {
			text := fmt.Sprintf("[%d/%d] %s  %s  %s", w.number, w.total, w.title, since(w.started), w.latest)
			w.ui.status(text)
			if !w.ui.live && time.Since(w.said) > stillRunning {
				w.said = time.Now()
				w.ui.line("%s", text)
			}
		}
		w.mu.Unlock()
	}
}

// CellStarted implements nb.Observer.
func (w *watcher) CellStarted(_ int, c *nb.Cell) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number, w.title, w.latest = c.ExecutionCount, title(c.Source), ""
	w.started = time.Now()
	w.said = w.started
}

// title is the first line of a cell that says something.
func title(source string) string {
	first := ""
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if first == "" {
			first = line
		}
		if !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "import") && line != ")" && !strings.HasPrefix(line, `"`) {
			return clip(line, 48)
		}
	}
	return clip(first, 48)
}

// Text implements nb.Observer.
func (w *watcher) Text(_ int, _, text string) { w.say(text) }

// Shown implements nb.Observer.
func (w *watcher) Shown(_ int, b display.Bundle) {
	if text, ok := b.Data["text/plain"].(string); ok {
		w.say(text)
	}
}

// say keeps the last line of text that is not blank.
func (w *watcher) say(text string) {
	lines := strings.FieldsFunc(ansi.ReplaceAllString(text, ""), func(r rune) bool { return r == '\n' || r == '\r' })
	for i := len(lines) - 1; i >= 0; i-- {
		if line := strings.TrimSpace(lines[i]); line != "" {
			w.mu.Lock()
			w.latest = clip(line, 200)
			w.mu.Unlock()
			if w.told != nil {
				w.told(clip(line, 200))
			}
			return
		}
	}
}

// interrupted says what an interrupted cell is waited for, if it does not end
// at once.
func (w *watcher) interrupted(patience time.Duration) {
	select {
	case <-w.done:
	case <-time.After(time.Second):
		w.ui.line("interrupted: the cell has %s to end and to save; Ctrl-C again ends it at once", short(patience))
	}
}

// CellDone implements nb.Observer.
func (w *watcher) CellDone(_ int, c *nb.Cell, took time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	latest := w.latest
	w.number, w.latest = 0, ""
	w.ui.status("")
	if err == nil {
		w.succeeded++
	} else {
		latest = ""
	}
	w.ui.line("%s [%d/%d] %-48s %8s  %s", w.ui.verdict(err), c.ExecutionCount, w.total, w.title, short(took), w.ui.paint(dim, clip(latest, 60)))
	if w.save != nil {
		if err := w.save(); err != nil {
			w.ui.line("saving what ran so far failed: %v", err)
			w.save = nil
		}
	}
}

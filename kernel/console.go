package main

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// A console prints to people. On a terminal the last line is alive: it is
// rewritten while something goes on. Elsewhere only complete lines appear.
type console struct {
	mu    sync.Mutex
	out   io.Writer
	fd    int
	live  bool   // a terminal
	color bool   // ANSI colours may be used
	shown string // the live line on the screen
}

func newConsole(f *os.File) *console {
	live := term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
	return &console{out: f, fd: int(f.Fd()), live: live, color: live && os.Getenv("NO_COLOR") == ""}
}

const (
	green  = "\x1b[32m"
	red    = "\x1b[31m"
	yellow = "\x1b[33m"
	dim    = "\x1b[2m"
	plain  = "\x1b[0m"
)

var ansi = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// paint colours text where that is possible.
func (c *console) paint(color, text string) string {
	if !c.color {
		return text
	}
	return color + text + plain
}

// line prints a complete line above the live one.
func (c *console) line(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	if !c.color {
		text = ansi.ReplaceAllString(text, "")
	}
	if c.shown != "" {
		fmt.Fprint(c.out, "\r\x1b[2K")
	}
	fmt.Fprintln(c.out, text)
	if c.shown != "" {
		fmt.Fprint(c.out, c.shown)
	}
}

// status shows text as the live line; "" removes it. It does nothing where
// there is no terminal.
func (c *console) status(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.live || text == c.shown {
		return
	}
	text = clip(strings.Map(printable, text), c.width()-1)
	fmt.Fprint(c.out, "\r\x1b[2K"+text)
	c.shown = text
}

func printable(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}

func (c *console) width() int {
	if w, _, err := term.GetSize(c.fd); err == nil && w > 0 {
		return w
	}
	return 80
}

// clip cuts text to n characters.
func clip(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:max(0, n-1)]) + "…"
}

// A refresh is how often the live line changes.
const refresh = 200 * time.Millisecond

// step shows a piece of work from its beginning to its end, with what it is
// at and how long it takes. work calls report with what it is doing and
// returns what came out of it.
func (c *console) step(name string, work func(report func(string)) (string, error)) error {
	start := time.Now()
	var mu sync.Mutex
	doing := ""
	status := func() {
		mu.Lock()
		text := doing
		mu.Unlock()
		c.status(fmt.Sprintf("… %-22s %s  %s", name, text, since(start)))
	}
	status()
	ticker := time.NewTicker(refresh)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-ticker.C:
				status()
			case <-stop:
				return
			}
		}
	}()
	said := start
	result, err := work(func(text string) {
		mu.Lock()
		defer mu.Unlock()
		doing = text
		if !c.live && time.Since(said) > 10*time.Second { // a sign of life in a log
			said = time.Now()
			c.line("  %-22s %s  %s", name, text, since(start))
		}
	})
	ticker.Stop()
	close(stop)
	<-stopped
	c.status("")
	if err != nil {
		c.line("%s %-22s %s", c.paint(red, "✗"), name, c.paint(dim, since(start)))
		return err
	}
	c.line("%s %-22s %s  %s", c.paint(green, "✓"), name, result, c.paint(dim, since(start)))
	return nil
}

// since is a short form of the time since start.
func since(start time.Time) string { return short(time.Since(start)) }

func short(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
}

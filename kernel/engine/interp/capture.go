package interp

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"glownotes/kernel/core"
	"glownotes/kernel/display"

	"github.com/cosmos72/gomacro/base"
)

// A capture collects what cells print and show and hands it to the output of
// the running cell, or of the last one when goroutines go on printing. It
// implements display.Sink.
//
// Text goes through two pipes, because os.Stdout has to be a file. A marker
// written into a pipe comes out after everything that was printed before it,
// which tells that the pipe is drained: nothing waits for time to pass.
type capture struct {
	stdout, stderr *os.File // the ends that cells write to
	marker         []byte
	seen           chan struct{} // one value for each marker read

	syncing sync.Mutex // one drain at a time

	mu    sync.Mutex
	out   core.Output
	comms map[string]string // open comms: id to target

	readers sync.WaitGroup
}

func newCapture() (*capture, error) {
	c := &capture{
		marker: []byte("\x00" + rand.Text() + "\x00"),
		seen:   make(chan struct{}),
	}
	for _, s := range []struct {
		name string
		w    **os.File
	}{{"stdout", &c.stdout}, {"stderr", &c.stderr}} {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("interp: capturing the output of cells: %w", err)
		}
		*s.w = w
		c.readers.Go(func() { c.read(s.name, r) })
	}
	return c, nil
}

// close ends the capture. What is still in the pipes is delivered.
func (c *capture) close() {
	c.drain()
	c.stdout.Close()
	c.stderr.Close()
	c.readers.Wait()
}

// redirect sends the text of a cell to out and returns the function that ends
// it: it drains the pipes and puts the process's own files back. Goroutines
// that print through fmt and os by the cell's own calls are still caught
// afterwards (see overrides); a library that holds os.Stdout is not.
func (c *capture) redirect(out core.Output) (restore func()) {
	c.mu.Lock()
	c.out = out
	c.mu.Unlock()
	stdout, stderr, logTo := os.Stdout, os.Stderr, log.Writer()
	os.Stdout, os.Stderr = c.stdout, c.stderr
	if logTo == io.Writer(stderr) {
		log.SetOutput(c.stderr)
	}
	return func() {
		os.Stdout, os.Stderr = stdout, stderr
		log.SetOutput(logTo)
		c.drain()
	}
}

// drain returns when all that was printed before has been delivered.
func (c *capture) drain() {
	c.syncing.Lock()
	defer c.syncing.Unlock()
	for _, w := range []*os.File{c.stdout, c.stderr} {
		if _, err := w.Write(c.marker); err == nil {
			<-c.seen
		}
	}
}

// read delivers one stream until its pipe is closed.
func (c *capture) read(name string, r *os.File) {
	defer r.Close()
	var held []byte // the end of the text: part of a marker or of a character
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Read(buf)
		held = append(held, buf[:n]...)
		for {
			i := bytes.Index(held, c.marker)
			if i < 0 {
				break
			}
			c.deliver(name, held[:i])
			held = held[i+len(c.marker):]
			c.seen <- struct{}{}
		}
		keep := heldBack(held, c.marker)
		if err != nil {
			keep = 0
		}
		c.deliver(name, held[:len(held)-keep])
		held = append([]byte(nil), held[len(held)-keep:]...)
		if err != nil {
			return
		}
	}
}

// heldBack returns how many bytes at the end of text may belong to a marker or
// to a character that has not arrived in full.
func heldBack(text, marker []byte) int {
	for n := min(len(text), len(marker)-1); n > 0; n-- {
		if bytes.HasPrefix(marker, text[len(text)-n:]) {
			return n
		}
	}
	for n := 1; n <= min(len(text), utf8.UTFMax-1); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			break
		}
	}
	return 0
}

func (c *capture) deliver(name string, text []byte) {
	if len(text) == 0 {
		return
	}
	if out := c.current(); out != nil {
		out.Stream(name, readable.Replace(string(text)))
	}
}

// readable removes the marks by which gomacro makes unexported and anonymous
// fields known to reflection, which wants exported names.
var readable = strings.NewReplacer(base.StrGensymPrivate, "", base.StrGensymAnonymous, "", base.StrGensym, "")

// readableBundle removes gomacro's marks from the text of a bundle.
func readableBundle(b display.Bundle) display.Bundle {
	for _, mime := range []string{display.MIMEText, display.MIMEHTML} {
		if s, ok := b.Data[mime].(string); ok {
			b.Data[mime] = readable.Replace(s)
		}
	}
	return b
}

func (c *capture) current() core.Output {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.out
}

// Display shows a bundle after the text that was printed before it.
func (c *capture) Display(b display.Bundle, id string) {
	c.drain()
	if out := c.current(); out != nil {
		out.Display(readableBundle(b), id)
	}
}

// Update replaces the displays of an id.
func (c *capture) Update(b display.Bundle, id string) {
	if out := c.current(); out != nil {
		out.Update(readableBundle(b), id)
	}
}

// Clear removes the output of the cell.
func (c *capture) Clear(wait bool) {
	c.drain()
	if out := c.current(); out != nil {
		out.Clear(wait)
	}
}

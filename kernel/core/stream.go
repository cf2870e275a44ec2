package core

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
	"unicode/utf8"

	"glownotes/kernel/wire"
)

// Streams are sent in batches: a message for each line would cost front ends
// more than the text is worth. A batch is sent after batchTime or with
// batchBytes; while text comes so fast that batches are full before their time,
// each may be twice as large as the one before, up to maxBatch.
const (
	batchTime  = 50 * time.Millisecond
	batchBytes = 64 << 10
	maxBatch   = 1 << 20
)

// overflowLimit bounds the file that takes what exceeds the output limit.
const overflowLimit = 1 << 30

type streamContent struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// AppendJSON implements wire.Appender.
func (c streamContent) AppendJSON(b []byte) []byte {
	b = slices.Grow(b, len(c.Text)+len(c.Text)/16+64)
	b = wire.AppendString(append(b, `{"name":`...), c.Name)
	b = wire.AppendString(append(b, `,"text":`...), c.Text)
	return append(b, '}')
}

// A batch is text of one stream that waits to be sent, with the count of what
// the cell has shown. Its owner holds a lock.
type batch struct {
	name  string
	text  []byte
	shown int64 // bytes sent
	limit int64
	over  overflow
}

// next takes the text to be sent now. An incomplete character at the end
// waits for its rest, unless this is the last of the stream.
func (b *batch) next(last bool) string {
	n := len(b.text)
	if !last {
		n -= incompleteTail(b.text)
	}
	if n == 0 {
		return ""
	}
	text := b.text[:n]
	visible := int(min(int64(n), b.limit-b.shown))
	if visible < n {
		visible -= incompleteTail(text[:visible])
	}
	s := string(text[:visible])
	b.shown += int64(visible)
	if visible < n {
		b.shown = b.limit // whatever comes now is hidden
		b.over.add(text[visible:])
	}
	b.text = append(b.text[:0], b.text[n:]...)
	return s
}

// incompleteTail returns how many bytes at the end of b begin a character
// whose rest is missing.
func incompleteTail(b []byte) int {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		c := b[len(b)-i]
		if utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return i
			}
			return 0
		}
	}
	return 0
}

// overflow takes the text that a cell may not show.
type overflow struct {
	path  string // "": it is discarded
	file  *os.File
	bytes int64 // that came
	kept  int64 // that are in the file
	begun bool  // the first notice was given
	told  int64 // bytes when the last notice of the end was given
	err   error
}

func (o *overflow) add(text []byte) {
	o.bytes += int64(len(text))
	if o.path == "" || o.err != nil || o.kept+int64(len(text)) > overflowLimit {
		return
	}
	if o.file == nil {
		if o.err = os.MkdirAll(filepath.Dir(o.path), 0o700); o.err != nil {
			return
		}
		o.file, o.err = os.OpenFile(o.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if o.err != nil {
			return
		}
	}
	var n int
	n, o.err = o.file.Write(text)
	o.kept += int64(n)
}

// begin returns the line that says, once, that text is hidden from here on.
func (o *overflow) begin(limit int64) string {
	if o.bytes == 0 || o.begun {
		return ""
	}
	o.begun = true
	return fmt.Sprintf("\n[output truncated: this cell wrote more than %s]\n", size(limit))
}

// end closes the file and returns the line that says how much is hidden and
// where it is, if there is more than was said before.
func (o *overflow) end() string {
	if o.file != nil {
		_ = o.file.Close()
		o.file = nil
	}
	if o.bytes == o.told {
		return ""
	}
	o.told = o.bytes
	switch {
	case o.kept == o.bytes:
		return fmt.Sprintf("[%s more in %s]\n", size(o.bytes), o.path)
	case o.kept > 0:
		return fmt.Sprintf("[%s more, of which the first %s in %s]\n", size(o.bytes), size(o.kept), o.path)
	default:
		return fmt.Sprintf("[%s more discarded]\n", size(o.bytes))
	}
}

// size writes a number of bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}

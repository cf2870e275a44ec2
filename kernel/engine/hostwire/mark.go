package hostwire

import (
	"bytes"
	"strconv"
)

// NameMark stands before every unexported identifier of a cell: a letter of
// upper case (U+A78B) that nobody uses, so that the name is exported and later
// cells reach it. It is cut from everything that people see.
const NameMark = "Ꞌ"

// RunName is the function of a plugin that runs the statements of its cell.
const RunName = NameMark + NameMark + "Run"

// A stream mark is <NUL> SOH <nonce> <verb> <number> ETX. Three verbs exist:
// 'm', the place of the frame whose Mark is the number; 'c', what follows comes
// from the cell of that serial number (0: from the one that prints by default);
// and 'r', the cell of that serial number prints by default from here on.
const (
	markHead = "\x00\x01"
	markTail = 0x03
)

// Mark writes stream marks. The nonce is drawn for each host, so that output
// of cells cannot contain marks by accident.
type Mark struct{ Nonce string }

// Place returns the mark that shows where a frame belongs between the text.
func (m Mark) Place(n int64) []byte { return m.make('m', n) }

// Cell returns the mark that ascribes the text behind it to a cell.
func (m Mark) Cell(n int) []byte { return m.make('c', int64(n)) }

// Running returns the mark that ascribes all text behind it that no other mark
// ascribes, such as that of C code, to a cell.
func (m Mark) Running(n int) []byte { return m.make('r', int64(n)) }

func (m Mark) make(verb byte, n int64) []byte {
	b := append([]byte(markHead), m.Nonce...)
	b = append(b, verb)
	b = strconv.AppendInt(b, n, 10)
	return append(b, markTail)
}

// A Splitter cuts a stream into text and marks, and cuts NameMark out. What a
// cell writes may be split at any byte between two calls.
type Splitter struct {
	Mark  Mark
	Text  func(p []byte)           // p is valid during the call
	Found func(verb byte, n int64) // a stream mark

	rest []byte
}

// Write takes the next bytes of the stream.
func (s *Splitter) Write(p []byte) (int, error) {
	n := len(p)
	if len(s.rest) > 0 {
		p = append(s.rest, p...)
		s.rest = nil
	}
	for len(p) > 0 {
		i := next(p)
		if i > 0 {
			s.Text(p[:i])
			p = p[i:]
			continue
		}
		used, wait := s.special(p)
		if wait {
			s.rest = bytes.Clone(p)
			break
		}
		p = p[used:]
	}
	return n, nil
}

// Flush gives out a piece that looked like the begin of a mark.
func (s *Splitter) Flush() {
	if len(s.rest) > 0 {
		s.Text(s.rest)
		s.rest = nil
	}
}

// next is the index of the first byte that may start a mark.
func next(p []byte) int {
	i := bytes.IndexByte(p, 0)
	if i < 0 {
		i = len(p)
	}
	if j := bytes.IndexByte(p[:i], NameMark[0]); j >= 0 {
		return j
	}
	return i
}

// special handles p, which starts with a byte that may start a mark: it says
// how many bytes it used, or that more input is needed to know.
func (s *Splitter) special(p []byte) (used int, wait bool) {
	if p[0] == NameMark[0] {
		switch {
		case bytes.HasPrefix(p, []byte(NameMark)):
			return len(NameMark), false
		case len(p) < len(NameMark) && bytes.HasPrefix([]byte(NameMark), p):
			return 0, true
		}
		s.Text(p[:1])
		return 1, false
	}
	head := markHead + s.Mark.Nonce
	if len(p) < len(head) {
		if bytes.HasPrefix([]byte(head), p) {
			return 0, true
		}
	} else if bytes.HasPrefix(p, []byte(head)) {
		if used, wait = s.mark(p, len(head)); used > 0 || wait {
			return used, wait
		}
	}
	s.Text(p[:1])
	return 1, false
}

// mark reads verb and number of a mark whose head has n bytes; 0 and false
// mean that it is none.
func (s *Splitter) mark(p []byte, n int) (used int, wait bool) {
	const digits = 20
	end := bytes.IndexByte(p[n:], markTail)
	if end < 0 {
		return 0, len(p)-n <= digits+1
	}
	if end < 2 {
		return 0, false
	}
	v, err := strconv.ParseInt(string(p[n+1:n+end]), 10, 64)
	if err != nil {
		return 0, false
	}
	s.Found(p[n], v)
	return n + end + 1, false
}

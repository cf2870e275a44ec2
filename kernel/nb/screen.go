package nb

import (
	"strings"
	"unicode/utf8"
)

// A screen collects stream text as a front end shows it: a carriage return
// goes back to the start of the line, whose characters are then overwritten,
// and a backspace takes one back, so that a progress bar that was printed a
// thousand times is stored once.
type screen struct {
	done  strings.Builder // complete lines
	line  []rune          // the last line
	col   int             // where the next character goes
	cr    bool            // the text so far ends with a carriage return
	limit int             // bytes that may be kept
	over  bool            // more than limit came
}

// truncated is what a reader sees where text was left out.
const truncated = "\n[output truncated here: it is longer than the runner's limit]\n"

func (s *screen) write(text string) {
	for text != "" {
		i := strings.IndexAny(text, "\r\b\n")
		switch {
		case i < 0:
			s.put(text)
			return
		case i > 0:
			s.put(text[:i])
		}
		switch text[i] {
		case '\n':
			s.newline()
		case '\r':
			s.cr = true
		case '\b':
			s.flushCR()
			s.col = max(0, s.col-1)
		}
		text = text[i+1:]
	}
}

// flushCR carries out a carriage return that no line feed followed.
func (s *screen) flushCR() {
	if s.cr {
		s.col, s.cr = 0, false
	}
}

func (s *screen) put(text string) {
	s.flushCR()
	if s.done.Len()+len(s.line) > s.limit {
		s.over = true
		return
	}
	for _, r := range text {
		if s.col < len(s.line) {
			s.line[s.col] = r
		} else {
			s.line = append(s.line, r)
		}
		s.col++
	}
}

func (s *screen) newline() {
	s.cr = false
	if s.done.Len() > s.limit {
		s.over = true
		return
	}
	s.done.WriteString(string(s.line))
	s.done.WriteByte('\n')
	s.line, s.col = s.line[:0], 0
}

func (s *screen) empty() bool { return s.done.Len() == 0 && len(s.line) == 0 }

// String returns what is to be seen, cut at the limit.
func (s *screen) String() string {
	text := s.done.String() + string(s.line)
	if !s.over && len(text) <= s.limit {
		return text
	}
	cut := min(s.limit, len(text))
	for cut > 0 && cut < len(text) && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + truncated
}

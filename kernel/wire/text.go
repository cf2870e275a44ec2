package wire

import (
	"math/bits"
	"unicode/utf8"
)

// An Appender is content that writes its own JSON. Output uses it: text is most
// of what a kernel sends, and encoding/json would copy it three times.
type Appender interface {
	// AppendJSON appends an object to b.
	AppendJSON(b []byte) []byte
}

// AppendString appends s as a JSON string, as encoding/json writes it without
// the escapes for HTML: invalid UTF-8 becomes U+FFFD.
func AppendString(b []byte, s string) []byte {
	b = append(b, '"')
	for len(s) > 0 {
		n := plainRun(s)
		b = append(b, s[:n]...)
		if s = s[n:]; s == "" {
			break
		}
		b, s = appendSpecial(b, s)
	}
	return append(b, '"')
}

// plainRun returns how many bytes at the begin of s stand for themselves: all
// but control characters, quotes, backslashes, the two ends of lines that only
// Unicode has, and what is no UTF-8. It looks at eight bytes of ASCII at once.
func plainRun(s string) int {
	const (
		ones = 0x0101010101010101
		high = 0x8080808080808080
	)
	i := 0
	for i < len(s) {
		if i+8 <= len(s) {
			w := uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
				uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			// A byte below n makes the high bit of its place in (w - n) &^ w.
			special := w | (w-ones*0x20)&^w | (quote-ones)&^quote | (slash-ones)&^slash
			special &= high
			if special == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(special) / 8 // those above may be wrong, the first is right
		}
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 || r == '\u2028' || r == '\u2029' {
				return i
			}
			i += n
		case c < 0x20 || c == '"' || c == '\\':
			return i
		default:
			i++
		}
	}
	return i
}

const hexDigits = "0123456789abcdef"

// appendSpecial appends the first character of s, which is not plain, and
// returns the rest.
func appendSpecial(b []byte, s string) (longer []byte, rest string) {
	c := s[0]
	if c >= utf8.RuneSelf {
		r, n := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError {
			return append(b, `\ufffd`...), s[n:]
		}
		return append(b, '\\', 'u', '2', '0', '2', hexDigits[r&0xf]), s[n:]
	}
	switch c {
	case '"', '\\':
		b = append(b, '\\', c)
	case '\b':
		b = append(b, '\\', 'b')
	case '\f':
		b = append(b, '\\', 'f')
	case '\n':
		b = append(b, '\\', 'n')
	case '\r':
		b = append(b, '\\', 'r')
	case '\t':
		b = append(b, '\\', 't')
	default:
		b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
	}
	return b, s[1:]
}

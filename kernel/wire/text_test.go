package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// plainJSON is the plain form of AppendString.
func plainJSON(t testing.TB, s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestAppendString(t *testing.T) {
	var all strings.Builder
	for c := range 256 {
		all.WriteByte(byte(c))
		all.WriteString("padding to move it")
	}
	for _, s := range []string{"", "a", "12345678", "1234567\"", "line\n", "tab\tquote\"back\\", "<b>&", "äöü€😀", "\u2028\u2029\u202a", "\xff\xe2\x82", "\x7f\x00\x1f\b\f\r", all.String()} {
		if got, want := string(AppendString([]byte("x"), s)), "x"+plainJSON(t, s); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
		}
	}
}

// FuzzAppendString: AppendString writes what encoding/json writes.
func FuzzAppendString(f *testing.F) {
	f.Add("plain text with \"quotes\" and \\ and \n")
	f.Add("\x80\x00\u2028ä")
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := string(AppendString(nil, s)), plainJSON(t, s); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", s, got, want)
		}
	})
}

func BenchmarkAppendString(b *testing.B) {
	for _, c := range []struct{ name, text string }{
		{"text=ascii", strings.Repeat("a line of text that a cell might print\n", 1600)},
		{"text=umlauts", strings.Repeat("Übergrößenträger ", 4000)},
	} {
		b.Run(c.name+"/impl=append", func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				AppendString(make([]byte, 0, len(c.text)*9/8), c.text)
			}
		})
		b.Run(c.name+"/impl=json", func(b *testing.B) {
			b.SetBytes(int64(len(c.text)))
			for b.Loop() {
				if _, err := Marshal(c.text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

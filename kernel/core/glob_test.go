package core

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMatchGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "several\nlines/with slashes", true},
		{"a*", "abc", true},
		{"a*", "ba", false},
		{"*b*d", "abcd", true},
		{"*b*d", "abdc", false},
		{"a?c", "aßc", true},
		{"a?c", "ac", false},
		{"[a-c]x", "bx", true},
		{"[a-c]x", "dx", false},
		{"[^a-c]x", "dx", true},
		{"[^a-c]x", "ax", false},
		{"[]]", "]", true},
		{"[a-]", "-", true},
		{"[abc", "[abc", true}, // no end: no set
		{"x := [", "x := [", true},
		{`\*`, `\anything`, true}, // no escapes
		{strings.Repeat("a*", 40) + "b", strings.Repeat("a", 2000), false},
	} {
		if got := matchGlob(tc.pattern, tc.text); got != tc.want {
			t.Errorf("matchGlob(%.40q, %.40q) = %t, want %t", tc.pattern, tc.text, got, tc.want)
		}
	}
}

// FuzzMatchGlob compares patterns of * and ? with regular expressions.
func FuzzMatchGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("**?", "\n")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		got := matchGlob(pattern, text) // must not panic, whatever it holds
		if strings.Contains(pattern, "[") || len(pattern) > 50 || !utf8.ValidString(pattern) || !utf8.ValidString(text) {
			return
		}
		re := regexp.QuoteMeta(pattern)
		re = strings.ReplaceAll(strings.ReplaceAll(re, `\*`, ".*"), `\?`, ".")
		if want := regexp.MustCompile("(?s)^" + re + "$").MatchString(text); got != want {
			t.Errorf("matchGlob(%q, %q) = %t, want %t", pattern, text, got, want)
		}
	})
}

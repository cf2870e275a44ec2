package core

import (
	"strings"
	"testing"
)

func TestBatchNext(t *testing.T) {
	for _, tc := range []struct {
		name   string
		writes []string
		last   bool
		limit  int64
		want   []string
		hidden int64
	}{
		{"plain", []string{"abc", "de"}, false, 100, []string{"abc", "de"}, 0},
		{"nothing", []string{""}, true, 100, []string{""}, 0},
		{"cut character waits", []string{"a\xe2\x82", "\xac!"}, false, 100, []string{"a", "€!"}, 0},
		{"only a cut character", []string{"\xf0\x9f", "\x98\x80"}, false, 100, []string{"", "😀"}, 0},
		{"cut at the end", []string{"a\xe2\x82"}, true, 100, []string{"a\xe2\x82"}, 0},
		{"no character at all", []string{"\x80\x80\x80\x80\x80"}, false, 100, []string{"\x80\x80\x80\x80\x80"}, 0},
		{"up to the limit", []string{"abc", "de"}, false, 5, []string{"abc", "de"}, 0},
		{"beyond the limit", []string{"abc", "def", "g"}, false, 5, []string{"abc", "de", ""}, 2},
		{"limit within a character", []string{"aé", "é"}, false, 2, []string{"a", ""}, 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := batch{limit: tc.limit}
			for i, w := range tc.writes {
				b.text = append(b.text, w...)
				if got := b.next(tc.last); got != tc.want[i] {
					t.Errorf("write %d: %q, want %q", i, got, tc.want[i])
				}
			}
			if b.over.bytes != tc.hidden {
				t.Errorf("%d bytes hidden, want %d", b.over.bytes, tc.hidden)
			}
		})
	}
}

// FuzzBatch: whatever the pieces, the text that comes out is what went in.
func FuzzBatch(f *testing.F) {
	f.Add("héllo wörld €😀", 1, 7)
	f.Add("\xff\xe2\x82", 2, 1)
	f.Fuzz(func(t *testing.T, text string, a, c int) {
		b := batch{limit: 1 << 40}
		var out strings.Builder
		for rest, n := text, a; len(rest) > 0; n += c {
			k := 1 + (n&0x7fffffff)%len(rest)
			b.text = append(b.text, rest[:k]...)
			rest = rest[k:]
			out.WriteString(b.next(false))
		}
		out.WriteString(b.next(true))
		if out.String() != text {
			t.Errorf("got %q, want %q", out.String(), text)
		}
	})
}

func TestOverflowNotices(t *testing.T) {
	o := overflow{}
	if got := o.begin(10) + o.end(); got != "" {
		t.Errorf("notice %q of nothing", got)
	}
	o.add([]byte("hidden"))
	if got := o.begin(3 << 20); !strings.Contains(got, "3.0 MiB") || o.begin(3<<20) != "" {
		t.Errorf("first notice %q, want one with the limit, once", got)
	}
	if got := o.end(); !strings.Contains(got, "6 bytes more discarded") || o.end() != "" {
		t.Errorf("last notice %q, want one with the size, once", got)
	}
	bad := overflow{path: "/dev/null/x/y"}
	bad.add([]byte("hidden"))
	if got := bad.end(); !strings.Contains(got, "discarded") {
		t.Errorf("notice %q of a file that cannot be written", got)
	}
}

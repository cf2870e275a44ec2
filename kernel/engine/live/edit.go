package live

import (
	"bytes"
	"slices"
)

// An edit replaces the bytes off..end of a text. Edits never remove or add a
// line break, so that lines keep their numbers.
type edit struct {
	off, end int
	text     string
	rank     int  // order of insertions at one place: lower first
	name     bool // of an identifier: void where a larger edit replaces the text around it
}

// apply carries out edits that do not overlap.
func apply(src []byte, edits []edit) []byte {
	slices.SortStableFunc(edits, func(a, b edit) int {
		if a.off != b.off {
			return a.off - b.off
		}
		if a.rank != b.rank {
			return a.rank - b.rank
		}
		return min(a.end-a.off, 1) - min(b.end-b.off, 1) // insertions first
	})
	edits = dropNames(edits)
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		if e.off < at {
			// Part of a range that was replaced as a whole.
			continue
		}
		out.Write(src[at:e.off])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(src[at:])
	return out.Bytes()
}

// dropNames removes the edits of identifiers that lie in replaced text.
func dropNames(sorted []edit) []edit {
	var out []edit
	for i, e := range sorted {
		if e.name && covered(sorted, i) {
			continue
		}
		out = append(out, e)
	}
	return out
}

func covered(sorted []edit, i int) bool {
	e := sorted[i]
	for j := len(sorted) - 1; j >= 0; j-- {
		c := sorted[j]
		if !c.name && c.off <= e.off && e.end <= c.end && c.off < c.end && e.off < c.end {
			return true
		}
	}
	return false
}

// blank is a text of nothing but the line breaks of p.
func blank(p []byte) string {
	return string(bytes.Repeat([]byte("\n"), bytes.Count(p, []byte("\n"))))
}

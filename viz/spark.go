package viz

import (
	"math"
	"strings"
)

// sparkBars are the steps of a line drawn in text.
const sparkBars = "▁▂▃▄▅▆▇█"

// spark draws values as text of at most width letters, each the mean of its
// share; a letter without a finite value is a space.
func spark(v []float64, width int, log bool) string {
	width = min(width, len(v))
	means := make([]float64, width)
	for i := range means {
		sum, n := 0., 0.
		for _, x := range v[i*len(v)/width : (i+1)*len(v)/width] {
			if log {
				x = math.Log(x)
			}
			if finite(x) {
				sum += x
				n++
			}
		}
		means[i] = sum / n
	}
	s := spanOf(false, means)
	bars := []rune(sparkBars)
	var b strings.Builder
	for _, m := range means {
		if !finite(m) {
			b.WriteByte(' ')
			continue
		}
		b.WriteRune(bars[int(min(float64(len(bars)-1), s.at(m)*float64(len(bars))))])
	}
	return b.String()
}

// String is the picture in text: each line's first and last value, with what
// lies between.
func (c *Curve) String() string {
	var b strings.Builder
	b.WriteString(c.Title)
	if c.YLabel != "" {
		if c.Title != "" {
			b.WriteString(", ")
		}
		b.WriteString(c.YLabel)
	}
	const most = 8 // lines of text
	for i, s := range c.series {
		if i == most && len(c.series) > most+1 {
			b.WriteString("\n  …")
			break
		}
		b.WriteString("\n  ")
		if s.name != "" {
			b.WriteString(s.name + ": ")
		}
		if s.reference {
			b.WriteString(short(s.ys[0]))
			continue
		}
		first, last, any := ends(s.ys)
		if !any {
			b.WriteString("no values")
			continue
		}
		b.WriteString(short(first) + " " + spark(s.ys, 32, c.LogY) + " " + short(last))
	}
	return b.String()
}

// ends returns the first and the last finite value.
func ends(v []float64) (first, last float64, any bool) {
	for _, x := range v {
		if !finite(x) {
			continue
		}
		if !any {
			first, any = x, true
		}
		last = x
	}
	return first, last, any
}

package cglow

import (
	"fmt"
	"strings"
)

// Markdown describes the model as a table: every level with its size and the
// number of trained values by part.
func (m *Model) Markdown() string {
	c := m.cfg
	var b strings.Builder
	fmt.Fprintf(&b, "**c-Glow**, %s form, 1x1 as %s, %s: y %v", c.Form, c.InvConv, c.Precision, c.Y)
	if c.Conditional() {
		fmt.Fprintf(&b, " given x %v", c.X)
	}
	fmt.Fprintf(&b, "; %s trained values\n\n", thousands(m.ParameterCount()))
	b.WriteString("| level | steps | activations | actnorm | 1x1 | features of x | coupling | prior |\n|---|---|---|---|---|---|---|---|\n")
	parts := m.parts()
	for l, s := range c.LevelShapes() {
		p := parts[l]
		fmt.Fprintf(&b, "| %d | %d | %v | %s | %s | %s | %s | %s |\n", l+1, c.Steps, s,
			thousands(p["act"]), thousands(p["inv"]), thousands(p["cn"]), thousands(p["nn"]), thousands(p["prior"]))
	}
	for _, name := range []string{"trunk", "dequant"} {
		if n := parts[-1][name]; n > 0 {
			fmt.Fprintf(&b, "\n%s: %s values, shared by all steps\n", map[string]string{
				"trunk": "trunk on x", "dequant": "flow of the noise"}[name], thousands(n))
		}
	}
	return b.String()
}

// parts counts trained values by level and part; what belongs to no level is
// under -1.
func (m *Model) parts() map[int]map[string]int {
	out := map[int]map[string]int{-1: {}}
	for l := range m.cfg.Levels {
		out[l] = map[string]int{}
	}
	for _, p := range m.store.list {
		if p.Fixed {
			continue
		}
		var l, k int
		parts := strings.Split(p.Name, ".")
		switch n, _ := fmt.Sscanf(p.Name, "l%d.s%d.", &l, &k); {
		case n == 2:
			out[l][parts[2]] += p.size
		case n == 1:
			out[l]["prior"] += p.size
		case parts[0] == "top":
			out[m.cfg.Levels-1]["prior"] += p.size
		default:
			out[-1][parts[0]] += p.size
		}
	}
	return out
}

// thousands writes a number with commas.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

package exp

import (
	"encoding/json"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"strings"
)

// Column is a measure.
type Column struct {
	Name   string
	Digits int  // behind the point
	Lower  bool // lower is better
}

// Number is a figure of a table; NaN, which JSON writes as null, is one that
// was not measured.
type Number float64

// missing is the figure that was not measured.
var missing = Number(math.NaN())

// MarshalJSON writes null for a missing figure.
func (n Number) MarshalJSON() ([]byte, error) {
	if f := float64(n); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads null as a missing figure.
func (n *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*n = missing
		return nil
	}
	return json.Unmarshal(b, (*float64)(n))
}

// Kind says where a row's figures come from.
type Kind string

// The kinds of rows.
const (
	Published Kind = "published" // printed in the paper
	Flow      Kind = "flow"      // the flow of this run
	Network   Kind = "network"   // a baseline of this run
	Trivial   Kind = "trivial"   // computed without training
	Oracle    Kind = "oracle"    // computed from the true y: a limit, not a method
)

// Row is one method.
type Row struct {
	Name    string
	Kind    Kind
	Values  []Number // one for each column
	Spread  []Number `json:",omitempty"` // standard deviation over Runs runs
	Runs    int      // of which Values is the mean; 0: the paper's figure
	Params  int      // trained values; 0: unknown or none
	Steps   int      // of training
	Seconds float64  // of training, on the machine that the manifest names
}

// Table is a result: methods by measures.
type Table struct {
	Title   string
	Columns []Column
	Rows    []Row
	Notes   []string
}

// Value returns a figure by the names of row and column.
func (t *Table) Value(row, column string) (float64, error) {
	for _, r := range t.Rows {
		for j, c := range t.Columns {
			if r.Name == row && c.Name == column {
				return float64(r.Values[j]), nil
			}
		}
	}
	return 0, fmt.Errorf("exp: table %q has no figure %q of %q", t.Title, column, row)
}

// Column returns the rows that have a figure in a column, for a bar chart:
// names, figures, spreads (0 for one run) and the kinds as numbers from 0.
func (t *Table) Column(name string) (rows []string, values, spread []float64, kinds []int) {
	kind := map[Kind]int{Flow: 0, Network: 1, Trivial: 2, Oracle: 2, Published: 3}
	for j, c := range t.Columns {
		if c.Name != name {
			continue
		}
		for _, r := range t.Rows {
			if v := float64(r.Values[j]); !math.IsNaN(v) {
				s := 0.
				if r.Spread != nil && !math.IsNaN(float64(r.Spread[j])) {
					s = float64(r.Spread[j])
				}
				rows, values, spread, kinds = append(rows, r.Name), append(values, v), append(spread, s), append(kinds, kind[r.Kind])
			}
		}
	}
	return rows, values, spread, kinds
}

// cell is a figure as text.
func (t *Table) cell(r Row, j int) string {
	v := float64(r.Values[j])
	if math.IsNaN(v) {
		return ""
	}
	s := fmt.Sprintf("%.*f", t.Columns[j].Digits, v)
	if r.Spread != nil && r.Runs > 1 {
		s += fmt.Sprintf(" ± %.*f", t.Columns[j].Digits, float64(r.Spread[j]))
	}
	return s
}

// best reports whether row r has the best figure of column j among the methods
// of this run.
func (t *Table) best(r Row, j int) bool {
	v := float64(r.Values[j])
	method := func(r Row) bool { return r.Kind != Published && r.Kind != Oracle }
	if math.IsNaN(v) || !method(r) {
		return false
	}
	for _, o := range t.Rows {
		w := float64(o.Values[j])
		if method(o) && (t.Columns[j].Lower && w < v || !t.Columns[j].Lower && w > v) {
			return false
		}
	}
	return true
}

// grid returns head and lines as text.
func (t *Table) grid() (head []string, lines [][]string) {
	head = []string{"", "from"}
	for _, c := range t.Columns {
		head = append(head, c.Name)
	}
	head = append(head, "runs", "parameters", "steps", "seconds")
	some := func(n int) string {
		if n == 0 {
			return ""
		}
		return fmt.Sprint(n)
	}
	for _, r := range t.Rows {
		line := []string{r.Name, string(r.Kind)}
		for j := range t.Columns {
			line = append(line, t.cell(r, j))
		}
		line = append(line, some(r.Runs), some(r.Params), some(r.Steps), some(int(math.Round(r.Seconds))))
		lines = append(lines, line)
	}
	return head, lines
}

// String is the table in columns of text.
func (t *Table) String() string {
	head, lines := t.grid()
	width := make([]int, len(head))
	for _, l := range append([][]string{head}, lines...) {
		for j, s := range l {
			width[j] = max(width[j], len([]rune(s)))
		}
	}
	var b strings.Builder
	fmt.Fprintln(&b, t.Title)
	for _, l := range append([][]string{head}, lines...) {
		line := ""
		for j, s := range l {
			pad := strings.Repeat(" ", width[j]-len([]rune(s)))
			if j < 2 {
				line += s + pad + "  "
			} else {
				line += pad + s + "  "
			}
		}
		fmt.Fprintln(&b, strings.TrimRight(line, " "))
	}
	for _, n := range t.Notes {
		fmt.Fprintln(&b, n)
	}
	return strings.TrimRight(b.String(), "\n")
}

// Markdown is the table with the best figure of this run in bold.
func (t *Table) Markdown() string {
	head, lines := t.grid()
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**\n\n| %s |\n|---|---|%s\n", t.Title, strings.Join(head, " | "), strings.Repeat("---:|", len(head)-2))
	for i, l := range lines {
		for j := range t.Columns {
			if l[2+j] != "" && t.best(t.Rows[i], j) {
				l[2+j] = "**" + l[2+j] + "**"
			}
		}
		l[0] = strings.ReplaceAll(l[0], "|", "\\|")
		fmt.Fprintf(&b, "| %s |\n", strings.Join(l, " | "))
	}
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "\n%s\n", n)
	}
	return b.String()
}

// HTML is the table for a notebook's cell.
func (t *Table) HTML() string {
	head, lines := t.grid()
	var b strings.Builder
	fmt.Fprintf(&b, `<table class="dataframe"><caption style="text-align:left">%s</caption><thead><tr>`, html.EscapeString(t.Title))
	for _, h := range head {
		fmt.Fprintf(&b, "<th>%s</th>", html.EscapeString(h))
	}
	b.WriteString("</tr></thead><tbody>")
	for i, l := range lines {
		b.WriteString("<tr>")
		for j, s := range l {
			s, align := html.EscapeString(s), "right"
			if j < 2 {
				align = "left"
			} else if k := j - 2; k < len(t.Columns) && s != "" && t.best(t.Rows[i], k) {
				s = "<b>" + s + "</b>"
			}
			fmt.Fprintf(&b, `<td style="text-align:%s">%s</td>`, align, s)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "<div>%s</div>", html.EscapeString(n))
	}
	return b.String()
}

// Save writes the table as JSON, or as Markdown when the name ends in .md.
func (t *Table) Save(path string) error {
	if strings.HasSuffix(path, ".md") {
		return replaceFile(path, []byte(t.Markdown()))
	}
	b, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("exp: %w", err)
	}
	return replaceFile(path, append(b, '\n'))
}

// LoadTable reads a table that Save has written as JSON.
func LoadTable(path string) (*Table, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("exp: %w", err)
	}
	var t Table
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, fmt.Errorf("exp: table %s: %w", path, err)
	}
	for _, r := range t.Rows {
		if len(r.Values) != len(t.Columns) || r.Spread != nil && len(r.Spread) != len(t.Columns) {
			return nil, fmt.Errorf("exp: table %s: row %q has %d figures for %d columns", path, r.Name, len(r.Values), len(t.Columns))
		}
	}
	return &t, nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("exp: %w", err)
	}
	_, err = tmp.Write(content)
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(tmp.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		os.Remove(tmp.Name())
		return fmt.Errorf("exp: %w", err)
	}
	return nil
}

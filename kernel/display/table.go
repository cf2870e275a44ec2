package display

import (
	"fmt"
	"html"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxRows is how many rows of a table are shown; a gap follows the first 50.
const maxRows = 60

// A table is what structs and matrices show as.
type table struct {
	head    []string // empty: no head
	rows    [][]string
	right   []bool // columns of numbers
	caption string
}

// structTable makes a table of a slice or array of structs or of pointers to
// structs. Types that print themselves are left alone.
func structTable(v any) (table, bool) {
	r := reflect.ValueOf(v)
	if r.Kind() != reflect.Slice && r.Kind() != reflect.Array || r.Len() == 0 {
		return table{}, false
	}
	e := r.Type().Elem()
	st := e
	if e.Kind() == reflect.Pointer {
		st = e.Elem()
	}
	if st.Kind() != reflect.Struct || st.NumField() == 0 || hasText(r.Type()) || hasText(e) {
		return table{}, false
	}
	t := table{caption: fmt.Sprintf("%d × %s", r.Len(), strings.ReplaceAll(e.String(), nameMark, ""))}
	for i := range st.NumField() {
		f := st.Field(i)
		t.head = append(t.head, strings.TrimPrefix(f.Name, nameMark))
		t.right = append(t.right, isNumber(f.Type))
	}
	for i := 0; i < r.Len(); i++ {
		if r.Len() > maxRows && i == headLen {
			t.rows = append(t.rows, gapRow(st.NumField()))
			i = r.Len() - tailLen
		}
		row := r.Index(i)
		if row.Kind() == reflect.Pointer {
			if row.IsNil() {
				t.rows = append(t.rows, make([]string, st.NumField()))
				continue
			}
			row = row.Elem()
		}
		var cells []string
		for j := range st.NumField() {
			cells = append(cells, cellText(row.Field(j)))
		}
		t.rows = append(t.rows, cells)
	}
	return t, true
}

func gapRow(n int) []string {
	row := make([]string, n)
	for i := range row {
		row[i] = "…"
	}
	return row
}

var (
	stringerType = reflect.TypeFor[fmt.Stringer]()
	errorType    = reflect.TypeFor[error]()
)

func hasText(t reflect.Type) bool {
	return t.Implements(stringerType) || t.Implements(errorType)
}

func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		return !hasText(t)
	}
	return false
}

// tableDigits is how many significant digits a number has in a table: enough
// to compare rows, few enough to read a column.
const tableDigits = 5

func cellText(v reflect.Value) string {
	switch {
	case hasText(v.Type()):
	case v.Kind() == reflect.String:
		return v.String()
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'g', tableDigits, v.Type().Bits())
	}
	var p printer
	p.value(v, 1)
	return p.b.String()
}

func (t table) text() string {
	width := make([]int, len(t.right))
	lines := t.rows
	if len(t.head) > 0 {
		lines = append([][]string{t.head}, t.rows...)
	}
	for _, row := range lines {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, row := range lines {
		var line strings.Builder
		for i, c := range row {
			if i > 0 {
				line.WriteString("  ")
			}
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if t.right[i] {
				line.WriteString(pad + c)
			} else {
				line.WriteString(c + pad)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	b.WriteString(t.caption)
	return strings.TrimRight(b.String(), "\n")
}

func (t table) html() string {
	var b strings.Builder
	b.WriteString(`<table class="dataframe">`)
	if len(t.head) > 0 {
		b.WriteString("<thead><tr>")
		for _, h := range t.head {
			b.WriteString("<th>" + html.EscapeString(h) + "</th>")
		}
		b.WriteString("</tr></thead>")
	}
	b.WriteString("<tbody>")
	for _, row := range t.rows {
		b.WriteString("<tr>")
		for i, c := range row {
			align := "left"
			if t.right[i] {
				align = "right"
			}
			b.WriteString(`<td style="text-align:` + align + `">` + html.EscapeString(c) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	if t.caption != "" {
		b.WriteString("<p>" + html.EscapeString(t.caption) + "</p>")
	}
	return b.String()
}

package exp

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// sample returns a small table.
func sampleTable(a, b float64) *Table {
	return &Table{
		Title:   "Table 0",
		Columns: []Column{{Name: "IoU", Digits: 2}, {Name: "bits/dim", Digits: 1, Lower: true}},
		Rows: []Row{
			paperRow("theirs", .99, 0, 2),
			{Name: "flow | one", Kind: Flow, Values: numbers(a, 1.5), Runs: 1, Params: 10, Steps: 3, Seconds: 2.2},
			{Name: "<net>", Kind: Network, Values: numbers(b, math.NaN()), Runs: 1},
		},
		Notes: []string{"a note"},
	}
}

func ExampleTable() {
	t := sampleTable(.8, .7)
	fmt.Println(t)
	// Output:
	// Table 0
	//             from        IoU  bits/dim  runs  parameters  steps  seconds
	// theirs      published  0.99
	// flow | one  flow       0.80       1.5     1          10      3        2
	// <net>       network    0.70               1
	// a note
}

func TestTable(t *testing.T) {
	tab := sampleTable(.8, .7)
	path := filepath.Join(t.TempDir(), "t.json")
	if err := tab.Save(path); err != nil {
		t.Fatal(err)
	}
	back, err := LoadTable(path)
	if err != nil || back.String() != tab.String() {
		t.Fatalf("read back: %v\n%v", err, back)
	}
	if v, err := back.Value("flow | one", "IoU"); err != nil || v != .8 {
		t.Errorf("figure %v, %v", v, err)
	}
	if _, err := back.Value("flow | one", "PSNR"); err == nil {
		t.Error("a figure that is not there: no error")
	}
	if md := tab.Markdown(); !strings.Contains(md, "**0.80**") || strings.Contains(md, "**0.99**") || !strings.Contains(md, "flow \\| one") {
		t.Errorf("markdown:\n%s", md)
	}
	limit := sampleTable(.8, .7)
	limit.Rows = append(limit.Rows, Row{Name: "the truth", Kind: Oracle, Values: numbers(1, math.NaN())})
	if md := limit.Markdown(); !strings.Contains(md, "**0.80**") || strings.Contains(md, "**1.00**") {
		t.Errorf("a limit is no method, the best one is to be bold:\n%s", md)
	}
	if h := tab.HTML(); !strings.Contains(h, "<b>0.80</b>") || !strings.Contains(h, "&lt;net&gt;") {
		t.Errorf("HTML:\n%s", h)
	}
	rows, values, _, kinds := tab.Column("bits/dim")
	if len(rows) != 1 || values[0] != 1.5 || kinds[0] != 0 {
		t.Errorf("column: %v %v %v", rows, values, kinds)
	}
}

func TestMerge(t *testing.T) {
	m, err := Merge(sampleTable(.8, .7), sampleTable(.6, .7), sampleTable(.7, .7))
	if err != nil {
		t.Fatal(err)
	}
	r := m.Rows[1]
	if math.Abs(float64(r.Values[0])-.7) > 1e-12 || math.Abs(float64(r.Spread[0])-.1) > 1e-12 || r.Runs != 3 {
		t.Errorf("mean %v, spread %v, %d runs; want .7, .1, 3", r.Values[0], r.Spread[0], r.Runs)
	}
	if m.Rows[0].Values[0] != .99 || m.Rows[0].Runs != 0 {
		t.Errorf("the published row became %v of %d runs", m.Rows[0].Values[0], m.Rows[0].Runs)
	}
	other := sampleTable(.5, .5)
	other.Rows[2].Name = "another net"
	if _, err := Merge(sampleTable(.8, .7), other); err == nil {
		t.Error("tables of different methods were merged")
	}
	if _, err := Merge(); err == nil {
		t.Error("no tables: no error")
	}
}

package sweep

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"glownotes/kernel/nb"
)

func TestUpdateKeepsNumbers(t *testing.T) {
	dir, source := filepath.Join(t.TempDir(), "d.sweep"), writeNotebook(t, parameters)
	first, err := Update(dir, source, "notebooks", points(t, "width=4,8"), 3)
	if err != nil {
		t.Fatal(err)
	}
	more := points(t, "width=2,8,16")
	second, err := Update(dir, source, "notebooks", more, 3)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, p := range second.Points {
		got = append(got, p.String())
		if i < len(first.Points) && first.Points[i].Name != p.Name {
			t.Errorf("point %d has become %s", i, p.Name)
		}
	}
	if want := "width=4 width=8 width=2 width=16"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if only := second.Only(more); len(only) != 3 || only[0] != 1 || only[1] != 2 || only[2] != 3 {
		t.Errorf("numbers of the points asked for: %v, want [1 2 3]", only)
	}
}

func TestUpdateRefuses(t *testing.T) {
	for _, tt := range []struct{ name, cell, grid, want string }{
		{"unknown name", parameters, "wdith=1,2", "unknown; the notebook has width int"},
		{"wrong type", parameters, "width=4,eight", "width"},
		{"its own parameter", parameters, "out=a,b", "set by the sweep itself"},
		{"no parameter seed", "width := 1", "seed=1,2", "unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d.sweep")
			_, err := Update(dir, writeNotebook(t, tt.cell), "", points(t, tt.grid), 3)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Error("a folder was made for a sweep that cannot run")
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	if _, err := Open(t.TempDir()); !errors.Is(err, ErrNoPlan) {
		t.Errorf("got %v, want ErrNoPlan", err)
	}
	p := newPlan(t, "width=1")
	path := filepath.Join(p.Dir(), planFile)
	for _, text := range []string{`{"version": 9}`, `{"version": 1, "points": [], "more": 1}`, `{`} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(p.Dir()); err == nil || !strings.Contains(err.Error(), planFile) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}

// What is run later is the notebook as it was when the sweep was made.
func TestPlanKeepsNotebook(t *testing.T) {
	source := writeNotebook(t, parameters, `fmt.Println("first")`)
	dir := filepath.Join(t.TempDir(), "d.sweep")
	first, err := Update(dir, source, "", points(t, "width=1"), 3)
	if err != nil {
		t.Fatal(err)
	}
	n, err := nb.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	n.Cells[1].Source = `fmt.Println("second")`
	if err := n.WriteFile(source); err != nil {
		t.Fatal(err)
	}
	kept, err := nb.ReadFile(filepath.Join(dir, notebookFile))
	if err != nil || !strings.Contains(kept.Cells[1].Source, "first") {
		t.Errorf("the sweep's notebook has changed: %v", err)
	}
	second, err := Update(dir, source, "", points(t, "width=1"), 3)
	if err != nil || second.Code == first.Code {
		t.Errorf("after the edit: code %s, before %s, %v", second.Code, first.Code, err)
	}
}

func TestCopyTo(t *testing.T) {
	p := newPlan(t, "width=1,2")
	to := filepath.Join(t.TempDir(), "volume")
	q, err := p.CopyTo(to)
	if err != nil || q.Dir() != to || len(q.Points) != 2 {
		t.Fatalf("got %+v, %v", q, err)
	}
	if err := q.Work(t.Context(), 1, leave(`{"a": 1}`)); err != nil {
		t.Fatal(err)
	}
	if q, err = p.CopyTo(to); err != nil || q.Status(1).State != Done || p.Status(1).State != Waiting {
		t.Errorf("a second copy changes the runs: %v", err)
	}
}

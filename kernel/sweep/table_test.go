package sweep

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// query returns rows as texts: values by blanks, rows by "|".
func query(t *testing.T, path, q string) string {
	t.Helper()
	out, err := tryQuery(path, q)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func tryQuery(path, q string) (string, error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return "", err
	}
	defer db.Close()
	rows, err := db.Query(q)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return "", err
	}
	var out []string
	for rows.Next() {
		values := make([]any, len(names))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			return "", err
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, fmt.Sprint(*v.(*any)))
		}
		out = append(out, strings.Join(texts, " "))
	}
	return strings.Join(out, "|"), rows.Err()
}

func TestGather(t *testing.T) {
	p := newPlan(t, "width=4,8,16,32", "rate=0.1", "name=x")
	for i, result := range []string{
		`{"bits": 1.5, "width": 4, "Run": "mine", "good": true}`,
		`[{"step": 1, "bits": 3}, {"step": 2, "bits": null}]`,
	} {
		if err := p.Work(t.Context(), i, leave(result)); err != nil {
			t.Fatal(err)
		}
	}
	err := p.Work(t.Context(), 2, func(ctx context.Context, j Job) error {
		if err := leave(`{"bits": 9, "width": 17}`)(ctx, j); err != nil {
			return err
		}
		if err := p.Gather(); err != nil {
			return err
		}
		// While it runs: what it has left so far is there.
		if got, want := query(t, p.Table(), "SELECT width, state, bits, result_width FROM runs WHERE state = 'running'"), "16 running 9 17"; got != want {
			t.Errorf("while the run is under way: %q, want %q", got, want)
		}
		return fmt.Errorf("a cell failed")
	})
	if err == nil {
		t.Error("no error from a run that failed")
	}
	for _, tt := range []struct{ name, query, want string }{
		{"a row for each run or result", "SELECT width, state, bits, step FROM runs", "4 done 1.5 <nil>|8 done 3 1|8 done <nil> 2|16 failed 9 <nil>|32 waiting <nil> <nil>"},
		{"types", "SELECT typeof(width), typeof(rate), typeof(name), typeof(bits), typeof(good) FROM runs LIMIT 1", "integer real text real integer"},
		{"a name that is taken", "SELECT result_Run FROM runs WHERE result_Run IS NOT NULL", "mine"},
		{"errors", "SELECT error, attempts FROM runs WHERE state = 'failed'", "a cell failed 1"},
		{"columns", "SELECT group_concat(name) FROM pragma_table_info('runs')",
			"run,state,width,rate,name,result_Run,bits,good,step,result_width,seconds,attempts,host,code,error,started"},
		{"means", "SELECT width, avg(bits) FROM runs WHERE state = 'done' GROUP BY width", "4 1.5|8 3"},
	} {
		if got := query(t, p.Table(), tt.query); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// Names of results may be anything that JSON allows.
func TestGatherStrangeNames(t *testing.T) {
	p := newPlan(t, "width=4")
	if err := p.Work(t.Context(), 0, leave(`{"a \"b\"; DROP TABLE runs": 1, "": 2, "IoU": 3, "iou": 4, "größe": 5}`)); err != nil {
		t.Fatal(err)
	}
	if got, want := query(t, p.Table(), `SELECT "a ""b""; DROP TABLE runs", "größe", IoU FROM runs`), "1 5 3"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Readers see a whole table at any time, and the last table has everything,
// however many processes gather at once.
func TestGatherTogether(t *testing.T) {
	p := newPlan(t, "width=1,2,3,4,5,6,7,8")
	if err := p.Gather(); err != nil {
		t.Fatal(err)
	}
	quit := make(chan struct{})
	var reader, workers sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
			}
			if n, err := tryQuery(p.Table(), "SELECT count(*) FROM runs"); err != nil || n != "8" {
				t.Errorf("a reader sees %q rows, %v", n, err)
				return
			}
		}
	})
	for i := range p.Points {
		workers.Go(func() {
			q, err := Open(p.Dir())
			if err == nil {
				err = q.Work(t.Context(), i, leave(fmt.Sprintf(`{"score": %d}`, i)))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	workers.Wait()
	close(quit)
	reader.Wait()
	if got, want := query(t, p.Table(), "SELECT count(*), sum(score) FROM runs WHERE state = 'done'"), "8 28"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	files, err := filepath.Glob(filepath.Join(p.Dir(), ".*"))
	if err != nil || len(files) > 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

// A half-written result does not hide the others.
func TestGatherHalfWritten(t *testing.T) {
	p := newPlan(t, "width=1,2")
	if err := p.Work(t.Context(), 0, leave(`{"score": 1}`)); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(p.RunDir(1), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.RunDir(1), resultFile), []byte(`{"sco`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := p.Gather(); err != nil {
		t.Fatal(err)
	}
	if got, want := query(t, p.Table(), "SELECT width, score FROM runs"), "1 1|2 <nil>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

package sweep

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Gather makes the table anew from what the runs have left: table "runs" with
// one row for each run, or several where its result has several, and the
// columns
//
//	run, state             name of the run's folder, and how it stands
//	the parameters         each under its own name
//	the results            each under its own name; result_NAME where that name is taken
//	seconds, attempts      of work in all, and how often the run was taken up
//	host, code, error      where, with which version of the notebook, what went wrong
//
// The file is replaced as a whole: a reader sees a complete table at any
// time. Several processes may gather at once; the last word is a table with
// everything.
func (p *Plan) Gather() error {
	for range gatherTries {
		before := p.stamp()
		if err := p.writeTable(); err != nil {
			return err
		}
		// What came in meanwhile may have been gathered by a process whose
		// table has just been replaced by this older one.
		if p.stamp() == before {
			return nil
		}
	}
	return nil // others keep writing, and gather after they have written
}

const gatherTries = 5

// stamp changes when a run's state or result does.
func (p *Plan) stamp() string {
	var b strings.Builder
	for i := range p.Points {
		for _, name := range []string{statusFile, resultFile} {
			if st, err := os.Stat(filepath.Join(p.RunDir(i), name)); err == nil {
				fmt.Fprintln(&b, i, name, st.Size(), st.ModTime().UnixNano())
			}
		}
	}
	return b.String()
}

func (p *Plan) writeTable() error {
	// Made in the temporary folder: SQLite needs file locks, which the shared
	// file system of a cluster may not have.
	dir, err := os.MkdirTemp("", "glownotes-table-*")
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, TableFile)
	if err := p.fill(path); err != nil {
		return fmt.Errorf("sweep: making the table: %w", err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return replace(p.Table(), content)
}

// fill writes the table into a new file.
func (p *Plan) fill(path string) (err error) {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	t := p.collect()
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after the commit
	var columns []string
	for _, name := range t.names {
		columns = append(columns, quote(name)+" "+t.kind(name))
	}
	if _, err := tx.Exec("CREATE TABLE runs (" + strings.Join(columns, ", ") + ")"); err != nil {
		return err
	}
	insert, err := tx.Prepare("INSERT INTO runs VALUES (?" + strings.Repeat(", ?", len(t.names)-1) + ")")
	if err != nil {
		return err
	}
	for _, r := range t.rows {
		values := make([]any, len(t.names))
		for i, name := range t.names {
			values[i] = r[name]
		}
		if _, err := insert.Exec(values...); err != nil {
			return err
		}
	}
	return errors.Join(insert.Close(), tx.Commit())
}

// quote makes an SQL identifier of any name.
func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// A grid of values with names; SQLite takes the names without regard to case.
type columns struct {
	names []string
	rows  []map[string]value
}

// kind is the type of a column: that of all its values.
func (c *columns) kind(name string) string {
	kind := ""
	for _, r := range c.rows {
		switch r[name].(type) {
		case nil:
		case int64:
			if kind == "" {
				kind = "INTEGER"
			}
		case float64:
			if kind != "TEXT" {
				kind = "REAL"
			}
		default:
			kind = "TEXT"
		}
	}
	return kind
}

func (c *columns) has(name string) bool {
	return slices.ContainsFunc(c.names, func(n string) bool { return strings.EqualFold(n, name) })
}

// ownNames are the columns behind the parameters and results.
var ownNames = []string{"seconds", "attempts", "host", "code", "error", "started"}

// collect reads all runs.
func (p *Plan) collect() *columns {
	t := &columns{names: []string{"run", "state"}}
	for _, q := range p.Points {
		for _, v := range q.Params {
			if !t.has(v.Name) {
				t.names = append(t.names, v.Name)
			}
		}
	}
	taken := &columns{names: slices.Concat(t.names, ownNames)}
	var results []string
	for i, q := range p.Points {
		base := p.fixedColumns(i)
		rows, err := readResult(p.RunDir(i))
		if err != nil || len(rows) == 0 { // nothing yet, or half written
			rows = []row{{}}
		}
		for _, r := range rows {
			out := map[string]value{}
			for name, v := range base {
				out[name] = v
			}
			for _, name := range r.names {
				if slices.ContainsFunc(q.Params, func(v Param) bool { return v.Name == name && number(v.Value) == r.values[name] }) {
					continue // the notebook repeats a parameter
				}
				column := name
				if taken.has(name) {
					column = "result_" + name
				}
				if !slices.Contains(results, column) {
					results = append(results, column)
				}
				out[column] = r.values[name]
			}
			t.rows = append(t.rows, out)
		}
	}
	t.names = slices.Concat(t.names, distinct(results), ownNames)
	return t
}

// distinct leaves out names that SQLite could not tell from an earlier one.
func distinct(names []string) []string {
	c := &columns{}
	for _, n := range names {
		if !c.has(n) {
			c.names = append(c.names, n)
		}
	}
	return c.names
}

// fixedColumns are what the sweep itself knows of a run.
func (p *Plan) fixedColumns(index int) map[string]value {
	s := p.Status(index)
	m := map[string]value{
		"run": p.Points[index].Name, "state": string(s.State), "seconds": s.Seconds, "attempts": int64(s.Attempts),
		"host": s.Host, "code": s.Code, "error": s.Error, "started": nil,
	}
	if !s.Started.IsZero() {
		m["started"] = s.Started.Format(time.RFC3339)
	}
	for _, v := range p.Points[index].Params {
		m[v.Name] = number(v.Value)
	}
	return m
}

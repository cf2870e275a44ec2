package exp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"glownotes/cglow"
)

// Record is the result of one point of a sweep.
type Record struct {
	Name     string
	Settings []Setting
	Columns  []Column
	Row      Row // of the flow
}

// Value returns a figure of the flow by its column's name.
func (r Record) Value(column string) (float64, error) {
	t := Table{Title: r.Name, Columns: r.Columns, Rows: []Row{r.Row}}
	return t.Value(r.Row.Name, column)
}

// Setting returns the value of an axis.
func (r Record) Setting(name string) string {
	for _, s := range r.Settings {
		if s.Name == name {
			return s.Value
		}
	}
	return ""
}

// SweepOptions say how a sweep runs.
type SweepOptions struct {
	Data   string // folder of the published data sets
	Dir    string // keeps one folder for each point; "": nothing is kept
	Shard  Shard
	Device string                                       // as in Options
	Report func(point Point, done, all int, p Progress) // nil: never
}

// Sweep runs the points of a shard one after another and returns the records
// of all points that are done, those of other shards and of earlier calls
// included. A point that is done is not run again, one that was stopped goes on
// from its last checkpoint. When ctx is done, Sweep returns what it has with
// ctx.Err().
func Sweep(ctx context.Context, points []Point, o SweepOptions) ([]Record, error) {
	if o.Shard.N < 1 || o.Shard.I < 1 || o.Shard.I > o.Shard.N {
		return nil, fmt.Errorf("exp: sweep: shard %d/%d: want 1/N to N/N", o.Shard.I, o.Shard.N)
	}
	if o.Report == nil {
		o.Report = func(Point, int, int, Progress) {}
	}
	device, err := sweepDevice(o.Device)
	if err != nil {
		return nil, err
	}
	mine := 0
	for i := range points {
		if o.Shard.Has(i) {
			mine++
		}
	}
	fresh := map[string]Record{}
	done := 0
	for i, p := range points {
		if !o.Shard.Has(i) {
			continue
		}
		r, err := sweepPoint(ctx, p, o, device, func(pr Progress) { o.Report(p, done, mine, pr) })
		if err != nil {
			all, gerr := gather(points, o.Dir, fresh)
			return all, errors.Join(err, gerr)
		}
		fresh[p.Name] = r
		done++
		o.Report(p, done, mine, Progress{Stage: p.Name, Done: true})
	}
	return gather(points, o.Dir, fresh)
}

// sweepDevice opens the device that all points share; nil is the CPU.
func sweepDevice(name string) (*cglow.Device, error) {
	if name == "" {
		return nil, nil
	}
	return cglow.OpenDevice(name)
}

// sweepPoint runs one point, or reads its record.
func sweepPoint(ctx context.Context, p Point, o SweepOptions, device *cglow.Device, report func(Progress)) (Record, error) {
	out := ""
	if o.Dir != "" {
		out = filepath.Join(o.Dir, p.Name)
		if r, err := readRecord(out, p); err == nil || !errors.Is(err, fs.ErrNotExist) {
			return r, err
		}
	}
	e, err := Open(p.Config, Options{Data: o.Data, Out: out, Report: report, device: device})
	if err != nil {
		return Record{}, fmt.Errorf("exp: sweep: %s: %w", p.Name, err)
	}
	if err := e.Fit(ctx); err != nil {
		return Record{}, fmt.Errorf("exp: sweep: %s: %w", p.Name, err)
	}
	row, err := e.flowRow(ctx)
	if err != nil {
		return Record{}, fmt.Errorf("exp: sweep: %s: %w", p.Name, err)
	}
	r := Record{Name: p.Name, Settings: p.Settings, Columns: append(append([]Column(nil), e.p.columns...), bitsColumn), Row: row}
	if out == "" {
		return r, nil
	}
	if err := e.SaveScalars(&Table{Columns: r.Columns, Rows: []Row{row}}); err != nil {
		return r, err
	}
	b, err := json.MarshalIndent(stored{Config: p.Config.Hash(), Record: r}, "", "  ")
	if err != nil {
		return r, fmt.Errorf("exp: %w", err)
	}
	return r, replaceFile(filepath.Join(out, recordName), append(b, '\n'))
}

// recordName is the file of a point that is done.
const recordName = "record.json"

// stored is a record with the hash of the configuration that it belongs to.
type stored struct {
	Config string
	Record Record
}

// readRecord reads the record of a point; fs.ErrNotExist when it is not done.
func readRecord(dir string, p Point) (Record, error) {
	path := filepath.Join(dir, recordName)
	b, err := os.ReadFile(path)
	if err != nil {
		return Record{}, fmt.Errorf("exp: %w", err)
	}
	var s stored
	if err := json.Unmarshal(b, &s); err != nil {
		return Record{}, fmt.Errorf("exp: %s: %w", path, err)
	}
	if s.Config != p.Config.Hash() {
		return Record{}, fmt.Errorf("exp: %s is of another configuration than the grid's %s: give the sweep another folder, or remove that one", path, p.Name)
	}
	return s.Record, nil
}

// Gather returns the records of the points that are done in a sweep's folder;
// it may be called while other processes work on the rest.
func Gather(points []Point, dir string) ([]Record, error) { return gather(points, dir, nil) }

func gather(points []Point, dir string, fresh map[string]Record) ([]Record, error) {
	var out []Record
	for _, p := range points {
		if r, ok := fresh[p.Name]; ok {
			out = append(out, r)
			continue
		}
		if dir == "" {
			continue
		}
		r, err := readRecord(filepath.Join(dir, p.Name), p)
		switch {
		case err == nil:
			out = append(out, r)
		case !errors.Is(err, fs.ErrNotExist):
			return out, err
		}
	}
	return out, nil
}

// RecordTable returns records as one table, a row for each.
func RecordTable(title string, records []Record) *Table {
	t := &Table{Title: title}
	for _, r := range records {
		t.Columns = r.Columns
		row := r.Row
		row.Name = r.Name
		t.Rows = append(t.Rows, row)
	}
	return t
}

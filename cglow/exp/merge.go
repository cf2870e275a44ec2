package exp

import (
	"fmt"
	"math"
)

// Merge returns the table of several runs that differ in their seed: means and
// standard deviations (n-1) over the runs, row by row. Seconds and steps are
// means too. All tables must have the same rows and columns.
func Merge(tables ...*Table) (*Table, error) {
	if len(tables) == 0 {
		return nil, fmt.Errorf("exp: merge: no tables")
	}
	first := tables[0]
	out := &Table{Title: first.Title, Columns: first.Columns, Notes: first.Notes}
	for i, r := range first.Rows {
		rows := make([]Row, len(tables))
		for k, t := range tables {
			if len(t.Rows) != len(first.Rows) || len(t.Columns) != len(first.Columns) || t.Rows[i].Name != r.Name || t.Rows[i].Kind != r.Kind {
				return nil, fmt.Errorf("exp: merge: table %d has other rows or columns than the first", k+1)
			}
			rows[k] = t.Rows[i]
		}
		out.Rows = append(out.Rows, mergeRow(rows))
	}
	return out, nil
}

// mergeRow returns mean and spread of one method's rows.
func mergeRow(rows []Row) Row {
	r := rows[0]
	if r.Kind == Published {
		return r
	}
	r.Runs, r.Values, r.Spread, r.Seconds = len(rows), nil, nil, 0
	for _, o := range rows {
		r.Seconds += o.Seconds / float64(len(rows))
	}
	for j := range rows[0].Values {
		sum, squares := 0., 0.
		for _, o := range rows {
			sum += float64(o.Values[j])
		}
		mean := sum / float64(len(rows))
		for _, o := range rows {
			d := float64(o.Values[j]) - mean
			squares += d * d
		}
		r.Values = append(r.Values, Number(mean))
		if len(rows) > 1 {
			r.Spread = append(r.Spread, Number(math.Sqrt(squares/float64(len(rows)-1))))
		}
	}
	return r
}

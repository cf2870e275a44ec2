package sweep

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// A cell of the table: nil, int64, float64, string.
type value any

// A row is what one object of result.json says, its names in their order.
type row struct {
	names  []string
	values map[string]value
}

// readResult reads what a notebook left in the folder of its run. The error
// is os.ErrNotExist where it left nothing.
func readResult(dir string) ([]row, error) {
	path := filepath.Join(dir, resultFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var objects []json.RawMessage
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '[' {
		if err := json.Unmarshal(text, &objects); err != nil {
			return nil, fmt.Errorf("%s: %w", resultFile, err)
		}
	} else {
		objects = []json.RawMessage{text}
	}
	rows := make([]row, len(objects))
	for i, o := range objects {
		if rows[i], err = parseRow(o); err != nil {
			return nil, fmt.Errorf("%s: row %d: %w", resultFile, i+1, err)
		}
	}
	return rows, nil
}

// parseRow reads one object of scalar values.
func parseRow(text []byte) (row, error) {
	var fields map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&fields); err != nil {
		return row{}, err
	}
	if d.More() {
		return row{}, fmt.Errorf("something follows the object")
	}
	r := row{values: map[string]value{}}
	for name, v := range fields {
		switch v := v.(type) {
		case nil:
			r.values[name] = nil
		case bool:
			r.values[name] = int64(0)
			if v {
				r.values[name] = int64(1)
			}
		case string:
			r.values[name] = v
		case json.Number:
			r.values[name] = number(v.String())
		default:
			return row{}, fmt.Errorf("%q is not a single value; a row of a table needs numbers, texts, true or false", name)
		}
		r.names = append(r.names, name)
	}
	slices.Sort(r.names)
	return r, nil
}

// number is the value of a text that is a number as Go or JSON writes it;
// other texts stay texts.
func number(text string) value {
	n := json.Number(text)
	if i, err := n.Int64(); err == nil {
		return i
	}
	if f, err := n.Float64(); err == nil {
		return f
	}
	return text
}

package exp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"glownotes/cglow/train"
)

// Result is what a whole experiment has found.
type Result struct {
	Table     *Table
	Inference *Inference // nil without SearchPairs
	Manifest  train.Manifest
}

// Run does a whole experiment: the flow and the baselines are trained, or
// continued from the folder, and measured. When ctx is done the folder keeps
// what was computed, and Run with the same arguments goes on from there.
func Run(ctx context.Context, c Config, o Options) (*Experiment, *Result, error) {
	e, err := Open(c, o)
	if err != nil {
		return nil, nil, err
	}
	if err := e.Fit(ctx); err != nil {
		return e, nil, err
	}
	if err := e.FitBaselines(ctx); err != nil {
		return e, nil, err
	}
	r := &Result{}
	if r.Table, err = e.Evaluate(ctx); err != nil {
		return e, nil, err
	}
	if c.SearchPairs > 0 {
		if r.Inference, err = e.CompareInference(ctx); err != nil {
			return e, nil, err
		}
	}
	if r.Manifest, err = e.Manifest(); err != nil {
		return e, nil, err
	}
	return e, r, e.Save(r)
}

// Manifest says what the flow's result was made with.
func (e *Experiment) Manifest() (train.Manifest, error) {
	if e.Flow == nil {
		return train.Manifest{}, errors.New("exp: manifest: the flow is not trained")
	}
	m, err := train.NewManifest(&train.Result{Model: e.Model, Steps: e.Flow.Steps}, e.Config.Train, e.Train.Name())
	if err != nil {
		return m, err
	}
	m.Seconds = e.Flow.Seconds
	m.Config = e.Config.Hash()
	return m, nil
}

// Save writes the result into the run's folder: table.json and table.md,
// inference.json, manifest.json, and result.json, one object of plain figures
// for a sweep's table. Without a folder it does nothing.
func (e *Experiment) Save(r *Result) error {
	if e.options.Out == "" {
		return nil
	}
	if err := errors.Join(r.Table.Save(e.path("table.json")), r.Table.Save(e.path("table.md"))); err != nil {
		return err
	}
	if r.Inference != nil {
		if err := r.Inference.Table.Save(e.path("inference.json")); err != nil {
			return err
		}
	}
	b, err := json.MarshalIndent(r.Manifest, "", "  ")
	if err != nil {
		return fmt.Errorf("exp: %w", err)
	}
	if err := replaceFile(e.path("manifest.json"), append(b, '\n')); err != nil {
		return err
	}
	return e.SaveScalars(r.Table)
}

// SaveScalars writes result.json: the flow's figures and those of the
// baselines, named "iou_foreground" and "u_net_iou_foreground", steps, seconds
// and parameters.
func (e *Experiment) SaveScalars(t *Table) error {
	if e.options.Out == "" {
		return nil
	}
	out := map[string]any{"task": e.Config.Task, "source": e.Config.Source, "size": e.Config.Size, "config": e.Config.Hash()}
	for _, r := range t.Rows {
		prefix := ""
		switch r.Kind {
		case Published, Trivial, Oracle:
			continue
		case Network:
			prefix = key(r.Name) + "_"
		}
		for j, c := range t.Columns {
			if v := r.Values[j]; v == v {
				out[prefix+key(c.Name)] = v
			}
		}
		out[prefix+"steps"], out[prefix+"seconds"], out[prefix+"parameters"] = r.Steps, r.Seconds, r.Params
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("exp: %w", err)
	}
	return replaceFile(e.path("result.json"), append(b, '\n'))
}

// key makes a name fit for a column of a data base: "bits/dim" becomes
// "bits_per_dim".
func key(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "/", " per ")
	words := strings.FieldsFunc(name, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	})
	return strings.Join(words, "_")
}

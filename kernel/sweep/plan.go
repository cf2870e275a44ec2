package sweep

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"glownotes/kernel/nb"
)

// outName is the parameter that tells a notebook the folder of its run.
const outName = "out"

// DefaultRetries is how often a run is taken up again after its worker was
// lost, before it counts as failed: a run that always dies, of too little
// memory for instance, must come to an end.
const DefaultRetries = 3

// A Plan is what a sweep runs.
type Plan struct {
	Version  int       `json:"version"`
	Notebook string    `json:"notebook"` // where it was read from
	WorkDir  string    `json:"workdir"`  // where cells run; relative to the module's folder if it lies in it
	Code     string    `json:"code"`     // hash of the notebook's code
	Out      bool      `json:"out"`      // the notebook declares the parameter "out"
	Retries  int       `json:"retries"`  // after a lost worker
	Created  time.Time `json:"created"`
	Points   []Point   `json:"points"`

	dir      string
	notebook *nb.Notebook
}

const planVersion = 1

const (
	planFile     = "plan.json"
	notebookFile = "notebook.ipynb"
	statusFile   = "status.json"
	resultFile   = "result.json"
	lockFile     = "lock"
	runsDir      = "runs"
	// TableFile is the table's name in the folder of a sweep.
	TableFile = "table.sqlite"
)

// ErrNoPlan means that a folder holds no sweep.
var ErrNoPlan = errors.New("sweep: no sweep is here")

// Open reads the plan of a folder.
func Open(dir string) (*Plan, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, planFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s has no %s", ErrNoPlan, dir, planFile)
	}
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	p := &Plan{dir: dir}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("sweep: %s: %w", filepath.Join(dir, planFile), err)
	}
	if p.Version != planVersion {
		return nil, fmt.Errorf("sweep: %s has version %d, this program reads %d", filepath.Join(dir, planFile), p.Version, planVersion)
	}
	p.notebook, err = nb.ReadFile(filepath.Join(dir, notebookFile))
	return p, err
}

// Update makes the sweep of a folder, or adds points to the one that is there.
// Points keep their number. Every point's parameters are tried on the
// notebook, so that a wrong name or value is an error here and not in the
// middle of the night.
func Update(dir, source, workDir string, points []Point, retries int) (*Plan, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	n, err := nb.ReadFile(source)
	if err != nil {
		return nil, err
	}
	n.ClearOutputs()
	hasOut, err := declares(n, outName)
	if err != nil {
		return nil, err
	}
	if err := try(source, points); err != nil {
		return nil, err
	}
	p, err := Open(dir)
	if errors.Is(err, ErrNoPlan) {
		p, err = &Plan{Version: planVersion, Created: time.Now().UTC().Truncate(time.Second), dir: dir}, nil
	}
	if err != nil {
		return nil, err
	}
	p.Notebook, p.WorkDir, p.Code, p.Out, p.Retries, p.notebook = source, workDir, codeHash(n), hasOut, retries, n
	for _, q := range points {
		if p.index(q.Name) < 0 {
			p.Points = append(p.Points, q)
		}
	}
	return p, p.save(dir)
}

// try sets the parameters of every point on a copy of the notebook.
func try(source string, points []Point) error {
	n, err := nb.ReadFile(source)
	if err != nil {
		return err
	}
	for _, p := range points {
		if slices.ContainsFunc(p.Params, func(v Param) bool { return v.Name == outName }) {
			return fmt.Errorf("sweep: parameter %s is set by the sweep itself", outName)
		}
		if err := n.SetParameters(p.Assignments()); err != nil {
			return err
		}
	}
	return nil
}

func (p *Plan) index(name string) int {
	return slices.IndexFunc(p.Points, func(q Point) bool { return q.Name == name })
}

// Dir is the folder of the sweep.
func (p *Plan) Dir() string { return p.dir }

// RunDir is the folder of a run.
func (p *Plan) RunDir(index int) string {
	return filepath.Join(p.dir, runsDir, p.Points[index].Name)
}

// Table is the path of the gathered table.
func (p *Plan) Table() string { return filepath.Join(p.dir, TableFile) }

// Only returns the numbers of the given points, in the plan's order.
func (p *Plan) Only(points []Point) []int {
	var list []int
	for i, q := range p.Points {
		if slices.ContainsFunc(points, func(r Point) bool { return r.Name == q.Name }) {
			list = append(list, i)
		}
	}
	return list
}

// CopyTo writes the plan into another folder, where runs will be, and opens it
// there. A folder that has it already is left as it is.
func (p *Plan) CopyTo(dir string) (*Plan, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(p.dir, planFile))
	if err != nil {
		return nil, fmt.Errorf("sweep: %w", err)
	}
	if have, err := os.ReadFile(filepath.Join(dir, planFile)); err != nil || !bytes.Equal(have, text) {
		if err := p.save(dir); err != nil {
			return nil, err
		}
	}
	return Open(dir)
}

func (p *Plan) save(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, runsDir), 0o755); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	// The notebook first: a plan without its notebook cannot be opened.
	if err := p.notebook.WriteFile(filepath.Join(dir, notebookFile)); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, planFile), p)
}

// declares reports whether the notebook's parameters cell has a variable of
// that name.
func declares(n *nb.Notebook, name string) (bool, error) {
	list, err := n.Parameters()
	if errors.Is(err, nb.ErrNoParameters) {
		return false, nil
	}
	return slices.ContainsFunc(list, func(p nb.Parameter) bool { return p.Name == name && !p.Const }), err
}

// codeHash tells versions of a notebook apart by what they run.
func codeHash(n *nb.Notebook) string {
	h := sha256.New()
	for _, c := range n.Cells {
		if c.Type == nb.Code {
			fmt.Fprintf(h, "%q\n", c.Source)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// writeJSON replaces a file as a whole.
func writeJSON(path string, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return replace(path, append(text, '\n'))
}

// replace writes a file by renaming a complete one over it, so that a reader
// on any machine sees the old content or the new.
func replace(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the rename, as it should
	_, err = f.Write(content)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return fmt.Errorf("sweep: writing %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	return nil
}

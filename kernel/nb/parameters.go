package nb

import (
	"errors"
	"slices"
	"strings"
)

// The tags of papermill's convention for parameters.
const (
	tagParameters = "parameters"
	tagInjected   = "injected-parameters"
)

// A Parameter is a variable that a cell tagged "parameters" declares.
type Parameter struct {
	Name    string
	Type    string // "int", "float64", "string", "bool", "time.Duration" ...; empty when unknown
	Default string // as written in the cell
	Const   bool   // cannot be changed
}

// ErrNoParameters means that no code cell is tagged "parameters".
var ErrNoParameters = errors.New(`nb: the notebook has no code cell tagged "parameters"`)

// A ParameterError says why a parameter cannot be set.
type ParameterError struct {
	Name string
	Msg  string
}

func (e *ParameterError) Error() string { return "nb: parameter " + e.Name + ": " + e.Msg }

// Parameters lists what the cell tagged "parameters" declares, in its order.
func (n *Notebook) Parameters() ([]Parameter, error) {
	i := n.parameterCell()
	if i < 0 {
		return nil, ErrNoParameters
	}
	return declared(n.Cells[i].Source)
}

func (n *Notebook) parameterCell() int {
	return slices.IndexFunc(n.Cells, func(c *Cell) bool { return c.Type == Code && c.HasTag(tagParameters) })
}

// SetParameters puts a cell tagged "injected-parameters" behind the cell
// tagged "parameters" (papermill's convention). It assigns the given values,
// written as literals of the types that the parameters have; assignments is a
// list of "name=value". A cell that an earlier call injected is replaced. The
// error is a *ParameterError or ErrNoParameters.
func (n *Notebook) SetParameters(assignments []string) error {
	if len(assignments) == 0 {
		return nil
	}
	known, err := n.Parameters()
	if err != nil {
		return err
	}
	source := "// Set from the command line.\n"
	seen := map[string]bool{}
	for _, a := range assignments {
		name, value, ok := strings.Cut(a, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" {
			return &ParameterError{Name: a, Msg: "want name=value"}
		}
		if seen[name] {
			return &ParameterError{Name: name, Msg: "given twice"}
		}
		seen[name] = true
		line, err := assignment(known, name, value)
		if err != nil {
			return err
		}
		source += line + "\n"
	}
	n.Cells = slices.DeleteFunc(n.Cells, func(c *Cell) bool { return c.HasTag(tagInjected) })
	at := n.parameterCell() + 1
	cell := NewCell(Code, strings.TrimSuffix(source, "\n"), at)
	for try := 1; slices.ContainsFunc(n.Cells, func(c *Cell) bool { return c.ID == cell.ID }); try++ {
		cell.ID = cellID(cell.Source, at, try)
	}
	cell.Metadata["tags"] = []any{tagInjected}
	n.Cells = slices.Insert(n.Cells, at, cell)
	return nil
}

func assignment(known []Parameter, name, value string) (string, error) {
	i := slices.IndexFunc(known, func(p Parameter) bool { return p.Name == name })
	if i < 0 {
		return "", &ParameterError{Name: name, Msg: "unknown; the notebook has " + describe(known)}
	}
	p := known[i]
	if p.Const {
		return "", &ParameterError{Name: name, Msg: "it is a constant: declare it with := or var to make it settable"}
	}
	lit, err := literal(p.Type, value)
	if err != nil {
		return "", &ParameterError{Name: name, Msg: err.Error()}
	}
	return name + " = " + lit, nil
}

func describe(known []Parameter) string {
	var parts []string
	for _, p := range known {
		if !p.Const {
			parts = append(parts, strings.TrimSpace(p.Name+" "+p.Type))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

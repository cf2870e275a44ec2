package sweep

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// An Axis is one parameter with the values that it takes in a sweep.
type Axis struct {
	Name   string
	Values []string
}

// ParseAxis reads "name=value,value,...". A value that holds a comma stands in
// double quotes, as in CSV.
func ParseAxis(text string) (Axis, error) {
	name, list, ok := strings.Cut(text, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		return Axis{}, fmt.Errorf("sweep: grid %q: want name=value,value", text)
	}
	r := csv.NewReader(strings.NewReader(list))
	r.TrimLeadingSpace = true
	values, err := r.Read()
	if err != nil {
		return Axis{}, fmt.Errorf("sweep: grid %q: want name=value,value: %v", text, err)
	}
	for i, v := range values {
		if values[i] = strings.TrimSpace(v); values[i] == "" {
			return Axis{}, fmt.Errorf("sweep: grid %q: value %d is empty", text, i+1)
		}
		if slices.Contains(values[:i], values[i]) {
			return Axis{}, fmt.Errorf("sweep: grid %q: %s is there twice", text, values[i])
		}
	}
	return Axis{Name: name, Values: values}, nil
}

// seedName is the parameter that repetitions of a point differ in.
const seedName = "seed"

// Seeds is the axis of n repetitions: seed = 1, 2, ..., n.
func Seeds(n int) Axis {
	a := Axis{Name: seedName}
	for i := range n {
		a.Values = append(a.Values, strconv.Itoa(i+1))
	}
	return a
}

// A Param is a parameter with its value, as -p takes it.
type Param struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Point is one run of the notebook.
type Point struct {
	Name   string  `json:"name"` // of its folder, unique in a plan
	Params []Param `json:"params"`
}

// Expand is the product of the axes, the last one running fastest, each point
// with the fixed parameters. Without axes it is one point. A name may be used
// once.
func Expand(fixed []Param, axes []Axis) ([]Point, error) {
	seen := map[string]bool{}
	names := make([]string, 0, len(fixed)+len(axes))
	for _, p := range fixed {
		names = append(names, p.Name)
	}
	for _, a := range axes {
		names = append(names, a.Name)
	}
	for _, n := range names {
		if seen[n] {
			return nil, fmt.Errorf("sweep: parameter %s is given twice", n)
		}
		seen[n] = true
	}
	points := [][]Param{nil}
	for _, a := range axes {
		var next [][]Param
		for _, p := range points {
			for _, v := range a.Values {
				next = append(next, append(slices.Clone(p), Param{a.Name, v}))
			}
		}
		points = next
	}
	out := make([]Point, len(points))
	for i, varied := range points {
		out[i] = Point{Params: append(slices.Clone(fixed), varied...)}
		out[i].Name = runName(varied, out[i].Params)
	}
	return out, nil
}

// maxName keeps the names of folders short of what file systems allow.
const maxName = 100

// runName is readable, and unique by a hash over all parameters, whatever
// their order.
func runName(varied, all []Param) string {
	var parts []string
	for _, p := range varied {
		parts = append(parts, p.Name+"="+p.Value)
	}
	readable := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("=,.+-_", r):
			return r
		}
		return '_'
	}, strings.Join(parts, ","))
	if len(readable) > maxName {
		readable = readable[:maxName]
	}
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b Param) int { return strings.Compare(a.Name, b.Name) })
	h := sha256.New()
	for _, p := range sorted {
		fmt.Fprintf(h, "%q=%q\n", p.Name, p.Value)
	}
	sum := hex.EncodeToString(h.Sum(nil))[:8]
	if readable == "" {
		return sum
	}
	return readable + "-" + sum
}

// String is the point as its parameters.
func (p Point) String() string {
	var parts []string
	for _, v := range p.Params {
		parts = append(parts, v.Name+"="+v.Value)
	}
	return strings.Join(parts, " ")
}

// Assignments are the parameters in the form of nb.SetParameters.
func (p Point) Assignments() []string {
	var list []string
	for _, v := range p.Params {
		list = append(list, v.Name+"="+v.Value)
	}
	return list
}

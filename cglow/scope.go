package cglow

import (
	"gorgonia.org/gorgonia"
)

// scope remembers which layer the nodes of a graph belong to, by the order in
// which they were made.
type scope struct {
	from []int
	name []string
}

// enter says that the nodes made from now on belong to a layer.
func (s *scope) enter(g *gorgonia.ExprGraph, name string) {
	s.from = append(s.from, len(g.AllNodes()))
	s.name = append(s.name, name)
}

// layer returns the layer that a node belongs to; for a gradient node "gradient
// of" the layer. "" when it is not known.
func (s *scope) layer(n *gorgonia.Node) string {
	nodes := n.Graph().AllNodes()
	derivOf := map[*gorgonia.Node]int{}
	at := -1
	for i, m := range nodes {
		if m == n {
			at = i
		}
		if d := m.Deriv(); d != nil {
			if _, ok := derivOf[d]; !ok {
				derivOf[d] = i
			}
		}
	}
	if i, ok := derivOf[n]; ok {
		return "gradient of " + s.at(i)
	}
	return s.at(at)
}

// at returns the layer of node i.
func (s *scope) at(i int) string {
	name := ""
	for j, from := range s.from {
		if i >= from {
			name = s.name[j]
		}
	}
	return name
}

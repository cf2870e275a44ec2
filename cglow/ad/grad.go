// Package ad differentiates expression graphs symbolically, in reverse mode.
//
// It does what gorgonia.Grad does, from Gorgonia's exported API: it walks the graph once and
// asks every op, its own or Gorgonia's, for the gradient nodes of its inputs
// (gorgonia.SDOp.SymDiff). Where several gradients meet, one op adds them all up, in place of a
// chain of additions of two.
package ad

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"

	"glownotes/cglow/op"
)

// Grad adds the gradient of the scalar node loss to its graph and returns one gradient node per
// node of wrt, of the same shape. It also makes each of them, and the gradients on the way
// there, the Deriv of its node, so that Grad of a node works after a run.
//
// It is an error if loss is not a scalar, if loss does not depend on a node of wrt, or if an op
// on the way has no symbolic gradient.
func Grad(loss *gorgonia.Node, wrt ...*gorgonia.Node) (grads []*gorgonia.Node, err error) {
	defer op.Catch(&err)
	if loss == nil || !loss.IsScalar() {
		return nil, fmt.Errorf("ad: the loss %v is not a scalar", loss)
	}
	t, err := newTape(loss, wrt)
	if err != nil {
		return nil, err
	}
	if err := t.backward(); err != nil {
		return nil, err
	}
	for _, w := range wrt {
		g := t.grads[t.index[w]]
		if g == nil {
			return nil, fmt.Errorf("ad: %s does not depend on %s", loss.Name(), w.Name())
		}
		grads = append(grads, g)
	}
	return grads, nil
}

// tape is the part of a graph up to the loss.
type tape struct {
	nodes  []*gorgonia.Node
	index  map[*gorgonia.Node]int
	kids   [][]int
	wanted []bool                   // does the gradient of this node lead to one of wrt
	terms  []gorgonia.Nodes         // gradients that arrive from the ops that read the node
	grads  []*gorgonia.Node         // their sum
	outs   map[int][]*gorgonia.Node // of nodes with further outputs: the gradients of all outputs
}

func newTape(loss *gorgonia.Node, wrt []*gorgonia.Node) (*tape, error) {
	g := loss.Graph()
	t := &tape{index: make(map[*gorgonia.Node]int), outs: make(map[int][]*gorgonia.Node)}
	// Gorgonia appends a node after its children: the list is in topological order.
	for i, n := range g.AllNodes() {
		t.nodes = append(t.nodes, n)
		t.index[n] = i
		if n == loss {
			break
		}
	}
	t.kids = make([][]int, len(t.nodes))
	t.wanted = make([]bool, len(t.nodes))
	t.terms = make([]gorgonia.Nodes, len(t.nodes))
	t.grads = make([]*gorgonia.Node, len(t.nodes))
	for _, w := range wrt {
		if w == nil {
			return nil, errors.New("ad: a node to differentiate with respect to is nil")
		}
		i, ok := t.index[w]
		if !ok {
			return nil, fmt.Errorf("ad: %s does not depend on %s", loss.Name(), w.Name())
		}
		t.wanted[i] = true
	}
	for i, n := range t.nodes {
		for it := g.From(n.ID()); it.Next(); { // in order, duplicates kept
			c, ok := t.index[it.Node().(*gorgonia.Node)]
			if !ok || c >= i {
				return nil, fmt.Errorf("ad: %s comes before its input", n.Name())
			}
			t.kids[i] = append(t.kids[i], c)
			t.wanted[i] = t.wanted[i] || t.wanted[c]
		}
	}
	t.terms[len(t.nodes)-1] = gorgonia.Nodes{op.One(loss)}
	return t, nil
}

// backward visits the nodes from the loss to the inputs.
func (t *tape) backward() error {
	for i := len(t.nodes) - 1; i >= 0; i-- {
		n := t.nodes[i]
		if !t.wanted[i] || len(t.terms[i]) == 0 && t.outs[i] == nil {
			continue
		}
		var g *gorgonia.Node
		if len(t.terms[i]) > 0 {
			g = op.Add(t.terms[i]...)
			t.grads[i] = g
			gorgonia.SetDerivOf(g, n)
		}
		if len(t.kids[i]) == 0 {
			continue
		}
		if pick, ok := n.Op().(*op.Pick); ok {
			t.collect(t.kids[i][0], pick, g)
			continue
		}
		if err := t.push(i, g); err != nil {
			return err
		}
	}
	return nil
}

// collect notes the gradient of a further output of node i, which is visited later.
func (t *tape) collect(i int, pick *op.Pick, g *gorgonia.Node) {
	if t.outs[i] == nil {
		t.outs[i] = make([]*gorgonia.Node, 1+len(pick.From.Extra()))
	}
	t.outs[i][pick.Output] = g
}

// differentiate asks the op of a node for the gradients of its inputs.
func (t *tape) differentiate(i int, sd gorgonia.SDOp, ins gorgonia.Nodes, g *gorgonia.Node) (gorgonia.Nodes, error) {
	if all := t.outs[i]; all != nil {
		all[0] = g
		return sd.(*op.Op).Gradients(ins, t.nodes[i], all)
	}
	return sd.SymDiff(ins, t.nodes[i], g)
}

// push hands the gradient g of node i on to its inputs.
func (t *tape) push(i int, g *gorgonia.Node) error {
	n := t.nodes[i]
	sd, ok := n.Op().(gorgonia.SDOp)
	if !ok {
		return fmt.Errorf("ad: %s: its op %T has no symbolic gradient", n.Name(), n.Op())
	}
	ins := make(gorgonia.Nodes, len(t.kids[i]))
	for j, c := range t.kids[i] {
		ins[j] = t.nodes[c]
	}
	diff := sd.DiffWRT(len(ins))
	if len(diff) < len(ins) || !t.useful(i, diff) {
		return nil
	}
	gs, err := t.differentiate(i, sd, ins, g)
	if err != nil {
		return fmt.Errorf("ad: gradient of %s: %w", n.Name(), err)
	}
	for j, c := range t.kids[i] {
		if !diff[j] || !t.wanted[c] || gs[j] == nil {
			continue
		}
		term, err := fit(gs[j], t.nodes[c])
		if err != nil {
			return err
		}
		t.terms[c] = append(t.terms[c], term)
	}
	return nil
}

// useful reports whether any input of node i passes a gradient on.
func (t *tape) useful(i int, diff []bool) bool {
	for j, c := range t.kids[i] {
		if diff[j] && t.wanted[c] {
			return true
		}
	}
	return false
}

// fit gives a gradient the shape of its node. Gorgonia's own ops sometimes differ in axes of
// length 1.
func fit(g, n *gorgonia.Node) (*gorgonia.Node, error) {
	gs, ns := g.Shape(), n.Shape()
	if len(gs) == len(ns) && gs.Eq(ns) {
		return g, nil
	}
	if size(gs) != size(ns) {
		return nil, fmt.Errorf("ad: the gradient of %s has shape %v, want %v", n.Name(), gs, ns)
	}
	return op.Reshape(g, ns...), nil
}

func size(shape []int) int {
	p := 1
	for _, d := range shape {
		p *= d
	}
	return p
}

package exec

import (
	"errors"
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/op"
)

// place says where the result of a node lives.
type place int

const (
	unused  place = iota // not needed for any output
	input                // bound by the user, or a constant
	kept                 // memory of its own, bound to the node
	planned              // a part of the arena
	alias                // the memory of another node
	boxed                // a value that is not float32 or float64, passed on as it is
)

// item is what the plan knows about one node.
type item struct {
	node  *gorgonia.Node
	kids  []int
	place place
	keep  bool
	root  int // of an alias: the node whose memory it is
	first int // step that writes the memory
	last  int // last step that reads it
	size  int // elements
	off   int // place in the arena, in elements

	kernel  *Kernel // of the backend
	scratch int     // place of its scratch memory in the arena
}

// plan is the analysis of a graph: which nodes, in which order (that of the list), where.
type plan struct {
	items []item
	index map[*gorgonia.Node]int
	picks map[*op.Op][]int // nodes of the further outputs, -1 where nobody reads one
	arena map[tensor.Dtype]int
	naive map[tensor.Dtype]int // elements if every planned node had memory of its own

	when  []int   // by item: the time of its step
	waves [][]int // on a device: steps that are launched together, in order
}

func newPlan(outputs []*gorgonia.Node, backend Backend) (*plan, error) {
	if len(outputs) == 0 {
		return nil, errors.New("exec: no outputs")
	}
	p := &plan{
		index: map[*gorgonia.Node]int{}, picks: map[*op.Op][]int{},
		arena: map[tensor.Dtype]int{}, naive: map[tensor.Dtype]int{},
	}
	if err := p.collect(outputs); err != nil {
		return nil, err
	}
	p.assign()
	p.choose(backend)
	dev, device := backend.(Device)
	device = device && onDevice(p)
	if device {
		p.fuse(dev)
	}
	p.schedule(device)
	p.live()
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		p.pack(dt)
	}
	return p, nil
}

// collect lists the graph and marks what the outputs need.
func (p *plan) collect(outputs []*gorgonia.Node) error {
	for i, n := range outputs {
		if n == nil {
			return fmt.Errorf("exec: output %d is nil", i)
		}
	}
	g := outputs[0].Graph()
	// Gorgonia appends a node after its children: the list is in topological order.
	for i, n := range g.AllNodes() {
		p.index[n] = i
		p.items = append(p.items, item{node: n, size: size(n.Shape()), root: i})
	}
	need := make([]bool, len(p.items))
	for _, n := range outputs {
		i, ok := p.index[n]
		if !ok {
			return fmt.Errorf("exec: %s belongs to another graph", n.Name())
		}
		need[i], p.items[i].keep = true, true
	}
	for i := len(p.items) - 1; i >= 0; i-- {
		if !need[i] {
			continue
		}
		p.items[i].place = planned
		for it := g.From(p.items[i].node.ID()); it.Next(); { // in order, duplicates kept
			c, ok := p.index[it.Node().(*gorgonia.Node)]
			if !ok || c >= i {
				return fmt.Errorf("exec: %s comes before its input", p.items[i].node.Name())
			}
			p.items[i].kids = append(p.items[i].kids, c)
			need[c] = true
		}
	}
	return nil
}

// assign decides where each result lives.
func (p *plan) assign() {
	for i := range p.items {
		it := &p.items[i]
		if it.place == unused {
			continue
		}
		dt := it.node.Dtype()
		if pk, ok := it.node.Op().(*op.Pick); ok {
			if p.picks[pk.From] == nil {
				p.picks[pk.From] = make([]int, len(pk.From.Extra()))
				for j := range p.picks[pk.From] {
					p.picks[pk.From][j] = -1
				}
			}
			p.picks[pk.From][pk.Output-1] = i
		}
		switch {
		case isInput(it.node):
			it.place = input
		case dt != tensor.Float32 && dt != tensor.Float64:
			it.place = boxed
		case it.keep:
			it.place = kept
		case isReshape(it.node) && p.items[it.kids[0]].place != boxed:
			it.place, it.root = alias, p.items[it.kids[0]].root
		}
	}
}

// choose asks the backend for kernels.
func (p *plan) choose(backend Backend) {
	for i := range p.items {
		it := &p.items[i]
		o, ok := it.node.Op().(*op.Op)
		if !ok || it.place == unused || it.place == alias || it.node.Dtype() != tensor.Float32 {
			continue
		}
		used := make([]bool, 1+len(o.Extra()))
		used[0] = true
		for j, pick := range p.picks[o] {
			used[j+1] = pick >= 0
		}
		it.kernel = backend.Kernel(o, used)
	}
}

// isInput reports whether the value of a node comes from outside the graph.
func isInput(n *gorgonia.Node) bool {
	if n.Op() == nil {
		return true
	}
	_, constant := n.Op().(interface{ Value() gorgonia.Value })
	return constant
}

func isReshape(n *gorgonia.Node) bool {
	o, ok := n.Op().(*op.Op)
	return ok && o.Name() == "reshape"
}

// live finds the last step that reads each memory.
func (p *plan) live() {
	for i := range p.items {
		it := &p.items[i]
		if it.place == unused {
			continue
		}
		it.first = p.when[p.writer(i)]
		it.last = max(it.last, it.first)
		for _, c := range it.kids {
			p.items[c].last = max(p.items[c].last, p.when[i])
		}
	}
	for i := range p.items {
		if it := &p.items[i]; it.place == alias {
			root := &p.items[it.root]
			root.last = max(root.last, it.last)
		}
	}
}

// size is the number of elements of a shape, 1 for a scalar.
func size(shape []int) int {
	p := 1
	for _, d := range shape {
		p *= d
	}
	return p
}

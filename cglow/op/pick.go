package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"glownotes/cglow/ref"
)

// Pick is the op of a node that stands for a further output of its only child. Its Do returns
// what the last Do of the child left, so the child must have run before, as in any graph.
type Pick struct {
	Op
	From   *Op
	Output int // 1 is the first extra output
}

// pick returns the node of extra output i (from 0) of n. There is one such node.
func pick(n *gorgonia.Node, i int) *gorgonia.Node {
	from := n.Op().(*Op)
	if from.picks[i] != nil {
		return from.picks[i]
	}
	p := &Pick{From: from, Output: i + 1}
	p.Op = Op{
		def:   def{name: fmt.Sprintf("%s.%d", from.name, i+1), out: from.extra[i]},
		id:    opIDs.Add(1),
		dtype: from.dtype,
		in:    []int{n.Dims()},
	}
	node, err := gorgonia.ApplyOp(p, n)
	if err != nil {
		fail(p.name, []*gorgonia.Node{n}, "%v", err)
	}
	from.picks[i] = node
	return node
}

// Do returns the output that the child computed last.
func (p *Pick) Do(...gorgonia.Value) (gorgonia.Value, error) {
	if p.dtype == tensor.Float32 {
		return doPick[float32](p)
	}
	return doPick[float64](p)
}

func doPick[T ref.Float](p *Pick) (gorgonia.Value, error) {
	outs, ok := p.From.last.([][]T)
	if !ok {
		return nil, fmt.Errorf("op: %v: %v has not run", p, p.From)
	}
	return value(p.out, outs[p.Output]), nil
}
